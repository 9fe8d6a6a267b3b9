"""Problems of the contract (RFC 9457): their names, statuses and titles."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bot.registry.contract import Answered, ReasonCode

type Pointer = Annotated[str, StringConstraints(max_length=100, pattern=r"^(?:/[a-z0-9_]+)*$")]


class FieldError(Answered):
    """A rejected field: its JSON Pointer and the reason; never its value."""

    pointer: Pointer
    """JSON Pointer (RFC 6901) to the field in the body; empty for the body itself."""
    code: ReasonCode


class Problem(BaseModel):
    """A problem document (RFC 9457); unknown members are ignored, as the RFC requires."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)

    type: Annotated[str, Field(max_length=200)]
    title: Annotated[str, Field(max_length=200)]
    status: Annotated[int, Field(ge=400, le=599)]
    errors: Annotated[tuple[FieldError, ...], Field(max_length=100)] = ()


type ProblemName = Literal[
    "invalid",
    "bad-key",
    "unauthorized",
    "forbidden",
    "not-found",
    "method-not-allowed",
    "key-reused",
    "in-progress",
    "closed",
    "no-question",
    "too-large",
    "unsupported-media-type",
    "refused",
    "stale",
    "no-version",
    "too-many-requests",
    "internal",
    "unavailable",
]

PROBLEMS: dict[ProblemName, tuple[int, str]] = {
    "invalid": (422, "Some fields are not as the contract says."),
    "bad-key": (400, "A write needs one Idempotency-Key of 16 to 64 characters A-Z a-z 0-9 _ -."),
    "unauthorized": (401, "The access token is missing, wrong or expired. Ask for a new one."),
    "forbidden": (403, "This client may not do that. Ask the registry's owner."),
    "not-found": (404, "There is nothing here."),
    "method-not-allowed": (405, "This resource has no such method."),
    "key-reused": (409, "This Idempotency-Key was used for another request."),
    "in-progress": (409, "A request with this Idempotency-Key is being worked on. Ask again."),
    "closed": (409, "The registration was withdrawn and takes nothing more."),
    "no-question": (409, "The registry no longer asks this question."),
    "too-large": (413, "The body is larger than 64 KiB, or a document larger than 16 MiB."),
    "unsupported-media-type": (
        415,
        "A body must be application/json; a document application/pdf or image/jpeg.",
    ),
    "refused": (422, "The registry does not accept this registration."),
    "stale": (412, "The registration has changed. Read it again; If-Match names its version."),
    "no-version": (428, "A partial change needs If-Match with the version that was read."),
    "too-many-requests": (429, "Too many requests. Wait as Retry-After says."),
    "internal": (500, "Something broke. It isn't known whether the request took effect."),
    "unavailable": (503, "Not available now; nothing was written. Wait as Retry-After says."),
}
"""Status and title of each problem. A 503 with a problem guarantees that nothing was written."""


def problem(name: ProblemName, errors: tuple[FieldError, ...] = ()) -> Problem:
    """Return the problem document with this name, and with the rejected fields, if any exist."""
    status, title = PROBLEMS[name]
    return Problem(type=problem_type(name), title=title, status=status, errors=errors)


def problem_type(name: ProblemName) -> str:
    """Return the URI in the problem's member `type` (RFC 9457, 3.1.1)."""
    return f"urn:kosh-registry:problem:{name}"


def problem_name(problem: Problem | None) -> ProblemName | None:
    """Return the name of a problem of this contract, or None for any other problem.

    Title and detail of another problem are dropped, because they could repeat personal data.
    """
    return next((name for name in PROBLEMS if problem and problem.type == problem_type(name)), None)
