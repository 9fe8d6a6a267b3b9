"""Start, pause, resume and cancel broadcasts, and decide on recipients that were not reached."""

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

from bot.broadcasts import approval, model, scheduler, statements
from bot.broadcasts.drafts import append_audit
from bot.broadcasts.model import Broadcast, Refusal, Refused, State
from bot.db.connection import Transaction
from bot.db.statements import execute
from bot.officers import permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime


class Doubt(StrEnum):
    """An officer's decision on recipients whose message may or may not have been sent.

    The message is sent again, or the recipients count as failed.
    """

    AGAIN = "again"
    LEAVE = "leave"


async def start(rt: Runtime, officer: Officer, broadcast_id: UUID) -> Broadcast:
    """Start sending, or schedule the start if `not_before` is in the future.

    Raises Refused if approvals are missing or expired, the broadcast is not awaiting its start, or
    anything blocks sending.
    """
    permissions.require(officer, Action.BROADCAST_SEND, Subject(""))
    async with rt.pool.connection() as transaction:
        broadcast = await model.find(transaction, broadcast_id, lock=True)
        if broadcast.state is not State.AWAITING:
            raise Refused(Refusal.STATE, broadcast.state)
        await approval.demand(rt, transaction, broadcast)
        await execute(transaction, statements.START, id=broadcast_id)
        await append_audit(transaction, officer, "broadcast.started", broadcast_id)
        result = await model.find(transaction, broadcast_id)
        if result.state is State.RUNNING:
            await scheduler.ask_for_snapshot(transaction, result)
        return result


async def pause(rt: Runtime, officer: Officer, broadcast_id: UUID) -> Broadcast:
    """Pause a running broadcast; calls to the messenger that have begun are completed."""
    return await _move(
        rt, officer, broadcast_id, Action.BROADCAST_STOP, (State.RUNNING,), State.PAUSED, "officer"
    )


async def resume(rt: Runtime, officer: Officer, broadcast_id: UUID) -> Broadcast:
    """Resume a paused broadcast with the remaining recipients."""
    return await _move(
        rt, officer, broadcast_id, Action.BROADCAST_SEND, (State.PAUSED,), State.RUNNING, ""
    )


async def cancel(rt: Runtime, officer: Officer, broadcast_id: UUID) -> Broadcast:
    """Cancel a broadcast; messages already sent are not deleted."""
    started = (State.SCHEDULED, State.RUNNING, State.PAUSED)
    before = (State.DRAFT, State.AWAITING)
    return await _move(
        rt, officer, broadcast_id, Action.BROADCAST_STOP, (*before, *started), State.CANCELLED,
        "officer",
    )  # fmt: skip


async def _move(
    rt: Runtime,
    officer: Officer,
    broadcast_id: UUID,
    action: Action,
    before: Collection[State],
    after: State,
    reason: str,
) -> Broadcast:
    permissions.require(officer, action, Subject(""))
    async with rt.pool.connection() as transaction:
        broadcast = await model.find(transaction, broadcast_id, lock=True)
        if broadcast.state not in before:
            raise Refused(Refusal.STATE, broadcast.state)
        await put(transaction, broadcast_id, after, reason)
        await append_audit(transaction, officer, f"broadcast.{after}", broadcast_id)
        return await model.find(transaction, broadcast_id)


async def put(transaction: Transaction, broadcast_id: UUID, state: State, reason: str) -> None:
    values = {"id": broadcast_id, "new_state": state.value, "why": reason}
    await execute(transaction, statements.SET_STATE, **values)


async def after_restore(transaction: Transaction) -> None:
    """Stop broadcasts after a restore: the backup does not show which messages were sent after it.

    Running broadcasts are paused, so that an officer decides. Scheduled broadcasts return to
    `awaiting` and must be started again.
    """
    await execute(transaction, statements.AFTER_RESTORE)


async def retry_failed(rt: Runtime, officer: Officer, broadcast_id: UUID) -> int:
    """Set failed recipients to `planned`, so that they get the message; return their number.

    Recipients who blocked the bot or opted out remain failed. So do recipients in doubt for whom an
    officer decided not to send the message again.
    """
    permissions.require(officer, Action.BROADCAST_SEND, Subject(""))
    async with rt.pool.connection() as transaction:
        broadcast = await _lock_started(transaction, broadcast_id)
        count = await execute(transaction, statements.RETRY, id=broadcast_id)
        await _reopen(transaction, broadcast, count)
        await append_audit(transaction, officer, "broadcast.retried", broadcast_id, str(count))
        return count


async def decide_in_doubt(
    rt: Runtime,
    officer: Officer,
    broadcast_id: UUID,
    decision: Doubt,
    seqs: Collection[int] | None = None,
) -> int:
    """Set recipients in doubt to `planned` or `failed`; return their number.

    In doubt means that it is unknown whether the message was sent, so it may arrive twice if it is
    sent again. `seqs` limits the decision to recipients with these numbers; None means all
    recipients in doubt.
    """
    permissions.require(officer, Action.BROADCAST_SEND, Subject(""))
    async with rt.pool.connection() as transaction:
        again = decision is Doubt.AGAIN
        broadcast = await _lock_started(transaction, broadcast_id) if again else None
        new_state, why = ("planned", "") if again else ("failed", "unknown")
        chosen = None if seqs is None else list(seqs)
        values = {"id": broadcast_id, "new_state": new_state, "why": why, "seqs": chosen}
        count = await execute(transaction, statements.DECIDE, **values)
        if broadcast is not None:
            await _reopen(transaction, broadcast, count)
        about = ", ".join(f"#{seq}" for seq in chosen or ()) or str(count)
        await append_audit(transaction, officer, f"broadcast.doubt_{decision}", broadcast_id, about)
        return count


async def _lock_started(transaction: Transaction, broadcast_id: UUID) -> Broadcast:
    """Lock and return a running, paused or finished broadcast; raise Refused in any other state."""
    broadcast = await model.find(transaction, broadcast_id, lock=True)
    if broadcast.state not in (State.RUNNING, State.PAUSED, State.DONE):
        raise Refused(Refusal.STATE, broadcast.state)
    return broadcast


async def _reopen(transaction: Transaction, broadcast: Broadcast, count: int) -> None:
    """Set a finished broadcast to running if `count` recipients will get the message again."""
    if count and broadcast.state is State.DONE:
        await put(transaction, broadcast.id, State.RUNNING, "")
