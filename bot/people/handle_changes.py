"""Changes of handles that a platform makes: a new account id, a moved phone number."""

from collections.abc import Sequence

from sqlalchemy import Uuid, bindparam, func, select

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import fetch_value, statement
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime

_COUNT_HANDLES = statement(
    select(func.count())
    .select_from(t.Handle)
    .where(
        t.Handle.person_id == bindparam("person", type_=Uuid()),
        t.Handle.channel == bindparam("at_channel"),
    )
)


async def attach_handle(
    rt: Runtime,
    transaction: Transaction,
    channel: str,
    handle: str,
    address: str,
    aliases: Sequence[str],
) -> bool:
    """Attach a new handle to the person who has one of the `aliases`; return True if attached.

    If the person has another handle already, the alias is deleted instead, because it is probably a
    phone number with a new owner. The new owner must not see the person's conversation.
    """
    for alias in aliases:
        person = await identities.find(rt, transaction, channel, alias)
        if person is None:
            continue
        count = await fetch_value(transaction, _COUNT_HANDLES, person=person.id, at_channel=channel)
        if count == 1:
            # The alias may get a new owner, so messages must no longer be sent to it.
            await identities.readdress(transaction, person, channel, address)
            return await identities.add_handle(rt, transaction, person, channel, handle, address)
        await _take_handle(rt, transaction, person, channel, alias)
    return False


async def change_handle(
    rt: Runtime, transaction: Transaction, channel: str, handle: str, to: str, address: str
) -> None:
    """Replace a person's handle by the new one, `to`, from the platform; ignore unknown handles.

    If another person has `to`, it is taken from them, because the platform has given it to a new
    owner. Neither of the two may see the other's conversation. `address` is the person's account
    id, which becomes a handle too; if it is "", the person keeps the address of their other
    handles. Without one, `to` is the address.
    """
    person = await identities.find(rt, transaction, channel, handle)
    if person is None:
        return
    giver = await identities.joined_by(transaction, person, channel)
    await identities.end_handle(rt, transaction, channel, handle)
    previous = await identities.find(rt, transaction, channel, to)
    if previous is not None and previous.id != person.id:
        await _take_handle(rt, transaction, previous, channel, to)
    known = address or await identities.address_on(transaction, person, channel) or to
    known = to if known == handle else known
    # Without a handle for the account id, a rotation of the index key could not find the person.
    for name in (to, address) if address == known else (to,):
        await identities.add_handle(rt, transaction, person, channel, name, known, joined_by=giver)
    await identities.readdress(transaction, person, channel, known)


async def _take_handle(
    rt: Runtime, transaction: Transaction, person: Person, channel: str, handle: str
) -> None:
    """Delete a handle that has a new owner, to whom the person's messages must not be sent.

    If it was the person's address, nothing is sent to the person until they write from another
    handle. That handle cannot be the address before, because the names of handles are not stored.
    """
    await identities.end_handle(rt, transaction, channel, handle)
    if await identities.address_on(transaction, person, channel) == handle:
        await identities.readdress(transaction, person, channel, "")
        await identities.mark_unreachable(transaction, person.id, channel, 0.0, blocked=True)
