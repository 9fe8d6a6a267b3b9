"""Lists of cases, the team that works on them, and what changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot.cases import Case
from bot.db.connection import Transaction
from bot.db.statements import fetch_value
from bot.desk.views import statements
from bot.desk.views.statements import LAST_EVENT, MAX_EVENTS, OPEN_QUEUES, PAGE, Queue
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Role, Subject
from bot.runtime import Runtime
from bot.security import audit_log


@dataclass(frozen=True, slots=True)
class Filter:
    """What of a list is wanted; empty means all."""

    queue: Queue = Queue.UNCLAIMED
    language: str = ""
    topic: str = ""
    channel: str = ""
    country: str = ""
    urgent: bool | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list; `window` is when the platform stops to take free words, if it does.

    `channel` is empty for a closed case. `unread` counts the person's words since the last answer.
    """

    case: Case
    holder: str
    channel: str
    window: datetime | None
    unread: int


@dataclass(frozen=True, slots=True)
class Page:
    """At most 25 lines; `after` brings the next page, empty on the last.

    `counts` and `oldest` (who waits longest) are of open lists; `at` is the last change that the
    page contains, to go on from.
    """

    lines: tuple[CaseRow, ...]
    after: str
    at: int = 0
    counts: Mapping[Queue, int] = field(default_factory=dict)
    oldest: Mapping[Queue, datetime | None] = field(default_factory=dict)


UNCLAIMED = Filter()


async def listing(
    rt: Runtime, officer: Officer, wanted: Filter = UNCLAIMED, after: str = ""
) -> Page:
    """A page of a list: urgent ones first, then what must be answered soonest.

    `after` is the number of the last case of the page before. There is no longer page: nothing
    here exports people.
    """
    permissions.require(officer, Action.CASE_LIST, Subject(officer.mission))
    number = int(after) if after.isdecimal() and len(after) < 16 else None
    values = _values(officer) | {name: getattr(wanted, name) for name in _ASKED} | {"after": number}
    last, found, ((*counted,),) = await directory.asked(
        rt, officer,
        (LAST_EVENT, {}),
        (statements.LISTED[wanted.queue, number is not None], values),
        (statements.COUNTED, _values(officer)),
    )  # fmt: skip
    lines = tuple(row_of(rt, row) for row in found)
    return Page(
        lines[:PAGE],
        str(lines[PAGE - 1].case.number) if len(lines) > PAGE else "",
        last[0][0],
        dict(zip(OPEN_QUEUES, counted[::2], strict=True)),
        dict(zip(OPEN_QUEUES, counted[1::2], strict=True)),
    )


def _values(officer: Officer) -> dict[str, Any]:
    """Topics bind an officer; a lead is bound by none."""
    bound = officer.topics if Role.LEAD not in officer.roles else frozenset[str]()
    return {"officer": officer.id, "free": not bound, "topics": sorted(bound)}


def row_of(rt: Runtime, row: Sequence[Any]) -> CaseRow:
    *case, holder, channel, spoke_at, unread = row
    closes = _closes(rt, channel, spoke_at)
    return CaseRow(Case(*case), holder, channel, closes, unread)


_ASKED = ("language", "topic", "country", "channel", "urgent", "number")


async def find(rt: Runtime, officer: Officer, number: str) -> UUID | None:
    """The case of that number, or the newest of the person with that receipt; open ones first.

    Audited, also where there is none: who tries numbers out is to be seen.
    """
    permissions.require(officer, Action.CASE_LIST, Subject(officer.mission))
    case_number = int(number) if number.isdecimal() and len(number) < 16 else None
    values = _values(officer) | {"number": case_number, "receipt": number.upper()}
    async with directory.acting(rt, officer) as transaction:
        found = await fetch_value(transaction, statements.FOUND, **values)
        await audit_log.append(
            transaction,
            actor=str(officer.id),
            action="case.find",
            subject=str(found) if found else "console",
            detail="" if found else "absent",
        )
    return found


async def newest(rt: Runtime, officer: Officer) -> int:
    """The number of the last change in the officer's mission; read before what a page shows."""
    ((last,),) = await directory.asked(rt, officer, (LAST_EVENT, {}))
    return int(last[0])


@dataclass(frozen=True, slots=True)
class Member:
    """An officer with what they hold: how many, of these awaiting an answer, the longest since."""

    officer: Officer
    held: int
    waiting: int
    longest: datetime | None


async def team(rt: Runtime, officer: Officer) -> tuple[Member, ...]:
    """The lead's view of a mission."""
    permissions.require(officer, Action.QUEUE_LIVE, Subject(officer.mission))
    load, members = await directory.asked(
        rt, officer, (statements.LOAD, {}), directory.team(officer.mission)
    )
    held = {row[0]: row[1:] for row in load}
    team = map(directory.read, members)
    return tuple(Member(each, *held.get(each.id, (0, 0, None))) for each in team)


@dataclass(frozen=True, slots=True)
class Event:
    """That a case changed, in what: case, words, note, delivery, paper, reader, gone. No words."""

    id: int
    case_id: UUID
    kind: str
    at: datetime


async def events(rt: Runtime, officer: Officer, after: int) -> list[Event] | None:
    """What changed in one's mission since; None when that is too long ago to be told apart.

    Numbers are drawn at commit under a lock, so whoever has read up to one has missed none. The
    database says on its channel `kosh_case`, with the mission, that there is something to read.
    """
    there, found = await directory.asked(
        rt,
        officer,
        (statements.EVENT_EXISTS, {"id": after}),
        (statements.EVENTS, {"mission": officer.mission, "id": after}),
    )
    known = there or not after
    return [Event(*row) for row in found] if known and len(found) <= MAX_EVENTS else None


def _closes(rt: Runtime, channel: str, spoke_at: datetime | None) -> datetime | None:
    seconds = rt.channels[channel].window if channel in rt.channels else 0
    return spoke_at + timedelta(seconds=seconds) if seconds and spoke_at else None


async def window(
    rt: Runtime, transaction: Transaction, person_id: UUID, channel: str
) -> datetime | None:
    """When the platform stops to take free words; None where it always takes them."""
    values = {"person": person_id, "on_channel": channel}
    spoke_at = await fetch_value(transaction, statements.WINDOW, **values)
    return _closes(rt, channel, spoke_at)
