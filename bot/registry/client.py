"""The client of the registry: one call, one answer to rely on, or an error that says what is known.

It never repeats a call: that is the business of the job, which reconciles first. (aiohttp sends a
PUT again when its line breaks, as RFC 9110, 9.2.2 allows; the key keeps that from counting twice.)
"""

import asyncio
import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import quote_plus

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
)
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from yarl import URL

from bot.registry.breaker import Breaker
from bot.registry.contract import (
    Acknowledgement,
    ConsentWithdrawal,
    Found,
    Key,
    Number,
    PreRegistration,
    Problem,
    Reference,
    ReferenceItem,
    ReferenceKind,
    Token,
    problem_name,
)
from bot.registry.errors import (
    InProgress,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RegistryError,
    Unavailable,
)

ANSWER_LIMIT = 256 * 1024
"""Bytes of an answer, beyond which it is not read on."""

_LONGEST_WAIT = 3600.0
_CONNECT_SHARE = 0.5
_TOKEN_MARGIN = 0.1
_DISCREET = ConfigDict(hide_input_in_errors=True)
_NUMBER: TypeAdapter[str] = TypeAdapter(Number, config=_DISCREET)
_KEY: TypeAdapter[str] = TypeAdapter(Key, config=_DISCREET)


@dataclass(frozen=True)
class _Call:
    """One request: what is asked, and whether it changes something over there."""

    method: Literal["GET", "POST", "PUT"]
    path: str
    key: str | None = None
    query: dict[str, str] | None = None
    body: BaseModel | None = None

    @property
    def is_write(self) -> bool:
        return self.key is not None

    def headers(self) -> dict[str, str]:
        headers = {"Idempotency-Key": self.key} if self.key else {}
        return headers | ({"Content-Type": "application/json"} if self.body else {})

    def data(self) -> bytes | None:
        return self.body.model_dump_json().encode() if self.body else None

    def lost(self, code: str, happened: str) -> RegistryError:
        """The error for an answer that can't be relied on, once the request may have arrived."""
        return (OutcomeUnknown if self.is_write else Unavailable)(code, happened)


@dataclass(frozen=True)
class _Answer:
    status: int
    media_type: str
    retry_after: float | None
    body: bytes

    def problem(self) -> Problem | None:
        return _read(Problem, self.body) if self.media_type == "application/problem+json" else None

    def holds[M: BaseModel](self, model: type[M]) -> M | None:
        return _read(model, self.body) if self.media_type == "application/json" else None


class Registry:
    """The registry at `url`, spoken to over a shared session; `deadline` seconds for a whole call.

    Raises `Misconfigured` (E_REGISTRY_URL) for an address that carries a user, a query or a
    fragment; `settings` refuses one without TLS.
    """

    def __init__(
        self,
        session: ClientSession,
        url: str,
        client_id: str,
        client_secret: str,
        *,
        deadline: float = 20.0,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._url = _checked(url)
        # RFC 6749, 2.3.1: both are form-encoded before Basic joins them.
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode()
        self._login = "Basic " + base64.b64encode(pair).decode()
        self._deadline = deadline
        self._breaker = breaker or Breaker()
        self._clock = clock
        self._token: str | None = None
        self._token_until = 0.0
        self._renewal = asyncio.Lock()

    async def create(self, body: PreRegistration, *, key: str) -> Acknowledgement:
        """Register a person; `key` is the submission's own and stays the same in every retry."""
        return await self._write(_Call("POST", "v1/pre-registrations", _key(key), body=body))

    async def amend(self, number: str, body: PreRegistration, *, key: str) -> Acknowledgement:
        """Replace the content of a registration."""
        path = f"v1/pre-registrations/{_number(number)}"
        return await self._write(_Call("PUT", path, _key(key), body=body), number)

    async def withdraw(self, number: str, *, key: str) -> Acknowledgement:
        """Withdraw a registration."""
        path = f"v1/pre-registrations/{_number(number)}/withdrawal"
        return await self._write(_Call("POST", path, _key(key)), number)

    async def withdraw_consent(self, body: ConsentWithdrawal, *, key: str) -> Acknowledgement:
        """Take consent back: the registry withdraws the registration and erases its content."""
        return await self._write(_Call("POST", "v1/consents", _key(key), body=body), body.number)

    async def read(self, number: str) -> Acknowledgement:
        """The state of a registration; `Refused` with the problem not-found where there is none."""
        call = _Call("GET", f"v1/pre-registrations/{_number(number)}")
        acknowledgement = _held(Acknowledgement, await self._ask(call))
        if acknowledgement.number != number:
            raise _contract_broken()
        return acknowledgement

    async def find(self, key: str) -> Acknowledgement | None:
        """The registration that a write with this key made or changed; None if it never arrived."""
        call = _Call("GET", "v1/pre-registrations", query={"idempotency_key": _key(key)})
        items = _held(Found, await self._ask(call)).items
        if any(item.idempotency_key != key for item in items):
            raise _contract_broken()
        return items[0] if items else None

    async def reference(self, kind: ReferenceKind) -> tuple[ReferenceItem, ...]:
        """The codes of that kind that the registry knows today."""
        reference = _held(Reference, await self._ask(_Call("GET", f"v1/reference/{kind}")))
        if reference.kind != kind:
            raise _contract_broken()
        return reference.items

    async def _write(self, call: _Call, number: str | None = None) -> Acknowledgement:
        with self._breaker.guard():
            acknowledgement = (await self._answer(call)).holds(Acknowledgement)
            if acknowledgement is None:
                raise call.lost("E_REGISTRY_ANSWER", "the registry's answer is not as agreed")
            # A mixed-up answer gives itself away by its key, or by the number that was asked for.
            if acknowledgement.idempotency_key != call.key or (
                number is not None and acknowledgement.number != number
            ):
                raise call.lost("E_REGISTRY_MIXED_UP", "the answer belongs to another request")
            return acknowledgement

    async def _ask(self, call: _Call) -> _Answer:
        with self._breaker.guard():
            return await self._answer(call)

    async def _answer(self, call: _Call) -> _Answer:
        ends = self._clock() + self._deadline
        token = await self._access(ends)
        answer = await self._exchange(call, token, ends)
        if answer.status == 401:
            self._forget(token)
            answer = await self._exchange(call, await self._access(ends), ends)
        if answer.status not in (200, 201):
            raise _objection(call, answer)
        return answer

    async def _exchange(self, call: _Call, token: str, ends: float) -> _Answer:
        headers = {"Authorization": f"Bearer {token}"} | call.headers()
        return await self._send(call, headers, call.data(), ends)

    async def _send(
        self, call: _Call, headers: dict[str, str], data: bytes | None, ends: float
    ) -> _Answer:
        url = (self._url / call.path).with_query(call.query)
        left = max(ends - self._clock(), 0.001)
        try:
            async with self._session.request(
                call.method,
                url,
                data=data,
                headers=headers | {"Accept": "application/json", "Accept-Encoding": "identity"},
                allow_redirects=False,
                # A connection that comes too late is told apart from an answer that does.
                timeout=ClientTimeout(total=left, connect=left * _CONNECT_SHARE),
            ) as response:
                return await _received(response)
        except ClientConnectorCertificateError:
            raise Misconfigured("E_REGISTRY_TLS", "the registry's certificate is wrong") from None
        except (ClientConnectorError, ConnectionTimeoutError):
            raise Unavailable("E_REGISTRY_UNREACHABLE", "no connection to the registry") from None
        except TimeoutError:
            raise call.lost("E_REGISTRY_TIMEOUT", "no answer came in time") from None
        except (ClientError, _TooLong):
            raise call.lost("E_REGISTRY_BROKEN_OFF", "the answer broke off") from None

    async def _access(self, ends: float) -> str:
        async with self._renewal:
            if self._token is None or self._clock() >= self._token_until:
                asked = self._clock()
                token = await self._renew(ends)
                self._token = token.access_token
                self._token_until = asked + token.expires_in * (1 - _TOKEN_MARGIN)
            return self._token

    async def _renew(self, ends: float) -> Token:
        call = _Call("POST", "oauth/token")
        headers = {
            "Authorization": self._login,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer = await self._send(call, headers, b"grant_type=client_credentials", ends)
        if answer.status in (400, 401):
            raise Misconfigured("E_REGISTRY_LOGIN", "the registry does not know this client")
        if answer.status != 200:
            raise _objection(call, answer)
        return _held(Token, answer)

    def _forget(self, token: str) -> None:
        """Drops a token that was refused, unless another call has renewed it meanwhile."""
        if self._token == token:
            self._token = None


class _TooLong(Exception):
    """An answer larger than any the contract knows."""


async def _received(response: ClientResponse) -> _Answer:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > ANSWER_LIMIT:
            raise _TooLong
    wait = _seconds(response.headers.get("Retry-After", ""))
    return _Answer(response.status, response.content_type, wait, bytes(body))


def _objection(call: _Call, answer: _Answer) -> RegistryError:
    """What an answer other than 200 and 201 means for the call."""
    problem = answer.problem()
    name = problem_name(problem)
    match answer.status:
        case 401:
            return Misconfigured("E_REGISTRY_LOGIN", "the registry refuses our access token")
        case 403:
            return Misconfigured("E_REGISTRY_FORBIDDEN", "the registry forbids us this request")
        case 409 if name == "in-progress":
            return InProgress(
                "E_REGISTRY_IN_PROGRESS",
                "an earlier request is being worked on",
                retry_after=answer.retry_after,
            )
        case 429:
            return Unavailable(
                "E_REGISTRY_BUSY", "too many requests", retry_after=answer.retry_after
            )
        case 503 if problem:
            return Unavailable(
                "E_REGISTRY_DOWN", "the registry is not available", retry_after=answer.retry_after
            )
        case 400 | 404 | 409 | 410 | 413 | 422 if problem:
            return Refused(
                "E_REGISTRY_REFUSED",
                "the registry refused the request",
                problem=name or "unknown",
                fields=problem.errors,
            )
        case status if 300 <= status < 400:
            return Misconfigured("E_REGISTRY_REDIRECT", "the registry sends us elsewhere")
        case status if 400 <= status < 500 and status != 408:
            return _contract_broken()
        case _:
            return call.lost("E_REGISTRY_FAILED", "the registry failed")


def _contract_broken() -> Misconfigured:
    return Misconfigured("E_REGISTRY_CONTRACT", "the registry answers otherwise than agreed")


def _held[M: BaseModel](model: type[M], answer: _Answer) -> M:
    held = answer.holds(model)
    if held is None:
        raise _contract_broken()
    return held


def _read[M: BaseModel](model: type[M], body: bytes) -> M | None:
    try:
        return model.model_validate_json(body)
    except ValidationError:
        return None


def _seconds(retry_after: str) -> float | None:
    """Retry-After (RFC 9110, 10.2.3), in seconds or as a date, as a wait of at most an hour."""
    if retry_after.isascii() and retry_after.isdigit():
        wait = float(retry_after[:9])
    else:
        try:
            wait = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(wait, 0.0), _LONGEST_WAIT)


def _key(key: str) -> str:
    return _KEY.validate_python(key)


def _number(number: str) -> str:
    return _NUMBER.validate_python(number)


def _checked(text: str) -> URL:
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    whole = url.scheme in ("https", "http") and url.host
    if not whole or url.user or url.password or url.query_string or url.fragment:
        raise Misconfigured("E_REGISTRY_URL", "the registry's address is not a plain one")
    return url
