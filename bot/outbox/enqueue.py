"""Queueing in the caller's transaction: add rows, requeue waiting rows, drop unsent rows."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

import msgspec

from bot.channels import Message
from bot.db.connection import Transaction
from bot.outbox.rendering import Row
from bot.people.identities import Person

# Attempts per message.
MAX_ATTEMPTS = 12

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Message).decode


def seal(person: Person, message: Message | None) -> bytes | None:
    return None if message is None else person.key.seal(_encode(message), "messages", "body", "")


def opened(person: Person, body: bytes | None) -> Message | None:
    return _decode(person.key.unseal(bytes(body), "messages", "body", "")) if body else None


async def enqueue(
    transaction: Transaction, person: Person, channel: str, written: Sequence[Row]
) -> list[int]:
    """Queue rows outside of a turn; return their ids in order.

    The sender finds them after the commit.
    """
    ids = []
    for row in written:
        cursor = await transaction.execute(
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


async def requeue_waiting(transaction: Transaction, person: Person, channel: str) -> None:
    """Requeue messages that waited for the person, ahead of new ones."""
    await transaction.execute(
        "WITH waited AS MATERIALIZED (SELECT id FROM messages WHERE person_id = %s"
        "   AND channel = %s AND state = 'waiting' ORDER BY id FOR UPDATE)"
        " UPDATE messages m SET state = 'pending', due_at = kosh_now()"
        " FROM waited WHERE m.id = waited.id",
        (person.id, channel),
    )


# A concurrent claim holds the row's lock, and is waited for; a later claim finds the row dropped.
# So no row is claimed after the change of owner has committed.
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


async def drop_bot_messages(transaction: Transaction, person_id: UUID, owner: UUID) -> None:
    """Drop unsent messages of the bot and of other officers; service messages are still sent."""
    await transaction.execute(_SILENCE, {"person": person_id, "owner": owner})


async def after_restore(transaction: Transaction) -> None:
    """Drop the open messages of a restored backup: they were sent right after it was made."""
    await transaction.execute(
        "UPDATE messages SET state = 'dropped', body = NULL, done_at = kosh_now(),"
        " reason = 'E_RESTORED' WHERE state IN ('pending', 'sending')"
    )
    # Skip the ids of lost rows, since platforms still send reports on them.
    await transaction.execute(
        "SELECT setval(s.name, nextval(s.name) + 1000000000)"
        " FROM (SELECT pg_get_serial_sequence('messages', 'id')::regclass AS name) s"
    )
