"""Automatic pauses of a channel after a rate limit, or of a broadcast after too many errors.

Also sets a finished broadcast to running again. Lock order: the broadcast's row before the rows of
its recipients, to prevent deadlocks.
"""

from datetime import datetime
from uuid import UUID

from bot.broadcasts import statements
from bot.db.connection import Transaction
from bot.db.statements import execute
from bot.notifications import Kind, notify
from bot.security import audit_log

ACTOR = "broadcasts"


async def pause_channel(transaction: Transaction, channel: str, seconds: float, why: str) -> None:
    """Pause broadcasts on a channel for `seconds` from now, in all processes."""
    values = {"on_channel": channel, "since": None, "seconds": seconds, "why": why}
    await execute(transaction, statements.PAUSE_CHANNEL, **values)


async def paused_until(
    transaction: Transaction, channel: str, since: datetime, seconds: float, why: str
) -> None:
    """Pause broadcasts on a channel until `seconds` after `since`."""
    values = {"on_channel": channel, "since": since, "seconds": seconds, "why": why}
    await execute(transaction, statements.PAUSE_CHANNEL, **values)


async def halt(transaction: Transaction, broadcast_id: UUID, why: str) -> None:
    """Pause a running broadcast for the reason `why`; an officer has to resume it."""
    if await execute(transaction, statements.HALT, id=broadcast_id, why=why):
        await execute(transaction, statements.NOTIFY, broadcast=str(broadcast_id))
        await notify(transaction, Kind.HALTED, broadcast_id)
        await audit_log.append(
            transaction,
            actor=ACTOR,
            action="broadcast.halted",
            subject=str(broadcast_id),
            detail=why,
        )


async def reopen(transaction: Transaction, broadcast_id: UUID) -> None:
    """Set a finished broadcast to running again if a recipient still has to get the message."""
    await execute(transaction, statements.REOPEN, id=broadcast_id)
