"""Joins an anonymous chat to the conversation of a person, after both chats confirmed.

A person types in one chat a code that the other chat issued. An equal phone number is not enough.
Only the chat that issued the code can confirm, and only the chat in which the code was typed is
joined. A chat that already has stored data is not joined.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot import outbox
from bot.budgets.spending import draw_lookup
from bot.channels import Inbound
from bot.conversations import deletable_messages, effects, statements
from bot.conversations import store as conversation_store
from bot.conversations.anonymous import AnonymousSession
from bot.conversations.effects import AfterCommit
from bot.conversations.store import LockedConversation
from bot.db.connection import Transaction
from bot.db.statements import execute
from bot.people import identities, join_codes
from bot.runtime import Runtime
from flows.engine.joining import (
    FinishJoin,
    JoinAwaited,
    JoinFinished,
    JoinOffered,
    JoinRequested,
    OfferJoin,
    RequestJoin,
)
from flows.engine.state import Turn


def chat_of(inbound: Inbound) -> str:
    """Return the name of a chat for counting its attempts to join; only a hash of it is stored."""
    return f"{inbound.channel}:{inbound.handle}"


async def offer(
    rt: Runtime, transaction: Transaction, inbound: Inbound, effect: OfferJoin
) -> JoinOffered:
    """Check a code that was typed in an anonymous chat to join it to a person's conversation.

    If the chat or the code has no attempt left, the code counts as invalid.
    """
    granted = await draw_lookup(rt, chat_of(inbound), effect.code)
    found = await join_codes.find(rt, transaction, effect.code, inbound.channel)
    return JoinOffered(granted and found is not None)


async def request(rt: Runtime, inbound: Inbound, effect: RequestJoin) -> JoinAwaited:
    """Ask the chat that issued the code to confirm; return the number that both chats show.

    The person compares the two-digit numbers. The result has no number if the code is invalid,
    expired or already used by another chat.
    """
    async with rt.pool.connection() as transaction:
        found = await join_codes.find(rt, transaction, effect.code, inbound.channel)
        held = await conversation_store.lock(rt, transaction, found.person_id) if found else None
        if held is None:
            return JoinAwaited()
        sign = await join_codes.request(rt, transaction, effect.code, chat_of(inbound))
        if not sign:
            return JoinAwaited()
        turn = conversation_store.turn(rt, held, JoinRequested(inbound.channel, sign))
        delivery = await effects.carry_out(rt, transaction, held, turn, None)
    if delivery.person is not None:
        await outbox.deliver(rt, delivery.claimed_message, delivery.person)
    return JoinAwaited(sign)


async def finish(
    rt: Runtime, inbound: Inbound, ask: AnonymousSession, turn: Turn
) -> AfterCommit | None:
    """Attach the chat to the person, whose conversation continues in this chat too.

    Returns None if this turn does not finish a join, the code is no longer valid, the chat that
    issued the code has not confirmed, or the handle of this chat belongs to a person already.
    """
    effect = next((each for each in turn.effects if isinstance(each, FinishJoin)), None)
    if effect is None:
        return None
    handle = inbound.consent_handle or inbound.handle
    address = inbound.consent_handle or inbound.address
    async with rt.pool.connection() as transaction:
        found = await join_codes.find(rt, transaction, effect.code, inbound.channel)
        held = await conversation_store.lock(rt, transaction, found.person_id) if found else None
        if found is None or held is None:
            return None
        if not await join_codes.take(rt, transaction, effect.code, chat_of(inbound)):
            return None
        place = (held.person, inbound.channel)
        if not await identities.add_handle(
            rt, transaction, *place, handle, address, joined_by=found.channel
        ):
            return None
        await identities.add_aliases(rt, transaction, *place, address, inbound.aliases)
        held = replace(held, channel=inbound.channel, address=address, home="", visit="")
        held = replace(held, spoke_at=None, blocked=False)
        held = await conversation_store.note_inbound(rt, transaction, held, inbound)
        await _keep_deletable(rt, transaction, held, ask.sent)
        await conversation_store.note(
            rt, transaction, inbound.channel, (*ask.seen, inbound.external_id)
        )
        await outbox.enqueue(
            transaction, held.person, inbound.channel, [each.row for each in ask.unsent]
        )
        joined = conversation_store.turn(rt, held, JoinFinished(inbound.channel, found.channel))
        return await effects.carry_out(rt, transaction, held, joined, inbound)


async def _keep_deletable(
    rt: Runtime, transaction: Transaction, held: LockedConversation, ids: Sequence[str]
) -> None:
    """Note the ids of messages that are in the joined chat already, for deleting them later."""
    if not ids or not rt.channels[held.channel].deletes:
        return
    notes = [deletable_messages.format_note(held.channel, held.now, each) for each in ids]
    most = deletable_messages.MAX_KEPT
    values = {"person": held.person.id, "notes": notes, "most": most}
    await execute(transaction, statements.ADD_DELETABLE, **values)
