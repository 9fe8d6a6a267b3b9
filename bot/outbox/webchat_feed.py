"""Feed of the web chat: the page fetches sent rows; texts it has acknowledged are deleted."""

from dataclasses import dataclass
from datetime import datetime

from bot.channels import Message
from bot.db.statements import execute, fetch_all
from bot.outbox import statements
from bot.outbox.enqueue import opened
from bot.people.identities import Person
from bot.runtime import Runtime

MAX_WAITING = 100


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the web chat for an open page; `officer`: an officer wrote it."""

    id: int
    act: str
    external_id: str
    message: Message | None
    officer: bool
    at: datetime


async def waiting(rt: Runtime, person: Person, channel: str, after: int) -> list[Waiting]:
    """Return the rows after an id that the page lacks, oldest first; for id 0 only the newest ones.

    A page without JavaScript never acknowledges rows, so the newest must be preferred.
    """
    async with rt.pool.connection() as transaction:
        values = {"person": person.id, "on_channel": channel, "after": after}
        found = await fetch_all(transaction, statements.WAITING, limit=MAX_WAITING, **values)
    return [
        Waiting(row_id, act, external_id or "", opened(person, body), officer, at)
        for row_id, act, external_id, body, officer, at in sorted(found, key=lambda row: row[0])
    ]


async def seen(rt: Runtime, person: Person, channel: str, before: int) -> None:
    """Acknowledge a row: delete the texts of earlier rows, which the page has shown."""
    async with rt.pool.connection() as transaction:
        values = {"before": before, "person": person.id, "on_channel": channel}
        await execute(transaction, statements.FORGET_SHOWN, **values)
