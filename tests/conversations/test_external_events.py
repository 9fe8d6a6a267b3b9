"""Changes of a conversation by jobs and by reports of the platform."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from bot.broadcasts import OPT_OUT_TASK
from bot.channels import BroadcastsStopped
from bot.conversations import external_events, receive
from bot.conversations import store as conversation_store
from bot.db import job_queue
from bot.db.statements import database_time
from bot.people import consents, identities, reminders, subscriptions
from bot.people.identities import Person
from bot.privacy import data_export
from bot.runtime import Runtime
from bot.worker import main, newer_jobs, sweeps
from flows.engine.state import Conversation, MadeList
from flows.engine.text import _
from flows.list_changes import LIST
from tests.clock import advance_database_clock, advance_database_clock_to_hour
from tests.desk.desks import messages
from tests.jobs import run_with_retries
from tests.person_client import Guest

TOPIC = "events"


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


async def _state(guest: Guest) -> Conversation:
    conversation = await guest.conversation()
    assert conversation is not None
    return conversation


async def test_opt_out_at_the_platform_ends_all_broadcast_subscriptions(
    rt: Runtime,
) -> None:
    guest = Guest(rt)
    await guest.consent()
    before = await _state(guest)
    given = dict.fromkeys(("announcements", "traits", "list_changes"), "text")
    saved_list = MadeList("checklist", {}, ticked=("a",), watched=True)
    consents = {**before.consents, **given}
    await _change(guest, topics=(TOPIC,), consents=consents, saved_list=saved_list)
    person = await _person(guest)
    async with rt.pool.connection() as transaction:
        await subscriptions.put(rt, transaction, person.id, (TOPIC,), {}, discreet=False)
        await subscriptions.watch_list(rt, transaction, person.id, {LIST: "kandas_status"})
    await receive.receive(rt, BroadcastsStopped("web", ("unknown", guest.name)))
    assert await _state(guest) == replace(before, saved_list=replace(saved_list, watched=False))
    async with rt.pool.connection() as transaction:
        assert await subscriptions.of_person(transaction, person.id) is None
        cursor = await transaction.execute("SELECT count(*) FROM audience_attributes")
        assert await cursor.fetchone() == (0,)


async def test_late_opt_out_does_not_end_a_newer_subscription(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    person = await _person(guest)
    await _change(guest, topics=(TOPIC,), consents={"announcements": "text"})
    async with rt.pool.connection() as transaction:
        await consents.record_consent(transaction, person, "announcements", "text", "kk", "web")
        await subscriptions.put(rt, transaction, person.id, (TOPIC,), {}, discreet=False)
        now = int((await database_time(transaction)).timestamp())
    await receive.receive(rt, BroadcastsStopped("web", (guest.name,), now - 3600))
    assert (await _state(guest)).topics == (TOPIC,)
    # An opt-out that the platform reports almost at the time of the consent may be the later one.
    await receive.receive(rt, BroadcastsStopped("web", (guest.name,), now - 5))
    assert (await _state(guest)).topics == ()


async def _with_officer_and_due_reminder(rt: Runtime) -> tuple[Guest, Person]:
    guest = Guest(rt)
    await guest.consent()
    await _change(guest, saved_list=MadeList("checklist", {}), with_officer=True)
    person = await _person(guest)
    async with rt.pool.connection() as transaction:
        await reminders.put(transaction, person.id, 1)
    await advance_database_clock(rt, "3 days")
    await advance_database_clock_to_hour(rt, reminders.DUE_HOUR)
    return guest, person


async def test_reminder_that_waited_for_an_officer_is_due_at_the_usual_hour(
    rt: Runtime,
) -> None:
    _guest, person = await _with_officer_and_due_reminder(rt)
    await external_events.remind(rt, person.id)
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(
            "SELECT due_at > kosh_now(), due_at <= kosh_now() + interval '1 day',"
            " extract(hour FROM due_at AT TIME ZONE 'UTC')::int FROM reminders"
        )
        assert await cursor.fetchone() == (True, True, reminders.DUE_HOUR)


async def test_due_reminder_waits_while_an_officer_has_the_conversation(rt: Runtime) -> None:
    guest, person = await _with_officer_and_due_reminder(rt)
    assert await external_events.remind(rt, person.id) is None
    await _change(guest, with_officer=False)
    assert await external_events.remind(rt, person.id) is None
    await advance_database_clock(rt, "1 day")
    assert await external_events.remind(rt, person.id) is not None
    assert await external_events.remind(rt, person.id) is None


async def test_reminder_that_waits_on_its_day_is_shown_in_my_data(rt: Runtime) -> None:
    guest, person = await _with_officer_and_due_reminder(rt)

    async def shown() -> bool:
        async with rt.pool.connection() as transaction:
            held = await conversation_store.lock(rt, transaction, person.id)
            assert held is not None
            row = await data_export.export(rt, transaction, person, held.conversation, held.now)
        today = _(data_export.REMINDED.msgid, date=held.now.date())
        assert row.message is not None
        line = rt.languages.render(today, held.conversation.language)
        return any(line in each for each in row.message.paragraphs)

    assert await shown()
    await _change(guest, with_officer=False)
    await external_events.remind(rt, person.id)
    assert not await shown()


@pytest.mark.parametrize("hour", [reminders.QUIET_HOUR, 23, 3])
async def test_overdue_reminder_waits_for_the_day_when_it_is_night(rt: Runtime, hour: int) -> None:
    guest, person = await _with_officer_and_due_reminder(rt)
    await _change(guest, with_officer=False)
    await advance_database_clock_to_hour(rt, hour)
    before = await messages(rt)
    await sweeps.remind(rt)
    assert await messages(rt) == before
    assert await external_events.remind(rt, person.id) is None
    await advance_database_clock_to_hour(rt, reminders.DUE_HOUR)
    assert await external_events.remind(rt, person.id) is not None


async def test_refused_subscription_ends_after_a_failure_of_the_database(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest, end = Guest(rt), external_events.end_subscription
    await guest.consent()
    await _change(guest, topics=(TOPIC,))
    person = await _person(guest)
    failures = [psycopg.errors.AdminShutdown("invented failure")]

    async def fail_once(rt: Runtime, person_id: UUID) -> None:
        if failures:
            raise failures.pop()
        await end(rt, person_id)

    monkeypatch.setattr(external_events, "end_subscription", fail_once)
    async with rt.pool.connection() as transaction:
        await job_queue.defer(transaction, OPT_OUT_TASK, person=str(person.id))
    app = newer_jobs.worker_app()
    main.register_opt_out_task(app, rt)
    await run_with_retries(app, rt, 2)
    assert not failures
    assert (await _state(guest)).topics == ()
