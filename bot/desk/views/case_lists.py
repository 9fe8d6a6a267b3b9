"""Lists of cases, the team that works on them, and what changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, LiteralString
from uuid import UUID

from bot import cases
from bot.cases import Case
from bot.db.connection import Transaction
from bot.db.pipeline import TextStatement
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Role, Subject
from bot.runtime import Runtime
from bot.security import audit_log

PAGE = 25
MAX_EVENTS = 500


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
        (LAST, {}),
        (_LISTED[wanted.queue, number is not None], values),
        (_COUNTED, _values(officer)),
    )  # fmt: skip
    lines = tuple(row_of(rt, row) for row in found)
    return Page(
        lines[:PAGE],
        str(lines[PAGE - 1].case.number) if len(lines) > PAGE else "",
        last[0][0],
        dict(zip(_OPEN, counted[::2], strict=True)),
        dict(zip(_OPEN, counted[1::2], strict=True)),
    )


def _values(officer: Officer) -> dict[str, Any]:
    """Topics bind an officer; a lead is bound by none."""
    bound = officer.topics if Role.LEAD not in officer.roles else frozenset[str]()
    return {"officer": officer.id, "free": not bound, "topics": sorted(bound)}


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


def row_of(rt: Runtime, row: Sequence[Any]) -> CaseRow:
    *case, holder, channel, spoke_at, unread = row
    closes = _closes(rt, channel, spoke_at)
    return CaseRow(Case(*case), holder, channel, closes, unread)


# Whatever is asked for, a list has one text, so that servers know it prepared.
_ASKED = ("language", "topic", "country", "channel", "urgent", "number")
_WANTED: LiteralString = (
    "(%(free)s OR k.topic = ANY(%(topics)s))"
    " AND (%(language)s::text = '' OR k.language = %(language)s)"
    " AND (%(topic)s::text = '' OR k.topic = %(topic)s)"
    " AND (%(country)s::text = '' OR k.country = %(country)s)"
    " AND (%(urgent)s::boolean IS NULL OR k.urgent = %(urgent)s)"
    " AND (%(number)s::bigint IS NULL OR k.number = %(number)s)"
    " AND (%(channel)s::text = '' OR EXISTS (SELECT FROM conversations c"
    " WHERE c.person_id = k.person_id AND c.channel = %(channel)s))"
)


def _listed(queue: Queue, paged: bool) -> TextStatement:
    if queue is Queue.RESOLVED:
        of, key, order, beyond = (
            "k.state = 'resolved'",
            "k.state_at, k.id",
            "{0} DESC, {1} DESC",
            "<",
        )
    else:
        of, beyond = f"k.state <> 'resolved' AND {_OPEN[queue]}", ">"
        key = "NOT k.urgent, coalesce(k.answer_due, 'infinity'), k.opened_at, k.id"
        order = key
    order = order.format(*key.split(", "))
    after = f" AND ({key}) {beyond} (SELECT {key} FROM cases k WHERE k.number = %(after)s)"
    return TextStatement.of(
        f"{LINE} FROM (SELECT * FROM cases k WHERE {of} AND {_WANTED}{after if paged else ''}"
        f" ORDER BY {order} LIMIT {PAGE + 1}) k {BESIDE} ORDER BY {order}"
    )


_LISTED = {(queue, paged): _listed(queue, paged) for queue in Queue for paged in (False, True)}
_COUNTED = TextStatement.of(
    "SELECT "
    + ", ".join(
        f"count(*) FILTER (WHERE {each}), min(waiting_since) FILTER (WHERE {each})"
        for each in _OPEN.values()
    )
    + " FROM cases k WHERE k.state <> 'resolved' AND (%(free)s OR k.topic = ANY(%(topics)s))"
)


async def find(rt: Runtime, officer: Officer, number: str) -> UUID | None:
    """The case of that number, or the newest of the person with that receipt; open ones first.

    Audited, also where there is none: who tries numbers out is to be seen.
    """
    permissions.require(officer, Action.CASE_LIST, Subject(officer.mission))
    case_number = int(number) if number.isdecimal() and len(number) < 16 else None
    values = _values(officer) | {"number": case_number, "receipt": number.upper()}
    async with directory.acting(rt, officer) as transaction:
        cursor = await transaction.execute(_FOUND, values)
        row = await cursor.fetchone()
        await audit_log.append(
            transaction,
            actor=str(officer.id),
            action="case.find",
            subject=str(row[0]) if row else "console",
            detail="" if row else "absent",
        )
    return row[0] if row else None


_FOUND: LiteralString = (
    "SELECT k.id FROM cases k WHERE (%(free)s OR k.topic = ANY(%(topics)s)) AND"
    " (k.number = %(number)s OR k.person_id ="
    " (SELECT r.person_id FROM registrations r WHERE r.number = %(receipt)s))"
    " ORDER BY k.state = 'resolved', k.opened_at DESC LIMIT 1"
)
# The number up to which a page that is read afterwards knows everything.
LAST = TextStatement.of("SELECT coalesce(max(id), 0) FROM case_events")


async def newest(rt: Runtime, officer: Officer) -> int:
    """The number of the last change in the officer's mission; read before what a page shows."""
    ((last,),) = await directory.asked(rt, officer, (LAST, {}))
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
    load, members = await directory.asked(rt, officer, (_LOAD, {}), directory.team(officer.mission))
    held = {row[0]: row[1:] for row in load}
    team = map(directory.read, members)
    return tuple(Member(each, *held.get(each.id, (0, 0, None))) for each in team)


_LOAD = TextStatement.of(
    "SELECT owner, count(*), count(waiting_since), min(waiting_since) FROM cases"
    " WHERE state <> 'resolved' AND owner IS NOT NULL GROUP BY owner"
)


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
        rt, officer, (_THERE, {"id": after}), (_AFTER, {"mission": officer.mission, "id": after})
    )
    known = there or not after
    return [Event(*row) for row in found] if known and len(found) <= MAX_EVENTS else None


_THERE = TextStatement.of("SELECT FROM case_events WHERE id = %(id)s::bigint")
_AFTER = TextStatement.of(
    "SELECT id, case_id, kind, at FROM case_events WHERE mission = %(mission)s"
    f" AND id > %(id)s::bigint ORDER BY id LIMIT {MAX_EVENTS + 1}"
)


def _closes(rt: Runtime, channel: str, spoke_at: datetime | None) -> datetime | None:
    seconds = rt.channels[channel].window if channel in rt.channels else 0
    return spoke_at + timedelta(seconds=seconds) if seconds and spoke_at else None


async def window(
    rt: Runtime, transaction: Transaction, person_id: UUID, channel: str
) -> datetime | None:
    """When the platform stops to take free words; None where it always takes them."""
    cursor = await transaction.execute(
        "SELECT max(coalesce(spoke_at, created_at)) FROM handles"
        " WHERE person_id = %s AND channel = %s",
        (person_id, channel),
    )
    row = await cursor.fetchone()
    return _closes(rt, channel, row[0]) if row else None
