"""Deletes sent messages from chats: collected on request, and again when the deletion runs."""

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

# Lock by ascending id, as the sender does.
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
    """Drop the bot's unsent messages on a channel; return the id of the person's last row."""
    await transaction.execute(_RETRACT, (person_id, channel))
    cursor = await transaction.execute(
        "SELECT coalesce(max(id), 0) FROM messages WHERE person_id = %s", (person_id,)
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


# An edit that the platform refused was sent as a new message, with its own id.
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
    """Return the ids of messages from the last 48 hours, broadcasts included, which can be deleted.

    `last` limits the rows of the outbox.
    """
    values = {"person": person_id, "channel": channel, "last": last}
    cursor = await transaction.execute(_RECENT, values)
    return tuple(row[0] for row in await cursor.fetchall())


type SentMessages = dict[tuple[str, str], list[str]]
"""Messages that still stand, by channel and address there; a place without any counts too."""


async def find_all(transaction: Transaction, person: Person) -> SentMessages:
    """Return the deletable messages on every channel of the person."""
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
    """Add messages to a deletion that were in flight when it was requested.

    They have ids by now.
    """
    *ids, end = act.external_id.split(",")
    if act.kind != "delete" or not end.startswith(UP_TO):
        return act
    async with rt.pool.connection() as transaction:
        ids += await recent(transaction, person_id, channel, int(end.removeprefix(UP_TO)))
    return replace(act, external_id=",".join(dict.fromkeys(ids)))
