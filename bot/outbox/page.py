"""The web chat fetches its messages itself: a sent row's text stays until the page says it came."""

from dataclasses import dataclass

from bot.channels import Message
from bot.outbox.posting import opened
from bot.people import Person
from bot.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the web chat for an open page."""

    id: int
    act: str
    external_id: str
    message: Message | None


async def waiting(rt: Runtime, person: Person, channel: str, after: int) -> list[Waiting]:
    """Rows after an id that the page has not got yet, oldest first."""
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT id, act, external_id, body FROM messages WHERE person_id = %s AND channel = %s"
            # The wake-up comes before the outcome is written, so what is being sent counts too.
            " AND id > %s AND state IN ('sending', 'sent')"
            " AND (body IS NOT NULL OR act = 'delete')"
            " ORDER BY id LIMIT 100",
            (person.id, channel, after),
        )
        found = await cursor.fetchall()
    return [
        Waiting(row_id, act, external_id or "", opened(person, body))
        for row_id, act, external_id, body in found
    ]


async def seen(rt: Runtime, person: Person, channel: str, before: int) -> None:
    """The page says that it has this message of theirs, so the text of those before it can go."""
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE messages m SET body = NULL FROM messages has WHERE has.id = %s"
            # An id that is not theirs says nothing of what the page has.
            " AND has.person_id = %s AND has.channel = %s"
            " AND m.person_id = has.person_id AND m.channel = has.channel AND m.id < has.id"
            " AND m.state = 'sent' AND m.body IS NOT NULL",
            (before, person.id, channel),
        )
