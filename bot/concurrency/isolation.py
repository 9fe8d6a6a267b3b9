"""A round over many people: what fails with one of them keeps nobody else waiting."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.db.connection import is_unavailable
from bot.observability import logging

FAILED = "E_ROUND"

_logger = logging.get()


@contextmanager
def isolate_errors(kind: str) -> Iterator[None]:
    """One of many: its failure is logged, and the round goes on, unless the database is away."""
    try:
        yield
    except Exception as error:
        if is_unavailable(error):
            raise
        _logger.exception("sweep.failed", kind=kind, code=getattr(error, "code", FAILED))
