"""Graceful shutdown: let running work finish within a time limit, then exit."""

import asyncio
import os
import threading
from collections.abc import Awaitable

from bot.observability import logging

# Seconds that running work may take to finish after a signal; then it is cancelled.
GRACE_SECONDS = 5.0
# Limit of the whole shutdown in seconds; Docker, for example, kills a container after 10 s.
END_SECONDS = 8.0

_logger = logging.get()


async def finish_on_cancel(work: Awaitable[object], seconds: float = GRACE_SECONDS) -> None:
    """Await `work`; after a cancellation, wait up to `seconds` for its end, then re-raise.

    Without this wait, a message that the process has just sent would not be recorded as sent, and
    would be sent again.
    """
    future = asyncio.ensure_future(work)
    try:
        await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait((future,), timeout=seconds)
        future.cancel()
        raise


def is_cancelling() -> bool:
    """Return True if the current task was cancelled.

    Use it in an exception handler, because called code may have replaced the CancelledError by
    another error.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def force_exit_after(seconds: float) -> None:
    """Exit the process after `seconds`, even if a call to the database or network hangs.

    No work is lost, since the database records which work is done.
    """
    last = threading.Timer(seconds, _cut_short)
    last.daemon = True
    last.start()


def _cut_short() -> None:
    _logger.warning("shutdown.forced")
    os._exit(1)
