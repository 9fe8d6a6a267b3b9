"""Channel probe: after a call without an answer, a channel sends nothing until a ping succeeds.

If the platform does not answer a call, the message may have arrived. Kosh sends the message again,
so the person may get it twice. Because of the probe, a broken connection affects no further
messages in this way.
"""

import asyncio
import time

from bot.channels import SendError, Unreachable
from bot.concurrency.backoff import backoff
from bot.observability import logging
from bot.runtime import Runtime

# Seconds for which a message waits until a suspect channel answers; then the message is deferred.
MAX_WAIT_SECONDS = 2.0
MAX_SECONDS = 300.0
PING_SECONDS = 2.0
FIRST_PAUSE, MAX_PAUSE = 0.1, 2.0

_logger = logging.get()


def suspect(rt: Runtime, channel: str) -> None:
    """Mark the channel as suspect, and ping it in the background until it answers."""
    if channel not in rt.suspected_channels:
        _logger.warning("channel.suspected", channel=channel)
        asking = asyncio.create_task(_probe_until_answer(rt, channel))
        rt.suspected_channels[channel] = (time.monotonic(), asking)
        asking.add_done_callback(lambda _asking: rt.suspected_channels.pop(channel))


async def wait_until_reachable(rt: Runtime, channel: str) -> float:
    """Wait up to 2 s for a suspect channel; return the seconds to defer, 0 to send now.

    The deferral equals the length of the outage so far, at most 300 s.
    """
    if channel not in rt.suspected_channels:
        return 0.0
    since, asking = rt.suspected_channels[channel]
    left = MAX_WAIT_SECONDS - (time.monotonic() - since)
    finished, _pending = await asyncio.wait([asking], timeout=max(0.0, left))
    return 0.0 if finished else min(MAX_SECONDS, max(1.0, time.monotonic() - since))


async def _probe_until_answer(rt: Runtime, channel: str) -> None:
    failures = 0
    while not await _answers(rt, channel):
        await asyncio.sleep(backoff(failures, first=FIRST_PAUSE, most=MAX_PAUSE))
        failures += 1


async def _answers(rt: Runtime, channel: str) -> bool:
    """Return True if the channel answers a ping, even with an error response."""
    try:
        async with asyncio.timeout(PING_SECONDS):
            await rt.channels[channel].ping()
    except (Unreachable, TimeoutError):
        return False
    except SendError:
        return True
    return True
