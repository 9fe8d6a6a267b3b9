"""Health: the sizes and ages of backlogs, for the status page, Prometheus and `doctor`."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from time import monotonic

from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    SQLColumnExpression,
    and_,
    cast,
    distinct,
    extract,
    func,
    literal,
    or_,
    select,
    union_all,
)

from bot import budgets
from bot.budgets import Spending
from bot.cache import CacheUnavailable
from bot.channels import SendError
from bot.channels.telegram.client import Telegram
from bot.content import endings
from bot.db import tables as t
from bot.db.connection import ReadOnlyDatabase
from bot.db.external_tables import JOB_EVENTS, JOBS
from bot.db.server_statements import IS_WRITABLE
from bot.db.statements import NOW, database_time, fetch_all, fetch_value, statement
from bot.observability import logging, metrics
from bot.observability.metrics import Sample
from bot.operations.version import built
from bot.runtime import Runtime
from bot.security import audit_log

FRESH_SECONDS = 10
LATE_SECONDS = 120
STUCK_SECONDS = 900
RECENT = 500

_logger = logging.get()


class Backlog(StrEnum):
    """Kind of waiting items, such as unsent messages; their number and age show Kosh's health."""

    MESSAGE = "message"
    REGISTRATION = "registration"
    JOB = "job"
    PAPER = "paper"
    CASE = "case"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Waiting:
    """The number of waiting items of one backlog, and the age of the oldest in seconds.

    `channel` is "" for backlogs that are not counted by channel.
    """

    of: Backlog
    channel: str
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Kosh's health at a point in time.

    `database`: PostgreSQL responds and accepts writes; otherwise there are no counts. `valkey`:
    Valkey responds. `waiting`: the backlogs. `delivered`: time of the last delivery per channel.
    `spent`: limits of the web chat that are used up. `facts`: number of facts that editors must
    check, by state.
    """

    database: bool
    valkey: bool
    waiting: tuple[Waiting, ...] = ()
    delivered: tuple[tuple[str, datetime], ...] = ()
    spent: tuple[Spending, ...] = ()
    facts: tuple[tuple[str, int], ...] = ()

    def oldest(self, of: Backlog, channel: str = "") -> float:
        """Return the age in seconds of the oldest waiting item of a backlog; 0 if it is empty."""
        found = (w for w in self.waiting if w.of is of and (not channel or w.channel == channel))
        return max((each.seconds for each in found), default=0)


type _Moment = SQLColumnExpression[datetime] | SQLColumnExpression[datetime | None]


def _age(since: _Moment, now: _Moment = NOW) -> ColumnElement[float]:
    return cast(extract("epoch", now - func.min(since)), Float)


def _backlog(
    of: Backlog, since: _Moment, channel: SQLColumnExpression[str] | None = None
) -> Select[str, str, int, float]:
    """Return a query for the number of waiting items of a backlog, and the age of the oldest.

    The items are grouped by `channel` if it is given.
    """
    if channel is None:
        return select(literal(of.value), literal(""), func.count(), _age(since))
    return select(literal(of.value), channel, func.count(), _age(since)).group_by(channel)


_DUE_JOBS = (
    select(
        literal(Backlog.JOB.value),
        literal(""),
        func.count(distinct(JOBS.c.id)),
        _age(JOB_EVENTS.c.at, func.now()),
    )
    .join(JOB_EVENTS, and_(JOB_EVENTS.c.job_id == JOBS.c.id, JOB_EVENTS.c.type == "deferred"))
    .where(
        JOBS.c.status == "todo",
        or_(JOBS.c.scheduled_at.is_(None), JOBS.c.scheduled_at <= func.now()),
    )
)
_WAITING = statement(
    union_all(
        # Messages in the state `waiting` are excluded, because they cannot be sent before the
        # person writes.
        _backlog(Backlog.MESSAGE, t.Message.created_at, t.Message.channel).where(
            t.Message.done_at.is_(None), t.Message.state.in_(["pending", "sending"])
        ),
        _backlog(Backlog.REGISTRATION, t.RegistryWrite.created_at).where(
            t.RegistryWrite.state.in_(["pending", "sending", "unknown"])
        ),
        _DUE_JOBS,
        _backlog(Backlog.PAPER, t.Upload.state_at).where(
            t.Upload.state.in_(["fetching", "checking", "pending", "sending", "unknown"])
        ),
        _backlog(Backlog.CASE, t.Case.waiting_since).where(t.Case.state == "queued"),
        _backlog(Backlog.QUARANTINE, t.QuarantinedUpdate.created_at, t.QuarantinedUpdate.channel),
    )
)
_RECENTLY_SENT = (
    select(t.Message.channel, t.Message.done_at)
    .where(t.Message.state == "sent")
    .order_by(t.Message.id.desc())
    .limit(RECENT)
    .subquery()
)
_DELIVERED = statement(
    select(_RECENTLY_SENT.c.channel, func.max(_RECENTLY_SENT.c.done_at)).group_by(
        _RECENTLY_SENT.c.channel
    )
)


async def collect(rt: Runtime) -> Snapshot:
    """Return a new snapshot of the health; no counts if the database is down or read-only."""
    valkey = await _is_valkey_up(rt)
    spent = await _spent_budgets(rt) if valkey else ()
    try:
        async with rt.pool.connection() as transaction:
            if not await fetch_value(transaction, IS_WRITABLE):
                raise ReadOnlyDatabase
            rows = await fetch_all(transaction, _WAITING)
            delivered = await fetch_all(transaction, _DELIVERED)
            now = await database_time(transaction)
    except (OperationalError, PoolTimeout):
        return Snapshot(database=False, valkey=valkey, spent=spent)
    waiting = (Waiting(Backlog(of), channel, n, max(age or 0, 0)) for of, channel, n, age in rows)
    facts = tuple(endings.counts(rt.content.on(now.date())).items())
    sent = tuple((c, at.astimezone(UTC)) for c, at in delivered)
    return Snapshot(True, valkey, tuple(waiting), sent, spent, facts)


async def _is_valkey_up(rt: Runtime) -> bool:
    try:
        await rt.valkey.allow("watch", rate=1000, burst=1000)
    except CacheUnavailable:
        return False
    return True


async def _spent_budgets(rt: Runtime) -> tuple[Spending, ...]:
    try:
        return await budgets.spent_by_all(rt.valkey, rt.vault, rt.settings)
    except CacheUnavailable:
        return ()


class SnapshotCache:
    """Caches Kosh's health for 10 seconds, so that many requests cost one set of queries."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._lock = asyncio.Lock()
        self._cached: tuple[float, Snapshot] | None = None

    async def current(self) -> Snapshot:
        """Return the cached health snapshot; if it is older than 10 seconds, collect a new one."""
        async with self._lock:
            if self._cached is None or monotonic() - self._cached[0] > FRESH_SECONDS:
                self._cached = (monotonic(), await collect(self._rt))
            return self._cached[1]


# Health as gauges for Prometheus


def samples(snapshot: Snapshot) -> tuple[Sample, ...]:
    """Return the values of a health snapshot as Prometheus gauges.

    All processes report the same values, so alert rules must use the maximum, not the sum.
    """
    name, commit = built()
    return (
        ("kosh_build", "The version that runs.", (({"version": name, "commit": commit}, 1.0),)),
        ("kosh_up", "Whether PostgreSQL and Valkey answer and accept writes.", (
            ({"of": "database"}, float(snapshot.database)),
            ({"of": "valkey"}, float(snapshot.valkey)),
        )),
        ("kosh_web_budget_spent", "Whether the installation's budget of the web chat is spent.",
         tuple(({"of": each}, float(each in snapshot.spent)) for each in Spending)),
        ("kosh_facts", "Facts that ended, end within 30 days, or were not checked in time.",
         tuple(({"state": state}, float(count)) for state, count in snapshot.facts)),
        ("kosh_backlog", "Number of waiting items, by queue.", tuple(
            ({"of": each.of, "channel": each.channel}, float(each.count))
            for each in snapshot.waiting
        )),
        ("kosh_backlog_oldest_seconds", "Age of the oldest waiting item, by queue.", tuple(
            ({"of": each.of, "channel": each.channel}, each.seconds) for each in snapshot.waiting
        )),
    )  # fmt: skip


async def ask_platforms(rt: Runtime) -> None:
    """Store in a metric how many updates wait at Telegram to be delivered to the bot.

    A wrong webhook secret or an unavailable database makes this number grow.
    """
    channel = rt.channels.get(Telegram.name)
    if isinstance(channel, Telegram):
        try:
            found = await channel.webhook()
        except SendError as error:
            _logger.warning("platform.unreachable", channel=Telegram.name, code=error.code)
            return
        metrics.PENDING.labels(Telegram.name).set(found.pending_update_count)


class AuditWatch:
    """Verifies the audit log repeatedly: the log must still contain its previous last entry."""

    def __init__(self) -> None:
        self._anchor: audit_log.Head | None = None

    async def verify(self, rt: Runtime) -> None:
        """Verify the audit log; write its last entry's hash, or an error, to the process's log.

        If an attacker truncates the audit log and replaces its head, it is still consistent. Only a
        head (number and hash of the last entry) from an earlier verification, or from a process's
        log, reveals the missing entries.
        """
        async with rt.pool.connection() as transaction:
            broken = await audit_log.find_broken_entry(transaction, self._anchor)
            head = await audit_log.head(transaction)
        if broken is not None:
            _logger.error("audit.broken", code="E_AUDIT", number=broken)
            return
        self._anchor = head
        _logger.info("audit.verified", head=str(head))


# The public status page


class Health(StrEnum):
    """Health of a service, as the status page shows it."""

    WORKS = "works"
    SLOW = "slow"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Status:
    """Public status of the service, without counts: ages in minutes, `delivered` in ISO 8601."""

    overall: Health
    channels: tuple[tuple[str, Health], ...]
    registry: Health | None
    oldest_minutes: int
    delivered: str
    version: str
    commit: str
    incidents: tuple[str, ...]
    asks_question: bool = False


def status(rt: Runtime, snapshot: Snapshot) -> Status:
    """Return the public status of the service, computed from a health snapshot."""
    channels = tuple((name, _channel(snapshot, name)) for name in rt.channels)
    registry = _health(snapshot, snapshot.oldest(Backlog.REGISTRATION)) if rt.registry else None
    every = [health for _name, health in channels] + ([registry] if registry else [])
    last = max((at for _channel, at in snapshot.delivered), default=None)
    name, commit = built()
    return Status(
        overall=Health.DOWN
        if not snapshot.database
        else _worst([*every, _live(snapshot), _budgets(snapshot)]),
        channels=channels,
        registry=registry,
        oldest_minutes=int(
            max(snapshot.oldest(Backlog.MESSAGE), snapshot.oldest(Backlog.REGISTRATION)) // 60
        ),
        delivered=last.isoformat(timespec="minutes") if last else "",
        version=name,
        commit=commit,
        incidents=tuple(_incidents(snapshot, channels, registry)),
        asks_question=bool(snapshot.spent),
    )


def _channel(snapshot: Snapshot, name: str) -> Health:
    return _health(snapshot, snapshot.oldest(Backlog.MESSAGE, name))


def _live(snapshot: Snapshot) -> Health:
    """Return SLOW while Valkey is unavailable, as anonymous people may lose their conversation."""
    return Health.WORKS if snapshot.valkey else Health.SLOW


def _budgets(snapshot: Snapshot) -> Health:
    """Return SLOW while an hourly limit of the web chat is used up.

    During this time, a visitor must answer a question before a chat starts.
    """
    return Health.SLOW if snapshot.spent else Health.WORKS


def _health(snapshot: Snapshot, oldest: float) -> Health:
    if not snapshot.database or oldest > STUCK_SECONDS:
        return Health.DOWN
    return Health.SLOW if oldest > LATE_SECONDS else Health.WORKS


def _worst(every: list[Health]) -> Health:
    """Return WORKS if everything works, otherwise SLOW.

    One channel that is down makes the overall health only SLOW, because the other channels work.
    """
    return Health.WORKS if all(each is Health.WORKS for each in every) else Health.SLOW


def _incidents(
    snapshot: Snapshot, channels: tuple[tuple[str, Health], ...], registry: Health | None
) -> Iterator[str]:
    if not snapshot.database:
        yield "database"
        return
    yield from (name for name, health in channels if health is not Health.WORKS)
    if registry not in (None, Health.WORKS):
        yield "registry"
    if not snapshot.valkey:
        yield "valkey"
    if snapshot.spent:
        yield "budget"
