"""Bursts of web chats: show them by hour and IP address, and close their cases as spam.

A burst is many cases from one address in a short time. Only queued cases are closed, each in its
own transaction, so that a repeated request continues where the last one stopped. The person is
informed that the question was closed unread. A lead can reopen the cases within 7 days.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from sqlalchemy import Boolean, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from bot import budgets, cases
from bot.budgets import Spending
from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.conversations.effects import AfterCommit
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import NOW, ago, execute, fetch_all, fetch_value, statement
from bot.desk import officer_turns
from bot.desk.transaction import ActionContext, perform
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, DenialReason, Forbidden, Subject
from bot.runtime import Runtime
from flows import lifetimes
from flows.engine.events import Joined, Resolved

# Minimum number of events of an IP address in one hour for the address to be shown. Fewer events
# may come from one person.
MIN_EVENTS = 10
MAX_SHOWN = 25
_BURSTS = UUID("6f1f3a52-6f0c-4c55-9d0b-6a5b2f6b4e11")


class SpamReason(StrEnum):
    """Reason why an officer closes all cases from an IP address as spam."""

    PROGRAM = "program"
    ADVERTISING = "advertising"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Hour:
    """Number of chats, consents, cases and so on in one hour, from all IP addresses."""

    begins: datetime
    counts: Mapping[Spending, int]


@dataclass(frozen=True, slots=True)
class Source:
    """An IP address that opened many chats or cases, and its queued cases in the officer's mission.

    The address is a keyed hash. `first` and `last` are the first and the last hour in which the
    address opened a chat or case. `counts` are the numbers of chats, consents, cases and so on.
    `waiting` is the number of queued cases, and `urgent` the number of urgent cases among them.
    """

    network: str
    first: datetime
    last: datetime
    counts: Counter[Spending]
    waiting: int
    urgent: int


@dataclass(frozen=True, slots=True)
class ClosedBurst:
    """A group of cases closed as spam; `reopened_at` is None unless a lead reopened them."""

    id: UUID
    reason: str
    officer: str
    closed_at: datetime
    reopened_at: datetime | None
    cases: int


@dataclass(frozen=True, slots=True)
class Report:
    """Chats and cases by hour, the busiest IP addresses, and the groups of cases closed as spam."""

    hours: tuple[Hour, ...]
    sources: tuple[Source, ...]
    closed: tuple[ClosedBurst, ...]


_OF_NETWORK = t.CaseOrigin.network == bindparam("network")
_IS_WAITING = (t.Case.state == "queued") & t.Case.owner.is_(None)
_WAITING = statement(
    select(
        t.CaseOrigin.network,
        func.count(),
        func.count().filter(t.Case.urgent),
    )
    .join(t.Case, t.Case.id == t.CaseOrigin.case_id)
    .where(_IS_WAITING)
    .group_by(t.CaseOrigin.network)
)
_TO_CLOSE = statement(
    select(t.Case.id, t.Case.version)
    .join(t.CaseOrigin, t.CaseOrigin.case_id == t.Case.id)
    .where(_OF_NETWORK, _IS_WAITING, or_(bindparam("with_urgent", type_=Boolean()), ~t.Case.urgent))
    .order_by(t.Case.number)
)
_BEGIN = statement(
    insert(t.CaseBurst)
    .values(
        id=bindparam("burst"),
        mission=bindparam("of_mission"),
        reason=bindparam("why"),
        closed_by=bindparam("officer"),
    )
    .on_conflict_do_nothing()
)
_CLOSED = statement(
    select(
        t.CaseBurst.id,
        t.CaseBurst.reason,
        func.coalesce(t.Officer.name, ""),
        t.CaseBurst.closed_at,
        t.CaseBurst.reopened_at,
        func.count(t.Case.id),
    )
    .outerjoin(t.Officer, t.Officer.id == t.CaseBurst.closed_by)
    .outerjoin(t.Case, t.Case.burst_id == t.CaseBurst.id)
    .where(t.CaseBurst.closed_at > ago(days=lifetimes.BURST_DAYS))
    .group_by(t.CaseBurst.id, t.Officer.name)
    .order_by(t.CaseBurst.closed_at.desc())
)
_REVERSIBLE = statement(
    select(t.CaseBurst.mission).where(
        t.CaseBurst.id == bindparam("burst"),
        t.CaseBurst.closed_at > ago(days=lifetimes.BURST_DAYS),
    )
)
_MEMBERS = statement(
    select(t.Case.id, t.Case.person_id)
    .where(t.Case.burst_id == bindparam("burst"), t.Case.state == "resolved")
    .order_by(t.Case.number)
)
_REOPENED = statement(
    update(t.CaseBurst)
    .where(t.CaseBurst.id == bindparam("burst"))
    .values(reopened_at=func.coalesce(t.CaseBurst.reopened_at, NOW))
)


async def report(rt: Runtime, officer: Officer) -> Report:
    """Return recent counts of chats and cases, the busiest IP addresses, and cases closed as spam.

    Raises CacheUnavailable if Valkey, which stores the counts, is unavailable.
    """
    permissions.require(officer, Action.BURST_READ, Subject(officer.mission))
    activity = await budgets.recent_activity(rt)
    async with directory.acting(rt, officer) as transaction:
        waiting = {
            network.hex(): (count, urgent)
            for network, count, urgent in await fetch_all(transaction, _WAITING)
        }
        closed = await fetch_all(transaction, _CLOSED)
    return Report(
        _hours(activity), _sources(activity, waiting), tuple(ClosedBurst(*row) for row in closed)
    )


def _hours(activity: Sequence[budgets.Activity]) -> tuple[Hour, ...]:
    counts: dict[datetime, Counter[Spending]] = defaultdict(Counter)
    for each in activity:
        counts[each.hour].update(each.counts)
    return tuple(Hour(begins, counts[begins]) for begins in sorted(counts, reverse=True))


def _sources(
    activity: Sequence[budgets.Activity], waiting: Mapping[str, tuple[int, int]]
) -> tuple[Source, ...]:
    """Return the busiest IP addresses: those that opened MIN_EVENTS chats or cases in an hour."""
    rows: dict[str, list[budgets.Activity]] = defaultdict(list)
    for each in activity:
        rows[each.network].append(each)
    found = []
    for network, own in rows.items():
        if max(row.total for row in own) < MIN_EVENTS:
            continue
        counts = Counter[Spending]()
        for row in own:
            counts.update(row.counts)
        hours = [row.hour for row in own]
        found.append(Source(network, min(hours), max(hours), counts, *waiting.get(network, (0, 0))))
    found.sort(key=lambda source: source.counts.total(), reverse=True)
    return tuple(found[:MAX_SHOWN])


async def close(
    rt: Runtime,
    officer: Officer,
    network: bytes,
    reason: SpamReason,
    *,
    with_urgent: bool,
    key: str,
) -> int:
    """Close the queued cases of an IP address as spam; return how many this call closed.

    Urgent cases are closed only if `with_urgent`, because a person in danger may share the address.
    """
    permissions.require(officer, Action.BURST_CLOSE, _waiting_of(officer))
    burst = uuid5(_BURSTS, f"{officer.id}:{key}")
    async with directory.acting(rt, officer) as transaction:
        values = {"burst": burst, "of_mission": officer.mission, "officer": officer.id}
        await execute(transaction, _BEGIN, why=reason.value, **values)
        found = await fetch_all(transaction, _TO_CLOSE, network=network, with_urgent=with_urgent)
    closed = 0
    for case_id, version in found:
        closed += await _close_case(rt, officer, case_id, version, burst)
    async with directory.acting(rt, officer) as transaction:
        await directory.record_action(
            transaction, officer, Action.BURST_CLOSE, str(burst), reason.value
        )
    return closed


def _waiting_of(officer: Officer) -> Subject:
    return Subject(officer.mission, state=permissions.QUEUED)


async def _close_case(
    rt: Runtime, officer: Officer, case_id: UUID, version: int, burst: UUID
) -> bool:
    """Close one case as part of a burst.

    Return False if this call did not close the case: a colleague claimed it, its person was erased,
    or an earlier call closed it.
    """

    async def apply(at: ActionContext) -> AfterCommit | None:
        # Apply the event before the case is closed. Afterwards the console's database role cannot
        # read the conversation.
        delivery = await at.turn(Resolved("menu", was_read=False), moved=True)
        await cases.close_unread(at.transaction, at.case, burst, version)
        return delivery

    try:
        key = f"{burst.hex}{case_id.hex[:16]}"
        result = await perform(rt, officer, case_id, version, Action.BURST_CLOSE, key, apply)
    except (cases.CaseConflict, LookupError):
        return False
    return not result.repeated


async def reopen(rt: Runtime, officer: Officer, burst: UUID) -> int:
    """Reopen the cases that were closed as one burst, and return the number of reopened cases.

    A case stays closed if its person has another open case. Raises Forbidden after 7 days.
    """
    async with directory.acting(rt, officer) as transaction:
        mission = await fetch_value(transaction, _REVERSIBLE, burst=burst)
        permissions.require(officer, Action.BURST_REOPEN, Subject(mission or ""))
        if mission is None:
            raise Forbidden(DenialReason.STATE)
        members = await fetch_all(transaction, _MEMBERS, burst=burst)
        await execute(transaction, _REOPENED, burst=burst)
        await directory.record_action(transaction, officer, Action.BURST_REOPEN, str(burst))
    opened = 0
    for case_id, person_id in members:
        async with rt.pool.connection() as transaction:
            delivery = await _reopen_case(rt, transaction, officer, case_id, person_id)
        opened += delivery is not None
        await receive.deliver(rt, delivery)
    return opened


async def _reopen_case(
    rt: Runtime, transaction: Transaction, officer: Officer, case_id: UUID, person_id: UUID
) -> AfterCommit | None:
    # The console's database role cannot read a conversation without an open case, so the bot's role
    # is used.
    held = await conversation_store.lock(rt, transaction, person_id)
    if held is None or await cases.open_of(transaction, person_id) is not None:
        return None
    case = await cases.lock_case(transaction, case_id)
    if case is None or not await cases.reopen(transaction, case):
        return None
    delivery = await officer_turns.take(rt, transaction, case, Joined(waits=True), moved=True)
    await directory.record_action(transaction, officer, Action.BURST_REOPEN, str(case_id))
    return delivery
