"""Isolation of errors in loops over many people: one failure does not stop the others."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.db.connection import is_unavailable
from bot.observability import logging

FAILED = "E_SWEEP_FAILED"

_logger = logging.get()


@contextmanager
def isolate_errors(kind: str) -> Iterator[None]:
    """Log an exception of the block and continue; re-raise it if the database is unavailable."""
    try:
        yield
    except Exception as error:
        if is_unavailable(error):
            raise
        _logger.exception("sweep.failed", kind=kind, code=getattr(error, "code", FAILED))
