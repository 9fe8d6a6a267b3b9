"""Handles of people: which person has a handle after the platform changes it."""

from typing import Any
from uuid import UUID

from bot.channels import Inbound
from bot.conversations import receive
from bot.operations import key_rotation
from bot.people import handle_changes, identities
from bot.people.identities import Person
from bot.runtime import Runtime
from bot.web import webhooks
from flows.engine.events import Said
from tests.channels.test_whatsapp import USER_ID, message, parse
from tests.operations.test_key_rotation import settle
from tests.subscribers import Member, create_subscribers

NEW_NUMBER = "77009990001"


async def _owner(rt: Runtime, handle: str) -> UUID | None:
    async with rt.pool.connection() as transaction:
        person = await identities.find(rt, transaction, "whatsapp", handle)
    return person.id if person else None


def _report(old: str, new: str, name: str = "wamid.S") -> dict[str, Any]:
    """Return WhatsApp's report of a changed phone number."""
    system = {"type": "user_changed_number", "wa_id": new}
    raw = {"from": old, "id": name, "timestamp": message()["timestamp"], "type": "system"}
    return raw | {"system": system}


async def _change_number(rt: Runtime, old: str, new: str) -> None:
    for update in parse({"messages": [_report(old, new)]}):
        await receive.receive(rt, update)


async def test_changed_phone_number_is_reassigned_from_its_previous_owner(rt: Runtime) -> None:
    moving, previous = await create_subscribers(rt, 2, channel="whatsapp")
    await _change_number(rt, moving.address, previous.address)
    assert await _owner(rt, moving.address) is None
    assert await _owner(rt, previous.address) == moving.id
    async with rt.pool.connection() as transaction:
        aliases = (previous.address,)
        place = ("whatsapp", USER_ID, USER_ID, aliases)
        assert await handle_changes.attach_handle(rt, transaction, *place)
    assert await _owner(rt, USER_ID) == moving.id


async def test_repeated_report_does_not_move_the_next_owner_of_the_number(rt: Runtime) -> None:
    (moving,) = await create_subscribers(rt, 1, channel="whatsapp")
    await _change_number(rt, moving.address, NEW_NUMBER)
    async with rt.pool.connection() as transaction:
        place = ("whatsapp", moving.address, moving.address)
        next_owner = await identities.create(rt, transaction, *place)
    assert next_owner is not None
    await _change_number(rt, moving.address, NEW_NUMBER)
    assert await _owner(rt, moving.address) == next_owner.id
    assert await _owner(rt, NEW_NUMBER) == moving.id


async def test_two_number_changes_of_one_webhook_are_applied_in_order(rt: Runtime) -> None:
    (moving,) = await create_subscribers(rt, 1, channel="whatsapp")
    first, last = "77009990002", NEW_NUMBER
    reports = [_report(moving.address, first), _report(first, last, "wamid.T")]
    complete, _received = await webhooks._receive_batch(rt, parse({"messages": reports}))
    assert complete
    assert await _owner(rt, last) == moving.id
    assert await _owner(rt, first) is None


async def test_phone_number_change_keeps_an_account_id_that_the_person_has(rt: Runtime) -> None:
    (moving,) = await create_subscribers(rt, 1, channel="whatsapp")
    async with rt.pool.connection() as transaction:
        person = await identities.find(rt, transaction, "whatsapp", moving.address)
        assert person is not None
        place = (person, "whatsapp", USER_ID, USER_ID)
        assert await identities.add_handle(rt, transaction, *place)
        await identities.note_inbound(transaction, person, "whatsapp", None)
    await _change_number(rt, moving.address, USER_ID)
    assert await _owner(rt, moving.address) is None
    assert await _owner(rt, USER_ID) == moving.id


async def _addresses(rt: Runtime, person: Person) -> set[str]:
    async with rt.pool.connection() as transaction:
        query = "SELECT address FROM handles WHERE person_id = %s"
        rows = await (await transaction.execute(query, (person.id,))).fetchall()
    return {identities.address(person, sealed, "whatsapp") for (sealed,) in rows}


async def _person_with_account_id(rt: Runtime, number: str) -> Person:
    """Attach an account id to the person with this phone number."""
    async with rt.pool.connection() as transaction:
        place = ("whatsapp", USER_ID, USER_ID, (number,))
        assert await handle_changes.attach_handle(rt, transaction, *place)
        person = await identities.find(rt, transaction, "whatsapp", USER_ID)
    assert person is not None
    return person


async def test_attached_account_id_replaces_the_number_as_address(rt: Runtime) -> None:
    (member,) = await create_subscribers(rt, 1, channel="whatsapp")
    person = await _person_with_account_id(rt, member.address)
    assert await _addresses(rt, person) == {USER_ID}


async def test_phone_number_change_keeps_an_account_id_as_address(rt: Runtime) -> None:
    (member,) = await create_subscribers(rt, 1, channel="whatsapp")
    person = await _person_with_account_id(rt, member.address)
    await _change_number(rt, member.address, NEW_NUMBER)
    assert await _owner(rt, NEW_NUMBER) == person.id
    assert await _addresses(rt, person) == {USER_ID}


async def test_phone_number_change_without_an_account_id_changes_the_address(rt: Runtime) -> None:
    (member,) = await create_subscribers(rt, 1, channel="whatsapp")
    async with rt.pool.connection() as transaction:
        person = await identities.find(rt, transaction, "whatsapp", member.address)
        assert person is not None
        # A second handle that has the number as its address.
        place = (person, "whatsapp", "KZ.PARENT", member.address)
        assert await identities.add_handle(rt, transaction, *place)
    await _change_number(rt, member.address, NEW_NUMBER)
    assert await _addresses(rt, person) == {NEW_NUMBER}


async def _is_blocked(rt: Runtime, person_id: UUID) -> bool:
    async with rt.pool.connection() as transaction:
        query = "SELECT bool_and(blocked) FROM handles WHERE person_id = %s"
        row = await (await transaction.execute(query, (person_id,))).fetchone()
    assert row is not None
    return bool(row[0])


async def _with_parent_id(rt: Runtime, member: Member) -> Person:
    """Add a second handle, which has the phone number as its address."""
    async with rt.pool.connection() as transaction:
        person = await identities.load(rt, transaction, member.id)
        assert person is not None
        place = (person, "whatsapp", "KZ.PARENT", member.address)
        assert await identities.add_handle(rt, transaction, *place)
    return person


async def test_moved_number_gets_no_messages_of_its_previous_owner(rt: Runtime) -> None:
    moving, previous = await create_subscribers(rt, 2, channel="whatsapp")
    person = await _with_parent_id(rt, previous)
    await _change_number(rt, moving.address, previous.address)
    assert previous.address not in await _addresses(rt, person)
    assert await _is_blocked(rt, previous.id)
    assert not await _is_blocked(rt, moving.id)
    await _write(rt, "wamid.P", "KZ.PARENT")
    assert await _addresses(rt, person) == {"KZ.PARENT"}
    assert not await _is_blocked(rt, previous.id)


async def test_number_of_a_new_account_gets_no_messages_of_its_owner(rt: Runtime) -> None:
    (previous,) = await create_subscribers(rt, 1, channel="whatsapp")
    person = await _with_parent_id(rt, previous)
    await _write(rt, "wamid.N", USER_ID, previous.address)
    assert await _owner(rt, previous.address) is None
    assert previous.address not in await _addresses(rt, person)


async def test_reported_account_id_becomes_a_handle_at_a_number_change(rt: Runtime) -> None:
    (moving,) = await create_subscribers(rt, 1, channel="whatsapp")
    report = _report(moving.address, NEW_NUMBER)
    report["system"] |= {"user_id": USER_ID}
    for update in parse({"messages": [report]}):
        await receive.receive(rt, update)
    assert await _owner(rt, NEW_NUMBER) == moving.id
    assert await _owner(rt, USER_ID) == moving.id


async def _handle_count(rt: Runtime, person_id: UUID) -> int:
    async with rt.pool.connection() as transaction:
        query = "SELECT count(*) FROM handles WHERE person_id = %s"
        row = await (await transaction.execute(query, (person_id,))).fetchone()
    assert row is not None
    return int(row[0])


async def _write(rt: Runtime, name: str, handle: str, *aliases: str) -> None:
    """Receive a message from the person with this handle; `name` is the message's id."""
    inbound = Inbound("whatsapp", name, handle, handle, Said("/menu"), name, "", aliases)
    assert await receive.receive(rt, inbound) is not None


async def _change_index_key(rt: Runtime) -> None:
    settle(rt)
    await key_rotation.create(rt, "index")
    settle(rt)
    assert rt.vault.index_version == 2


async def test_alias_of_another_person_is_skipped_during_a_key_rotation(rt: Runtime) -> None:
    owner, other = await create_subscribers(rt, 2, channel="whatsapp")
    await _change_index_key(rt)
    async with rt.pool.connection() as transaction:
        person = await identities.load(rt, transaction, other.id)
        assert person is not None
        place = (person, "whatsapp", USER_ID, (owner.address,))
        await identities.add_aliases(rt, transaction, *place)
    assert await _owner(rt, owner.address) == owner.id
    assert await _handle_count(rt, other.id) == 1
    await key_rotation.rewrap_all(rt)


async def test_alias_is_stored_once_during_a_key_rotation(rt: Runtime) -> None:
    (member,) = await create_subscribers(rt, 1, channel="whatsapp")
    await _person_with_account_id(rt, member.address)
    await _change_index_key(rt)
    for name in ("wamid.A", "wamid.B"):
        await _write(rt, name, USER_ID, member.address)
    await _write(rt, "wamid.C", member.address)
    assert await _handle_count(rt, member.id) == 2
