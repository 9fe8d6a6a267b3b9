"""What stands in the chats, for who wants it gone: found when asked for, and once more when due."""

from dataclasses import replace
from typing import LiteralString
from uuid import UUID

from bot.channels import ChannelCall
from bot.db.connection import Transaction
from bot.outbox.rendering import UP_TO
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime

_MAX_ID = 2**63 - 1

# In order of id, as whoever sends locks them.
_RETRACT: LiteralString = """
WITH unsaid AS MATERIALIZED (
  SELECT id FROM messages WHERE person_id = %s AND channel = %s
    AND state IN ('pending', 'waiting') AND epoch IS NOT NULL
  ORDER BY id FOR UPDATE
)
UPDATE messages m SET state = 'dropped', body = NULL, done_at = kosh_now()
FROM unsaid WHERE m.id = unsaid.id
"""


async def drop_unsent(transaction: Transaction, person_id: UUID, channel: str) -> int:
    """What the form has not said there yet is not said any more; the last row of theirs."""
    await transaction.execute(_RETRACT, (person_id, channel))
    cursor = await transaction.execute(
        "SELECT coalesce(max(id), 0) FROM messages WHERE person_id = %s", (person_id,)
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


# An edit that the platform refused was sent anew, under an id of its own.
_RECENT: LiteralString = """
SELECT external_id FROM (
  (SELECT external_id, done_at AS at FROM messages
   WHERE person_id = %(person)s AND channel = %(channel)s AND act IN ('send', 'edit')
     AND state = 'sent' AND done_at > kosh_now() - interval '48 hours' AND id <= %(last)s
   ORDER BY id DESC LIMIT 500)
  UNION ALL
  SELECT external_id, at FROM recipients
  WHERE person_id = %(person)s AND channel = %(channel)s
    AND state IN ('accepted', 'delivered', 'read') AND at > kosh_now() - interval '48 hours'
) AS stands WHERE external_id <> '' ORDER BY at DESC
"""


async def recent(
    transaction: Transaction, person_id: UUID, channel: str, last: int = _MAX_ID
) -> tuple[str, ...]:
    """Ids of the last 48 hours, announcements too, which a platform still lets us delete.

    Of the person's rows those up to the `last`.
    """
    values = {"person": person_id, "channel": channel, "last": last}
    cursor = await transaction.execute(_RECENT, values)
    return tuple(row[0] for row in await cursor.fetchall())


type SentMessages = dict[tuple[str, str], list[str]]
"""Messages that still stand, by channel and address there; a place without any counts too."""


async def find_all(transaction: Transaction, person: Person) -> SentMessages:
    """The same on every channel where the person is reached, for who wants all of it gone."""
    cursor = await transaction.execute(
        "SELECT DISTINCT ON (channel) channel, address FROM handles WHERE person_id = %s"
        " ORDER BY channel, spoke_at DESC NULLS LAST",
        (person.id,),
    )
    return {
        (channel, identities.address(person, bytes(sealed), channel)): list(
            await recent(transaction, person.id, channel)
        )
        for channel, sealed in await cursor.fetchall()
    }


async def expand(rt: Runtime, person_id: UUID, channel: str, act: ChannelCall) -> ChannelCall:
    """A deletion with what was still on its way when it was asked for: by now it has its id."""
    *ids, end = act.external_id.split(",")
    if act.kind != "delete" or not end.startswith(UP_TO):
        return act
    async with rt.pool.connection() as transaction:
        ids += await recent(transaction, person_id, channel, int(end.removeprefix(UP_TO)))
    return replace(act, external_id=",".join(dict.fromkeys(ids)))
