"""Processes incoming updates: a turn in one transaction, or an anonymous turn in Valkey.

`receive` is the entry point. To follow an update, read this module from `receive` downwards.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import assert_never
from uuid import UUID

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from bot import broadcasts, budgets, outbox
from bot.channels import (
    Blocked,
    BroadcastsStopped,
    ChannelCall,
    DeliveryReport,
    GroupChat,
    HandleChanged,
    Ignored,
    Inbound,
    IncomingUpdate,
    Unparseable,
)
from bot.concurrency.batching import WaitedTooLong
from bot.conversations import (
    anonymous,
    batched_turns,
    bursts,
    checked_input,
    effects,
    external_events,
    joining,
    outside_questions,
    posters,
    session_lookup,
)
from bot.conversations import store as conversation_store
from bot.conversations.anonymous import OpenSession, Overloaded
from bot.conversations.batched_turns import Committed, NeedsOwnTransaction
from bot.conversations.bursts import Burst, Place, WaitingTurn
from bot.conversations.duty_groups import is_duty_group
from bot.conversations.effects import AfterCommit
from bot.conversations.quarantine import handle_failure, quarantine
from bot.conversations.store import LockedConversation
from bot.conversations.unsent_calls import UnsentRest
from bot.db.connection import Transaction
from bot.editorial import wording_reports
from bot.observability import metrics, tracing
from bot.people import handle_changes, identities, rewrapping
from bot.printing import share_links
from bot.runtime import Runtime
from flows.engine.conversation import step
from flows.engine.events import (
    ConsentGiven,
    Event,
    Pressed,
    Said,
    UploadRequested,
    UploadStatusChanged,
)
from flows.engine.language_protocol import Reserved
from flows.engine.model_events import ModelEvent
from flows.engine.state import Conversation, Turn


async def receive(
    rt: Runtime, arrival: IncomingUpdate, place: Place = Place.ALONE
) -> AfterCommit | None:
    """Process an incoming update; when this function returns, the update's effects are committed.

    `place` tells if text messages of the same sender are adjacent to it in the platform's batch.
    """
    match arrival:
        case Inbound():
            return await _process(rt, arrival, place)
        case Blocked(channel, handle, blocked):
            async with rt.pool.connection() as transaction:
                await identities.mark_blocked(rt, transaction, channel, handle, on=blocked)
        case BroadcastsStopped(channel, handles, at):
            await external_events.stop_broadcasts(rt, channel, handles, at)
        case HandleChanged(channel, external_id, handle, to, address):
            async with rt.pool.connection() as transaction:
                # A repeated report would move the person who has got the old handle since then.
                if await conversation_store.note(rt, transaction, channel, (external_id,)):
                    await handle_changes.change_handle(
                        rt, transaction, channel, handle, to, address
                    )
        case GroupChat(_, address) if await is_duty_group(rt, address):
            pass
        case GroupChat(channel, address):
            await anonymous.perform(rt, channel, ChannelCall("leave", address))
        case DeliveryReport():
            await record_delivery_reports(rt, (arrival,))
        case Unparseable(channel, external_id, code, size):
            async with rt.pool.connection() as transaction:
                await quarantine(rt, transaction, channel, external_id, code, size)
        case Ignored():
            pass
        case _:
            assert_never(arrival)
    return None


async def record_delivery_reports(rt: Runtime, found: Sequence[DeliveryReport]) -> None:
    """Record delivery reports of conversation messages and of broadcasts."""
    announced = [each for each in found if broadcasts.is_broadcast(each)]
    await outbox.record_reports(rt, [each for each in found if each not in announced])
    if announced:
        await broadcasts.record_reports(rt, announced)


async def deliver(rt: Runtime, delivery: AfterCommit | None) -> None:
    """Send a turn's messages; if they wait (see `bursts`), only if no later turn retracts them."""
    if delivery is None:
        return
    waiting = delivery.waiting
    if waiting is not None and not await bursts.is_due(rt, waiting, delivery.person):
        return
    if delivery.sheet is not None:
        await share_links.create_link(rt, delivery.sheet)
    rest = delivery.rest
    if rest is not None and (waiting is None or not await anonymous.send_rest(rt, rest)):
        anonymous.send_later(rt, rest)
    sent = [each for direct in delivery.direct for each in await anonymous.perform(rt, *direct)]
    if delivery.erased is not None:
        await anonymous.begin_again(rt, delivery.erased.key, delivery.erased.language, sent)
    if delivery.person is not None:
        await outbox.deliver(rt, delivery.claimed_message, delivery.person)
    await wording_reports.count(rt, delivery.counted)
    if delivery.question is not None:
        outside_questions.ask_later(rt, delivery.question, _take_result)


async def _take_result(rt: Runtime, person_id: UUID, result: ModelEvent) -> None:
    async with rt.pool.connection() as transaction:
        delivery = await take_turn(rt, transaction, person_id, result)
    await deliver(rt, delivery)


async def _process(rt: Runtime, inbound: Inbound, place: Place) -> AfterCommit | None:
    if inbound.at:
        metrics.LAG.labels(inbound.channel).observe(max(0.0, time.time() - inbound.at))
    posters.count(rt, inbound)
    took = metrics.TURNS.labels(inbound.channel).time()
    with took, tracing.span("turn", channel=inbound.channel):
        return await _receive(rt, inbound, place)


async def _receive(rt: Runtime, inbound: Inbound, place: Place) -> AfterCommit | None:
    take = partial(_take, rt, inbound)
    process = partial(bursts.collect, rt, inbound, place, take)
    try:
        return await rt.serial_updates(f"{inbound.channel}:{inbound.handle}", process)
    except (psycopg.OperationalError, PoolTimeout, Overloaded):
        await _delete_exit_message(rt, inbound)
        raise
    except budgets.BudgetNeeded:
        raise
    except WaitedTooLong:
        raise Overloaded from None
    except Exception as error:
        return await handle_failure(rt, inbound, error)


async def _delete_exit_message(rt: Runtime, inbound: Inbound) -> None:
    """Delete a message that asks to clear the chat (quick exit), while the database is down.

    The chat's other messages are deleted when the platform delivers the update again.
    """
    event = inbound.event
    word = rt.languages.reserved(event.text) if isinstance(event, Said) else None
    if word is Reserved.EXIT or event == Pressed(f"!{Reserved.EXIT}"):
        for row in outbox.deletion(rt, inbound.channel, (inbound.message_id,)):
            act = ChannelCall("delete", inbound.address, None, row.external_id)
            await anonymous.perform(rt, inbound.channel, act)


async def _take(rt: Runtime, inbound: Inbound, burst: Burst | None) -> AfterCommit | None:
    """Process an update: in a batch if possible, else in a transaction or session of its own."""
    if burst is None or burst.is_first:
        outcome: Committed | NeedsOwnTransaction = await rt.turns(
            inbound, partial(batched_turns.take, rt)
        )
        if isinstance(outcome, Committed):
            if burst is not None:
                burst.answer = outcome.says
            return AfterCommit(outcome.person, outcome.claimed_message) if outcome.person else None
        if outcome.anonymous_at is not None and not inbound.aliases:
            delivery, known = await _anonymous_turn(rt, inbound, outcome.anonymous_at, burst)
            if not known:
                return delivery
    if burst is not None and burst.repeats:
        await _note_repeated(rt, inbound)
        return None
    return await _take_alone(rt, inbound, burst)


async def _note_repeated(rt: Runtime, inbound: Inbound) -> None:
    """Record that a press was repeated within seconds; the repetition causes no turn."""
    async with rt.pool.connection() as transaction:
        held, _fresh, now = await conversation_store.claim(rt, transaction, inbound)
    if held is None:
        await session_lookup.note_seen(rt, inbound, now)


async def _take_alone(rt: Runtime, inbound: Inbound, burst: Burst | None) -> AfterCommit | None:
    for is_retry in (False, True):
        async with rt.pool.connection() as transaction:
            held, fresh, now = await conversation_store.claim(rt, transaction, inbound)
            if held is None and inbound.aliases and await _adopt(rt, transaction, inbound):
                await transaction.commit()
                held, fresh, now = await conversation_store.claim(rt, transaction, inbound)
            if held is not None and fresh:
                await identities.add_aliases(
                    rt, transaction, held.person, inbound.channel, inbound.address, inbound.aliases
                )
                return await _turn(rt, transaction, held, inbound, burst)
            if held is not None:
                return None
        delivery, known = await _anonymous_turn(rt, inbound, now, burst, is_retry=is_retry)
        if not known:
            return delivery
    raise Overloaded


async def _adopt(rt: Runtime, transaction: Transaction, inbound: Inbound) -> bool:
    return await handle_changes.attach_handle(
        rt, transaction, inbound.channel, inbound.handle, inbound.address, inbound.aliases
    )


async def _turn(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    inbound: Inbound,
    burst: Burst | None,
) -> AfterCommit:
    """Process a turn of a stored person: run the flow engine, apply effects, save, queue messages.

    The statement that queues the messages also commits the transaction.
    """
    held = await conversation_store.note_inbound(rt, transaction, held, inbound)
    await rewrapping.reindex(rt, transaction, inbound.channel, inbound.handle, *inbound.aliases)

    def step_from(conversation: Conversation, event: Event) -> Turn:
        return conversation_store.turn(rt, replace(held, conversation=conversation), event)

    async def take_back(earlier: WaitingTurn) -> bool:
        return await outbox.retract(transaction, held.person.id, earlier.rows)

    inbound, turn = await bursts.step_lines(
        rt, burst, inbound, held.conversation, step_from, take_back
    )
    budgets.require_drawn(inbound.drawn_budgets, turn.effects, known=True)
    turn = await checked_input.resolve(rt, transaction, held, inbound, turn, step_from)
    if held.conversation.update_waits and not turn.conversation.update_waits:
        await outbox.requeue_waiting(transaction, held.person, held.channel)
    waiting = burst.waiting if burst else None
    return await effects.carry_out(rt, transaction, held, turn, inbound, waiting=waiting)


async def take_turn(
    rt: Runtime, transaction: Transaction, person_id: UUID, event: Event
) -> AfterCommit | None:
    """Apply an event that no message caused (from a job, a callback, an upload) to a conversation.

    Runs in the caller's transaction. The messages go to the channel that `lock_for` selects.
    """
    held = await conversation_store.lock_for(rt, transaction, person_id, event)
    if held is None:
        return None
    turn = conversation_store.turn(rt, held, event)
    if isinstance(event, UploadRequested | UploadStatusChanged):
        turn = conversation_store.with_notice(rt, held, turn)
    return await effects.carry_out(rt, transaction, held, turn, None)


async def _anonymous_turn(
    rt: Runtime, inbound: Inbound, now: datetime, burst: Burst | None, *, is_retry: bool = False
) -> tuple[AfterCommit | None, bool]:
    """Process a turn of an anonymous person.

    The second result is True if the person's data has meanwhile been stored in the database. Then
    no turn was processed, and the caller must process the update as that of a stored person.
    """
    session = await session_lookup.open_session(rt, inbound, now)
    key, token, ask, is_known = session
    if is_known and not is_retry:
        await anonymous.mark_known(rt, key)
        return None, True
    try:
        if inbound.external_id in ask.seen:
            await anonymous.keep(rt, key, token, ask)
            return None, False
        return await _step_anonymous(rt, inbound, now, session, burst)
    except BaseException:
        await anonymous.keep(rt, key, token, ask)
        raise


async def _step_anonymous(
    rt: Runtime,
    inbound: Inbound,
    now: datetime,
    session: OpenSession,
    burst: Burst | None,
) -> tuple[AfterCommit | None, bool]:
    ask, page = session.ask, rt.channels[inbound.channel].page
    opens_chat = ask == anonymous.AnonymousSession()
    today = rt.content.on(now.date())
    ask = anonymous.at_beginning(rt, ask, inbound.event, today, page)

    if burst is not None and not session.token:
        # Without the session's lock, the answer cannot wait for further text messages.
        burst.waits = 0

    def step_from(conversation: Conversation, event: Event) -> Turn:
        return step(rt.flows, rt.languages, conversation, event, today, page, rt.understanding)

    async def take_back(earlier: WaitingTurn) -> bool:
        nonlocal ask
        before, ask = ask, anonymous.without_calls(ask, earlier.calls) or ask
        return ask is not before

    inbound, turn = await bursts.step_lines(
        rt, burst, inbound, ask.conversation, step_from, take_back
    )
    budgets.require_drawn(inbound.drawn_budgets, turn.effects, opens_chat=opens_chat)
    if (joined := await joining.finish(rt, inbound, ask, turn)) is not None:
        await anonymous.mark_known(rt, session.key)
        return joined, False
    turn = await checked_input.resolve_anonymous(rt, inbound, turn, step_from)
    session = session._replace(ask=ask)
    if any(isinstance(effect, ConsentGiven) for effect in turn.effects):
        return await _begin(rt, inbound, session, turn, now)
    waiting = burst.waiting if burst else None
    return await _answer_anonymous(rt, inbound, session, turn, waiting), False


async def _answer_anonymous(
    rt: Runtime,
    inbound: Inbound,
    session: OpenSession,
    turn: Turn,
    waiting: WaitingTurn | None,
) -> AfterCommit | None:
    """Send the turn's messages and keep the session; return the work that is left, if any."""
    key = session.key
    sent = await anonymous.answer(rt, inbound, session, turn, waiting)
    after = anonymous.add_id(msgspec.structs.replace(sent, conversation=turn.conversation), inbound)
    await anonymous.keep(rt, key, session.token, after)
    question = outside_questions.question_of(turn, inbound, None, key)
    counted = wording_reports.reported_sentence(turn.effects, inbound)
    if not after.unsent and question is None and waiting is None and counted is None:
        return None
    rest = UnsentRest(key, inbound.channel, inbound.address) if after.unsent else None
    return AfterCommit(None, None, rest=rest, question=question, waiting=waiting, counted=counted)


async def _begin(
    rt: Runtime,
    inbound: Inbound,
    session: OpenSession,
    turn: Turn,
    now: datetime,
) -> tuple[AfterCommit | None, bool]:
    """Create the person's row, and process this turn in the database in the same transaction."""
    key, ask = session.key, session.ask
    handle = inbound.consent_handle or inbound.handle
    address = inbound.consent_handle or inbound.address
    async with rt.pool.connection() as transaction:
        person = await identities.create(
            rt, transaction, inbound.channel, handle, address, inbound.aliases
        )
        if person is None:
            await transaction.rollback()
            await anonymous.mark_known(rt, key)
            return None, True
        held = LockedConversation(person, ask.conversation, inbound.channel, 0, address, now)
        await conversation_store.begin(rt, transaction, held, ask.sent)
        unsent = [each.row for each in ask.unsent]
        await outbox.enqueue(transaction, person, inbound.channel, unsent)
        held = await conversation_store.note_inbound(rt, transaction, held, inbound)
        await conversation_store.note(
            rt, transaction, inbound.channel, (*ask.seen, inbound.external_id)
        )
        delivery = await effects.carry_out(rt, transaction, held, turn, inbound)
    await anonymous.mark_known(rt, key)
    return delivery, False
