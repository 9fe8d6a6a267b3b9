"""Sending it off, holding it, ending it, and what is done with those it did not reach."""

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

from bot.broadcasts import approval, model, scheduler, statements
from bot.broadcasts.drafts import told
from bot.broadcasts.model import Broadcast, Refusal, Refused, State
from bot.db.connection import Transaction
from bot.db.statements import execute
from bot.officers import permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime

# What another try cannot mend.


class Doubt(StrEnum):
    """What an officer decides of those of whom nobody knows whether it reached them."""

    AGAIN = "again"
    LEAVE = "leave"


async def start(rt: Runtime, officer: Officer, broadcast_id: UUID) -> Broadcast:
    """Send it, now or at its time. Refused: not agreed to, expired, started already, blocked."""
    permissions.require(officer, Action.BROADCAST_SEND, Subject(""))
    async with rt.pool.connection() as transaction:
        broadcast = await model.find(transaction, broadcast_id, lock=True)
        if broadcast.state is not State.AWAITING:
            raise Refused(Refusal.STATE, broadcast.state)
        await approval.demand(rt, transaction, broadcast)
        await execute(transaction, statements.START, id=broadcast_id)
        await told(transaction, officer, "broadcast.started", broadcast_id)
        begun = await model.find(transaction, broadcast_id)
        if begun.state is State.RUNNING:
            await scheduler.ask_for_snapshot(transaction, begun)
        return begun


async def pause(rt: Runtime, officer: Officer, broadcast_id: UUID) -> Broadcast:
    """Hold it: what is being said at this moment is said, nothing after it."""
    return await _move(
        rt, officer, broadcast_id, Action.BROADCAST_STOP, (State.RUNNING,), State.PAUSED, "officer"
    )


async def resume(rt: Runtime, officer: Officer, broadcast_id: UUID) -> Broadcast:
    """Go on where it stood."""
    return await _move(
        rt, officer, broadcast_id, Action.BROADCAST_SEND, (State.PAUSED,), State.RUNNING, ""
    )


async def cancel(rt: Runtime, officer: Officer, broadcast_id: UUID) -> Broadcast:
    """End it: who has not got it won't. What was sent stays sent."""
    begun = (State.SCHEDULED, State.RUNNING, State.PAUSED)
    before = (State.DRAFT, State.AWAITING)
    return await _move(
        rt, officer, broadcast_id, Action.BROADCAST_STOP, (*before, *begun), State.CANCELLED,
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
        await told(transaction, officer, f"broadcast.{after}", broadcast_id)
        return await model.find(transaction, broadcast_id)


async def put(transaction: Transaction, broadcast_id: UUID, state: State, reason: str) -> None:
    values = {"id": broadcast_id, "new_state": state.value, "why": reason}
    await execute(transaction, statements.SET_STATE, **values)


async def after_restore(transaction: Transaction) -> None:
    """Whom a restored backup calls unwritten may have been written to since: a person decides.

    What ran is held; what was to begin at its time is to be started anew.
    """
    await execute(transaction, statements.AFTER_RESTORE)


async def retry_failed(rt: Runtime, officer: Officer, broadcast_id: UUID) -> int:
    """Try those again whom it certainly did not reach and may reach now; how many."""
    permissions.require(officer, Action.BROADCAST_SEND, Subject(""))
    async with rt.pool.connection() as transaction:
        await _reopened(transaction, broadcast_id)
        count = await execute(transaction, statements.RETRY, id=broadcast_id)
        await told(transaction, officer, "broadcast.retried", broadcast_id, str(count))
        return count


async def decide_in_doubt(
    rt: Runtime,
    officer: Officer,
    broadcast_id: UUID,
    decision: Doubt,
    seqs: Collection[int] | None = None,
) -> int:
    """Send again to those in doubt, who may have it already, or leave it at that; how many."""
    permissions.require(officer, Action.BROADCAST_SEND, Subject(""))
    async with rt.pool.connection() as transaction:
        if decision is Doubt.AGAIN:
            await _reopened(transaction, broadcast_id)
        new_state, why = ("planned", "") if decision is Doubt.AGAIN else ("failed", "unknown")
        chosen = None if seqs is None else list(seqs)
        values = {"id": broadcast_id, "new_state": new_state, "why": why, "seqs": chosen}
        count = await execute(transaction, statements.DECIDE, **values)
        about = ", ".join(f"#{seq}" for seq in chosen or ()) or str(count)
        await told(transaction, officer, f"broadcast.doubt_{decision}", broadcast_id, about)
        return count


async def _reopened(transaction: Transaction, broadcast_id: UUID) -> None:
    """Let a broadcast that has ended go on; one that is running or held stays as it is."""
    broadcast = await model.find(transaction, broadcast_id, lock=True)
    if broadcast.state not in (State.RUNNING, State.PAUSED, State.DONE):
        raise Refused(Refusal.STATE, broadcast.state)
    if broadcast.state is State.DONE:
        await put(transaction, broadcast_id, State.RUNNING, "")
