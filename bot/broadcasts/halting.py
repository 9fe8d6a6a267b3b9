"""What holds a broadcast without an officer: a platform that asks us to wait, a storm of errors."""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

from bot import audit
from bot.queue import Session

ACTOR = "broadcasts"

_REST: LiteralString = """
INSERT INTO platform_pauses AS p (channel, until, reason)
VALUES (%(channel)s, coalesce(%(since)s, kosh_now()) + make_interval(secs => %(seconds)s), %(why)s)
ON CONFLICT (channel) DO UPDATE SET until = excluded.until, reason = excluded.reason
WHERE p.until < excluded.until
"""


async def rest(session: Session, channel: str, seconds: float, why: str) -> None:
    """Announcements of a channel stand still for so long, in every process and after a restart."""
    values = {"channel": channel, "since": None, "seconds": seconds, "why": why}
    await session.execute(_REST, values)


async def rest_until(
    session: Session, channel: str, since: datetime, seconds: float, why: str
) -> None:
    """The same, counted from a moment."""
    values = {"channel": channel, "since": since, "seconds": seconds, "why": why}
    await session.execute(_REST, values)


async def halt(session: Session, broadcast_id: UUID, why: str) -> None:
    """Pause a running broadcast by itself, and say why; an officer resumes it."""
    cursor = await session.execute(
        "UPDATE broadcasts SET state = 'paused', state_at = kosh_now(), reason = %s"
        " WHERE id = %s AND state = 'running'",
        (why, broadcast_id),
    )
    if cursor.rowcount:
        await session.execute("SELECT pg_notify('kosh_broadcast', %s)", (str(broadcast_id),))
        await audit.append(
            session, actor=ACTOR, action="broadcast.halted", subject=str(broadcast_id), detail=why
        )
