"""Error responses of the API (RFC 9457): their names, statuses and titles."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response

_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}},
}
# Headers of error responses by status.
_HEADERS = {
    401: {
        "WWW-Authenticate": {"description": "Always `Bearer`.", "schema": {"type": "string"}},
    },
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}

type ProblemName = Literal[
    "bad-key",
    "unauthorized",
    "forbidden",
    "not-found",
    "method-not-allowed",
    "timeout",
    "refused",
    "too-large",
    "unsupported-media-type",
    "invalid",
    "too-many-requests",
    "internal",
    "unavailable",
]

PROBLEMS: dict[ProblemName, tuple[int, str]] = {
    "bad-key": (400, "The request needs an Idempotency-Key of 8 to 80 characters A-Z a-z 0-9 _ -."),
    "unauthorized": (401, "The token is missing, unknown, revoked or past its last day."),
    "forbidden": (403, "The token or its account may not do that; `reason` names the rule."),
    "not-found": (404, "There is nothing here."),
    "method-not-allowed": (
        405,
        "The address does not take this method; Allow names those it does.",
    ),
    "timeout": (408, "The body did not arrive in time."),
    "refused": (409, "Refused as it is now; `reason` and `field` say what to correct."),
    "too-large": (413, "The body is too large."),
    "unsupported-media-type": (415, "A body must be application/json, not encoded."),
    "invalid": (422, "The body is not as the document says; `field` names the place."),
    "too-many-requests": (429, "Too many requests. Wait as Retry-After says."),
    "internal": (500, "Kosh failed. Repeat a write with the same Idempotency-Key."),
    "unavailable": (503, "Not available now; nothing was done. Wait as Retry-After says."),
}
"""Status and title of each problem."""


class ResponseBody(BaseModel):
    """Base class of response bodies and their parts.

    The docstrings of the fields are descriptions in the OpenAPI document.
    """

    model_config = ConfigDict(from_attributes=True, use_attribute_docstrings=True)


class Problem(ResponseBody):
    """An error response (RFC 9457); it never repeats the client's input."""

    type: str
    """URN of the problem: `urn:kosh:problem:` and its name."""
    title: str
    """Explanation in English, the same for each refusal of this type."""
    status: int
    """Status code of the response."""
    reason: str = ""
    """A stable code of the rule that was broken; empty if the type is enough."""
    field: str = ""
    """The name of the invalid field, or of another part of the request."""


class Refusal(Exception):
    """Ends the request with the error response `name`; `wait` is Retry-After in seconds."""

    def __init__(
        self, name: ProblemName, reason: str = "", field: str = "", *, wait: float = 0
    ) -> None:
        super().__init__(name)
        self.name: ProblemName = name
        self.reason, self.field, self.wait = reason, field, wait


def problem(
    name: ProblemName, reason: str = "", field: str = "", headers: dict[str, str] | None = None
) -> Response:
    """Return the error response of the problem `name`, with its HTTP status and title."""
    status, title = PROBLEMS[name]
    found = Problem(
        type=f"urn:kosh:problem:{name}", title=title, status=status, reason=reason, field=field
    )
    media_type = "application/problem+json"
    return JSONResponse(found.model_dump(), status, headers, media_type)


def named(status: int) -> ProblemName:
    """Return the name of the problem that has this HTTP status; "invalid" if none has it."""
    return next((name for name, (of, _title) in PROBLEMS.items() if of == status), "invalid")


def problems(*names: ProblemName, body: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return the error responses of an operation by status, for FastAPI's documentation.

    `names` are the problems that only this operation has. The function adds the problems that every
    operation has. With `body`, it also adds the problems that any request with a body can have.
    """
    always: tuple[ProblemName, ...] = (
        *("unauthorized", "forbidden", "too-many-requests", "internal", "unavailable"),
    )
    of_bodies: tuple[ProblemName, ...] = (
        *("timeout", "too-large", "unsupported-media-type", "invalid"),
    )
    found: dict[int | str, dict[str, Any]] = {}
    for name in (*always, *names, *(of_bodies if body else ())):
        status, title = PROBLEMS[name]
        headers = {"headers": _HEADERS[status]} if status in _HEADERS else {}
        found[status] = {"model": Problem, "description": f"`{name}`: {title}", **headers}
    return found
