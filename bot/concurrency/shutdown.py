"""Graceful shutdown: work in progress may finish within a time limit."""

import asyncio
import os
import threading
from collections.abc import Awaitable

from bot.observability import logging

# Work in progress may take this long; then it is cancelled, as a kill would do.
GRACE_SECONDS = 5.0
# Limit for the whole shutdown: Docker kills after 10 s, and so do others.
END_SECONDS = 8.0

_logger = logging.get()


async def finish_on_cancel(work: Awaitable[object], seconds: float = GRACE_SECONDS) -> None:
    """Await `work`; after a cancellation let it finish for up to `seconds`, then re-raise.

    Otherwise a message that was just sent would not be recorded, and would be sent again.
    """
    begun = asyncio.ensure_future(work)
    try:
        await asyncio.shield(begun)
    except asyncio.CancelledError:
        await asyncio.wait((begun,), timeout=seconds)
        begun.cancel()
        raise


def is_cancelling() -> bool:
    """Return True if the current task was cancelled.

    A callee may have answered the cancellation with an error of its own.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def force_exit_after(seconds: float) -> None:
    """Exit the process after `seconds`, even if the database or a connection hangs.

    This is as safe as a kill, since the rows record what is done.
    """
    last = threading.Timer(seconds, _cut_short)
    last.daemon = True
    last.start()


def _cut_short() -> None:
    _logger.warning("shutdown.forced")
    os._exit(1)
