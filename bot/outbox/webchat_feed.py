"""Feed of the web chat: the page fetches sent rows; texts it has acknowledged are deleted."""

from dataclasses import dataclass

from bot.channels import Message
from bot.outbox.enqueue import opened
from bot.people.identities import Person
from bot.runtime import Runtime

MAX_WAITING = 100


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the web chat for an open page."""

    id: int
    act: str
    external_id: str
    message: Message | None


async def waiting(rt: Runtime, person: Person, channel: str, after: int) -> list[Waiting]:
    """Return the rows after an id that the page lacks, oldest first; for id 0 only the newest ones.

    A page without JavaScript never acknowledges rows, so the newest must be preferred.
    """
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(
            "SELECT id, act, external_id, body FROM messages WHERE person_id = %s AND channel = %s"
            # The notification precedes the outcome, so rows being sent are included.
            " AND id > %s AND state IN ('sending', 'sent')"
            " AND (body IS NOT NULL OR act = 'delete')"
            " ORDER BY CASE WHEN %s > 0 THEN id ELSE -id END LIMIT %s",
            (person.id, channel, after, after, MAX_WAITING),
        )
        found = await cursor.fetchall()
    return [
        Waiting(row_id, act, external_id or "", opened(person, body))
        for row_id, act, external_id, body in sorted(found, key=lambda row: int(row[0]))
    ]


async def seen(rt: Runtime, person: Person, channel: str, before: int) -> None:
    """Acknowledge a row: delete the texts of earlier rows, which the page has shown."""
    async with rt.pool.connection() as transaction:
        await transaction.execute(
            "UPDATE messages m SET body = NULL FROM messages has WHERE has.id = %s"
            # An id of another person acknowledges nothing.
            " AND has.person_id = %s AND has.channel = %s"
            " AND m.person_id = has.person_id AND m.channel = has.channel AND m.id < has.id"
            " AND m.state = 'sent' AND m.body IS NOT NULL",
            (before, person.id, channel),
        )
