"""What holds a broadcast without an officer: a platform that asks us to wait, a storm of errors.

And what lets one go on that seemed to be at its end. Whoever changes both locks the broadcast's
row first and those of its recipients after it: two who did it the other way round would deadlock.
"""

from datetime import datetime
from uuid import UUID

from bot.broadcasts import statements
from bot.db.connection import Transaction
from bot.db.statements import execute
from bot.security import audit_log

ACTOR = "broadcasts"


async def pause_channel(transaction: Transaction, channel: str, seconds: float, why: str) -> None:
    """Announcements of a channel stand still for so long, in every process and after a restart."""
    values = {"on_channel": channel, "since": None, "seconds": seconds, "why": why}
    await execute(transaction, statements.PAUSE_CHANNEL, **values)


async def paused_until(
    transaction: Transaction, channel: str, since: datetime, seconds: float, why: str
) -> None:
    """The same, counted from a moment."""
    values = {"on_channel": channel, "since": since, "seconds": seconds, "why": why}
    await execute(transaction, statements.PAUSE_CHANNEL, **values)


async def halt(transaction: Transaction, broadcast_id: UUID, why: str) -> None:
    """Pause a running broadcast by itself, and say why; an officer resumes it."""
    if await execute(transaction, statements.HALT, id=broadcast_id, why=why):
        await execute(transaction, statements.NOTIFY, broadcast=str(broadcast_id))
        await audit_log.append(
            transaction,
            actor=ACTOR,
            action="broadcast.halted",
            subject=str(broadcast_id),
            detail=why,
        )


async def reopen(transaction: Transaction, broadcast_id: UUID) -> None:
    """Let one that has ended go on, if somebody is planned in it again."""
    await execute(transaction, statements.REOPEN, id=broadcast_id)
