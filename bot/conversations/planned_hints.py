"""Plans and cancels hints: e-mails or SMS to a person, which say that the chat has news."""

from collections.abc import Sequence

from bot import outbox
from bot.channels import Inbound
from bot.channels.webchat import WebChat
from bot.conversations.store import LockedConversation
from bot.db.connection import Transaction
from bot.people import hint_contacts
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.events import Say
from flows.engine.state import Turn


async def note(
    transaction: Transaction,
    held: LockedConversation,
    turn: Turn,
    inbound: Inbound | None,
    notice: Sequence[Say],
) -> None:
    """Plan an e-mail or SMS if the turn has news; cancel it if the person caused the turn.

    Only a turn that the person did not cause has news, such as an officer's answer. A result for
    which the person waits in the chat, such as the check of a file, is no news.
    """
    if not turn.conversation.hint_way:
        return
    if inbound is not None:
        await hint_contacts.drop(transaction, held.person.id)
    elif any(say.service or say.notice for say in (*turn.says, *notice)):
        await hint_contacts.plan(transaction, held.person.id)


async def drop_shown(rt: Runtime, person: Person) -> None:
    """Cancel a planned e-mail or SMS, because the person has opened the page of the web chat.

    Do nothing if the newest message is in a messenger, because the page does not show it then.
    """
    if not rt.settings.hint_channels:
        return
    async with rt.pool.connection() as transaction:
        if await outbox.has_newest(transaction, person, WebChat.name):
            await hint_contacts.drop(transaction, person.id)
