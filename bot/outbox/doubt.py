"""After an answer was lost: nothing more goes out on a channel until it answers something harmless.

Whoever sends on loses more answers on the same broken line, and each of those messages is sent a
second time, since nobody can know that it arrived.
"""

import asyncio

from bot import log
from bot.channels import SendError, Unreachable
from bot.runtime import Runtime

# So long a message waits for the channel to be trusted before it is put off.
PATIENCE = 2.0
PING_SECONDS = 2.0
FIRST_PAUSE, MOST_PAUSE = 0.1, 2.0

_logger = log.get()


def doubt(rt: Runtime, channel: str) -> None:
    """An answer was lost there: ask until one comes."""
    if channel not in rt.doubts:
        _logger.warning("channel.doubted", channel=channel)
        asking = rt.doubts[channel] = asyncio.create_task(_asked(rt, channel))
        asking.add_done_callback(lambda _asking: rt.doubts.pop(channel))


async def trusted(rt: Runtime, channel: str) -> bool:
    """Whether the channel's answers come through, as far as is known; waits a little for it."""
    asking = rt.doubts.get(channel)
    if asking is None:
        return True
    done, _pending = await asyncio.wait([asking], timeout=PATIENCE)
    return bool(done)


async def _asked(rt: Runtime, channel: str) -> None:
    pause = FIRST_PAUSE
    while not await _answers(rt, channel):
        await asyncio.sleep(pause)
        pause = min(2 * pause, MOST_PAUSE)


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
