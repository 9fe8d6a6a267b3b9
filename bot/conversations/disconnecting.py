"""Detaches one chat from a person with joined chats; the remaining chats keep all data."""

from dataclasses import replace

from bot import outbox
from bot.channels import ChannelCall
from bot.conversations import statements
from bot.conversations import store as conversation_store
from bot.conversations.store import LockedConversation
from bot.db.connection import Transaction
from bot.db.statements import execute
from bot.people import identities, join_codes, secure_links
from bot.runtime import Runtime
from flows.engine import join_screens
from flows.engine.events import Say
from flows.engine.joining import EndChat
from flows.engine.state import Conversation, Turn
from flows.engine.text import _

DISCONNECTED_NOTICE = _(
    "The chat on {channel} was disconnected. If it was not you, please write “person” here."
)
# Sent to a chat that another chat ended. It names neither the other chat nor a reason, because
# others may read it. It does not say that earlier messages are gone, because WhatsApp keeps them.
ENDED_NOTICE = _("This chat begins again. The earlier conversation does not go on here.")


async def leave(
    rt: Runtime, transaction: Transaction, held: LockedConversation, conversation: Conversation
) -> None:
    """Detach the current channel; continue in the remaining chat, which gets a notice."""
    person, channel = held.person, held.channel
    await _detach(rt, transaction, held, channel)
    other, *_more = await identities.joined_channels(transaction, person)
    moved = replace(held, channel=other)
    await conversation_store.save_state(rt, transaction, moved, replace(conversation, asked=None))
    await outbox.move_unsent(transaction, person.id, channel, other)
    text = _(DISCONNECTED_NOTICE.msgid, channel=join_screens.CHANNELS[channel])
    say = Say(((text,),), language=conversation.language, service=True)
    row = outbox.Row("send", outbox.rendered(rt, say))
    await outbox.enqueue(transaction, person, other, (row,))


async def end_others(
    rt: Runtime, transaction: Transaction, held: LockedConversation, turn: Turn
) -> tuple[tuple[str, ChannelCall], ...]:
    """Detach the chats that the turn ends; return the calls that delete and notify there.

    The calls have no outbox rows, because the ended chat no longer belongs to the person.
    """
    calls: list[tuple[str, ChannelCall]] = []
    for effect in turn.effects:
        if isinstance(effect, EndChat):
            calls += await _end(rt, transaction, held, effect.channel, turn.conversation.language)
    return tuple(calls)


async def _end(
    rt: Runtime, transaction: Transaction, held: LockedConversation, channel: str, language: str
) -> list[tuple[str, ChannelCall]]:
    address = await identities.address_on(transaction, held.person, channel)
    sent = await outbox.recent(transaction, held.person.id, channel)
    typed = await _detach(rt, transaction, held, channel)
    await outbox.move_unsent(transaction, held.person.id, channel, held.home or held.channel)
    say = Say(((ENDED_NOTICE,),), language=language, service=True)
    rows = (*outbox.deletion(rt, channel, (*typed, *sent)),
            outbox.Row("send", outbox.rendered(rt, say)))  # fmt: skip
    if address is None or channel not in rt.channels:
        return []
    return [(channel, ChannelCall(row.act, address, row.message, row.external_id)) for row in rows]


async def _detach(
    rt: Runtime, transaction: Transaction, held: LockedConversation, channel: str
) -> list[str]:
    """Delete the handles of a channel, and codes and links; drop the bot's unsent messages there.

    Return the ids of the person's messages on the channel that can be deleted.
    """
    person = held.person
    await identities.leave_channel(transaction, person, channel)
    await join_codes.answer(transaction, person, is_confirmed=False)
    await secure_links.drop_unused(transaction, person)
    await outbox.drop_unsent(transaction, person.id, channel)
    await outbox.forget_texts(transaction, person.id, channel)
    typed = await conversation_store.take_deletable(transaction, held, channel)
    values = {"person": person.id, "channel": channel}
    await execute(transaction, statements.FORGET_UPDATES_CHANNEL, **values)
    return typed.get(channel, [])
