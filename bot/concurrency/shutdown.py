"""Being told to end: what has begun comes to its end, for a while, and not for longer."""

import asyncio
import os
import threading
from collections.abc import Awaitable

from bot.observability import logging

# What was begun may take so long; then it is interrupted, as it would be by a kill.
GRACE_SECONDS = 5.0
# All of it together: Docker kills after 10 s, and so do others.
END_SECONDS = 8.0

_logger = logging.get()


async def finish_on_cancel(work: Awaitable[object], seconds: float = GRACE_SECONDS) -> None:
    """Do it; whoever is told to end meanwhile lets it come to its end, for so many seconds.

    Else a message that has just gone out would not be noted, and be sent again.
    """
    begun = asyncio.ensure_future(work)
    try:
        await asyncio.shield(begun)
    except asyncio.CancelledError:
        await asyncio.wait((begun,), timeout=seconds)
        begun.cancel()
        raise


def is_cancelling() -> bool:
    """Whether this task was told to end, and something it called has answered with an error."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def force_exit_after(seconds: float) -> None:
    """The process is gone by then, whatever a frozen database or a silent line does to it.

    Rows say what is done, so it is as safe as a kill.
    """
    last = threading.Timer(seconds, _cut_short)
    last.daemon = True
    last.start()


def _cut_short() -> None:
    _logger.warning("process.cut_short")
    os._exit(1)
