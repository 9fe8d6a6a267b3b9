"""Processes plain turns of several people in one transaction, to share round trips and the commit.

A plain turn writes only the conversation and its messages, as most turns do. Any other turn runs in
its own transaction (`conversations.receive`). If a batch fails, each of its turns is repeated in
its own transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bot import outbox
from bot.channels import Inbound
from bot.channels.addresses import is_other_thread
from bot.conversations import statements
from bot.conversations import store as conversation_store
from bot.conversations.store import LockedConversation
from bot.db import connection, pipeline
from bot.db.connection import Transaction
from bot.observability import logging
from bot.outbox import ClaimedMessage
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.events import DeleteInput, Kind, Say
from flows.engine.state import Turn

_logger = logging.get()


@dataclass(frozen=True, slots=True)
class Committed:
    """A committed turn. Nothing is to be sent if `person` is None, as for a duplicate update.

    `claimed_message` is the first message, if this process has claimed it for sending.
    """

    person: Person | None = None
    claimed_message: ClaimedMessage | None = None
    says: tuple[Say, ...] = ()


@dataclass(frozen=True, slots=True)
class NeedsOwnTransaction:
    """The update was not processed and must be processed in its own transaction.

    `anonymous_at` is the time of the lookup if no person has the sender's handle, else None.
    """

    anonymous_at: datetime | None = None


async def take(
    rt: Runtime, inbounds: Sequence[Inbound]
) -> Sequence[Committed | NeedsOwnTransaction]:
    """Process updates of several people in one batch; return the result of each, in order."""
    if rt.vault.rotating:
        return [NeedsOwnTransaction()] * len(inbounds)
    try:
        async with rt.pool.connection() as transaction:
            return await _take(rt, transaction, inbounds)
    except Exception as error:
        if connection.is_unavailable(error):
            raise
        _logger.warning("batch.failed", exc_info=True)
        return [NeedsOwnTransaction()] * len(inbounds)


@dataclass(frozen=True, slots=True)
class _PlainTurn:
    held: LockedConversation
    says: tuple[Say, ...]
    written: tuple[outbox.Row, ...]
    call: pipeline.Call


@dataclass(frozen=True, slots=True)
class _Lookup:
    """Result of the lookup of one update's sender in a batch.

    `held` is the person's locked conversation, or None: if another process has locked it, if it
    cannot be decrypted, or if no person has the handle. `is_anonymous` is True only in the last
    case.
    """

    held: LockedConversation | None
    is_anonymous: bool
    now: datetime


async def _take(
    rt: Runtime, transaction: Transaction, inbounds: Sequence[Inbound]
) -> Sequence[Committed | NeedsOwnTransaction]:
    lookups = await _look(rt, transaction, inbounds)
    results: list[NeedsOwnTransaction | _PlainTurn] = []
    people = set[UUID]()
    for inbound, lookup in zip(inbounds, lookups, strict=True):
        try:
            results.append(_try_turn(rt, inbound, lookup, people))
        except Exception:
            # In its own transaction the turn fails again, and that failure is counted and
            # quarantines the update.
            results.append(NeedsOwnTransaction())
    calls = [each.call for each in results if isinstance(each, _PlainTurn)]
    saved = iter(await pipeline.commit(transaction, *calls))
    return [
        _commit_result(rt, each, next(saved)) if isinstance(each, _PlainTurn) else each
        for each in results
    ]


async def _look(
    rt: Runtime, transaction: Transaction, inbounds: Sequence[Inbound]
) -> list[_Lookup]:
    """Lock the conversations of several people in one round trip; skip those already locked.

    Duplicate updates are not detected here, but by `save_statement`. The transaction stays open.
    """
    calls: list[pipeline.Call] = [
        (
            statements.LOOK,
            {"channel": each.channel, "handle_0": rt.vault.index(each.channel, each.handle)},
        )
        for each in inbounds
    ]
    lookups = []
    for inbound, rows in zip(inbounds, await pipeline.begin(transaction, *calls), strict=True):
        ((*row, known, now),) = rows
        lookups.append(_Lookup(_open(rt, inbound, row, now), not row[0] and not known, now))
    return lookups


def _open(
    rt: Runtime, inbound: Inbound, row: Sequence[Any], now: datetime
) -> LockedConversation | None:
    """Return the conversation in a row; None if there is none or it cannot be decrypted.

    A failed decryption is reported later, when the update is processed in its own transaction.
    """
    try:
        return conversation_store.decrypt(rt, inbound.channel, row, now) if row[0] else None
    except Exception:
        return None


def _try_turn(
    rt: Runtime, inbound: Inbound, lookup: _Lookup, people: set[UUID]
) -> NeedsOwnTransaction | _PlainTurn:
    """Return the turn of an update if it is plain (see the module), else NeedsOwnTransaction.

    A person's second update in a batch also gets NeedsOwnTransaction, because it depends on the
    first.
    """
    held = lookup.held
    if held is None:
        return NeedsOwnTransaction(lookup.now if lookup.is_anonymous else None)
    noted = (
        held.home
        or held.blocked
        or held.is_joined
        or is_other_thread(held.address, inbound.address)
        or held.conversation.hint_way
        or conversation_store.window_refresh(rt, held, inbound)
    )
    if noted or held.conversation.update_waits or held.person.id in people:
        return NeedsOwnTransaction()
    people.add(held.person.id)
    turn = conversation_store.turn(rt, held, inbound.event)
    if not _is_plain(turn):
        return NeedsOwnTransaction()
    pressed = inbound.message_id if inbound.press_id else ""
    written = outbox.rows(rt, turn.says, held.channel, held.epoch, pressed)
    if turn.effects:
        written += outbox.deletion(rt, held.channel, [inbound.message_id])
    call = conversation_store.save_statement(rt, held, turn, written, inbound)
    return _PlainTurn(held, turn.says, written, call)


def _is_plain(turn: Turn) -> bool:
    linked = any(each.kind is Kind.PAGE for say in turn.says for each in say.buttons)
    return not linked and all(isinstance(effect, DeleteInput) for effect in turn.effects)


def _commit_result(rt: Runtime, plain: _PlainTurn, rows: pipeline.Rows) -> Committed:
    if not rows:
        return Committed()
    message = conversation_store.claimed_message(rt, plain.held, plain.written, rows)
    return Committed(plain.held.person, message, plain.says)
