"""Calls to an endpoint that the operator chose outside of the installation.

A call is never repeated. After failures in a row the endpoint is left alone for some time. Nothing
of a request or an answer is in an error.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

MAX_ANSWER_BYTES = 65_536
# After so many failures in a row, no call is made for some time.
MAX_FAILURES = 5
REST_SECONDS = 60.0


class Outcome(StrEnum):
    """Result of a call, as it is counted."""

    CHOSEN = "chosen"
    TRANSCRIBED = "transcribed"
    TRANSLATED = "translated"
    NONE = "none"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    INVALID = "invalid"
    UNREADABLE = "unreadable"
    RESTING = "resting"
    BUDGET = "budget"


class CallFailed(Exception):
    """The endpoint gave no usable answer; the message names the outcome only."""

    code = "E_MODEL"

    def __init__(self, outcome: Outcome, status: int = 0) -> None:
        super().__init__(outcome.value)
        self.outcome, self.status = outcome, status


class Endpoint:
    """An address, its key and its failures; one per process."""

    def __init__(
        self,
        session: ClientSession,
        url: str,
        key: str,
        *,
        scheme: str = "Bearer",
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._url = url
        self._headers = {"Authorization": f"{scheme} {key}"} if key else {}
        self._timeout = ClientTimeout(total=seconds)
        self._clock = clock
        self._failures = 0
        self._rests_until = 0.0

    async def post(self, **body: Any) -> bytes:
        """Return the answer to a body, in the arguments of aiohttp. Raises `CallFailed`."""
        try:
            async with self._session.post(
                self._url,
                headers=self._headers,
                timeout=self._timeout,
                allow_redirects=False,
                **body,
            ) as answer:
                if answer.status != 200:
                    raise CallFailed(Outcome.REFUSED, answer.status)
                found = await answer.content.read(MAX_ANSWER_BYTES)
                while len(found) < MAX_ANSWER_BYTES and not answer.content.at_eof():
                    found += await answer.content.read(MAX_ANSWER_BYTES - len(found))
                return found
        except TimeoutError:
            raise CallFailed(Outcome.TIMEOUT) from None
        except ClientError:
            raise CallFailed(Outcome.UNREACHABLE) from None

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Count failures in a row, and refuse calls for a time after too many of them."""
        if self._clock() < self._rests_until:
            raise CallFailed(Outcome.RESTING)
        try:
            yield
        except CallFailed:
            self._failures += 1
            if self._failures >= MAX_FAILURES:
                self._rests_until = self._clock() + REST_SECONDS
            raise
        self._failures = 0
