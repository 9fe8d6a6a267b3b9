"""The web chat fetches its messages itself: a sent row's text stays until the page says it came."""

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
    """Rows after an id that the page has not got yet, oldest first; after none the newest of all.

    A page without a script never says what it has, so that of many the newest are to be shown.
    """
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(
            "SELECT id, act, external_id, body FROM messages WHERE person_id = %s AND channel = %s"
            # The wake-up comes before the outcome is written, so what is being sent counts too.
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
    """The page says that it has this message of theirs, so the text of those before it can go."""
    async with rt.pool.connection() as transaction:
        await transaction.execute(
            "UPDATE messages m SET body = NULL FROM messages has WHERE has.id = %s"
            # An id that is not theirs says nothing of what the page has.
            " AND has.person_id = %s AND has.channel = %s"
            " AND m.person_id = has.person_id AND m.channel = has.channel AND m.id < has.id"
            " AND m.state = 'sent' AND m.body IS NOT NULL",
            (before, person.id, channel),
        )
