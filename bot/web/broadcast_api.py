"""Offer announcements to the ministry's own systems over HTTP, by the rules of the console.

A system is an officer with a key: it writes announcements and sends what people approved, and can
never approve. `./kosh docs openapi` writes the published document.
"""

import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime, time
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from bot import broadcasts
from bot.broadcasts import Broadcast, Draft, Purpose, Refusal, State
from bot.broadcasts.model import QUIET_FROM, QUIET_UNTIL
from bot.observability import logging
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Forbidden, Subject
from bot.runtime import Runtime
from bot.security import audit_log
from bot.web.request_parsing import Handler, ReadRequest, Refused, body

ROOT = "/api/broadcasts"
MAX_BODY_BYTES = 256 * 1024
KEY_PATTERN = r"^[A-Za-z0-9_-]{8,80}$"

_logger = logging.get()


class Model(BaseModel):
    """A part of a request: unknown fields are refused, and errors never repeat the input."""

    model_config = ConfigDict(
        extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )


class Audience(Model):
    """The audience among the topic's subscribers; an empty list sets no bound."""

    languages: list[str] = []
    """Written forms, so that a script can be chosen."""
    channels: list[str] = []
    missions: list[str] = []
    registration: list[str] = []
    """States of a registration."""
    countries: list[str] = []
    programmes: list[str] = []
    regions: list[str] = []
    lists: list[str] = []
    """Programmes: people who keep a list for one and want messages about changes are added."""


class BroadcastRequest(Model):
    """An announcement as it is written."""

    purpose: Purpose
    topic: str
    texts: dict[str, str]
    """A text for each language."""
    templates: dict[str, str] = {}
    """Names of WhatsApp templates by language."""
    audience: Audience = Audience()
    not_before: datetime | None = None
    not_later_than: datetime | None = None
    quiet: Annotated[list[time], Field(max_length=2)] = [QUIET_FROM, QUIET_UNTIL]
    """Begin and end of the quiet hours in the recipient's local time; empty: any hour."""
    paid: bool = False
    why: str = ""

    def draft(self) -> Draft:
        """Return the draft, by the same rules as one that is written in a file."""
        return broadcasts.from_json(self.model_dump_json(exclude_unset=True).encode())


class BroadcastStatus(BaseModel):
    """An announcement as it is now."""

    id: UUID
    number: int
    state: State
    reason: str
    total: int | None

    @classmethod
    def of(cls, found: Broadcast) -> "BroadcastStatus":
        return cls(
            id=found.id,
            number=found.number,
            state=found.state,
            reason=found.reason,
            total=found.total,
        )


class Included(BaseModel):
    """How many recipients a language has on a channel."""

    language: str
    channel: str
    count: int


class AudienceCount(BaseModel):
    """How many would receive it, and how many would not, by reason."""

    included: list[Included]
    excluded: dict[str, int]


class Blocker(BaseModel):
    """A reason why it cannot be sent now."""

    why: str
    detail: str


class BroadcastProgress(BroadcastStatus):
    """An announcement with the status of its recipients."""

    fates: dict[str, int]
    rate: float
    """Deliveries per second."""
    blockers: list[Blocker]


class Problem(BaseModel):
    """A refusal (RFC 9457); `why` names the rule, `detail` the place."""

    type: str
    title: str
    status: int
    why: str
    detail: str


class Verb(StrEnum):
    """An action on an announcement."""

    ASK = "ask"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


VERBS: dict[Verb, Callable[[Runtime, Officer, UUID], Awaitable[Broadcast]]] = {
    Verb.ASK: broadcasts.ask_approval,
    Verb.START: broadcasts.start,
    Verb.PAUSE: broadcasts.pause,
    Verb.RESUME: broadcasts.resume,
    Verb.CANCEL: broadcasts.cancel,
}


class ApiRoute(APIRoute):
    """Check the key and the size before FastAPI reads the body; answer refusals as problems."""

    def get_route_handler(self) -> Handler:
        """Return FastAPI's handler behind the checks."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            rt: Runtime = request.app.state.rt
            officer = request.state.officer = await _authenticate(request, rt)
            if self.body_field is not None:
                raw = await body(request, MAX_BODY_BYTES, "application/json")
                request = ReadRequest(request, raw)
            try:
                return await handler(request)
            except Forbidden as error:
                await _note_denied(rt, officer, f"{request.method} {error.why}")
                return _problem(403, error.code, error.why)
            except broadcasts.Refused as error:
                status = 422 if error.why is Refusal.FORM else 409
                return _problem(status, error.code, error.why, error.detail)
            except RequestValidationError as error:
                return _invalid(error)
            except LookupError:
                return _problem(404, "E_BROADCAST", "unknown")

        return guarded


async def _authenticate(request: Request, rt: Runtime) -> Officer:
    given = request.headers.get("authorization", "")
    mark = sha256(given.removeprefix("Bearer ").encode("utf-8", "replace")).hexdigest()
    name = ""
    for each in rt.settings.broadcast_keys:
        owner, _, known = each.rpartition(":")
        if hmac.compare_digest(known.encode(), mark.encode()):
            name = owner
    if not given.startswith("Bearer ") or not name:
        _logger.warning("api.auth_failed")
        raise Refused(401)
    async with rt.pool.connection() as transaction:
        try:
            return await directory.by_name(transaction, name)
        except LookupError:
            _logger.warning("api.auth_failed")
            raise Refused(401) from None


async def _note_denied(rt: Runtime, officer: Officer, detail: str) -> None:
    async with rt.pool.connection() as transaction:
        await audit_log.append(
            transaction,
            actor=str(officer.id),
            action="denied",
            subject="broadcast",
            detail=detail,
        )


def _invalid(error: RequestValidationError) -> Response:
    """Return where a request cannot be read: the key, the id or a field; never its value."""
    place = [str(each) for each in error.errors()[0]["loc"]]
    match place:
        case ["header", *_]:
            return _problem(400, "E_BROADCAST", "key")
        case ["path", *_]:
            return _problem(404, "E_BROADCAST", "unknown")
    field = place[1] if place[1:] and place[1] in BroadcastRequest.model_fields else "syntax"
    return _problem(422, broadcasts.Refused.code, Refusal.FORM, field)


def _problem(status: int, code: str, why: str, detail: str = "") -> Response:
    problem = Problem(type="about:blank", title=code, status=status, why=why, detail=detail)
    return JSONResponse(problem.model_dump(), status, media_type="application/problem+json")


async def _officer(request: Request) -> Officer:
    officer: Officer = request.state.officer
    return officer


Caller = Annotated[Officer, Depends(_officer)]
PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"description": "There is no key, or it is unknown."},
    403: {"description": "The key's owner may not do it.", "model": Problem},
    404: {"description": "There is no such announcement.", "model": Problem},
    409: {"description": "Refused; `why` and `detail` say what to correct.", "model": Problem},
    422: {"description": "The request cannot be read.", "model": Problem},
}

router = APIRouter(
    prefix=ROOT,
    route_class=ApiRoute,
    responses=PROBLEMS,
    dependencies=[Depends(HTTPBearer(scheme_name="key", auto_error=False))],
)


@router.post("", status_code=201, responses={400: {"description": "No key.", "model": Problem}})
async def create(
    request: Request,
    what: BroadcastRequest,
    officer: Caller,
    key: Annotated[str, Header(alias="Idempotency-Key", pattern=KEY_PATTERN)],
) -> BroadcastStatus:
    """Write an announcement; the same Idempotency-Key returns the same announcement again."""
    rt: Runtime = request.app.state.rt
    permissions.require(officer, Action.BROADCAST_DRAFT, Subject(""))
    digest = sha256(await request.body()).digest()
    return BroadcastStatus.of(await broadcasts.draft_once(rt, officer, what.draft(), key, digest))


@router.post("/count")
async def count(request: Request, what: BroadcastRequest, officer: Caller) -> AudienceCount:
    """Count who would receive it and who would not; nothing is written."""
    found = await broadcasts.count(request.app.state.rt, officer, what.draft())
    included = [
        Included(language=language, channel=channel, count=many)
        for (language, channel), many in found.included.items()
    ]
    return AudienceCount(included=included, excluded=dict(found.excluded))


@router.get("/{id}")
async def show(request: Request, id: UUID, officer: Caller) -> BroadcastProgress:
    """Return the progress of an announcement, and why it cannot be sent."""
    rt: Runtime = request.app.state.rt
    found = await broadcasts.progress(rt, officer, id)
    blockers = await broadcasts.blockers(rt, officer, id)
    return BroadcastProgress(
        **BroadcastStatus.of(found.broadcast).model_dump(),
        fates={str(fate): many for fate, many in found.fates.items()},
        rate=round(found.rate, 2),
        blockers=[Blocker(why=each.why, detail=each.detail) for each in blockers],
    )


@router.post("/{id}/{verb}")
async def act(request: Request, id: UUID, verb: Verb, officer: Caller) -> BroadcastStatus:
    """Ask for approval, start, pause, resume or cancel; a wrong state is refused."""
    return BroadcastStatus.of(await VERBS[verb](request.app.state.rt, officer, id))


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document of this API."""
    app = FastAPI(title="Kosh: announcements", version="1")
    app.include_router(router)
    document = app.openapi()
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status >= "400" and "content" in response:
                    content = response["content"]
                    content["application/problem+json"] = content.pop("application/json")
    return document
