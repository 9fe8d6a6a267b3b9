"""Lists of cases, the team that works on them, and what changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, LiteralString
from uuid import UUID

from bot import access, cases, officers
from bot.access import Action, Role, Subject
from bot.cases import Case
from bot.officers import Officer
from bot.queue import Session
from bot.runtime import Runtime

PAGE = 25
MOST_EVENTS = 500


class Queue(StrEnum):
    """The lists; `LATE` is what should have been answered by now."""

    MINE = "mine"
    UNCLAIMED = "unclaimed"
    WAITING = "waiting"
    SNOOZED = "snoozed"
    LATE = "late"
    ALL = "all"
    RESOLVED = "resolved"


_OPEN: Mapping[Queue, LiteralString] = {
    Queue.MINE: "k.owner = %(officer)s",
    Queue.UNCLAIMED: "k.state = 'queued'",
    Queue.WAITING: "k.state = 'waiting_person'",
    Queue.SNOOZED: "k.state = 'snoozed'",
    Queue.LATE: "k.state IN ('queued', 'claimed')"
    " AND (k.answer_due < kosh_now() OR k.escalated_at IS NOT NULL)",
    Queue.ALL: "true",
}


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
class Line:
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

    `counts` and `oldest` (who waits longest) are of open lists.
    """

    lines: tuple[Line, ...]
    after: str
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
    access.demand(officer, Action.CASE_LIST, Subject(officer.mission))
    condition, values = _wanted(officer, wanted)
    async with officers.acting(rt, officer) as session:
        lines = await _lines(rt, session, condition, values, wanted.queue, after)
        counts, oldest = await _counted(session, officer)
    more = len(lines) > PAGE
    return Page(lines[:PAGE], str(lines[PAGE - 1].case.number) if more else "", counts, oldest)


def _scope(officer: Officer) -> tuple[LiteralString, dict[str, Any]]:
    """Topics that bind an officer; a lead is bound by none."""
    if not officer.topics or Role.LEAD in officer.roles:
        return "true", {}
    return "k.topic = ANY(%(topics)s)", {"topics": sorted(officer.topics)}


def _wanted(officer: Officer, wanted: Filter) -> tuple[str, dict[str, Any]]:
    scope, values = _scope(officer)
    conditions = [scope]
    if wanted.queue is Queue.RESOLVED:
        conditions.append("k.state = 'resolved'")
    else:
        conditions += ["k.state <> 'resolved'", _OPEN[wanted.queue]]
    for column in ("language", "topic", "country", "urgent", "number"):
        value = getattr(wanted, column)
        if value not in ("", None):
            conditions.append(f"k.{column} = %({column})s")
            values[column] = value
    if wanted.channel:
        conditions.append(
            "EXISTS (SELECT FROM conversations c WHERE c.person_id = k.person_id"
            " AND c.channel = %(channel)s)"
        )
        values["channel"] = wanted.channel
    return " AND ".join(conditions), values | {"officer": officer.id}


async def _lines(
    rt: Runtime,
    session: Session,
    condition: str,
    values: Mapping[str, Any],
    queue: Queue,
    after: str,
) -> tuple[Line, ...]:
    if queue is Queue.RESOLVED:
        key, order, beyond = "k.state_at, k.id", "k.state_at DESC, k.id DESC", "<"
    else:
        key = "NOT k.urgent, coalesce(k.answer_due, 'infinity'), k.opened_at, k.id"
        order, beyond = key, ">"
    number = int(after) if after.isdecimal() and len(after) < 16 else None
    paged = f"AND ({key}) {beyond} (SELECT {key} FROM cases k WHERE k.number = %(after)s)"
    cursor = await session.execute(
        f"{LINE} FROM (SELECT * FROM cases k WHERE {condition} {paged if number else ''}"
        f" ORDER BY {order} LIMIT {PAGE + 1}) k {BESIDE} ORDER BY {order}",
        {**values, "after": number},
    )
    return tuple(line_of(rt, row) for row in await cursor.fetchall())


LINE = (
    f"SELECT {cases.COLUMNS}, coalesce(o.name, ''), coalesce(c.channel, ''),"
    " (SELECT max(coalesce(h.spoke_at, h.created_at)) FROM handles h"
    " WHERE h.person_id = k.person_id AND h.channel = c.channel),"
    " (SELECT count(*) FROM case_words w WHERE w.case_id = k.id AND w.officer IS NULL AND w.id >"
    " coalesce((SELECT max(id) FROM case_words a WHERE a.case_id = k.id"
    " AND a.officer IS NOT NULL), 0))"
)
BESIDE = (
    "LEFT JOIN officers o ON o.id = k.owner LEFT JOIN conversations c ON c.person_id = k.person_id"
    " AND k.state <> 'resolved'"
)


def line_of(rt: Runtime, row: Sequence[Any]) -> Line:
    *case, holder, channel, spoke_at, unread = row
    closes = _closes(rt, channel, spoke_at)
    return Line(Case(*case), holder, channel, closes, unread)


async def _counted(
    session: Session, officer: Officer
) -> tuple[dict[Queue, int], dict[Queue, datetime | None]]:
    scope, values = _scope(officer)
    columns = ", ".join(
        f"count(*) FILTER (WHERE {each}), min(waiting_since) FILTER (WHERE {each})"
        for each in _OPEN.values()
    )
    cursor = await session.execute(
        f"SELECT {columns} FROM cases k WHERE k.state <> 'resolved' AND {scope}",
        values | {"officer": officer.id},
    )
    row = await cursor.fetchone() or ()
    return dict(zip(_OPEN, row[::2], strict=True)), dict(zip(_OPEN, row[1::2], strict=True))


@dataclass(frozen=True, slots=True)
class Member:
    """An officer with what they hold: how many, of these awaiting an answer, the longest since."""

    officer: Officer
    held: int
    waiting: int
    longest: datetime | None


async def team(rt: Runtime, officer: Officer) -> tuple[Member, ...]:
    """The lead's view of a mission."""
    access.demand(officer, Action.QUEUE_LIVE, Subject(officer.mission))
    async with officers.acting(rt, officer) as session:
        cursor = await session.execute(
            "SELECT owner, count(*), count(waiting_since), min(waiting_since) FROM cases"
            " WHERE state <> 'resolved' AND owner IS NOT NULL GROUP BY owner"
        )
        load = {row[0]: row[1:] for row in await cursor.fetchall()}
        members = await officers.team(session, officer.mission)
    return tuple(Member(each, *load.get(each.id, (0, 0, None))) for each in members)


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
    async with officers.acting(rt, officer) as session:
        if after and not await _exists(session, after):
            return None
        cursor = await session.execute(
            "SELECT id, case_id, kind, at FROM case_events WHERE mission = %s AND id > %s"
            " ORDER BY id LIMIT %s",
            (officer.mission, after, MOST_EVENTS + 1),
        )
        found = [Event(*row) for row in await cursor.fetchall()]
    return found if len(found) <= MOST_EVENTS else None


async def _exists(session: Session, event_id: int) -> bool:
    cursor = await session.execute("SELECT FROM case_events WHERE id = %s", (event_id,))
    return await cursor.fetchone() is not None


def _closes(rt: Runtime, channel: str, spoke_at: datetime | None) -> datetime | None:
    seconds = rt.channels[channel].window if channel in rt.channels else 0
    return spoke_at + timedelta(seconds=seconds) if seconds and spoke_at else None


async def window(rt: Runtime, session: Session, person_id: UUID, channel: str) -> datetime | None:
    """When the platform stops to take free words; None where it always takes them."""
    cursor = await session.execute(
        "SELECT max(coalesce(spoke_at, created_at)) FROM handles"
        " WHERE person_id = %s AND channel = %s",
        (person_id, channel),
    )
    row = await cursor.fetchone()
    return _closes(rt, channel, row[0]) if row else None


async def last_event(session: Session) -> int:
    """The number up to which a page that is read now knows everything."""
    cursor = await session.execute("SELECT coalesce(max(id), 0) FROM case_events")
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
