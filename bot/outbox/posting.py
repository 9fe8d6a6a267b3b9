"""Rows in the caller's transaction: written, made to wait no longer, or taken back unsent."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

import msgspec

from bot import people
from bot.channels import Message
from bot.outbox.wording import Row
from bot.people import Person
from bot.queue import Session

# Tries of one message.
MOST_ATTEMPTS = 12
MOST_ID = 2**63 - 1

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Message).decode


def seal(person: Person, message: Message | None) -> bytes | None:
    return None if message is None else person.key.seal(_encode(message), "messages", "body", "")


def opened(person: Person, body: bytes | None) -> Message | None:
    return _decode(person.key.unseal(bytes(body), "messages", "body", "")) if body else None


async def post(session: Session, person: Person, channel: str, written: Sequence[Row]) -> list[int]:
    """Write rows outside a turn; the sender finds them after the commit. Their ids, in order."""
    ids = []
    for row in written:
        cursor = await session.execute(
            "INSERT INTO messages"
            " (person_id, channel, act, body, epoch, external_id, case_id, officer, state)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'pending') RETURNING id",
            (
                person.id,
                channel,
                row.act,
                seal(person, row.message),
                row.epoch,
                row.external_id or None,
                row.case_id,
                row.officer,
            ),
        )
        found = await cursor.fetchone()
        assert found is not None
        ids.append(int(found[0]))
    return ids


async def release(session: Session, person: Person, channel: str) -> None:
    """The person is here again: what waited for them goes, before what is said next."""
    await session.execute(
        "UPDATE messages SET state = 'pending', due_at = kosh_now()"
        " WHERE person_id = %s AND channel = %s AND state = 'waiting'",
        (person.id, channel),
    )


# Whoever is claiming one of the rows at this moment has locked it, and is waited for; a claim that
# comes later finds it dropped. So none is claimed after the change of hands has committed.
_SILENCE: LiteralString = """
WITH others AS MATERIALIZED (
  SELECT id FROM messages WHERE person_id = %(person)s
    AND (state IN ('pending', 'waiting') OR (state = 'sending' AND lease_until < kosh_now()))
    AND (epoch IS NOT NULL OR officer <> %(owner)s)
  ORDER BY id FOR UPDATE
)
UPDATE messages m SET state = 'dropped', body = NULL, done_at = kosh_now()
FROM others WHERE m.id = others.id
"""


async def silence(session: Session, person_id: UUID, owner: UUID) -> None:
    """From this commit on only the case's new owner speaks; service messages still go."""
    await session.execute(_SILENCE, {"person": person_id, "owner": owner})


async def retract(session: Session, person_id: UUID, channel: str) -> int:
    """What the form has not said there yet is not said any more; the last row of theirs."""
    await session.execute(
        "UPDATE messages SET state = 'dropped', body = NULL, done_at = kosh_now()"
        " WHERE person_id = %s AND channel = %s AND state IN ('pending', 'waiting')"
        " AND epoch IS NOT NULL",
        (person_id, channel),
    )
    cursor = await session.execute(
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
    session: Session, person_id: UUID, channel: str, last: int = MOST_ID
) -> tuple[str, ...]:
    """Ids of the last 48 hours, announcements too, which a platform still lets us delete.

    Of the person's rows those up to the `last`.
    """
    values = {"person": person_id, "channel": channel, "last": last}
    cursor = await session.execute(_RECENT, values)
    return tuple(row[0] for row in await cursor.fetchall())


type Stands = dict[tuple[str, str], list[str]]
"""Messages that still stand, by channel and address there; a place without any counts too."""


async def everywhere(session: Session, person: Person) -> Stands:
    """The same on every channel where the person is reached, for who wants all of it gone."""
    cursor = await session.execute(
        "SELECT DISTINCT ON (channel) channel, address FROM handles WHERE person_id = %s"
        " ORDER BY channel, spoke_at DESC NULLS LAST",
        (person.id,),
    )
    return {
        (channel, people.address(person, bytes(sealed), channel)): list(
            await recent(session, person.id, channel)
        )
        for channel, sealed in await cursor.fetchall()
    }


async def after_restore(session: Session) -> None:
    """What a restored backup calls due was sent within the second: nobody hears it again."""
    await session.execute(
        "UPDATE messages SET state = 'dropped', body = NULL, done_at = kosh_now(),"
        " reason = 'E_RESTORED' WHERE state IN ('pending', 'sending')"
    )
    # Platforms still report of rows that were lost: their numbers must not come again.
    await session.execute(
        "SELECT setval(s.name, nextval(s.name) + 1000000000)"
        " FROM (SELECT pg_get_serial_sequence('messages', 'id')::regclass AS name) s"
    )
