"""Key rotation: encrypts people's keys again with the new epoch key, recomputes blind indexes.

A person's key encrypts the person's data, and an epoch key of the installation encrypts the
person's key. Only the encrypted keys change, not the data. Keys of the old and the new version
(epoch) can decrypt until the rotation ends.
"""

from uuid import UUID

from sqlalchemy import (
    Integer,
    LargeBinary,
    Uuid,
    bindparam,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from bot.channels.addresses import chat_of
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import arrays, execute, fetch_all, statement
from bot.people.identities import address, open_person
from bot.runtime import Runtime
from bot.security.vault import WrappedKey

_AFTER = bindparam("after", type_=Uuid())
_OF_OTHER_KEYS = statement(
    select(t.Person.id, t.Person.key, t.Person.key_version)
    .where(t.Person.key_version != bindparam("version"))
    .where(or_(_AFTER.is_(None), t.Person.id > _AFTER))
    .order_by(t.Person.id)
    .limit(bindparam("limit"))
    .with_for_update(key_share=True, skip_locked=True)
)
_WRAPPED = arrays(id=Uuid, key=LargeBinary, version=Integer)
_REWRAP = statement(
    update(t.Person)
    .where(t.Person.id == _WRAPPED.c.id)
    .values(key=_WRAPPED.c.key, key_version=_WRAPPED.c.version)
)
_RENEWED = arrays(before=LargeBinary, now=LargeBinary)
_REINDEX = statement(
    update(t.Handle)
    .where(t.Handle.channel == bindparam("on_channel"), t.Handle.blind_index == _RENEWED.c.before)
    .values(blind_index=_RENEWED.c.now, index_version=bindparam("version"))
)
_OF_OTHER_INDEXES = statement(
    select(
        t.Handle.channel,
        t.Handle.blind_index,
        t.Handle.address,
        t.Person.id,
        t.Person.key,
        t.Person.key_version,
    )
    .join(t.Person, t.Person.id == t.Handle.person_id)
    .where(t.Handle.index_version != bindparam("version"))
    .where(or_(_AFTER.is_(None), t.Person.id > _AFTER))
    .order_by(t.Person.id)
    .limit(bindparam("limit"))
    .with_for_update(of=t.Handle, skip_locked=True)
)
_OTHER = aliased(t.Handle)
_DROP_REPLACED = statement(
    delete(t.Handle).where(
        t.Handle.index_version == bindparam("version"),
        exists().where(
            _OTHER.person_id == t.Handle.person_id,
            _OTHER.channel == t.Handle.channel,
            _OTHER.index_version == bindparam("current"),
            _OTHER.home.is_(None),
        ),
    )
)


async def rewrap(
    rt: Runtime, transaction: Transaction, after: UUID | None, limit: int
) -> tuple[int, UUID | None]:
    """Re-encrypt the keys of up to `limit` people that are encrypted with an older epoch key.

    People are read in the order of their ids, from above `after`. Returns the number of keys, and
    the last person's id or None. Rows that other transactions lock are skipped until the next
    round.
    """
    found = await fetch_all(
        transaction, _OF_OTHER_KEYS, version=rt.vault.epoch, after=after, limit=limit
    )
    wrapped = [rt.vault.rewrap(each, WrappedKey(version, key)) for each, key, version in found]
    await execute(
        transaction,
        _REWRAP,
        id=[row[0] for row in found],
        key=[each.wrapped for each in wrapped],
        version=[each.epoch for each in wrapped],
    )
    return len(found), found[-1][0] if found else None


async def reindex(rt: Runtime, transaction: Transaction, channel: str, *handles: str) -> None:
    """Recompute the blind indexes of handles that were computed with an older index key."""
    before: list[bytes] = []
    now: list[bytes] = []
    for handle in handles:
        newest, *older = rt.vault.indexes(channel, handle)
        before += older
        now += [newest] * len(older)
    if before:
        await execute(
            transaction,
            _REINDEX,
            now=now,
            version=rt.vault.index_version,
            on_channel=channel,
            before=before,
        )


async def reindex_addresses(
    rt: Runtime, transaction: Transaction, after: UUID | None, limit: int
) -> tuple[int, UUID | None]:
    """Recompute the blind indexes (keyed hashes) of up to `limit` handles.

    Only handles of people with ids above `after` are read, by ascending id.

    A handle itself is not stored, so this works only for handles that equal the person's stored
    address, without its thread. Other handles, such as phone numbers beside WhatsApp's own user
    ids, are updated by `reindex` when the person writes. Returns the number of handles that were
    read, and the last person's id or None.
    """
    found = await fetch_all(
        transaction, _OF_OTHER_INDEXES, version=rt.vault.index_version, after=after, limit=limit
    )
    for channel, blind_index, sealed, person_id, key, version in found:
        handle = chat_of(address(open_person(rt, person_id, key, version), sealed, channel))
        if blind_index in rt.vault.indexes(channel, handle):
            await reindex(rt, transaction, channel, handle)
    return len(found), found[-1][3] if found else None


async def drop_replaced(rt: Runtime, transaction: Transaction, version: int) -> int:
    """Delete handles under an older index key; return their number.

    Only handles of people who have on the same channel a handle under the current key are deleted.
    A deleted handle is stored again when a message names it beside the other handle.
    """
    current = rt.vault.index_version
    if version == current:
        return 0
    return await execute(transaction, _DROP_REPLACED, version=version, current=current)
