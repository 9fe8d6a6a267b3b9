"""Cases (people's requests to officers): assignment, waiting times, and periodic jobs on them."""

import asyncio
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from bot import cases, desk
from bot.cases import State, working_hours
from bot.cases.working_hours import MissionSettings, Shift
from bot.channels import ChannelCall, GroupChat, Message, Rates, SendError
from bot.channels.telegram.client import Telegram
from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.db.connection import Transaction
from bot.db.statements import database_time
from bot.desk import auto_assignment, case_sweeps, duty_group, views
from bot.desk.views import Queue
from bot.officers import directory
from bot.officers.directory import LastAdministrator, Officer
from bot.officers.permissions import Forbidden, Role
from bot.people import identities
from bot.registrations.repeated_details import SAME_DETAILS
from bot.runtime import Runtime
from flows.engine.effects import OpenCase
from flows.engine.events import Said
from flows.knowledge.contacts import FAMILY_LINE, UNIFIED
from tests.clock import advance_database_clock
from tests.desk.desks import ask, audited, insert_officer, new_idempotency_key, numbers, stored_case
from tests.person_client import Guest


async def _claim(rt: Runtime, guest: Guest, officer: Officer) -> cases.Case:
    case = await ask(guest)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    return await stored_case(rt, case.id)


async def _epoch(rt: Runtime, case: cases.Case) -> int:
    async with rt.pool.connection() as session:
        stored = await conversation_store.lock(rt, session, case.person_id)
    assert stored is not None
    return stored.epoch


async def _open_always(rt: Runtime, **more: Any) -> MissionSettings:
    """Return a mission that is open around the clock, so that working time equals elapsed time."""
    return await _open_on(rt, *range(7), **more)


async def _open_on(rt: Runtime, *days: int, **more: Any) -> MissionSettings:
    lead = await insert_officer(rt, f"Lead {uuid4()}", roles=(Role.LEAD,))
    desk_of = MissionSettings(
        "general", "UTC", tuple(Shift(day, time(0), time(0)) for day in days), **more
    )
    await working_hours.put(rt, lead, desk_of)
    return desk_of


# Assignment of a case to a mission


async def _ask_from_country(rt: Runtime, country: str) -> cases.Case:
    guest = Guest(rt)
    await guest.consent()
    await guest.go("yes", "TESTOVA", "GULNAR", "1990", country)
    return await ask(guest)


async def test_case_goes_to_the_mission_of_the_country_of_residence(rt: Runtime) -> None:
    await insert_officer(rt, "Officer Beijing", "cn_beijing")
    await insert_officer(rt, "Officer Samarkand", "uz_samarkand")
    for country, mission in (("CN", "cn_beijing"), ("UZ", "uz_samarkand"), ("TR", "general")):
        case = await _ask_from_country(rt, country)
        assert (case.mission, case.country) == (mission, country)


async def test_case_joined_by_a_request_reads_the_mission_settings_once(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, read = await ask(Guest(rt)), working_hours.mission_settings
    missions = list[str]()

    async def counted(transaction: Transaction, mission: str) -> MissionSettings:
        missions.append(mission)
        return await read(transaction, mission)

    monkeypatch.setattr(working_hours, "mission_settings", counted)
    async with rt.pool.connection() as session:
        held = await conversation_store.lock(rt, session, case.person_id)
        assert held is not None
        joined = await cases.open_case(session, held.person, OpenCase("general"), "ru")
    assert (joined.case_id, missions) == (case.id, [case.mission])
    assert joined.promise


async def test_case_goes_to_the_general_desk_when_residence_is_unknown(rt: Runtime) -> None:
    await insert_officer(rt, "Officer Beijing", "cn_beijing")
    case = await ask(Guest(rt))
    assert (case.mission, case.country) == ("general", "")
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT mission FROM people")
        assert await cursor.fetchall() == [(None,)]


async def test_case_moves_to_the_general_desk_when_its_mission_has_no_officer(
    rt: Runtime,
) -> None:
    administrator = await _administrators(rt)
    officer = await insert_officer(rt, "Officer Beijing", "cn_beijing")
    general = await insert_officer(rt, "Officer General")
    case = await _ask_from_country(rt, "CN")
    await directory.change(rt, administrator, officer.id, active=False)
    await case_sweeps.sweep_cases(rt)
    moved = await stored_case(rt, case.id)
    assert (moved.mission, moved.state) == ("general", State.QUEUED)
    assert await numbers(rt, general) == [case.number]


async def test_queue_lists_urgent_cases_first_then_by_deadline(rt: Runtime) -> None:
    officer = await insert_officer(rt)
    first = await ask(Guest(rt))
    second = await ask(Guest(rt))
    urgent = await ask(Guest(rt), topic="danger")
    assert await numbers(rt, officer, Queue.UNCLAIMED) == [
        urgent.number, first.number, second.number,
    ]  # fmt: skip


async def test_case_request_is_added_to_the_open_case_of_the_person(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await ask(guest)
    await guest.do(Said("once more"))
    assert await numbers(rt, officer) == [case.number]


async def _open_silently(rt: Runtime, guest: Guest) -> None:
    """Open a case without notifying the person, as for repeated details of a registration."""
    await guest.consent()
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, "web", guest.name)
        assert person is not None
        await cases.open_case(session, person, OpenCase(SAME_DETAILS), "ru")


async def test_danger_request_makes_the_open_case_urgent(rt: Runtime) -> None:
    await _open_always(rt)
    guest = Guest(rt)
    await _open_silently(rt, guest)
    silent = await _only_case(rt)
    case = await ask(guest, "They beat me and took my passport", topic="danger")
    assert (case.id, case.urgent, case.topic) == (silent.id, True, "danger")
    assert rt.languages.render(working_hours.AT_WORK, "ru") in await _newest_text(rt)


async def test_urgent_request_keeps_the_topic_of_the_open_case(rt: Runtime) -> None:
    guest = Guest(rt)
    await _open_silently(rt, guest)
    case = await ask(guest, topic="passport")
    assert (case.urgent, case.topic) == (True, SAME_DETAILS)


async def test_general_request_does_not_make_the_open_case_urgent(rt: Runtime) -> None:
    guest = Guest(rt)
    await _open_silently(rt, guest)
    case = await ask(guest)
    assert (case.urgent, case.topic) == (False, SAME_DETAILS)


# Waiting times that people read


async def test_case_request_reply_states_the_waiting_time_in_the_users_language(
    rt: Runtime,
) -> None:
    await _open_always(rt)
    guest = Guest(rt)
    before = len(await guest.rows()) if await guest.conversation() else 0
    await ask(guest)
    assert rt.languages.render(working_hours.AT_WORK, "ru") in await _newest_text(rt)
    assert len(await guest.rows()) > before


@pytest.mark.parametrize("topic", ["general", "danger"])
async def test_case_request_reply_names_other_offices_when_no_officer_works(
    rt: Runtime, topic: str
) -> None:
    await insert_officer(rt, roles=(Role.ADMINISTRATOR,))
    await ask(Guest(rt), topic=topic)
    text, render = await _newest_text(rt), rt.languages.render
    assert render(working_hours.NO_OFFICERS, "ru") in text
    assert render(UNIFIED.text, "ru") in text
    assert (render(working_hours.IN_NEED, "ru") in text) == (topic == "danger")
    assert render(working_hours.WHEN_FREE, "ru") not in text
    assert render(working_hours.AT_WORK, "ru") not in text


async def _newest_text(rt: Runtime) -> str:
    """Return the newest message to the test's only person, decrypted."""
    async with rt.pool.connection() as session:
        stored = await conversation_store.lock(rt, session, (await _only_case(rt)).person_id)
        assert stored is not None
        cursor = await session.execute("SELECT body FROM messages ORDER BY id DESC LIMIT 1")
        row = await cursor.fetchone()
    assert row is not None
    return stored.person.key.unseal(bytes(row[0]), "messages", "body", "").decode()


@pytest.mark.parametrize(
    ("topic", "country", "urgent", "line"),
    [
        ("danger", "", True, True),
        ("danger", "CN", True, False),
        ("general", "", False, False),
    ],
)
async def test_urgent_request_outside_working_hours_gets_phone_numbers(
    rt: Runtime, topic: str, country: str, urgent: bool, line: bool
) -> None:
    async with rt.pool.connection() as session:
        today = (await database_time(session)).weekday()
    await _open_on(rt, (today + 3) % 7)
    guest = Guest(rt)
    await guest.consent()
    if country:
        await guest.go("yes", "TESTOVA", "GULNAR", "1990", country)
    await ask(guest, topic=topic)
    text, render = await _newest_text(rt), rt.languages.render
    assert render(working_hours.BACK_AT, "ru").partition("{")[0] in text
    assert [
        render(each, "ru") in text for each in (working_hours.URGENT, working_hours.IN_NEED)
    ] == [urgent] * 2
    assert (render(FAMILY_LINE.text, "ru") in text) == line


async def _only_case(rt: Runtime) -> cases.Case:
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT id FROM cases")
        rows = await cursor.fetchall()
    ((case_id,),) = rows
    return await stored_case(rt, case_id)


@pytest.mark.release
async def test_median_answer_time_is_computed_only_from_five_cases_or_more(rt: Runtime) -> None:
    await _open_always(rt)
    officer = await insert_officer(rt)
    for number in range(5):
        async with rt.pool.connection() as session:
            assert await cases.median(session, "general") is None
        case = await _claim(rt, Guest(rt), officer)
        await advance_database_clock(rt, f"{10 * (number + 1)} minutes")
        await desk.reply(
            rt, officer, case.id, case.version, key=new_idempotency_key(), words="An answer."
        )
    async with rt.pool.connection() as session:
        assert await cases.median(session, "general") == 30
    await advance_database_clock(rt, "8 days")
    async with rt.pool.connection() as session:
        assert await cases.median(session, "general") is None


# Deadlines of a case


async def test_overdue_case_is_escalated_to_the_lead(rt: Runtime) -> None:
    await _open_always(rt, first_minutes=60)
    officer = await insert_officer(rt)
    case = await ask(Guest(rt))
    await advance_database_clock(rt, "59 minutes")
    await case_sweeps.sweep_cases(rt)
    assert await numbers(rt, officer, Queue.LATE) == []
    await advance_database_clock(rt, "2 minutes")
    await case_sweeps.sweep_cases(rt)
    late = await stored_case(rt, case.id)
    assert late.escalated_at is not None
    assert await numbers(rt, officer, Queue.LATE) == [case.number]
    assert await case_sweeps.sweep_cases(rt) == 0
    assert ("duty", "case.escalate", "") in await audited(rt)


async def test_redirected_case_is_escalated_by_the_hours_of_its_new_mission(rt: Runtime) -> None:
    """Check that the deadline of the new team also counts from when the person began to wait.

    A case that is late by the hours of both teams is therefore reported again by the next sweeps.
    """
    await _open_always(rt, first_minutes=30 * 24 * 60)
    officer = await insert_officer(rt, "Officer Beijing", "cn_beijing")
    lead = await insert_officer(rt, "Lead", roles=(Role.LEAD,))
    case = await _ask_from_country(rt, "CN")
    await advance_database_clock(rt, "10 days")
    await case_sweeps.sweep_cases(rt)
    assert await _escalations(rt) == 1
    async with rt.pool.connection() as session:
        await session.execute("UPDATE cases SET resolve_due = NULL")
    await directory.change(rt, await _administrators(rt), officer.id, active=False)
    for _redirect_set_deadline_escalate in range(3):
        await case_sweeps.sweep_cases(rt)
    redirected = await stored_case(rt, case.id)
    assert (redirected.mission, redirected.escalated_at) == ("general", None)
    assert case.waiting_since is not None
    assert redirected.answer_due == case.waiting_since + timedelta(days=30)
    assert await numbers(rt, lead, Queue.LATE) == []
    await advance_database_clock(rt, "21 days")
    await case_sweeps.sweep_cases(rt)
    assert await numbers(rt, lead, Queue.LATE) == [case.number]
    assert await _escalations(rt) == 2


async def test_redirected_case_is_reported_to_its_new_team_when_it_is_late(rt: Runtime) -> None:
    await _open_always(rt, first_minutes=600)
    officer = await insert_officer(rt, "Officer Beijing", "cn_beijing")
    lead = await insert_officer(rt, "Lead", roles=(Role.LEAD,))
    case = await _ask_from_country(rt, "CN")
    await advance_database_clock(rt, "30 days")
    await case_sweeps.sweep_cases(rt)
    await directory.change(rt, await _administrators(rt), officer.id, active=False)
    for _redirect_set_deadline_escalate in range(3):
        await case_sweeps.sweep_cases(rt)
    assert (await stored_case(rt, case.id)).mission == "general"
    assert await numbers(rt, lead, Queue.LATE) == [case.number]
    assert await _escalations(rt) == 2


async def _escalations(rt: Runtime) -> int:
    return (await audited(rt)).count(("duty", "case.escalate", ""))


async def test_escalated_case_is_listed_and_counted_as_late_when_snoozed(rt: Runtime) -> None:
    await _open_always(rt, first_minutes=60)
    officer = await insert_officer(rt)
    case = await _claim(rt, Guest(rt), officer)
    until = case.state_at + timedelta(days=5)
    await desk.snooze(rt, officer, case.id, case.version, key=new_idempotency_key(), until=until)
    await advance_database_clock(rt, "2 hours")
    await case_sweeps.sweep_cases(rt)
    snoozed = await stored_case(rt, case.id)
    assert (snoozed.state, snoozed.escalated_at is None) == (State.SNOOZED, False)
    page = await views.listing(rt, officer, views.Filter(Queue.LATE))
    assert [line.case.number for line in page.lines] == [case.number]
    assert page.counts[Queue.LATE] == 1
    async with rt.pool.connection() as session:
        (counted,) = await duty_group._counts(session)
    assert (counted.waiting, counted.late) == (1, 1)


async def test_answered_case_is_not_late_when_snoozed(rt: Runtime) -> None:
    await _open_always(rt, first_minutes=60)
    officer = await insert_officer(rt)
    case = await _claim(rt, Guest(rt), officer)
    await desk.reply(
        rt, officer, case.id, case.version, key=new_idempotency_key(), words="An answer."
    )
    until = case.state_at + timedelta(days=5)
    await desk.snooze(rt, officer, case.id, case.version, key=new_idempotency_key(), until=until)
    await advance_database_clock(rt, "4 days")
    await case_sweeps.sweep_cases(rt)
    assert await numbers(rt, officer, Queue.LATE) == []


async def test_case_next_deadline_starts_at_the_first_unanswered_message(rt: Runtime) -> None:
    await _open_always(rt, first_minutes=60, next_minutes=30, claim_timeout_minutes=600)
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    await desk.reply(
        rt, officer, case.id, case.version, key=new_idempotency_key(), words="An answer."
    )
    assert (await stored_case(rt, case.id)).answer_due is None
    await advance_database_clock(rt, "2 hours")
    await guest.do(Said("and now?"))
    after = await stored_case(rt, case.id)
    assert after.waiting_since is not None
    assert after.answer_due == after.waiting_since + timedelta(minutes=30)
    await guest.do(Said("hello?"))
    assert (await stored_case(rt, case.id)).answer_due == after.answer_due


async def test_case_resolution_deadline_excludes_time_waiting_for_the_person(rt: Runtime) -> None:
    await _open_always(rt)
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    await desk.reply(
        rt, officer, case.id, case.version, key=new_idempotency_key(), words="An answer."
    )
    await advance_database_clock(rt, "3 hours")
    await guest.do(Said("thank you"))
    after = await stored_case(rt, case.id)
    assert case.resolve_due is not None
    assert after.resolve_due == case.resolve_due + timedelta(hours=3)


# Return of a case to the queue


async def test_case_returns_to_the_queue_when_its_officer_is_inactive(rt: Runtime) -> None:
    await _open_always(rt, claim_timeout_minutes=30, first_minutes=600)
    officer = await insert_officer(rt)
    case = await _claim(rt, Guest(rt), officer)
    epoch = await _epoch(rt, case)
    await advance_database_clock(rt, "31 minutes")
    await case_sweeps.sweep_cases(rt)
    returned = await stored_case(rt, case.id)
    assert (returned.state, returned.owner, returned.returned) == (State.QUEUED, None, 1)
    assert returned.waiting_since == case.waiting_since
    assert await _epoch(rt, case) == epoch + 1


async def test_case_without_an_answer_returns_to_the_queue_after_the_shift(rt: Runtime) -> None:
    guest, waiting = Guest(rt), Guest(rt)
    officer = await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    other = await _claim(rt, waiting, officer)
    await desk.reply(
        rt, officer, other.id, other.version, key=new_idempotency_key(), words="An answer."
    )
    await directory.set_shift(rt, officer, case.state_at + timedelta(minutes=20))
    await case_sweeps.sweep_cases(rt)
    assert (await stored_case(rt, case.id)).owner == officer.id
    await advance_database_clock(rt, "21 minutes")
    await case_sweeps.sweep_cases(rt)
    assert (await stored_case(rt, case.id)).state == State.QUEUED
    assert (await stored_case(rt, other.id)).state == State.WAITING
    await waiting.do(Said("are you there?"))
    await case_sweeps.sweep_cases(rt)
    assert (await stored_case(rt, other.id)).state == State.QUEUED


async def _end_shift(rt: Runtime, officer: Officer) -> None:
    await directory.set_shift(rt, officer, None)
    await advance_database_clock(rt, "1 minute")


@pytest.mark.parametrize("way", ["claim", "next", "over"])
async def test_case_stays_with_an_officer_who_takes_it_after_the_shift(
    rt: Runtime, way: str
) -> None:
    officer = await insert_officer(rt, roles=(Role.LEAD,))
    await _end_shift(rt, officer)
    if way == "over":
        case = await _claim(rt, Guest(rt), await insert_officer(rt, "Officer Other"))
        await desk.take_over(rt, officer, case.id, case.version, key=new_idempotency_key())
    else:
        case = await ask(Guest(rt))
        if way == "claim":
            await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
        else:
            assert await desk.take_next(rt, officer, key=new_idempotency_key()) is not None
    await case_sweeps.sweep_cases(rt)
    assert (await stored_case(rt, case.id)).owner == officer.id


async def test_case_claim_during_a_shift_does_not_change_the_end_of_the_shift(rt: Runtime) -> None:
    officer = await insert_officer(rt)
    case = await ask(Guest(rt))
    await directory.set_shift(rt, officer, case.state_at + timedelta(minutes=20))
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await advance_database_clock(rt, "21 minutes")
    await case_sweeps.sweep_cases(rt)
    assert (await stored_case(rt, case.id)).state == State.QUEUED


async def test_case_transfer_to_a_colleague_is_refused_after_their_shift(rt: Runtime) -> None:
    officer, colleague = await insert_officer(rt), await insert_officer(rt, "Officer Other")
    case = await _claim(rt, Guest(rt), officer)
    await _end_shift(rt, colleague)
    to = desk.ToOfficer(colleague.id)
    with pytest.raises(desk.Refused) as error:
        await desk.transfer(rt, officer, case.id, case.version, key=new_idempotency_key(), to=to)
    assert error.value.why is desk.Refusal.NO_OFFICER
    await desk.reply(
        rt, officer, case.id, case.version, key=new_idempotency_key(), words="An answer."
    )
    await desk.transfer(rt, officer, case.id, case.version, key=new_idempotency_key(), to=to)
    await case_sweeps.sweep_cases(rt)
    assert (await stored_case(rt, case.id)).owner == colleague.id


async def _administrators(rt: Runtime) -> Officer:
    """Add two administrators, because a change of officers must leave two; return one of them."""
    await insert_officer(rt, "Administrator Second", roles=(Role.ADMINISTRATOR,))
    return await insert_officer(rt, "Administrator First", roles=(Role.ADMINISTRATOR,))


@pytest.mark.row(90)
async def test_disabled_officer_loses_their_cases_and_access(
    rt: Runtime,
) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    await desk.reply(
        rt, officer, case.id, case.version, key=new_idempotency_key(), words="An answer."
    )
    await directory.change(rt, await _administrators(rt), officer.id, active=False)
    with pytest.raises(Forbidden):
        await desk.reply(
            rt, officer, case.id, case.version, key=new_idempotency_key(), words="One more."
        )
    await case_sweeps.sweep_cases(rt)
    assert (await stored_case(rt, case.id)).state == State.QUEUED


@pytest.mark.parametrize(
    "change",
    [{"mission": "cn_beijing"}, {"roles": [Role.EDITOR]}, {"topics": ["spouse"]}],
    ids=["mission", "roles", "topics"],
)
async def test_case_returns_when_its_officer_may_no_longer_answer_it(
    rt: Runtime, change: dict[str, Any]
) -> None:
    officer, colleague = await insert_officer(rt), await insert_officer(rt, "Officer Other")
    case = await _claim(rt, Guest(rt), officer)
    until = case.state_at + timedelta(days=5)
    await desk.snooze(rt, officer, case.id, case.version, key=new_idempotency_key(), until=until)
    await directory.change(rt, await _administrators(rt), officer.id, **change)
    await case_sweeps.sweep_cases(rt)
    assert await numbers(rt, colleague, Queue.UNCLAIMED) == [case.number]


async def test_case_stays_with_an_owner_of_its_topic_and_with_a_lead(rt: Runtime) -> None:
    officer = await insert_officer(rt, topics=frozenset({"general", "spouse"}))
    topics = frozenset({"spouse"})
    lead = await insert_officer(rt, "Lead", roles=(Role.LEAD, Role.EDITOR), topics=topics)
    owned = [await _claim(rt, Guest(rt), each) for each in (officer, lead)]
    await case_sweeps.sweep_cases(rt)
    assert [(await stored_case(rt, each.id)).owner for each in owned] == [officer.id, lead.id]


async def test_snoozed_case_wakes_at_the_set_time_or_when_the_person_writes(rt: Runtime) -> None:
    officer = await insert_officer(rt)
    for wakes in ("time", "words"):
        guest = Guest(rt)
        case = await _claim(rt, guest, officer)
        until = case.state_at + timedelta(days=5)
        await desk.snooze(
            rt, officer, case.id, case.version, key=new_idempotency_key(), until=until
        )
        await case_sweeps.sweep_cases(rt)
        assert (await stored_case(rt, case.id)).state == State.SNOOZED
        if wakes == "words":
            await guest.do(Said("something new"))
        else:
            await advance_database_clock(rt, "6 days")
            await case_sweeps.sweep_cases(rt)
        woken = await stored_case(rt, case.id)
        assert (woken.state, woken.snoozed_until) == (State.CLAIMED, None)
        assert woken.waiting_since is not None


@pytest.mark.parametrize("is_snoozed", [False, True])
@pytest.mark.parametrize("state", ["failed", "undeliverable"])
async def test_case_comes_back_to_its_officer_when_the_answer_is_not_delivered(
    rt: Runtime, state: str, is_snoozed: bool
) -> None:
    officer, case = await insert_officer(rt), await ask(Guest(rt))
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    version = (await stored_case(rt, case.id)).version
    await desk.reply(rt, officer, case.id, version, key=new_idempotency_key(), words="An answer.")
    if is_snoozed:
        until = case.state_at + timedelta(days=5)
        result = await desk.snooze(
            rt, officer, case.id, version, key=new_idempotency_key(), until=until
        )
        version = result.version
    assert await case_sweeps.sweep_cases(rt) == 0
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE messages SET state = %s, done_at = kosh_now() WHERE case_id = %s",
            (state, case.id),
        )
    await case_sweeps.sweep_cases(rt)
    back = await stored_case(rt, case.id)
    assert (back.state, back.owner, back.version) == (State.CLAIMED, officer.id, version + 1)
    assert (back.answer_due is not None, back.snoozed_until) == (True, None)
    with pytest.raises(cases.CaseConflict):
        await desk.resolve(rt, officer, case.id, version, key=new_idempotency_key())
    assert ("duty", "case.undelivered", "") in await audited(rt)
    assert await case_sweeps.sweep_cases(rt) == 0
    await desk.ask_document(
        rt, officer, case.id, version + 1, key=new_idempotency_key(), document="identity"
    )
    assert await case_sweeps.sweep_cases(rt) == 0
    assert (await stored_case(rt, case.id)).state == State.WAITING


async def test_transferred_case_uses_the_hours_of_its_new_mission(rt: Runtime) -> None:
    await _open_always(rt, first_minutes=77)
    beijing_officer = await insert_officer(rt, "Officer Beijing", "cn_beijing")
    case = await _ask_from_country(rt, "CN")
    await desk.claim(rt, beijing_officer, case.id, case.version, key=new_idempotency_key())
    await desk.transfer(
        rt,
        beijing_officer,
        case.id,
        case.version + 1,
        key=new_idempotency_key(),
        to=desk.ToMission("general"),
    )
    await case_sweeps.sweep_cases(rt)
    moved = await stored_case(rt, case.id)
    assert moved.waiting_since is not None
    assert moved.answer_due == moved.waiting_since + timedelta(minutes=77)


@pytest.mark.parametrize("way", ["topic", "release", "mission"])
async def test_answered_case_gets_a_deadline_when_it_returns_to_the_queue(
    rt: Runtime, way: str
) -> None:
    await _open_always(rt, next_minutes=30)
    await insert_officer(rt, "Officer Beijing", "cn_beijing")
    officer = await insert_officer(rt)
    case = await _claim(rt, Guest(rt), officer)
    await desk.reply(
        rt, officer, case.id, case.version, key=new_idempotency_key(), words="An answer."
    )
    if way == "release":
        await desk.release(rt, officer, case.id, case.version, key=new_idempotency_key())
    else:
        to = desk.ToTopic("spouse") if way == "topic" else desk.ToMission("cn_beijing")
        await desk.transfer(rt, officer, case.id, case.version, key=new_idempotency_key(), to=to)
    await case_sweeps.sweep_cases(rt)
    returned = await stored_case(rt, case.id)
    assert (returned.state, returned.escalated_at, returned.paused_at) == ("queued", None, None)
    await advance_database_clock(rt, "60 days")
    await case_sweeps.sweep_cases(rt)
    assert (await stored_case(rt, case.id)).escalated_at is not None


@pytest.mark.parametrize("way", ["topic", "release", "mission"])
async def test_answered_case_keeps_its_time_to_resolve_when_queued_again(
    rt: Runtime, way: str
) -> None:
    await _open_always(rt, resolve_minutes=600)
    await insert_officer(rt, "Officer Beijing", "cn_beijing")
    officer = await insert_officer(rt)
    case = await _claim(rt, Guest(rt), officer)
    await desk.reply(
        rt, officer, case.id, case.version, key=new_idempotency_key(), words="An answer."
    )
    await advance_database_clock(rt, "30 hours")
    if way == "release":
        await desk.release(rt, officer, case.id, case.version, key=new_idempotency_key())
    else:
        to = desk.ToTopic("spouse") if way == "topic" else desk.ToMission("cn_beijing")
        await desk.transfer(rt, officer, case.id, case.version, key=new_idempotency_key(), to=to)
    for _each in range(2):
        await case_sweeps.sweep_cases(rt)
    returned = await stored_case(rt, case.id)
    assert returned.escalated_at is None
    assert case.resolve_due is not None
    assert returned.resolve_due == case.resolve_due + timedelta(hours=30)


async def test_answered_case_gets_a_deadline_when_its_officer_is_disabled(rt: Runtime) -> None:
    await _open_always(rt)
    officer = await insert_officer(rt)
    case = await _claim(rt, Guest(rt), officer)
    await desk.reply(
        rt, officer, case.id, case.version, key=new_idempotency_key(), words="An answer."
    )
    await advance_database_clock(rt, "3 hours")
    await directory.change(rt, await _administrators(rt), officer.id, active=False)
    await case_sweeps.sweep_cases(rt)
    returned = await stored_case(rt, case.id)
    assert (returned.state, returned.returned) == (State.QUEUED, 1)
    assert returned.waiting_since is not None
    assert returned.answer_due is not None
    assert case.resolve_due is not None
    assert returned.resolve_due == case.resolve_due + timedelta(hours=3)


async def test_officer_directory_keeps_at_least_two_administrators(rt: Runtime) -> None:
    first = await _administrators(rt)
    async with rt.pool.connection() as session:
        second = await directory.by_name(session, "Administrator Second")
    with pytest.raises(LastAdministrator):
        await directory.change(rt, first, second.id, active=False)
    with pytest.raises(LastAdministrator):
        await directory.change(rt, first, second.id, roles=[Role.OFFICER])
    third = await directory.enter(rt, first, "Administrator Third", "general", ["administrator"])
    await directory.change(rt, first, third.id, active=False)


# The Telegram group of officers on duty


class _Group:
    """Fake Telegram duty group: it keeps the messages of the chat and counts the calls."""

    name, edits, deletes, rates = Telegram.name, True, True, Rates()

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self.call_count = 0
        self.fails = False

    async def send(self, call: ChannelCall) -> str:
        self.call_count += 1
        if self.fails:
            raise SendError
        match call.kind:
            case "send" | "edit":
                number = call.external_id or str(self.call_count)
                assert call.message is not None
                self.messages[number] = call.message
                return number
            case _:
                self.messages.pop(call.external_id, None)
                return call.external_id


GROUP = "-1000000000001"


@pytest.fixture
def group(rt: Runtime) -> _Group:
    group = _Group()
    assert isinstance(rt.channels, dict)
    rt.channels[Telegram.name] = group
    object.__setattr__(rt, "settings", rt.settings.model_copy(update={"telegram_duty_chat": GROUP}))
    return group


async def test_duty_group_message_is_updated_with_counts_and_a_link(
    rt: Runtime, group: _Group
) -> None:
    await duty_group.update_duty_group(rt)
    await ask(Guest(rt), "Testova asks something")
    await advance_database_clock(rt, "10 seconds")
    await duty_group.update_duty_group(rt)
    (card,) = group.messages.values()
    assert group.call_count == 2
    assert "Жалпы топ" in card.paragraphs[0]
    assert card.paragraphs[-1].endswith("/console")
    assert "Testova" not in "".join(card.paragraphs)


async def test_duty_group_gets_a_separate_message_for_an_urgent_case(
    rt: Runtime, group: _Group
) -> None:
    await duty_group.update_duty_group(rt)
    (first,) = group.messages
    await ask(Guest(rt), topic="danger")
    await advance_database_clock(rt, "10 seconds")
    await duty_group.update_duty_group(rt)
    (second,) = group.messages
    assert second != first


@pytest.mark.release
async def test_duty_group_gets_at_most_twenty_api_calls_a_minute(
    rt: Runtime, group: _Group
) -> None:
    start = await _now(rt)
    for _step in range(30):
        await ask(Guest(rt), topic="danger")
        await duty_group.update_duty_group(rt)
        passed = (await _now(rt) - start).total_seconds()
        await advance_database_clock(rt, "2 seconds")
    # `passed` is the measured time: an iteration takes more than 2 s, because the test takes time
    # too.
    assert group.call_count <= 1 + passed * 20 / 60
    assert len(group.messages) == 1


async def _now(rt: Runtime) -> datetime:
    async with rt.pool.connection() as session:
        row = await (await session.execute("SELECT kosh_now()")).fetchone()
    assert row
    database_now: datetime = row[0]
    return database_now


async def test_duty_group_message_is_unchanged_without_new_cases(
    rt: Runtime, group: _Group
) -> None:
    await duty_group.update_duty_group(rt)
    await advance_database_clock(rt, "1 hour")
    await duty_group.update_duty_group(rt)
    assert group.call_count == 1


async def test_duty_group_message_is_retried_after_a_failure(rt: Runtime, group: _Group) -> None:
    group.fails = True
    await duty_group.update_duty_group(rt)
    group.fails = False
    await advance_database_clock(rt, "10 seconds")
    await duty_group.update_duty_group(rt)
    assert len(group.messages) == 1


async def test_bot_leaves_every_group_except_the_duty_group(rt: Runtime, group: _Group) -> None:
    await receive.receive(rt, GroupChat(Telegram.name, GROUP))
    assert group.call_count == 0
    await receive.receive(rt, GroupChat(Telegram.name, "-1000000000002"))
    assert group.call_count == 1


# Automatic assignment of cases to officers


async def _enable_auto_assignment(rt: Runtime) -> None:
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO missions (mission, zone, first_minutes, next_minutes, resolve_minutes,"
            " claim_timeout_minutes, auto_assign) VALUES ('general', 'UTC', 60, 60, 600, 30, true)"
        )


async def _start_shift(rt: Runtime, name: str, **more: Any) -> Officer:
    officer = await insert_officer(rt, name, **more)
    async with rt.pool.connection() as session:
        until = await database_time(session) + timedelta(hours=4)
    await directory.set_shift(rt, officer, until)
    return officer


async def test_auto_assignment_is_fair_among_matching_officers_on_shift(rt: Runtime) -> None:
    await _enable_auto_assignment(rt)
    first = await _start_shift(rt, "Officer First")
    second = await _start_shift(rt, "Officer Second")
    await _start_shift(rt, "Officer Passports", topics=frozenset({"passport"}))
    await insert_officer(rt, "Officer At Home")
    requested = [await ask(Guest(rt)) for _each in range(4)]
    assert await auto_assignment.auto_assign(rt) == 4
    owners = [(await stored_case(rt, case.id)).owner for case in requested]
    assert sorted(owners, key=str) == sorted([first.id, second.id] * 2, key=str)


async def test_auto_assignment_leaves_a_case_in_the_queue_when_no_officer_fits(rt: Runtime) -> None:
    await _enable_auto_assignment(rt)
    case = await ask(Guest(rt))
    assert await auto_assignment.auto_assign(rt) == 0
    officer = await _start_shift(rt, "Officer First")
    assert await auto_assignment.auto_assign(rt) == 1
    await advance_database_clock(rt, "31 minutes")
    await case_sweeps.sweep_cases(rt)
    assert await auto_assignment.auto_assign(rt) == 0, "it would go round for ever"
    returned = await stored_case(rt, case.id)
    assert (returned.state, returned.owner, returned.returned) == (State.QUEUED, None, 1)
    assert await desk.take_next(rt, officer, key=new_idempotency_key()) is not None


@pytest.mark.parametrize("way", ["release", "topic"])
async def test_auto_assignment_does_not_return_a_case_to_who_gave_it_away(
    rt: Runtime, way: str
) -> None:
    await _enable_auto_assignment(rt)
    officer = await _start_shift(rt, "Officer First")
    case = await ask(Guest(rt))
    assert await auto_assignment.auto_assign(rt) == 1
    case = await stored_case(rt, case.id)
    if way == "release":
        await desk.release(rt, officer, case.id, case.version, key=new_idempotency_key())
    else:
        to = desk.ToTopic("spouse")
        await desk.transfer(rt, officer, case.id, case.version, key=new_idempotency_key(), to=to)
    assert await auto_assignment.auto_assign(rt) == 0
    other = await _start_shift(rt, "Officer Second")
    assert await auto_assignment.auto_assign(rt) == 1
    assert (await stored_case(rt, case.id)).owner == other.id


async def test_auto_assignment_leaves_a_case_that_was_transferred_meanwhile(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _enable_auto_assignment(rt)
    await _start_shift(rt, "Officer First")
    await insert_officer(rt, "Officer Beijing", "cn_beijing")
    lead = await insert_officer(rt, "Lead", roles=(Role.LEAD,))
    case, assign = await ask(Guest(rt)), auto_assignment._assign

    async def transfer_and_assign(*values: Any) -> None:
        to = desk.ToMission("cn_beijing")
        await desk.transfer(rt, lead, case.id, case.version, key=new_idempotency_key(), to=to)
        await assign(*values)

    monkeypatch.setattr(auto_assignment, "_assign", transfer_and_assign)
    assert await auto_assignment.auto_assign(rt) == 0
    moved = await stored_case(rt, case.id)
    assert (moved.mission, moved.owner) == ("cn_beijing", None)


async def test_auto_assignment_continues_when_one_case_fails(rt: Runtime) -> None:
    await _enable_auto_assignment(rt)
    await _start_shift(rt, "Officer First")
    first, second = [await ask(Guest(rt)) for _each in range(2)]
    async with rt.pool.connection() as session:
        await session.execute("UPDATE people SET key = ''::bytea WHERE id = %s", (first.person_id,))
    assert await auto_assignment.auto_assign(rt) == 1
    assert [(await stored_case(rt, each.id)).owner is None for each in (first, second)] == [
        True,
        False,
    ]


async def test_case_has_one_owner_after_simultaneous_assignment_and_claim(rt: Runtime) -> None:
    await _enable_auto_assignment(rt)
    officer = await _start_shift(rt, "Officer First")
    await _start_shift(rt, "Officer Second")
    requested = [await ask(Guest(rt)) for _each in range(3)]
    taking = (desk.take_next(rt, officer, key=new_idempotency_key()) for _each in range(3))
    await asyncio.gather(auto_assignment.auto_assign(rt), auto_assignment.auto_assign(rt), *taking)
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT count(*), count(owner), max(version) FROM cases WHERE state = 'claimed'"
        )
        assert await cursor.fetchone() == (len(requested), len(requested), requested[0].version + 1)
