"""Detaches one chat from a person with two joined chats; the remaining chat keeps all data."""

from dataclasses import replace

from bot import outbox
from bot.conversations import statements
from bot.conversations import store as conversation_store
from bot.conversations.store import LockedConversation
from bot.db.connection import Transaction
from bot.db.statements import execute
from bot.people import identities, join_codes, secure_links
from bot.runtime import Runtime
from flows.engine import join_screens
from flows.engine.events import Say
from flows.engine.state import Conversation
from flows.engine.text import _

UNJOINED_NOTICE = _(
    "The chat on {channel} was un-joined. If it was not you, please write “person” here."
)


async def leave(
    rt: Runtime, transaction: Transaction, held: LockedConversation, conversation: Conversation
) -> None:
    """Delete the handle, codes and links of the current channel; continue in the remaining chat.

    The remaining chat gets a notice, and the officers' messages that were not yet sent in the
    current chat.
    """
    person, channel = held.person, held.channel
    await identities.leave_channel(transaction, person, channel)
    await join_codes.answer(transaction, person, is_confirmed=False)
    await secure_links.drop_unused(transaction, person)
    await outbox.drop_unsent(transaction, person.id, channel)
    await outbox.forget_texts(transaction, person.id, channel)
    await conversation_store.take_deletable(transaction, held, channel)
    other, *_more = await identities.joined_channels(transaction, person)
    moved = replace(held, channel=other)
    await conversation_store.save_state(rt, transaction, moved, replace(conversation, asked=None))
    values = {"person": person.id, "channel": channel}
    await execute(transaction, statements.FORGET_UPDATES_CHANNEL, **values)
    await outbox.move_unsent(transaction, person.id, channel, other)
    text = _(UNJOINED_NOTICE.msgid, channel=join_screens.CHANNELS[channel])
    say = Say(((text,),), language=conversation.language, service=True)
    row = outbox.Row("send", outbox.rendered(rt, say))
    await outbox.enqueue(transaction, person, other, (row,))
