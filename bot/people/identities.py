"""People whom we know, because they asked to be: keys, handles and consents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID, uuid4

from bot.db import pipeline
from bot.db.connection import Transaction
from bot.db.pipeline import TextStatement
from bot.runtime import Runtime
from bot.security.vault import PersonKey, WrappedKey


@dataclass(frozen=True, slots=True)
class Person:
    """A person and their open key."""

    id: UUID
    key: PersonKey


async def create(
    rt: Runtime,
    transaction: Transaction,
    channel: str,
    handle: str,
    address: str,
    aliases: Sequence[str] = (),
) -> Person | None:
    """Begin to know somebody; None when another update of theirs did so a moment ago."""
    person_id = uuid4()
    wrapped = rt.vault.new_key(person_id)
    key = rt.vault.open(person_id, wrapped)
    await transaction.execute(
        "INSERT INTO people (id, key, key_epoch) VALUES (%s, %s, %s)",
        (person_id, wrapped.wrapped, wrapped.epoch),
    )
    person = Person(person_id, key)
    added = await _add_handle(rt, transaction, person, channel, handle, address)
    for alias in aliases if added else ():
        await _add_handle(rt, transaction, person, channel, alias, address)
    return person if added else None


async def _add_handle(
    rt: Runtime, transaction: Transaction, person: Person, channel: str, handle: str, address: str
) -> bool:
    added = await transaction.execute(
        "INSERT INTO handles (channel, bidx, index_version, person_id, address)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            channel,
            rt.vault.index(channel, handle),
            rt.vault.index_version,
            person.id,
            person.key.seal(address.encode(), "handles", "address", channel),
        ),
    )
    return bool(added.rowcount)


async def attach_handle(
    rt: Runtime,
    transaction: Transaction,
    channel: str,
    handle: str,
    address: str,
    aliases: Sequence[str],
) -> bool:
    """Let a new handle in beside an alias of the same person; whether it is theirs now.

    A person who had another handle beside that alias has given the alias up: a phone number that
    belongs to somebody else by now must not open their conversation.
    """
    for alias in aliases:
        person = await find(rt, transaction, channel, alias)
        if person is None:
            continue
        cursor = await transaction.execute(
            "SELECT count(*) FROM handles WHERE person_id = %s AND channel = %s",
            (person.id, channel),
        )
        row = await cursor.fetchone()
        if row is not None and row[0] == 1:
            return await _add_handle(rt, transaction, person, channel, handle, address)
        await transaction.execute(
            "DELETE FROM handles WHERE channel = %s AND bidx = ANY(%s)",
            (channel, list(rt.vault.indexes(channel, alias))),
        )
    return False


async def change_handle(
    rt: Runtime, transaction: Transaction, channel: str, handle: str, to: str, address: str
) -> None:
    """Follow a person to the handle that the platform says replaced theirs."""
    person = await find(rt, transaction, channel, handle)
    if person is None:
        return
    await transaction.execute(
        "DELETE FROM handles WHERE channel = %s AND bidx = ANY(%s)",
        (channel, list(rt.vault.indexes(channel, handle))),
    )
    await _add_handle(rt, transaction, person, channel, to, address)
    await transaction.execute(
        "UPDATE handles SET address = %s WHERE person_id = %s AND channel = %s",
        (person.key.seal(address.encode(), "handles", "address", channel), person.id, channel),
    )


def known(rt: Runtime, person_id: UUID, key: bytes, epoch: int) -> Person:
    """A person as read from their row."""
    return Person(person_id, rt.vault.open(person_id, WrappedKey(epoch, key)))


async def load(rt: Runtime, transaction: Transaction, person_id: UUID) -> Person | None:
    """A person by id; None when erased."""
    rows = await pipeline.run(transaction, KEY, {"person": person_id})
    return known(rt, person_id, *rows[0]) if rows else None


KEY = TextStatement.of("SELECT key, key_epoch FROM people WHERE id = %(person)s")


def address(person: Person, sealed: bytes, channel: str) -> str:
    """Where a person is reached on a channel."""
    return person.key.unseal(sealed, "handles", "address", channel).decode()


async def address_on(transaction: Transaction, person: Person, channel: str) -> str | None:
    """Where a person is reached on another channel of theirs; None when they have none there."""
    cursor = await transaction.execute(
        "SELECT address FROM handles WHERE person_id = %s AND channel = %s LIMIT 1",
        (person.id, channel),
    )
    row = await cursor.fetchone()
    return address(person, bytes(row[0]), channel) if row else None


async def note_inbound(
    transaction: Transaction, person: Person, channel: str, at: datetime | None
) -> None:
    """The person wrote there, where it matters `at` that time: free text is taken again."""
    await transaction.execute(
        "UPDATE handles SET spoke_at = greatest(spoke_at, %s), blocked = false"
        " WHERE person_id = %s AND channel = %s",
        (at, person.id, channel),
    )


# When somebody spoke is noted now and then, so that their conversation is looked at too. It also
# moves by itself; then one message more is tried than was needed.
_FELL_SILENT: LiteralString = """
UPDATE handles h SET spoke_at = NULL, blocked = blocked OR %(blocked)s
FROM (SELECT kosh_now() - make_interval(secs => %(ago)s) AS at) told
WHERE h.person_id = %(person)s AND h.channel = %(channel)s
  AND (h.spoke_at IS NULL OR h.spoke_at <= told.at)
  AND NOT EXISTS (
    SELECT FROM conversations c WHERE c.person_id = h.person_id AND c.channel = h.channel
      AND c.updated_at > told.at)
"""


async def mark_unreachable(
    transaction: Transaction, person_id: UUID, channel: str, ago: float, *, blocked: bool = False
) -> bool:
    """The platform took no free text for the person so many seconds `ago`, or nothing at all.

    Nothing is taken until they write. False if they have written since: then that is past.
    """
    values = {"person": person_id, "channel": channel, "ago": ago, "blocked": blocked}
    return bool((await transaction.execute(_FELL_SILENT, values)).rowcount)


async def mark_blocked(
    rt: Runtime, transaction: Transaction, channel: str, handle: str, on: bool
) -> None:
    """The person blocked the bot there, or let it in again; held messages then go or wait."""
    await transaction.execute(
        "UPDATE handles SET blocked = %s WHERE channel = %s AND bidx = ANY(%s)",
        (on, channel, list(rt.vault.indexes(channel, handle))),
    )


async def find(rt: Runtime, transaction: Transaction, channel: str, handle: str) -> Person | None:
    """The person behind a handle; None for somebody unknown."""
    cursor = await transaction.execute(
        "SELECT p.id, p.key, p.key_epoch FROM handles h JOIN people p ON p.id = h.person_id"
        " WHERE h.channel = %s AND h.bidx = ANY(%s)"
        " AND (h.until IS NULL OR h.until > kosh_now())",
        (channel, list(rt.vault.indexes(channel, handle))),
    )
    row = await cursor.fetchone()
    return known(rt, row[0], bytes(row[1]), row[2]) if row else None


async def is_permanent(rt: Runtime, transaction: Transaction, channel: str, handle: str) -> bool:
    """Whether a handle is somebody's for good; that of the secure page's visit ends by itself."""
    cursor = await transaction.execute(
        "SELECT FROM handles WHERE channel = %s AND bidx = ANY(%s) AND until IS NULL",
        (channel, list(rt.vault.indexes(channel, handle))),
    )
    return await cursor.fetchone() is not None


async def is_new_at(
    rt: Runtime, transaction: Transaction, channel: str, handle: str, minutes: int
) -> bool:
    """Whether somebody has had this handle for so many minutes at most."""
    cursor = await transaction.execute(
        "SELECT FROM handles WHERE channel = %s AND bidx = ANY(%s)"
        " AND created_at > kosh_now() - make_interval(mins => %s)",
        (channel, list(rt.vault.indexes(channel, handle)), minutes),
    )
    return await cursor.fetchone() is not None


# A PIN, for who has chosen one.


# While keys change. Wrapping anew touches nothing that is sealed; both epochs read meanwhile.
