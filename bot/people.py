"""People whom we know, because they asked to be: keys, handles and consents."""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID, uuid4

from bot.queue import Session
from bot.runtime import Runtime
from bot.vault import PersonKey, WrappedKey


@dataclass(frozen=True, slots=True)
class Person:
    """A person and their open key."""

    id: UUID
    key: PersonKey


async def create(
    rt: Runtime, session: Session, channel: str, handle: str, address: str
) -> Person | None:
    """Begin to know somebody; None when another update of theirs did so a moment ago."""
    person_id = uuid4()
    wrapped = rt.vault.new_key(person_id)
    key = rt.vault.open(person_id, wrapped)
    await session.execute(
        "INSERT INTO people (id, key, key_epoch) VALUES (%s, %s, %s)",
        (person_id, wrapped.wrapped, wrapped.epoch),
    )
    added = await session.execute(
        "INSERT INTO handles (channel, bidx, person_id, address) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (
            channel,
            rt.vault.index(channel, handle),
            person_id,
            key.seal(address.encode(), "handles", "address", channel),
        ),
    )
    return Person(person_id, key) if added.rowcount else None


def known(rt: Runtime, person_id: UUID, key: bytes, epoch: int) -> Person:
    """A person as read from their row."""
    return Person(person_id, rt.vault.open(person_id, WrappedKey(epoch, key)))


async def load(rt: Runtime, session: Session, person_id: UUID) -> Person | None:
    """A person by id; None when erased."""
    cursor = await session.execute("SELECT key, key_epoch FROM people WHERE id = %s", (person_id,))
    row = await cursor.fetchone()
    return known(rt, person_id, bytes(row[0]), row[1]) if row else None


def address(person: Person, sealed: bytes, channel: str) -> str:
    """Where a person is reached on a channel."""
    return person.key.unseal(sealed, "handles", "address", channel).decode()


async def record_consent(
    session: Session, person: Person, purpose: str, text: str, language: str, channel: str
) -> None:
    """Keep that a purpose was agreed to, with the hash of the very text that was shown."""
    await session.execute(
        "INSERT INTO consents (person_id, purpose, given, text_sha256, language, channel)"
        " VALUES (%s, %s, true, %s, %s, %s)",
        (person.id, purpose, sha256(text.encode()).digest(), language, channel),
    )


async def mark_blocked(rt: Runtime, session: Session, channel: str, handle: str, on: bool) -> None:
    """The person blocked the bot there, or let it in again; held messages then go or wait."""
    await session.execute(
        "UPDATE handles SET blocked = %s WHERE channel = %s AND bidx = ANY(%s)",
        (on, channel, list(rt.vault.indexes(channel, handle))),
    )


async def find(rt: Runtime, session: Session, channel: str, handle: str) -> Person | None:
    """The person behind a handle; None for somebody unknown."""
    cursor = await session.execute(
        "SELECT p.id, p.key, p.key_epoch FROM handles h JOIN people p ON p.id = h.person_id"
        " WHERE h.channel = %s AND h.bidx = ANY(%s)",
        (channel, list(rt.vault.indexes(channel, handle))),
    )
    row = await cursor.fetchone()
    return known(rt, row[0], bytes(row[1]), row[2]) if row else None
