"""Re-encrypt person keys and rebuild blind indexes after a key rotation."""

from uuid import UUID

from bot.db.connection import Transaction
from bot.people.identities import address, known
from bot.runtime import Runtime
from bot.security.vault import WrappedKey


async def rewrap(
    rt: Runtime, transaction: Transaction, after: UUID | None, limit: int
) -> tuple[int, UUID | None]:
    """Wrap keys of other epochs under that of now: how many, and the last of them.

    People whose row is in somebody's hands are left for the next round.
    """
    cursor = await transaction.execute(
        "SELECT id, key, key_epoch FROM people WHERE key_epoch <> %s"
        " AND (%s::uuid IS NULL OR id > %s) ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED",
        (rt.vault.epoch, after, after, limit),
    )
    found = await cursor.fetchall()
    anew = [rt.vault.rewrap(each, WrappedKey(epoch, bytes(key))) for each, key, epoch in found]
    await transaction.execute(
        "UPDATE people p SET key = w.key, key_epoch = w.epoch"
        " FROM unnest(%s::uuid[], %s::bytea[], %s::int[]) AS w (id, key, epoch) WHERE p.id = w.id",
        ([row[0] for row in found], [w.wrapped for w in anew], [w.epoch for w in anew]),
    )
    return len(found), found[-1][0] if found else None


async def reindex(rt: Runtime, transaction: Transaction, channel: str, handle: str) -> None:
    """Find a handle by the index key of now from here on, if it was found by an older one."""
    now, *before = rt.vault.indexes(channel, handle)
    if before:
        await transaction.execute(
            "UPDATE handles SET bidx = %s, index_version = %s"
            " WHERE channel = %s AND bidx = ANY(%s)",
            (now, rt.vault.index_version, channel, before),
        )


async def reindex_addresses(
    rt: Runtime, transaction: Transaction, after: UUID | None, limit: int
) -> tuple[int, UUID | None]:
    """The same for handles that are the address itself, of people who don't write just now.

    The other handles (WhatsApp's own ids of people) wait until their people write.
    """
    cursor = await transaction.execute(
        "SELECT h.channel, h.bidx, h.address, p.id, p.key, p.key_epoch"
        " FROM handles h JOIN people p ON p.id = h.person_id WHERE h.index_version <> %s"
        " AND (%s::uuid IS NULL OR p.id > %s) ORDER BY p.id LIMIT %s FOR UPDATE OF h SKIP LOCKED",
        (rt.vault.index_version, after, after, limit),
    )
    found = await cursor.fetchall()
    for channel, bidx, sealed, person_id, key, epoch in found:
        person = known(rt, person_id, bytes(key), epoch)
        handle = address(person, bytes(sealed), channel)
        if bytes(bidx) in rt.vault.indexes(channel, handle):
            await reindex(rt, transaction, channel, handle)
    return len(found), found[-1][3] if found else None
