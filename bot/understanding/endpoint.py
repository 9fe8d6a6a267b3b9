"""Calls to an external endpoint that the operator configured, such as a language model.

A call is never retried. After several consecutive failures, no call is made for a while (circuit
breaker). Errors never contain any part of a request or a response.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

MAX_ANSWER_BYTES = 65_536
# After this number of consecutive failures, no call is made for REST_SECONDS.
MAX_FAILURES = 5
REST_SECONDS = 60.0


class Outcome(StrEnum):
    """The result of a call to an endpoint, as a label of metrics."""

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
    """The endpoint sent no usable response; the error's text names only the outcome."""

    code = "E_MODEL"

    def __init__(self, outcome: Outcome, status: int = 0) -> None:
        super().__init__(outcome.value)
        self.outcome, self.status = outcome, status


def authorization(key: str, scheme: str = "Bearer") -> dict[str, str]:
    """Return the header that authenticates with an API key; none if no key is configured."""
    return {"Authorization": f"{scheme} {key}"} if key else {}


class Endpoint:
    """The base URL and headers of an endpoint, with its count of consecutive failures.

    There is one object per endpoint and process.
    """

    def __init__(
        self,
        session: ClientSession,
        url: str,
        headers: Mapping[str, str],
        *,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._headers = headers
        self._timeout = ClientTimeout(total=seconds)
        self._clock = clock
        self._failures = 0
        self._rests_until = 0.0

    async def post(self, path: str, **body: Any) -> bytes:
        """Send a POST request; return the body of the response, at most MAX_ANSWER_BYTES.

        `body` are arguments of aiohttp's `post`. Raises `CallFailed` for a timeout, a broken
        connection or a status other than 200.
        """
        try:
            async with self._session.post(
                self._url + path,
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
        """Guard a call: count consecutive failures; after too many, raise `CallFailed` at once."""
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
