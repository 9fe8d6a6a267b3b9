"""Announcements that other systems write and send, under the same rules as in the console.

An announcement is a message to many people. A system can ask officers to approve an announcement,
and can start an approved one. A system can never approve an announcement itself.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, time
from enum import StrEnum
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import Field

from bot import broadcasts
from bot.broadcasts import Broadcast, Draft, Purpose, State
from bot.broadcasts.model import QUIET_FROM, QUIET_UNTIL
from bot.officers.directory import Officer
from bot.officers.permissions import Scope
from bot.runtime import Runtime
from bot.web.api.problems import ResponseBody, problems
from bot.web.api.requests import IdempotencyKey, RequestBody, api_router, needs

Writer = Annotated[Officer, needs(Scope.ANNOUNCEMENTS_WRITE)]
Sender = Annotated[Officer, needs(Scope.ANNOUNCEMENTS_SEND)]


class Audience(RequestBody):
    """Filters on the subscribers of the announcement's topic; an empty list does not filter."""

    languages: tuple[str, ...] = ()
    """Codes of written forms: languages, with a script where there are several."""
    channels: tuple[str, ...] = ()
    missions: tuple[str, ...] = ()
    registration: tuple[str, ...] = ()
    """States of the recipient's registration."""
    countries: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    """Programmes; adds people who saved a list for one and asked for messages about changes."""


class AnnouncementRequest(RequestBody):
    """The purpose, texts, audience and permitted sending times of a new announcement."""

    purpose: Purpose
    topic: str
    texts: dict[str, str]
    """The text by language code."""
    templates: Annotated[dict[str, str], Field(default_factory=dict)]
    """Names of WhatsApp templates by language."""
    audience: Audience = Audience()
    not_before: datetime | None = None
    not_later_than: datetime | None = None
    quiet: Annotated[tuple[time, ...], Field(max_length=2)] = (QUIET_FROM, QUIET_UNTIL)
    """Begin and end of the quiet hours in the recipient's local time; empty for none.

    Give times without a time zone or offset; others are refused."""
    paid: bool = False
    why: str = ""

    def draft(self) -> Draft:
        """Convert the request to a draft of an announcement.

        Raises broadcasts.Refused if the request breaks a rule of announcements.
        """
        return broadcasts.from_json(self.model_dump_json(exclude_unset=True).encode())


class AnnouncementStatus(ResponseBody):
    """The current state of an announcement; `total` is null before recipients are counted."""

    id: UUID
    """Id for the other calls."""
    number: int
    """Number that the console shows."""
    state: State
    reason: str
    """Reason why it was paused or stopped, as a fixed word; empty otherwise."""
    total: int | None
    """Number of recipients; null until they are collected."""

    @classmethod
    def of(cls, found: Broadcast) -> "AnnouncementStatus":
        return cls(
            id=found.id,
            number=found.number,
            state=found.state,
            reason=found.reason,
            total=found.total,
        )


class Included(ResponseBody):
    """The number of an announcement's recipients who read one language on one channel."""

    language: str
    """Language of the text that they receive (BCP 47)."""
    channel: str
    """Channel on which they receive it: `telegram`, `whatsapp` or `web`."""
    count: int
    """Number of people."""


class AudienceCount(ResponseBody):
    """The number of people who would get an announcement, and of people excluded, by reason."""

    included: list[Included]
    """People who would receive it."""
    excluded: dict[str, int]
    """Number of people who would not receive it, by reason."""


class Blocker(ResponseBody):
    """A reason why an announcement cannot be sent now, as a code.

    `detail` names what the reason is about, such as a language or a channel.
    """

    why: str
    """The reason as a fixed word."""
    detail: str
    """The language, number or channel that the reason is about; may be empty."""


class AnnouncementProgress(AnnouncementStatus):
    """The state of an announcement, and the number of recipients by delivery status."""

    statuses: dict[str, int]
    """Number of recipients by the state of their message."""
    rate: float
    """Deliveries per second."""
    blockers: list[Blocker]
    """Reasons why it cannot be sent now; empty if it can."""


class Verb(StrEnum):
    """An action on an approved announcement: start, pause, resume or cancel."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


VERBS: dict[Verb, Callable[[Runtime, Officer, UUID], Awaitable[Broadcast]]] = {
    Verb.START: broadcasts.start,
    Verb.PAUSE: broadcasts.pause,
    Verb.RESUME: broadcasts.resume,
    Verb.CANCEL: broadcasts.cancel,
}


router = api_router("announcements")
counting = api_router("announcement-counts")


@router.post("", status_code=201, responses=problems("bad-key", "refused", body=True))
async def create_announcement(
    request: Request, what: AnnouncementRequest, writer: Writer, key: IdempotencyKey
) -> AnnouncementStatus:
    """Create a draft announcement; the same Idempotency-Key returns the same announcement again."""
    rt: Runtime = request.app.state.rt
    digest = sha256(await request.body()).digest()
    return AnnouncementStatus.of(await broadcasts.draft_once(rt, writer, what.draft(), key, digest))


@counting.post("", responses=problems("refused", body=True))
async def count_audience(
    request: Request, what: AnnouncementRequest, writer: Writer
) -> AudienceCount:
    """Count who would receive an announcement and who would not; no announcement is stored."""
    found = await broadcasts.count(request.app.state.rt, writer, what.draft())
    included = [
        Included(language=language, channel=channel, count=many)
        for (language, channel), many in found.included.items()
    ]
    return AudienceCount(included=included, excluded=dict(found.excluded))


@router.get("/{id}", responses=problems("not-found"))
async def read_announcement(request: Request, id: UUID, writer: Writer) -> AnnouncementProgress:
    """Return the state and progress of an announcement, and the reasons why it cannot be sent."""
    rt: Runtime = request.app.state.rt
    found = await broadcasts.progress(rt, writer, id)
    blockers = await broadcasts.blockers(rt, writer, id)
    return AnnouncementProgress(
        **AnnouncementStatus.of(found.broadcast).model_dump(),
        statuses={str(status): many for status, many in found.statuses.items()},
        rate=round(found.rate, 2),
        blockers=[Blocker(why=each.why, detail=each.detail) for each in blockers],
    )


@router.post("/{id}/ask", responses=problems("not-found", "refused"))
async def ask_approval(request: Request, id: UUID, writer: Writer) -> AnnouncementStatus:
    """Ask officers to approve an announcement."""
    return AnnouncementStatus.of(await broadcasts.ask_approval(request.app.state.rt, writer, id))


@router.post("/{id}/{verb}", responses=problems("not-found", "refused"))
async def change_announcement(
    request: Request, id: UUID, verb: Verb, sender: Sender
) -> AnnouncementStatus:
    """Start, pause, resume or cancel an announcement; 409 if its state does not allow it."""
    return AnnouncementStatus.of(await VERBS[verb](request.app.state.rt, sender, id))
