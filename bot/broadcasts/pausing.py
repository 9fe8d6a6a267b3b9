"""What holds a broadcast without an officer: a platform that asks us to wait, a storm of errors.

And what lets one go on that seemed to be at its end. Whoever changes both locks the broadcast's
row first and those of its recipients after it: two who did it the other way round would deadlock.
"""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

from bot.db.connection import Transaction
from bot.db.pipeline import TextStatement
from bot.security import audit_log

ACTOR = "broadcasts"

# Whoever looks at the state after it sees what others did who held the row.
LOCK = TextStatement.of("SELECT id FROM broadcasts WHERE id = %(id)s FOR NO KEY UPDATE")

_REST: LiteralString = """
INSERT INTO platform_pauses AS p (channel, until, reason)
VALUES (%(channel)s, coalesce(%(since)s, kosh_now()) + make_interval(secs => %(seconds)s), %(why)s)
ON CONFLICT (channel) DO UPDATE SET until = excluded.until, reason = excluded.reason
WHERE p.until < excluded.until
"""


async def pause_channel(transaction: Transaction, channel: str, seconds: float, why: str) -> None:
    """Announcements of a channel stand still for so long, in every process and after a restart."""
    values = {"channel": channel, "since": None, "seconds": seconds, "why": why}
    await transaction.execute(_REST, values)


async def paused_until(
    transaction: Transaction, channel: str, since: datetime, seconds: float, why: str
) -> None:
    """The same, counted from a moment."""
    values = {"channel": channel, "since": since, "seconds": seconds, "why": why}
    await transaction.execute(_REST, values)


async def halt(transaction: Transaction, broadcast_id: UUID, why: str) -> None:
    """Pause a running broadcast by itself, and say why; an officer resumes it."""
    cursor = await transaction.execute(
        "UPDATE broadcasts SET state = 'paused', state_at = kosh_now(), reason = %s"
        " WHERE id = %s AND state = 'running'",
        (why, broadcast_id),
    )
    if cursor.rowcount:
        await transaction.execute("SELECT pg_notify('kosh_broadcast', %s)", (str(broadcast_id),))
        await audit_log.append(
            transaction,
            actor=ACTOR,
            action="broadcast.halted",
            subject=str(broadcast_id),
            detail=why,
        )


async def reopen(transaction: Transaction, broadcast_id: UUID) -> None:
    """Let one that has ended go on, if somebody is planned in it again."""
    await transaction.execute(
        "UPDATE broadcasts b SET state = 'running', state_at = kosh_now()"
        " WHERE b.id = %s AND b.state = 'done' AND EXISTS ("
        "   SELECT FROM recipients r WHERE r.broadcast_id = b.id"
        "   AND r.state IN ('planned', 'held'))",
        (broadcast_id,),
    )
