"""Deletion of sent messages from chats.

The ids of the messages are collected when the deletion is requested, and again when it runs,
because other messages may be sent in between.
"""

from dataclasses import replace
from uuid import UUID

from bot.channels import ChannelCall
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_all, fetch_value, fetch_values
from bot.outbox import part_status, statements
from bot.outbox.rendering import UP_TO
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime

_MAX_ID = 2**63 - 1


async def drop_unsent(transaction: Transaction, person_id: UUID, channel: str) -> int:
    """Drop the bot's unsent messages on a channel; return the highest outbox id of the person."""
    await execute(transaction, statements.DROP_UNSENT, person=person_id, on_channel=channel)
    return await fetch_value(transaction, statements.LAST_ID, person=person_id) or 0


async def move_unsent(transaction: Transaction, person_id: UUID, channel: str, to: str) -> None:
    """Move unsent messages of officers, and service messages, to another channel of the person."""
    values = {"person": person_id, "on_channel": channel, "to_channel": to}
    await execute(transaction, statements.MOVE_UNSENT, **values)


async def forget_texts(transaction: Transaction, person_id: UUID, channel: str) -> None:
    """Delete the texts of sent messages that the web chat page has not acknowledged yet."""
    await execute(transaction, statements.FORGET_TEXTS, person=person_id, on_channel=channel)


async def recent(
    transaction: Transaction, person_id: UUID, channel: str, last: int = _MAX_ID
) -> tuple[str, ...]:
    """Return the platform ids of the messages of the last 48 hours, including announcements.

    Platforms do not let a bot delete older messages. Outbox rows with an id above `last` are
    excluded.
    """
    values = {"person": person_id, "on_channel": channel, "last": last}
    found = await fetch_values(transaction, statements.RECENT, **values)
    return tuple(own for each in found for own in part_status.platform_ids(each))


type SentMessages = dict[tuple[str, str], list[str]]
"""Ids of the messages in the chat, by (channel, address); a list may be empty."""


async def find_all(transaction: Transaction, person: Person) -> SentMessages:
    """Return the platform ids of a person's deletable messages, by channel."""
    found = await fetch_all(transaction, statements.ADDRESSES, person=person.id)
    return {
        (channel, identities.address(person, sealed, channel)): list(
            await recent(transaction, person.id, channel)
        )
        for channel, sealed in found
    }


async def expand(rt: Runtime, person_id: UUID, channel: str, act: ChannelCall) -> ChannelCall:
    """Add to a deletion the platform ids of messages that were being sent when it was requested.

    `act` is the call that deletes. Return it unchanged if it needs no further ids.
    """
    *ids, end = act.external_id.split(",")
    if act.kind != "delete" or not end.startswith(UP_TO):
        return act
    async with rt.pool.connection() as transaction:
        ids += await recent(transaction, person_id, channel, int(end.removeprefix(UP_TO)))
    return replace(act, external_id=",".join(dict.fromkeys(ids)))
