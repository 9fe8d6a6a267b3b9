"""Identities: people whose data is stored, with their keys and their handles on channels.

A handle is the name by which a channel identifies a person. An address is the value to which the
channel sends messages. An alias is a further handle, such as a phone number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import (
    Boolean,
    DateTime,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import (
    NOW,
    any_of,
    execute,
    fetch_one,
    fetch_value,
    fetch_values,
    seconds_ago,
    statement,
)
from bot.runtime import Runtime
from bot.security.vault import PersonKey, WrappedKey


@dataclass(frozen=True, slots=True)
class Person:
    """A person with their decrypted data key."""

    id: UUID
    key: PersonKey


_PERSON = bindparam("person", type_=Uuid())
_AT_HANDLE = (t.Handle.channel == bindparam("at_channel"), any_of(t.Handle.blind_index, "indexes"))
_OF_PERSON = (t.Handle.person_id == _PERSON, t.Handle.channel == bindparam("at_channel"))
IS_CURRENT = or_(t.Handle.expires_at.is_(None), t.Handle.expires_at > NOW)
"""Condition: the handle has not expired."""

_CREATE = statement(
    insert(t.Person).values(id=_PERSON, key=bindparam("wrapped"), key_version=bindparam("version"))
)
# A further handle of a chat, such as an alias, gets the `joined_by` of the chat's other handles.
_GIVER = select(func.max(t.Handle.joined_by)).where(*_OF_PERSON).correlate(None)
_NEW = (
    func.coalesce(bindparam("giver", type_=Text()), _GIVER.scalar_subquery()).label("joined_by"),
    bindparam("at_channel", type_=Text()).label("channel"),
    bindparam("index", type_=LargeBinary()).label("blind_index"),
    bindparam("version", type_=Integer()).label("index_version"),
    _PERSON.label("person_id"),
    bindparam("sealed", type_=LargeBinary()).label("address"),
)
# During a rotation of the index key, the handle may be stored under an earlier key, which is no
# conflict of the primary key.
_ADD_HANDLE = statement(
    insert(t.Handle)
    .from_select([each.name for each in _NEW], select(*_NEW).where(~exists().where(*_AT_HANDLE)))
    .on_conflict_do_nothing()
)
_CHANNELS = statement(
    select(t.Handle.channel)
    .where(t.Handle.person_id == _PERSON, t.Handle.home.is_(None))
    .distinct()
    .order_by(t.Handle.channel)
)
_JOINED_BY = statement(_GIVER)
_INHERIT = statement(
    update(t.Handle)
    .where(t.Handle.person_id == _PERSON, t.Handle.joined_by == bindparam("at_channel"))
    .values(joined_by=bindparam("giver", type_=Text()))
)
# Deletes the channel's handles, and those of visits to the secure page that began there (`home`).
_LEAVE = statement(
    delete(t.Handle).where(
        t.Handle.person_id == _PERSON,
        or_(
            and_(t.Handle.channel == bindparam("at_channel"), t.Handle.home.is_(None)),
            t.Handle.home == bindparam("at_channel"),
        ),
    )
)
_DELETE_HANDLE = statement(delete(t.Handle).where(*_AT_HANDLE))
_READDRESS = statement(update(t.Handle).where(*_OF_PERSON).values(address=bindparam("sealed")))
KEY = statement(select(t.Person.key, t.Person.key_version).where(t.Person.id == _PERSON))
_ADDRESS = statement(select(t.Handle.address).where(*_OF_PERSON, t.Handle.home.is_(None)).limit(1))
_NOTE_ACTIVITY = statement(
    update(t.Handle)
    .where(*_OF_PERSON)
    .values(spoke_at=func.greatest(t.Handle.spoke_at, bindparam("at")), blocked=False)
)
_REJECTED_AT = func.coalesce(
    bindparam("rejected_at", type_=DateTime(timezone=True)), seconds_ago("ago")
)
# `updated_at` of the conversation is compared too, because not every message of the person updates
# `spoke_at`. `updated_at` also changes for other reasons. Then the person counts as reachable until
# the platform rejects one more message.
_MARK_UNREACHABLE = statement(
    update(t.Handle)
    .where(
        *_OF_PERSON,
        or_(t.Handle.spoke_at.is_(None), t.Handle.spoke_at <= _REJECTED_AT),
        ~exists().where(
            t.Conversation.person_id == t.Handle.person_id,
            t.Conversation.channel == t.Handle.channel,
            t.Conversation.updated_at > _REJECTED_AT,
        ),
    )
    .values(spoke_at=None, blocked=or_(t.Handle.blocked, bindparam("is_blocked", type_=Boolean())))
)
_MARK_BLOCKED = statement(
    update(t.Handle).where(*_AT_HANDLE).values(blocked=bindparam("is_blocked"))
)
_SET_MISSION = statement(
    update(t.Person)
    .where(t.Person.id == _PERSON, t.Person.mission.is_distinct_from(bindparam("mission")))
    .values(mission=bindparam("mission"))
)
_MISSION = statement(select(t.Person.mission).where(t.Person.id == _PERSON))
_FIND = statement(
    select(t.Person.id, t.Person.key, t.Person.key_version)
    .join(t.Handle, t.Handle.person_id == t.Person.id)
    .where(*_AT_HANDLE, IS_CURRENT)
)
_IS_PERMANENT = statement(select(literal(True)).where(*_AT_HANDLE, t.Handle.expires_at.is_(None)))
_IS_NEW = statement(
    select(literal(True)).where(*_AT_HANDLE, t.Handle.created_at > seconds_ago("seconds"))
)


async def create(
    rt: Runtime,
    transaction: Transaction,
    channel: str,
    handle: str,
    address: str,
    aliases: Sequence[str] = (),
) -> Person | None:
    """Create a person with a handle; return None if a concurrent update has created the handle."""
    person_id = uuid4()
    wrapped = rt.vault.new_key(person_id)
    key = rt.vault.open(person_id, wrapped)
    await execute(
        transaction, _CREATE, person=person_id, wrapped=wrapped.wrapped, version=wrapped.epoch
    )
    person = Person(person_id, key)
    added = await add_handle(rt, transaction, person, channel, handle, address)
    for alias in aliases if added else ():
        await add_handle(rt, transaction, person, channel, alias, address)
    return person if added else None


async def add_handle(
    rt: Runtime,
    transaction: Transaction,
    person: Person,
    channel: str,
    handle: str,
    address: str,
    *,
    joined_by: str | None = None,
) -> bool:
    """Add a handle to a person; return False if it exists already, under any index key.

    `joined_by` is the channel whose code joined the chat; None for the first chat.
    """
    indexes = rt.vault.indexes(channel, handle)
    added = await execute(
        transaction,
        _ADD_HANDLE,
        at_channel=channel,
        index=indexes[0],
        indexes=list(indexes),
        version=rt.vault.index_version,
        person=person.id,
        sealed=person.key.seal(address.encode(), "handles", "address", channel),
        giver=joined_by,
    )
    return bool(added)


async def add_aliases(
    rt: Runtime,
    transaction: Transaction,
    person: Person,
    channel: str,
    address: str,
    aliases: Sequence[str],
) -> None:
    """Add further handles of a person, since a later update may contain only one of the handles.

    An alias that belongs to another person is skipped.
    """
    for alias in aliases:
        await add_handle(rt, transaction, person, channel, alias, address)


async def readdress(transaction: Transaction, person: Person, channel: str, address: str) -> None:
    """Replace the address to which messages to a person are sent on a channel."""
    sealed = person.key.seal(address.encode(), "handles", "address", channel)
    await execute(transaction, _READDRESS, sealed=sealed, person=person.id, at_channel=channel)


def open_person(rt: Runtime, person_id: UUID, key: bytes, epoch: int) -> Person:
    """Return the person with this id, with the data key `key` decrypted.

    `epoch` is the version of the epoch key that encrypts the data key.
    """
    return Person(person_id, rt.vault.open(person_id, WrappedKey(epoch, key)))


async def load(rt: Runtime, transaction: Transaction, person_id: UUID) -> Person | None:
    """Return a person by id; None if they were erased."""
    row = await fetch_one(transaction, KEY, person=person_id)
    return open_person(rt, person_id, *row) if row else None


def address(person: Person, sealed: bytes, channel: str) -> str:
    """Decrypt a person's address on a channel."""
    return person.key.unseal(sealed, "handles", "address", channel).decode()


async def address_on(transaction: Transaction, person: Person, channel: str) -> str | None:
    """Return the address of a person's chat on a channel; None if they have no chat there.

    Visits of the secure page do not count.
    """
    sealed = await fetch_value(transaction, _ADDRESS, person=person.id, at_channel=channel)
    return address(person, sealed, channel) if sealed is not None else None


async def note_inbound(
    transaction: Transaction, person: Person, channel: str, at: datetime | None
) -> None:
    """Record that the person wrote, which also shows that the person has not blocked the bot.

    `at` is the time of the message, from which the platform's reply window counts; None on a
    channel without a reply window.
    """
    await execute(transaction, _NOTE_ACTIVITY, at=at, person=person.id, at_channel=channel)


async def end_handle(rt: Runtime, transaction: Transaction, channel: str, handle: str) -> None:
    """Delete a handle, so that it no longer gives access to the person's conversation."""
    indexes = list(rt.vault.indexes(channel, handle))
    await execute(transaction, _DELETE_HANDLE, at_channel=channel, indexes=indexes)


async def joined_by(transaction: Transaction, person: Person, channel: str) -> str | None:
    """Return the channel whose code joined the person's chat on `channel`; None for none."""
    return await fetch_value(transaction, _JOINED_BY, person=person.id, at_channel=channel)


async def joined_channels(transaction: Transaction, person: Person) -> list[str]:
    """Return the channels on which the person has a chat.

    Visits of the secure page do not count.
    """
    return await fetch_values(transaction, _CHANNELS, person=person.id)


async def leave_channel(transaction: Transaction, person: Person, channel: str) -> None:
    """Delete the person's handles on a channel, and those of secure-page visits begun there.

    Chats that joined by a code of this channel count as joined by the channel's own giver.
    """
    values = {"person": person.id, "at_channel": channel}
    giver = await joined_by(transaction, person, channel)
    await execute(transaction, _INHERIT, giver=giver, **values)
    await execute(transaction, _LEAVE, **values)


async def mark_unreachable(
    transaction: Transaction,
    person_id: UUID,
    channel: str,
    at: datetime | float,
    *,
    blocked: bool = False,
) -> bool:
    """Record that the platform rejected free text, or every message if `blocked` is True.

    `at` is the database time at which the rejected message was sent, or, as a float, the seconds
    since then. Nothing is sent until the person writes. Returns False, and records nothing, if the
    person has written since the rejected message.
    """
    rejected_at, ago = (at, 0.0) if isinstance(at, datetime) else (None, at)
    values = {"person": person_id, "at_channel": channel, "rejected_at": rejected_at, "ago": ago,
              "is_blocked": blocked}  # fmt: skip
    return bool(await execute(transaction, _MARK_UNREACHABLE, **values))


async def mark_blocked(
    rt: Runtime, transaction: Transaction, channel: str, handle: str, *, on: bool
) -> None:
    """Record that the person has blocked the bot on a channel (`on`), or has unblocked the bot."""
    indexes = list(rt.vault.indexes(channel, handle))
    await execute(transaction, _MARK_BLOCKED, is_blocked=on, at_channel=channel, indexes=indexes)


async def find(rt: Runtime, transaction: Transaction, channel: str, handle: str) -> Person | None:
    """Return the person with this handle; None if the handle is unknown or has expired."""
    indexes = list(rt.vault.indexes(channel, handle))
    row = await fetch_one(transaction, _FIND, at_channel=channel, indexes=indexes)
    return open_person(rt, *row) if row else None


async def set_mission(transaction: Transaction, person_id: UUID, mission: str) -> None:
    """Store the mission for the person's country.

    Announcements select recipients by it. A case is assigned by it if the answers were deleted.
    """
    await execute(transaction, _SET_MISSION, person=person_id, mission=mission)


async def mission(transaction: Transaction, person_id: UUID) -> str:
    """Return the mission for the person's country; '' if the country was never known."""
    return await fetch_value(transaction, _MISSION, person=person_id) or ""


async def is_permanent(rt: Runtime, transaction: Transaction, channel: str, handle: str) -> bool:
    """Return True if the handle never expires; the handle of a secure-page visit does expire."""
    indexes = list(rt.vault.indexes(channel, handle))
    return bool(await fetch_value(transaction, _IS_PERMANENT, at_channel=channel, indexes=indexes))


async def is_new_at(
    rt: Runtime, transaction: Transaction, channel: str, handle: str, minutes: int
) -> bool:
    """Return True if the handle was created in the last `minutes` minutes."""
    values = {"at_channel": channel, "indexes": list(rt.vault.indexes(channel, handle))}
    return bool(await fetch_value(transaction, _IS_NEW, seconds=minutes * 60, **values))
