"""The secure page: one-time links to it, and the return to the messenger after a visit.

A messenger links to the page for private questions. A visit ends when the last private question is
answered, or when the person asks for something that is not private.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot import outbox
from bot.channels.webchat import WebChat
from bot.conversations import store as conversation_store
from bot.conversations.store import LockedConversation
from bot.db.connection import Transaction
from bot.people import identities, secure_links
from bot.runtime import Runtime
from flows.engine.events import Forget, Kind, QuickExit, Say
from flows.engine.state import Turn
from flows.engine.text import _

RETURN_TO_MESSENGER = _("The conversation goes on in the messenger. You can close this page now.")


def returns_to_messenger(held: LockedConversation, turn: Turn) -> bool:
    """Return True if this turn ends the visit to the secure page.

    A turn ends the visit if it has messages but no private one, which is a private question or the
    advice for a person in danger. A turn that deletes the chat or the person does not end it, and
    an event outside of the page, such as a status from the registry, ends it only if an officer
    leads the conversation before or after that event.
    """
    ending = any(isinstance(effect, QuickExit | Forget) for effect in turn.effects)
    private = any(say.private for say in turn.says)
    by_officer = held.conversation.with_officer or turn.conversation.with_officer
    is_open = held.home or (held.visit and by_officer)
    return bool(is_open and turn.says) and not ending and not private


async def return_to_messenger(
    rt: Runtime, transaction: Transaction, held: LockedConversation, language: str
) -> LockedConversation:
    """Queue a closing message for the secure page.

    Return the conversation with the messenger as its channel.
    """
    say = Say(((RETURN_TO_MESSENGER,),), language=language, service=True)
    row = outbox.Row("send", outbox.rendered(rt, say))
    await outbox.enqueue(transaction, held.person, WebChat.name, (row,))
    if held.visit:
        return replace(held, visit="")
    address = await identities.address_on(transaction, held.person, held.home)
    return replace(held, channel=held.home, address=address or "", home="")


async def close(rt: Runtime, transaction: Transaction, held: LockedConversation) -> None:
    """End the person's visit and links for a quick exit; delete the messages of the messenger.

    The messenger's messages are deleted if the exit is pressed on the page. If the exit is in the
    messenger, its turn deletes them.
    """
    await secure_links.drop_unused(transaction, held.person)
    if await secure_links.end_visits(transaction, held.person):
        await outbox.forget_texts(transaction, held.person.id, WebChat.name)
    if held.home:
        rows = await clear_channel(rt, transaction, held, held.home)
        await outbox.enqueue(transaction, held.person, held.home, rows)


async def clear_channel(
    rt: Runtime,
    transaction: Transaction,
    held: LockedConversation,
    channel: str,
    current: Sequence[str] = (),
) -> tuple[outbox.Row, ...]:
    """Drop a channel's unsent messages; return outbox rows that delete the messages of its chat.

    `current` are the platform ids of the message that is being handled.
    """
    last = await outbox.drop_unsent(transaction, held.person.id, channel)
    own = await conversation_store.take_deletable(transaction, held, channel)
    sent = await outbox.recent(transaction, held.person.id, channel)
    return outbox.deletion(rt, channel, (*own.get(channel, ()), *current, *sent), last=last)


async def queue_for_page(
    transaction: Transaction, held: LockedConversation, rows: Sequence[outbox.Row]
) -> list[outbox.Row]:
    """Return the rows to send; on the secure page, queue them there and return nothing.

    The turn may continue in the messenger. There the person's data must not appear, and the ids of
    the page's messages are unknown.
    """
    if not held.home:
        return list(rows)
    await outbox.enqueue(transaction, held.person, held.channel, rows)
    return []


async def add_links(
    rt: Runtime, transaction: Transaction, held: LockedConversation, says: Sequence[Say]
) -> Sequence[Say]:
    """Put a one-time link into each button that leads to the secure page; return the messages."""
    if not any(each.kind is Kind.PAGE for say in says for each in say.buttons):
        return says
    token = await secure_links.create_link(rt, transaction, held.person, held.channel)
    url = f"{rt.settings.public_url}/p/{token}"
    return [
        replace(
            say,
            buttons=tuple(
                replace(each, payload=url) if each.kind is Kind.PAGE else each
                for each in say.buttons
            ),
        )
        for say in says
    ]
