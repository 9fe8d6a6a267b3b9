"""A periodic job (sweep) that fails for one person still serves all other people."""

from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import pytest

from bot import outbox
from bot.conversations import quarantine, receive, registry_events
from bot.desk import case_sweeps, form_funnel
from bot.outbox import statements
from bot.people import identities, reminders, subscriptions
from bot.registry.client import Registry
from bot.runtime import Runtime
from bot.worker import sweeps
from tests.clock import advance_database_clock, advance_database_clock_to_hour
from tests.desk.desks import ask
from tests.person_client import Guest
from tests.registrations.registries import AcceptingRegistry


async def _ids(guests: list[Guest]) -> list[UUID]:
    found = []
    for guest in guests:
        async with guest.rt.pool.connection() as session:
            person = await identities.find(guest.rt, session, "web", guest.name)
        assert person is not None
        found.append(person.id)
    return found


async def _unreadable(rt: Runtime, statement: Any) -> UUID:
    """Overwrite the encryption key of the person whom `statement` selects; return the person's id.

    The person's data can then no longer be decrypted.
    """
    async with rt.pool.connection() as session:
        (row,) = await (await session.execute(statement)).fetchall()
        await session.execute(
            "UPDATE people SET key = decode(repeat('00', 60), 'hex') WHERE id = %s", (row[0],)
        )
    return UUID(str(row[0]))


async def _all(rt: Runtime, statement: Any) -> list[Any]:
    async with rt.pool.connection() as session:
        return [row[0] for row in await (await session.execute(statement)).fetchall()]


async def _three(rt: Runtime) -> list[UUID]:
    guests = [Guest(rt) for _ in range(3)]
    for guest in guests:
        await guest.consent()
    return await _ids(guests)


FIRST: Any = "SELECT id FROM people ORDER BY id LIMIT 1"


async def test_outbox_sends_other_messages_when_one_person_cannot_be_decrypted(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check that an undecryptable oldest message does not block other people's messages.

    A sweep takes only one message here, so the first sweep takes the undecryptable one.
    """
    monkeypatch.setattr(outbox, "SWEPT_AT_ONCE", 1)
    monkeypatch.setattr(statements, "SWEPT_AT_ONCE", 1)
    known = await _three(rt)
    row = outbox.Row("send", quarantine.apology(rt, "ru"))
    for person_id in known:
        async with rt.pool.connection() as session:
            person = await identities.load(rt, session, person_id)
            assert person is not None
            await outbox.enqueue(session, person, "web", (row,))
    oldest: Any = "SELECT person_id FROM messages WHERE state = 'pending' ORDER BY due_at LIMIT 1"
    broken = await _unreadable(rt, oldest)
    await sweeps.sweep(rt)
    assert await _all(rt, "SELECT person_id FROM messages WHERE state = 'pending'") == [broken]
    assert await outbox.sweep(rt) == 0
    await advance_database_clock(rt, "5 minutes")
    assert await outbox.sweep(rt) == 1


async def test_reminders_reach_other_people_when_one_cannot_be_decrypted(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "DUE_AT_ONCE", 1)
    for person_id in await _three(rt):
        async with rt.pool.connection() as session:
            await reminders.put(session, person_id, 1)
    broken = await _unreadable(rt, FIRST)
    await advance_database_clock(rt, "3 days")
    await advance_database_clock_to_hour(rt, reminders.DUE_HOUR)
    await sweeps.remind(rt)
    assert await _all(rt, "SELECT person_id FROM reminders") == [broken]


async def test_retention_deletes_other_answers_when_a_person_cannot_be_decrypted(
    rt: Runtime,
) -> None:
    for guest in (Guest(rt), Guest(rt), Guest(rt)):
        await guest.register()
    async with rt.pool.connection() as session:
        await session.execute("UPDATE registry_writes SET state = 'accepted'")
        await session.execute("UPDATE registrations SET state = 'accepted'")
    broken = await _unreadable(rt, FIRST)
    await advance_database_clock(rt, "2 days")
    await sweeps.forget_spent(rt)
    query: Any = "SELECT person_id FROM registrations WHERE NOT answers_deleted"
    assert await _all(rt, query) == [broken]


async def test_retention_deletes_other_people_when_one_cannot_be_decrypted(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person_id in await _three(rt):
        async with rt.pool.connection() as session:
            await session.execute(
                "INSERT INTO subscriptions (person_id, topic, discreet) VALUES (%s, 'news', false)",
                (person_id,),
            )
            await reminders.put(session, person_id, 1)
    page = subscriptions.idle
    monkeypatch.setattr(subscriptions, "idle", lambda session, after: page(session, after, 1))
    broken = await _unreadable(rt, FIRST)
    await advance_database_clock(rt, "31 days")
    await sweeps.forget_unfinished(rt)
    assert await _all(rt, "SELECT person_id FROM reminders") == [broken]


async def test_cases_of_others_escalate_when_one_person_cannot_be_decrypted(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_sweeps, "AT_ONCE", 1)
    for _each in range(3):
        await ask(Guest(rt))
    broken = await _unreadable(rt, "SELECT person_id FROM cases ORDER BY id LIMIT 1")
    await advance_database_clock(rt, "14 days")
    assert await case_sweeps.sweep_cases(rt) == 3
    query: Any = "SELECT person_id FROM cases WHERE escalated_at IS NULL"
    assert await _all(rt, query) == [broken]


async def test_form_funnel_counts_other_people_when_one_cannot_be_decrypted(rt: Runtime) -> None:
    await _three(rt)
    await _unreadable(rt, FIRST)
    assert await form_funnel.count_steps(rt) == 3
    assert max(await _all(rt, "SELECT entered FROM form_funnel")) == 2


async def test_registry_writes_of_others_are_sent_when_one_cannot_be_decrypted(rt: Runtime) -> None:
    guests = [Guest(rt) for _ in range(2)]
    for guest in guests:
        await guest.register()
    await _unreadable(rt, FIRST)
    await advance_database_clock(rt, "1 minute")
    registry = AcceptingRegistry()
    await sweeps.sweep_writes(replace(rt, registry=cast(Registry, registry)))
    states = await _all(rt, "SELECT state FROM registry_writes")
    assert sorted(states) == ["accepted", "sending"]


async def test_registry_acceptance_is_stored_when_the_persons_channel_is_off(
    rt: Runtime,
) -> None:
    """Check that the acceptance is stored, and that its undeliverable notice delays nothing."""
    guest, registry = Guest(rt), AcceptingRegistry()
    await guest.register()
    channels = {name: each for name, each in rt.channels.items() if name != "web"}
    switched_off = replace(rt, registry=cast(Registry, registry), channels=channels)
    (write,) = await _all(rt, "SELECT id FROM registry_writes")
    await receive.deliver(
        switched_off, await registry_events.write_to_registry(switched_off, write)
    )
    assert await _all(rt, "SELECT state FROM registry_writes") == ["accepted"]
    statement: Any = "SELECT reason FROM messages WHERE state = 'undeliverable'"
    assert await _all(rt, statement) == ["E_SEND_CHANNEL"]
