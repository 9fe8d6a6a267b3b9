"""A registration that repeats the details of another person's registration opens one case.

The details are names, birth year and citizenship. Different details and a person's own amendments
open no case. The person does not notice what officers do with the case until an officer writes.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot import cases, desk
from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.db.statements import database_time
from bot.desk import ToTopic, auto_assignment
from bot.officers import directory
from bot.officers.directory import Officer
from bot.officers.permissions import Role
from bot.people import identities
from bot.runtime import Runtime
from flows.engine.events import Said
from flows.engine.registration import Acknowledged, RegistryQuestion
from tests.desk.desks import insert_officer, new_idempotency_key, seen, stored_case
from tests.person_client import AFTER_CONSENT, TO_CONSENT, Guest
from tests.registrations.same_details import exported_data, hidden_case, register


async def _all(rt: Runtime, statement: Any) -> list[Any]:
    async with rt.pool.connection() as session:
        return list(await (await session.execute(statement)).fetchall())


async def _topics(rt: Runtime) -> list[str]:
    return [topic for (topic,) in await _all(rt, "SELECT topic FROM cases")]


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"TESTOVA": "testova"},
        {"GULNAR": "Gülnar"},
    ],
    ids=["alike", "small-letters", "accent"],
)
@pytest.mark.row(68)
async def test_registration_with_the_details_of_another_person_opens_one_case(
    rt: Runtime, answers: dict[str, str]
) -> None:
    one, other = Guest(rt), Guest(rt)
    await register(one)
    assert await _topics(rt) == []
    await register(other, **answers)
    assert await _topics(rt) == ["same_details"]
    ((index,),) = await _all(
        rt,
        "SELECT h.blind_index FROM cases c JOIN handles h USING (person_id)",
    )
    assert index == rt.vault.index("web", other.name), "the case is the later person's"
    ((mission, country),) = await _all(rt, "SELECT mission, country FROM cases")
    assert country == "CN" and mission


@pytest.mark.parametrize("changed", [("1990", "1991"), ("TESTOVA", "TESTOVAA")], ids=str)
async def test_registration_with_different_details_opens_no_case(
    rt: Runtime, changed: tuple[str, str]
) -> None:
    before, after = changed
    await register(Guest(rt))
    await register(Guest(rt), **{before: after})
    assert await _topics(rt) == []


async def test_registration_amended_with_the_same_details_opens_no_case(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.register()
    await guest.go("/status", "amend", *TO_CONSENT[2:], "yes", *AFTER_CONSENT, "submit")
    assert await _topics(rt) == []
    assert len(await _all(rt, "SELECT 1 FROM registration_details")) == 1


async def _correct_surname(rt: Runtime, guest: Guest, surname: str) -> None:
    """Let the registry ask for the person's surname, and answer it."""
    async with rt.pool.connection() as transaction:
        person = await identities.find(rt, transaction, "web", guest.name)
        assert person is not None
        question = RegistryQuestion(uuid4().hex, "SURNAME")
        asks = Acknowledged("needs_information", "KZ-2026-TEST", "UNCLEAR", question)
        await receive.take_turn(rt, transaction, person.id, asks)
    await guest.go("/status", "asked_surname", surname)


async def test_correction_to_the_details_of_another_person_opens_one_case(rt: Runtime) -> None:
    guest = Guest(rt)
    await register(Guest(rt))
    await register(guest, TESTOVA="TESTOVSKAYA")
    assert await _topics(rt) == []
    await _correct_surname(rt, guest, "TESTOVA")
    assert await _topics(rt) == ["same_details"]


async def test_details_before_a_correction_open_no_case(rt: Runtime) -> None:
    guest = Guest(rt)
    await register(guest, TESTOVA="TESTOVSKAYA")
    await _correct_surname(rt, guest, "TESTOVA")
    await register(Guest(rt), TESTOVA="TESTOVSKAYA")
    assert await _topics(rt) == []


async def test_correction_of_deleted_answers_keeps_the_hash_of_the_details(rt: Runtime) -> None:
    guest = Guest(rt)
    await register(guest)
    (before,) = await _all(rt, "SELECT details_hash FROM registration_details")
    async with rt.pool.connection() as transaction:
        person = await identities.find(rt, transaction, "web", guest.name)
        held = await conversation_store.lock(rt, transaction, person.id) if person else None
        assert held is not None
        without = replace(held.conversation, forms={})
        await conversation_store.save_state(rt, transaction, held, without)
    await _correct_surname(rt, guest, "TESTOVSKAYA")
    assert await _all(rt, "SELECT details_hash FROM registration_details") == [before]


async def test_concurrent_registrations_with_equal_details_open_one_case(rt: Runtime) -> None:
    guests = [Guest(rt), Guest(rt)]
    for guest in guests:
        await guest.consent()
        await guest.go(*AFTER_CONSENT)
    await asyncio.gather(*(guest.go("submit") for guest in guests))
    assert await _topics(rt) == ["same_details"]


async def test_details_of_withdrawn_or_erased_registrations_open_no_case(rt: Runtime) -> None:
    one, other = Guest(rt), Guest(rt)
    await one.register()
    await one.go("/delete", "yes")
    assert await _all(rt, "SELECT 1 FROM registration_details") == []
    await other.register()
    await other.go("/status", "withdraw", "yes")
    assert await _all(rt, "SELECT 1 FROM registration_details") == []
    await Guest(rt).register()
    assert await _topics(rt) == []


async def test_registration_details_are_stored_only_as_a_keyed_hash(rt: Runtime) -> None:
    await Guest(rt).register()
    ((hashed,),) = await _all(rt, "SELECT details_hash FROM registration_details")
    assert bytes(hashed) == rt.vault.index("details", "testova\0gulnar\x001990\0cn")


# Actions of officers on the case, which the person must not notice


@pytest.mark.parametrize("topic", sorted(cases.HIDDEN_TOPICS))
async def test_case_about_repeated_details_is_worked_on_unnoticed(rt: Runtime, topic: str) -> None:
    officer, lead = await insert_officer(rt), await insert_officer(rt, "Lead", roles=(Role.LEAD,))
    guest, case = await hidden_case(rt)
    async with rt.pool.connection() as session:
        await session.execute("UPDATE cases SET topic = %s", (topic,))
        await session.execute("UPDATE cases SET mission = 'general'")
    sent = await guest.rows()
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    case = await stored_case(rt, case.id)
    await desk.take_over(rt, lead, case.id, case.version, key=new_idempotency_key())
    case = await stored_case(rt, case.id)
    await desk.resolve(rt, lead, case.id, case.version, key=new_idempotency_key())
    assert (await stored_case(rt, case.id)).state == cases.State.RESOLVED
    assert await guest.rows() == sent


async def test_case_about_repeated_details_stays_hidden_with_another_topic(rt: Runtime) -> None:
    officer = await insert_officer(rt)
    guest, case = await hidden_case(rt)
    sent, exported = await guest.rows(), await exported_data(guest)
    for topic in ("registration", "other_person"):
        await _change_topic(rt, officer, case.id, topic)
    case = await stored_case(rt, case.id)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await desk.resolve(rt, officer, case.id, case.version + 1, key=new_idempotency_key())
    assert await guest.rows() == sent
    assert await exported_data(guest) == exported


async def test_case_about_repeated_details_with_another_topic_is_not_cancelled(
    rt: Runtime,
) -> None:
    officer = await insert_officer(rt)
    guest, case = await hidden_case(rt)
    await _change_topic(rt, officer, case.id, "registration")
    await guest.go("/person", "general", "yes", "Testova asks", "/menu", "yes")
    conversation = await guest.conversation()
    assert conversation is not None
    assert not conversation.with_officer
    assert (await stored_case(rt, case.id)).state == cases.State.QUEUED


async def _change_topic(rt: Runtime, officer: Officer, case_id: UUID, topic: str) -> None:
    """Claim the case and pass it on to another topic."""
    version = (await stored_case(rt, case_id)).version
    await desk.claim(rt, officer, case_id, version, key=new_idempotency_key())
    goal = ToTopic(topic)
    await desk.transfer(rt, officer, case_id, version + 1, key=new_idempotency_key(), to=goal)


async def test_case_about_repeated_details_is_assigned_unnoticed(rt: Runtime) -> None:
    officer = await insert_officer(rt)
    guest, case = await hidden_case(rt)
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO missions (mission, zone, first_minutes, next_minutes, resolve_minutes,"
            " claim_timeout_minutes, auto_assign) VALUES ('general', 'UTC', 60, 60, 600, 30, true)"
        )
        until = await database_time(session) + timedelta(hours=4)
    await directory.set_shift(rt, officer, until)
    sent = await guest.rows()
    assert await auto_assignment.auto_assign(rt) == 1
    assert (await stored_case(rt, case.id)).owner == officer.id
    assert await guest.rows() == sent


@pytest.mark.parametrize("way", ["reply", "document"])
async def test_answer_to_an_officer_about_repeated_details_is_relayed(
    rt: Runtime, way: str
) -> None:
    officer = await insert_officer(rt)
    guest, case = await hidden_case(rt)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    case = await stored_case(rt, case.id)
    sent = len(await guest.rows())
    if way == "reply":
        await desk.reply(
            rt, officer, case.id, case.version, key=new_idempotency_key(), words="Which of them?"
        )
    else:
        await desk.ask_document(
            rt, officer, case.id, case.version, key=new_idempotency_key(), document="identity"
        )
    assert [state for _id, _act, state in (await guest.rows())[sent:]] == ["sent", "sent"]
    await guest.do(Said("The second one"))
    view = await seen(rt, officer, case.id)
    assert [each.words for each in view.thread if each.by == "person"] == ["The second one"]
    await desk.resolve(rt, officer, case.id, case.version, key=new_idempotency_key())
    conversation = await guest.conversation()
    assert conversation is not None
    assert not conversation.with_officer
