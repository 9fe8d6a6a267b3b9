"""A closed case comes back to its officer if its last answer did not reach the person."""

import pytest

from bot import cases, desk
from bot.cases import State
from bot.desk import limiting
from bot.desk.undelivered_answers import reopen_undelivered
from bot.officers.directory import Officer
from bot.runtime import Runtime
from tests.clock import advance_database_clock
from tests.desk.desks import ask, audited, insert_officer, new_idempotency_key, stored_case
from tests.person_client import Guest


async def _close(rt: Runtime, officer: Officer, case: cases.Case, answer: str = "") -> cases.Case:
    """Claim the case unless the officer has it, answer it, and close it."""
    if case.state == State.QUEUED:
        await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    version = (await stored_case(rt, case.id)).version
    if answer:
        await desk.reply(rt, officer, case.id, version, key=new_idempotency_key(), words=answer)
    await desk.resolve(rt, officer, case.id, version, key=new_idempotency_key())
    return await stored_case(rt, case.id)


async def _fail(rt: Runtime, case: cases.Case, state: str = "failed") -> None:
    """Record that no message of the case reached the person."""
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE messages SET state = %s, done_at = kosh_now() WHERE case_id = %s",
            (state, case.id),
        )


@pytest.mark.parametrize("state", ["failed", "undeliverable"])
async def test_closed_case_comes_back_when_its_answer_is_not_delivered(
    rt: Runtime, state: str
) -> None:
    officer, case = await insert_officer(rt), await ask(Guest(rt))
    closed = await _close(rt, officer, case, "An answer.")
    assert await reopen_undelivered(rt) == 0
    await _fail(rt, case, state)
    assert await reopen_undelivered(rt) == 1
    back = await stored_case(rt, case.id)
    assert (back.state, back.owner, back.version) == (State.CLAIMED, officer.id, closed.version + 1)
    assert back.answer_due is not None
    assert ("duty", "case.undelivered", "") in await audited(rt)


async def test_reopened_case_that_is_closed_without_an_answer_stays_closed(rt: Runtime) -> None:
    officer, case = await insert_officer(rt), await ask(Guest(rt))
    await _close(rt, officer, case, "An answer.")
    await _fail(rt, case)
    await reopen_undelivered(rt)
    closed = await _close(rt, officer, await stored_case(rt, case.id))
    assert await reopen_undelivered(rt) == 0
    assert (await stored_case(rt, case.id)).state == closed.state == State.RESOLVED


async def test_closed_case_stays_closed_when_its_person_has_a_new_case(rt: Runtime) -> None:
    officer, guest = await insert_officer(rt), Guest(rt)
    case = await ask(guest)
    await _close(rt, officer, case, "An answer.")
    await _fail(rt, case)
    await guest.go("menu")
    newer = await ask(guest, "Testova asks again")
    assert newer.id != case.id
    assert await reopen_undelivered(rt) == 0
    assert (await stored_case(rt, case.id)).state == State.RESOLVED


async def test_closed_case_stays_closed_when_a_newer_case_is_closed_too(rt: Runtime) -> None:
    officer, guest = await insert_officer(rt), Guest(rt)
    case = await ask(guest)
    await _close(rt, officer, case, "An answer.")
    await guest.go("menu")
    await _close(rt, officer, await ask(guest, "Testova asks again"), "An answer.")
    await _fail(rt, case)
    assert await reopen_undelivered(rt) == 0
    assert (await stored_case(rt, case.id)).state == State.RESOLVED


@pytest.mark.parametrize("way", ["cancelled", "blocked"])
async def test_case_stays_closed_when_no_officer_resolved_it(rt: Runtime, way: str) -> None:
    officer, guest = await insert_officer(rt), Guest(rt)
    case = await ask(guest)
    result = await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    version = result.version
    await desk.reply(rt, officer, case.id, version, key=new_idempotency_key(), words="An answer.")
    if way == "cancelled":
        await guest.go("/menu", "yes")
    else:
        await limiting.limit(
            rt,
            officer,
            case.id,
            version,
            key=new_idempotency_key(),
            reason="insults",
            per_day=0,
            days=3,
        )
    assert (await stored_case(rt, case.id)).state == State.RESOLVED
    await _fail(rt, case)
    assert await reopen_undelivered(rt) == 0
    assert (await stored_case(rt, case.id)).state == State.RESOLVED


async def test_closed_case_stays_closed_when_its_answer_fails_days_later(rt: Runtime) -> None:
    officer, case = await insert_officer(rt), await ask(Guest(rt))
    await _close(rt, officer, case, "An answer.")
    await advance_database_clock(rt, "4 days")
    await _fail(rt, case)
    assert await reopen_undelivered(rt) == 0
