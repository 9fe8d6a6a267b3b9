"""Case lists, the mission's team, and changes of cases since the last read.

A reply window is the time in which a platform accepts messages to a person: on WhatsApp, 24 hours
after the person's last message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot.cases import Case
from bot.db.connection import Transaction
from bot.db.pipeline import Call, Rows
from bot.db.statements import fetch_value
from bot.desk.views import case_statements, list_statements
from bot.desk.views.list_statements import LAST_EVENT, MAX_EVENTS, OPEN_QUEUES, PAGE, Queue
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Role, Subject
from bot.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Filter:
    """Filters of a case list; a filter that is empty or None is not applied."""

    queue: Queue = Queue.UNCLAIMED
    language: str = ""
    topic: str = ""
    channel: str = ""
    country: str = ""
    urgent: bool | None = None
    number: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list; `window` is the end of the platform's reply window, if any.

    `channel` is empty for a closed case. `unread` counts the person's messages since the officers'
    last answer. `spoke_at` is the person's last stored activity on the channel; None if the channel
    can no longer be used.
    """

    case: Case
    holder: str
    channel: str
    window: datetime | None
    unread: int
    spoke_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of at most 25 cases; `after` is the cursor of the next page, empty on the last page.

    `counts` and `oldest` (start of the longest wait) are given for each list of open cases. `at` is
    the id of the last change that the page includes; pass it to `events`. `urgent` is the number of
    urgent cases in the list `UNCLAIMED`.
    """

    lines: tuple[CaseRow, ...]
    after: str
    at: int = 0
    counts: Mapping[Queue, int] = field(default_factory=dict)
    oldest: Mapping[Queue, datetime | None] = field(default_factory=dict)
    urgent: int = 0


UNCLAIMED = Filter()


async def listing(
    rt: Runtime, officer: Officer, query: Filter = UNCLAIMED, after: str = ""
) -> Page:
    """Return a page of a case list: urgent cases first, then by answer deadline.

    `after` is the number of the previous page's last case. The page size is fixed, to prevent a
    bulk export.
    """
    rows = await directory.fetch_many(rt, officer, *listing_calls(officer, query, after))
    return read_listing(rt, rows)


def listing_calls(officer: Officer, query: Filter, after: str) -> tuple[Call, ...]:
    """Return the statements that read a page of a case list; pass their rows to `read_listing`.

    The caller can run them together with other statements in one round trip.
    """
    permissions.require(officer, Action.CASE_LIST, Subject(officer.mission))
    number = int(after) if after.isdecimal() and len(after) < 16 else None
    values = _values(officer) | {name: getattr(query, name) for name in _ASKED} | {"after": number}
    return (
        (LAST_EVENT, {}),
        (list_statements.LISTED[query.queue, number is not None], values),
        (list_statements.COUNTED, _values(officer)),
    )


def read_listing(rt: Runtime, rows: Sequence[Rows]) -> Page:
    """Return the page of a case list from the rows of the statements of `listing_calls`."""
    last, found, ((urgent, *counted),) = rows
    lines = tuple(row_of(rt, row) for row in found)
    return Page(
        lines[:PAGE],
        str(lines[PAGE - 1].case.number) if len(lines) > PAGE else "",
        last[0][0],
        dict(zip(OPEN_QUEUES, counted[::2], strict=True)),
        dict(zip(OPEN_QUEUES, counted[1::2], strict=True)),
        urgent,
    )


def _values(officer: Officer) -> dict[str, Any]:
    """Return the SQL parameters that limit case lists to the officer's topics.

    A lead (supervisor), and an officer without a list of topics, see all topics.
    """
    bound = officer.topics if Role.LEAD not in officer.roles else frozenset[str]()
    return {"officer": officer.id, "free": not bound, "topics": sorted(bound)}


def row_of(rt: Runtime, row: Sequence[Any]) -> CaseRow:
    *case, holder, channel, spoke_at, unread = row
    closes = _closes(rt, channel, spoke_at)
    return CaseRow(Case(*case), holder, channel, closes, unread, spoke_at)


_ASKED = ("language", "topic", "country", "channel", "urgent", "number", "label")


async def find(rt: Runtime, officer: Officer, number: str) -> UUID | None:
    """Find a case by its number, or by the receipt number of its person's registration.

    Return the case's id, or None. Open cases take precedence, then the newest. Every lookup is
    audited, found or not, to detect enumeration.
    """
    permissions.require(officer, Action.CASE_LIST, Subject(officer.mission))
    case_number = int(number) if number.isdecimal() and len(number) < 16 else None
    values = _values(officer) | {"number": case_number, "receipt": number.upper()}
    async with directory.acting(rt, officer) as transaction:
        found = await fetch_value(transaction, list_statements.FOUND, **values)
        await directory.record_action(
            transaction,
            officer,
            "case.find",
            str(found) if found else "console",
            "" if found else "absent",
        )
    return found


async def countries(rt: Runtime, officer: Officer) -> list[str]:
    """Return the countries of the mission's open cases, as choices for the filter of case lists."""
    (rows,) = await directory.fetch_many(
        rt, officer, (list_statements.COUNTRIES, {"mission": officer.mission})
    )
    return [country for (country,) in rows]


async def newest(rt: Runtime, officer: Officer) -> int:
    """Return the id of the last change of a case in the mission.

    Read it before the data of a page, so that `events` returns every change that the page lacks.
    """
    ((last,),) = await directory.fetch_many(rt, officer, (LAST_EVENT, {}))
    return int(last[0])


@dataclass(frozen=True, slots=True)
class Member:
    """An officer of the mission with the workload: `held` is the number of open cases.

    `waiting` is the number of open cases in which the person waits for an answer, and `longest` the
    start of the longest wait.
    """

    officer: Officer
    held: int
    waiting: int
    longest: datetime | None


async def team(rt: Runtime, officer: Officer) -> tuple[Member, ...]:
    """Return the officers of the mission with their workload; for leads only."""
    permissions.require(officer, Action.QUEUE_LIVE, Subject(officer.mission))
    load, members = await directory.fetch_many(
        rt, officer, (list_statements.LOAD, {}), directory.team(officer.mission)
    )
    held = {row[0]: row[1:] for row in load}
    team = map(directory.read, members)
    return tuple(Member(each, *held.get(each.id, (0, 0, None))) for each in team)


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a case, without content.

    `kind` is case (inserted or updated), words (message added), note (note added), delivery (state
    of a message), paper (uploaded file), reader (an officer views or writes) or gone (deleted).
    """

    id: int
    case_id: UUID
    kind: str
    at: datetime


async def events(rt: Runtime, officer: Officer, after: int) -> list[Event] | None:
    """Return the mission's changes with an id above `after`; None if some may be missing.

    If None, the client must reload the page. The database assigns the ids at commit under a lock,
    so a reader misses no change. At each change the database notifies the channel `kosh_case`, with
    the mission as payload.
    """
    there, found = await directory.fetch_many(
        rt,
        officer,
        (list_statements.EVENT_EXISTS, {"id": after}),
        (list_statements.EVENTS, {"mission": officer.mission, "id": after}),
    )
    known = there or not after
    return [Event(*row) for row in found] if known and len(found) <= MAX_EVENTS else None


def _closes(rt: Runtime, channel: str, spoke_at: datetime | None) -> datetime | None:
    seconds = rt.channels[channel].window if channel in rt.channels else 0
    return spoke_at + timedelta(seconds=seconds) if seconds and spoke_at else None


async def spoke_at(transaction: Transaction, case_id: UUID) -> datetime | None:
    """Return the time of the person's last message in a case; None if there is no message."""
    return await fetch_value(transaction, case_statements.SPOKE_AT, case=case_id)


async def window(
    rt: Runtime, transaction: Transaction, person_id: UUID, channel: str
) -> datetime | None:
    """Return the end of the platform's reply window for a person.

    Return None if the channel has no reply window, or if the person has no address on the channel.
    """
    values = {"person": person_id, "on_channel": channel}
    spoke_at = await fetch_value(transaction, list_statements.WINDOW, **values)
    return _closes(rt, channel, spoke_at)
