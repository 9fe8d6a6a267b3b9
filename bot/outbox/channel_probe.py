"""After an answer was lost: nothing more goes out on a channel until it answers something harmless.

Whoever sends on loses more answers on the same broken line, and each of those messages is sent a
second time, since nobody can know that it arrived.
"""

import asyncio
import time

from bot.channels import SendError, Unreachable
from bot.observability import logging
from bot.runtime import Runtime

# So long after an answer was lost messages wait for the next one; from then on they are put off.
PATIENCE = 2.0
MAX_SECONDS = 300.0
PING_SECONDS = 2.0
FIRST_PAUSE, MAX_PAUSE = 0.1, 2.0

_logger = logging.get()


def suspect(rt: Runtime, channel: str) -> None:
    """An answer was lost there: ask until one comes."""
    if channel not in rt.doubts:
        _logger.warning("channel.doubted", channel=channel)
        asking = asyncio.create_task(_asked(rt, channel))
        rt.doubts[channel] = (time.monotonic(), asking)
        asking.add_done_callback(lambda _asking: rt.doubts.pop(channel))


async def wait_until_reachable(rt: Runtime, channel: str) -> float:
    """Wait a little for the channel's answers, where one was lost; the seconds to put off for.

    As long again as they have been missing, so that what waits for them keeps nobody else waiting.
    """
    if channel not in rt.doubts:
        return 0.0
    since, asking = rt.doubts[channel]
    left = PATIENCE - (time.monotonic() - since)
    done, _pending = await asyncio.wait([asking], timeout=max(0.0, left))
    return 0.0 if done else min(MAX_SECONDS, max(1.0, time.monotonic() - since))


async def _asked(rt: Runtime, channel: str) -> None:
    pause = FIRST_PAUSE
    while not await _answers(rt, channel):
        await asyncio.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE)


async def _answers(rt: Runtime, channel: str) -> bool:
    """Also an error is an answer."""
    try:
        async with asyncio.timeout(PING_SECONDS):
            await rt.channels[channel].ping()
    except (Unreachable, TimeoutError):
        return False
    except SendError:
        return True
    return True
