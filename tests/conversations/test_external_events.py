"""Changes of a conversation by background jobs."""

from dataclasses import replace
from typing import Any

from bot.conversations import external_events
from bot.conversations import store as conversation_store
from bot.people import identities, reminders
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.state import MadeList
from tests.desk.desks import ahead
from tests.person_client import Guest


async def _person(guest: Guest) -> Person:
    async with guest.rt.pool.connection() as transaction:
        person = await identities.find(guest.rt, transaction, "web", guest.name)
    assert person is not None
    return person


async def _change(guest: Guest, **fields: Any) -> None:
    person = await _person(guest)
    async with guest.rt.pool.connection() as transaction:
        held = await conversation_store.lock(guest.rt, transaction, person.id)
        assert held is not None
        changed = replace(held.conversation, **fields)
        await conversation_store.save_state(guest.rt, transaction, held, changed)


async def test_due_reminder_waits_while_an_officer_has_the_conversation(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    await _change(guest, saved_list=MadeList("checklist", {}), with_officer=True)
    person = await _person(guest)
    async with rt.pool.connection() as transaction:
        await reminders.put(transaction, person.id, 1)
    await ahead(rt, "3 days")
    assert await external_events.remind(rt, person.id) is None
    await _change(guest, with_officer=False)
    assert await external_events.remind(rt, person.id) is not None
    assert await external_events.remind(rt, person.id) is None
