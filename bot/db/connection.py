"""Database connection with a timeout for each round trip, and detection of outages."""

import asyncio
import traceback
from contextvars import ContextVar
from itertools import count
from typing import Any, Final, Self

from psycopg import AsyncConnection, OperationalError, abc
from psycopg.errors import DeadlockDetected, QueryCanceled
from psycopg.pq import TransactionStatus
from psycopg_pool import PoolTimeout

type Variant = tuple[bytes, tuple[int, ...]]
"""The key of a prepared statement: its text and the types of its values."""

STATEMENT_SECONDS = 10
# Timeout of a round trip. It is longer than the server's statement timeout, so it expires only if
# the server hangs or the network is cut.
SILENCE_SECONDS = STATEMENT_SECONDS + 2
# Timeout of a round trip within a web request: shorter, because the client waits for the answer and
# retries after a 503.
REQUEST_SECONDS: Final = 3.0

request_silence: ContextVar[float | None] = ContextVar("request_silence", default=None)
"""Timeout in seconds of a database round trip in this request; None outside of requests."""


class Connection(AsyncConnection[Any]):
    """A connection that tracks its prepared statements and closes when an answer takes too long.

    Without the timeout, a hanging server or a dropped network connection would block for hours.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepared: dict[Variant, bytes] = {}
        self.names = map("kosh_{}".format, count())
        # Timeout in seconds of a round trip while `long_statements` is active, otherwise None.
        self.silence: float | None = None

    @classmethod
    async def connect(cls, *args: Any, **kwargs: Any) -> Self:
        """Connect to the server; if the login is cancelled, close its socket at once.

        Otherwise the traceback of the CancelledError would keep psycopg's socket open. The server
        would then hold a connection slot, and block DROP DATABASE, until its authentication timeout
        of one minute.
        """
        try:
            return await super().connect(*args, **kwargs)
        except asyncio.CancelledError as error:
            traceback.clear_frames(error.__traceback__)
            raise

    async def rollback(self) -> None:
        """Roll back; forget which statements are prepared, because psycopg deallocates them."""
        self.prepared.clear()
        await super().rollback()

    async def wait[T](
        self,
        gen: abc.PQGen[T],
        interval: float = 0.1,
        timeout: float | None = None,  # noqa: ASYNC109 — the name that it overrides
    ) -> T:
        try:
            limit = timeout or self.silence or request_silence.get() or SILENCE_SECONDS
            return await super().wait(gen, interval, limit)
        except OperationalError:
            if timeout is None and self.info.transaction_status is TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


class ReadOnlyDatabase(OperationalError):
    """The server accepts no writes: it is a standby, or its provider protects a full disk.

    psycopg has an InternalError for this. An OperationalError is treated as an outage.
    """


type Transaction = Connection
"""A database connection inside the caller's transaction."""


def is_unavailable(error: Exception) -> bool:
    """Return True if the error means that the database is unreachable or overloaded.

    A cancelled query or a deadlock is no outage: return False.
    """
    of_a_row = isinstance(error, (QueryCanceled, DeadlockDetected))
    return isinstance(error, (OperationalError, PoolTimeout)) and not of_a_row
