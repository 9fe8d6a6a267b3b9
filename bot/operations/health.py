"""Health: backlogs and their age, for the public status page, Prometheus and `doctor`."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from time import monotonic
from typing import LiteralString

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from bot.cache import CacheUnavailable
from bot.channels import SendError
from bot.channels.telegram.client import Telegram
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
    """A kind of waiting work."""

    MESSAGE = "message"
    REGISTRATION = "registration"
    JOB = "job"
    PAPER = "paper"
    CASE = "case"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Number of waiting items of a kind, and the age of the oldest in seconds."""

    of: Backlog
    channel: str
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Health at a point in time; without a database, only that it is unavailable."""

    database: bool
    live: bool
    waiting: tuple[Waiting, ...] = ()
    delivered: tuple[tuple[str, datetime], ...] = ()

    def oldest(self, of: Backlog, channel: str = "") -> float:
        """Return the age in seconds of the oldest waiting item of a kind; 0 if there is none."""
        found = (w for w in self.waiting if w.of is of and (not channel or w.channel == channel))
        return max((each.seconds for each in found), default=0)


# Messages that wait for their person to write again are not part of the backlog.
_WAITING: LiteralString = """
SELECT 'message', channel, count(*), extract(epoch FROM kosh_now() - min(created_at))::float
FROM messages WHERE done_at IS NULL AND state IN ('pending', 'sending') GROUP BY channel
UNION ALL
SELECT 'registration', '', count(*), extract(epoch FROM kosh_now() - min(created_at))::float
FROM registry_writes WHERE state IN ('pending', 'sending', 'unknown')
UNION ALL
SELECT 'job', '', count(DISTINCT j.id), extract(epoch FROM now() - min(e.at))::float
FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at <= now())
UNION ALL
SELECT 'paper', '', count(*), extract(epoch FROM kosh_now() - min(state_at))::float
FROM uploads WHERE state IN ('fetching', 'checking', 'pending', 'sending', 'unknown')
UNION ALL
SELECT 'case', '', count(*), extract(epoch FROM kosh_now() - min(waiting_since))::float
FROM cases WHERE state = 'queued'
UNION ALL
SELECT 'quarantine', channel, count(*), extract(epoch FROM kosh_now() - min(at))::float
FROM quarantine GROUP BY channel
"""

_DELIVERED: LiteralString = """
SELECT channel, max(done_at) FROM (
  SELECT channel, done_at FROM messages WHERE state = 'sent' ORDER BY id DESC LIMIT %s
) recent GROUP BY channel
"""


async def collect(rt: Runtime) -> Snapshot:
    """Collect a snapshot in two statements; without a database, only that it is unavailable."""
    live = await _is_live(rt)
    try:
        async with rt.pool.connection() as transaction:
            rows = await (await transaction.execute(_WAITING)).fetchall()
            delivered = await (await transaction.execute(_DELIVERED, (RECENT,))).fetchall()
    except (OperationalError, PoolTimeout):
        return Snapshot(database=False, live=live)
    waiting = (Waiting(Backlog(of), channel, n, max(age or 0, 0)) for of, channel, n, age in rows)
    return Snapshot(
        True, live, tuple(waiting), tuple((c, at.astimezone(UTC)) for c, at in delivered)
    )


async def _is_live(rt: Runtime) -> bool:
    try:
        await rt.live.allow("watch", rate=1000, burst=1000)
    except CacheUnavailable:
        return False
    return True


class SnapshotCache:
    """Caches the snapshot for 10 seconds, independent of the number of requests."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._lock = asyncio.Lock()
        self._seen: tuple[float, Snapshot] | None = None

    async def sight(self) -> Snapshot:
        """Return the cached snapshot, or a new one if it is too old."""
        async with self._lock:
            if self._seen is None or monotonic() - self._seen[0] > FRESH_SECONDS:
                self._seen = (monotonic(), await collect(self._rt))
            return self._seen[1]


# Prometheus


def samples(sight: Snapshot) -> tuple[Sample, ...]:
    """Return a snapshot as gauges.

    All processes report the same values, so rules use the maximum.
    """
    name, commit = built()
    return (
        ("kosh_build", "The version that runs.", (({"version": name, "commit": commit}, 1.0),)),
        ("kosh_up", "Whether PostgreSQL and Valkey answer.", (
            ({"of": "database"}, float(sight.database)), ({"of": "live"}, float(sight.live)),
        )),
        ("kosh_backlog", "How many wait.", tuple(
            ({"of": each.of, "channel": each.channel}, float(each.count)) for each in sight.waiting
        )),
        ("kosh_backlog_oldest_seconds", "How long the oldest waits.", tuple(
            ({"of": each.of, "channel": each.channel}, each.seconds) for each in sight.waiting
        )),
    )  # fmt: skip


async def ask_platforms(rt: Runtime) -> None:
    """Record how many updates are pending at Telegram.

    A full database or wrong secret delays them.
    """
    channel = rt.channels.get(Telegram.name)
    if isinstance(channel, Telegram):
        try:
            found = await channel.webhook()
        except SendError as error:
            _logger.warning("platform.unreachable", channel=Telegram.name, code=error.code)
            return
        metrics.PENDING.labels(Telegram.name).set(found.pending_update_count)


async def verify_audit(rt: Runtime) -> None:
    """Verify the hash chain of the audit log; log an error on each run while it is broken."""
    async with rt.pool.connection() as transaction:
        if (link := await audit_log.broken(transaction)) is not None:
            _logger.error("audit.broken", code="E_AUDIT", number=link)


# Public status page


class Health(StrEnum):
    """Health as the status page shows it."""

    WORKS = "works"
    SLOW = "slow"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Status:
    """Public status: no counts, ages in whole minutes."""

    overall: Health
    channels: tuple[tuple[str, Health], ...]
    registry: Health | None
    oldest_minutes: int
    delivered: str
    version: str
    commit: str
    incidents: tuple[str, ...]


def status(rt: Runtime, sight: Snapshot) -> Status:
    """Return a snapshot's public status."""
    channels = tuple((name, _channel(sight, name)) for name in rt.channels)
    registry = _health(sight, sight.oldest(Backlog.REGISTRATION)) if rt.registry else None
    every = [health for _name, health in channels] + ([registry] if registry else [])
    last = max((at for _channel, at in sight.delivered), default=None)
    name, commit = built()
    return Status(
        overall=Health.DOWN if not sight.database else _worst(every),
        channels=channels,
        registry=registry,
        oldest_minutes=int(
            max(sight.oldest(Backlog.MESSAGE), sight.oldest(Backlog.REGISTRATION)) // 60
        ),
        delivered=last.isoformat(timespec="minutes") if last else "",
        version=name,
        commit=commit,
        incidents=tuple(_incidents(sight, channels, registry)),
    )


def _channel(sight: Snapshot, name: str) -> Health:
    return _health(sight, sight.oldest(Backlog.MESSAGE, name))


def _health(sight: Snapshot, oldest: float) -> Health:
    if not sight.database or oldest > STUCK_SECONDS:
        return Health.DOWN
    return Health.SLOW if oldest > LATE_SECONDS else Health.WORKS


def _worst(every: list[Health]) -> Health:
    """Report SLOW overall if a single channel is down, because the others still work."""
    return Health.WORKS if all(each is Health.WORKS for each in every) else Health.SLOW


def _incidents(
    sight: Snapshot, channels: tuple[tuple[str, Health], ...], registry: Health | None
) -> Iterator[str]:
    if not sight.database:
        yield "database"
        return
    yield from (name for name, health in channels if health is not Health.WORKS)
    if registry not in (None, Health.WORKS):
        yield "registry"
    if not sight.live:
        yield "live"
