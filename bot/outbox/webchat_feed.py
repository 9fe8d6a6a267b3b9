"""Feed of the web chat page: the page fetches sent messages and acknowledges them."""

from dataclasses import dataclass
from datetime import datetime

from bot.channels import Message
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_all, fetch_value
from bot.outbox import statements
from bot.outbox.enqueue import decrypt_message
from bot.people.identities import Person
from bot.runtime import Runtime

MAX_WAITING = 100


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that an open page has to show.

    `officer`: an officer wrote the message. `news`: it is an officer's message or a service message
    (see `rendering.Row`).
    """

    id: int
    act: str
    external_id: str
    message: Message | None
    officer: bool
    news: bool
    at: datetime


async def waiting(rt: Runtime, person: Person, channel: str, after: int) -> list[Waiting]:
    """Return the messages with an id above `after`, oldest first, at most MAX_WAITING.

    If there are more, the oldest ones are returned. But if `after` is 0, the newest ones are
    returned, because a page without JavaScript acknowledges no message.
    """
    async with rt.pool.connection() as transaction:
        values = {"person": person.id, "on_channel": channel, "after": after}
        found = await fetch_all(transaction, statements.WAITING, limit=MAX_WAITING, **values)
    return [
        Waiting(row_id, act, external_id or "", decrypt_message(person, body), officer, news, at)
        for row_id, act, external_id, body, officer, news, at in sorted(
            found, key=lambda row: row[0]
        )
    ]


async def has_newest(transaction: Transaction, person: Person, channel: str) -> bool:
    """Return True if a page of this channel shows the person's newest message.

    The newest message of a person with several channels may be on another one.
    """
    values = {"person": person.id, "on_channel": channel}
    return bool(await fetch_value(transaction, statements.HAS_NEWEST, **values))


async def delete_seen(rt: Runtime, person: Person, channel: str, before: int) -> None:
    """Delete the texts of messages with ids below `before`, which the page has shown."""
    async with rt.pool.connection() as transaction:
        values = {"before": before, "person": person.id, "on_channel": channel}
        await execute(transaction, statements.FORGET_SHOWN, **values)
