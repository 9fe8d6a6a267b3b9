"""While an officer speaks the form is silent, by construction; what the officer says arrives."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from bot import cases, desk, inbox, officers, outbox
from bot.officers import Officer
from bot.runtime import Runtime
from flows.engine.events import Said
from tests.people import Guest


async def _case(rt: Runtime, guest: Guest) -> UUID:
    await guest.consent()
    await guest.go("/person", "general", "yes", "Testova asks something")
    (case,) = [case for case in await desk.waiting(rt) if case.topic == "general"]
    return case.id


async def _officer(rt: Runtime, name: str = "Officer Testov") -> Officer:
    async with rt.pool.connection() as session:
        return await officers.named(session, name, cases.ANYWHERE)


async def _messages(rt: Runtime) -> list[tuple[Any, ...]]:
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT id, state, epoch, officer FROM messages ORDER BY id")
        return list(await cursor.fetchall())


async def test_an_officer_takes_a_case_reads_answers_and_gives_it_back(rt: Runtime) -> None:
    guest, officer = Guest(rt), await _officer(rt)
    case = await _case(rt, guest)
    await desk.claim(rt, case, officer)
    await guest.do(Said("and one thing more"))
    words = await desk.read(rt, case, officer)
    assert words == [(False, "Testova asks something"), (False, "and one thing more")]
    await desk.answer(rt, case, officer, "We will look at it.")
    await desk.resolve(rt, case, officer)
    assert {state for _id, state, _epoch, _officer in await _messages(rt)} == {"sent"}
    conversation = await guest.conversation()
    assert conversation is not None
    assert not conversation.with_officer
    assert conversation.asked is not None
    assert conversation.asked.key == "ethnic_kazakh"


async def test_a_hundred_officers_claim_a_case_and_one_has_it(rt: Runtime) -> None:
    guest = Guest(rt)
    case = await _case(rt, guest)
    team = [await _officer(rt, f"Officer {number}") for number in range(50)]
    tries = (desk.claim(rt, case, officer) for officer in team)
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, cases.Taken) for result in results) == 49


async def test_a_message_of_the_form_not_yet_sent_is_dropped_when_an_officer_takes_over(
    rt: Runtime,
) -> None:
    guest, officer = Guest(rt), await _officer(rt)
    case = await _case(rt, guest)
    async with rt.pool.connection() as session:
        held = await inbox.lock(rt, session, (await _person(rt, case)))
        assert held is not None
        late = outbox.Row("send", inbox.apology(rt, "ru"), held.epoch)
        await outbox.post(session, held.person, "web", (late,))
    await desk.claim(rt, case, officer)
    await outbox.sweep(rt)
    dropped = [row for row in await _messages(rt) if row[1] == "dropped"]
    assert len(dropped) == 1
    assert {row[1] for row in await _messages(rt)} == {"sent", "dropped"}


async def test_an_answer_followed_at_once_by_the_end_of_the_case_arrives(rt: Runtime) -> None:
    guest, officer = Guest(rt), await _officer(rt)
    case = await _case(rt, guest)
    await desk.claim(rt, case, officer)
    async with rt.pool.connection() as session:
        held = await inbox.lock(rt, session, await _person(rt, case))
        assert held is not None
        row = outbox.Row("send", inbox.apology(rt, "ru"), case_id=case, officer=officer.id)
        await outbox.post(session, held.person, "web", (row,))
    await desk.resolve(rt, case, officer)
    await outbox.sweep(rt)
    states = {row[3]: row[1] for row in await _messages(rt)}
    assert states[officer.id] == "sent"


async def test_somebody_who_does_not_hold_the_case_can_neither_answer_nor_end_it(
    rt: Runtime,
) -> None:
    guest, officer = Guest(rt), await _officer(rt)
    other = await _officer(rt, "Officer Other")
    case = await _case(rt, guest)
    await desk.claim(rt, case, officer)
    with pytest.raises(cases.Taken):
        await desk.answer(rt, case, other, "I speak out of turn.")
    with pytest.raises(cases.Taken):
        await desk.resolve(rt, case, other)
    await desk.resolve(rt, case, officer)
    with pytest.raises(cases.Taken):
        await desk.answer(rt, case, officer, "Too late.")


async def test_the_person_can_go_back_to_the_bot(rt: Runtime) -> None:
    guest = Guest(rt)
    await _case(rt, guest)
    await guest.press("!menu")
    assert await desk.waiting(rt) == []
    conversation = await guest.conversation()
    assert conversation is not None
    assert not conversation.with_officer


async def _person(rt: Runtime, case_id: UUID) -> UUID:
    async with rt.pool.connection() as session:
        case = await cases.find(session, case_id)
    assert case is not None
    return case.person_id
