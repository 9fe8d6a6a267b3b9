"""Hints outside of the chat: planned when news comes, dropped when the person is in the chat."""

from collections.abc import Sequence

from bot.channels import Inbound
from bot.conversations.store import LockedConversation
from bot.db.connection import Transaction
from bot.people import hint_contacts
from flows.engine.events import Say
from flows.engine.state import Turn


async def note(
    transaction: Transaction,
    held: LockedConversation,
    turn: Turn,
    inbound: Inbound | None,
    notice: Sequence[Say],
) -> None:
    """Plan a hint if a turn that the person did not cause has news; drop it after their own turn.

    Results that they wait for in the chat, such as a check of a file, are no news.
    """
    if not turn.conversation.hint_way:
        return
    if inbound is not None:
        await hint_contacts.drop(transaction, held.person.id)
    elif any(say.service or say.notice for say in (*turn.says, *notice)):
        await hint_contacts.plan(transaction, held.person.id)
