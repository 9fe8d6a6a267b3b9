"""HTTP requests to the registry, their responses, and the RegistryError for a failed response."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import ClientResponse
from pydantic import BaseModel, ValidationError

from bot.concurrency.retry_after import seconds_to_wait
from bot.registry.errors import (
    InProgress,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RegistryError,
    Unavailable,
)
from bot.registry.problems import Problem, problem_name

ANSWER_LIMIT = 256 * 1024
"""Maximum size of a response in bytes, unless the call sets another limit."""

type Contents = Callable[[], AsyncIterator[bytes]]
"""Returns the bytes of a document; called again if the request is repeated with a new token."""

_MAX_WAIT = 3600.0
# Factor by which the deadline is longer for an upload, since a document takes longer to send than a
# form.
_UPLOAD_TIMEOUT_FACTOR = 3.0


@dataclass(frozen=True)
class Call:
    """One request to the registry. A call with a `key` (idempotency key) is a write."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    key: str | None = None
    query: Mapping[str, str | Sequence[str]] | None = None
    body: BaseModel | None = None
    contents: Contents | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    """Headers that describe the contents, or name the acting officer."""
    limit: int = ANSWER_LIMIT

    @property
    def is_write(self) -> bool:
        return self.key is not None

    @property
    def timeout_factor(self) -> float:
        return _UPLOAD_TIMEOUT_FACTOR if self.contents else 1.0

    def headers(self) -> dict[str, str]:
        headers = {"Idempotency-Key": self.key} if self.key else {}
        headers |= {"Content-Type": "application/json"} if self.body else {}
        return headers | dict(self.about)

    def data(self) -> bytes | AsyncIterator[bytes] | None:
        if self.contents:
            return self.contents()
        return self.body.model_dump_json().encode() if self.body else None

    def lost_response(self, code: str, happened: str) -> RegistryError:
        """Return the error for a call whose response was lost.

        The error is OutcomeUnknown for a write and Unavailable for a read.
        """
        return (OutcomeUnknown if self.is_write else Unavailable)(code, happened)


@dataclass(frozen=True)
class Answer:
    status: int
    media_type: str
    retry_after: float | None
    body: bytes

    def problem(self) -> Problem | None:
        return _read(Problem, self.body) if self.media_type == "application/problem+json" else None

    def holds[M: BaseModel](self, model: type[M]) -> M | None:
        return _read(model, self.body) if self.media_type == "application/json" else None


class TooLong(Exception):
    """The registry's response is larger than `limit`, the maximum that the call accepts."""


async def read_answer(response: ClientResponse, limit: int) -> Answer:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise TooLong
    wait = seconds_to_wait(response.headers.get("Retry-After", ""), most=_MAX_WAIT)
    return Answer(response.status, response.content_type, wait, bytes(body))


def objection(call: Call, answer: Answer) -> RegistryError:
    """Return the RegistryError for a response whose HTTP status is neither 200 nor 201."""
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
            return contract_broken()
        case _:
            return call.lost_response("E_REGISTRY_FAILED", "the registry failed")


def contract_broken() -> Misconfigured:
    return Misconfigured("E_REGISTRY_CONTRACT", "the registry answers otherwise than agreed")


def held_in[M: BaseModel](model: type[M], answer: Answer) -> M:
    held = answer.holds(model)
    if held is None:
        raise contract_broken()
    return held


def _read[M: BaseModel](model: type[M], body: bytes) -> M | None:
    try:
        return model.model_validate_json(body)
    except ValidationError:
        return None
