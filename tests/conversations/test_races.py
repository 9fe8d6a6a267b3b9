"""Officers, the person and the bot act concurrently.

A case has one owner. The bot's form (its questions to the person) sends nothing while an officer
has the case. An officer's accepted reply is sent, or is shown as not sent. Claims of messages are
ordered by the database clock: the lease of a row begins when it is claimed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from random import Random
from typing import Any

import pytest
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout

from bot import cases, desk, outbox
from bot.cases import CaseConflict, State
from bot.conversations import quarantine
from bot.conversations import store as conversation_store
from bot.db.statements import database_time
from bot.desk import ActionResult, ToMission
from bot.officers.directory import Officer
from bot.runtime import Runtime
from flows.engine.events import Said
from tests.database_locks import wait_for_blocked_session
from tests.desk.desks import ask, insert_officer, messages, new_idempotency_key, seen, stored_case
from tests.person_client import Guest

OFFICERS = 50


async def _officers(rt: Runtime, limit: int = OFFICERS) -> list[Officer]:
    return [await insert_officer(rt, f"Officer {number}") for number in range(limit)]


async def _requeue(rt: Runtime, case: cases.Case) -> cases.Case:
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE cases SET owner = NULL, state = 'queued' WHERE id = %s", (case.id,)
        )
    return await stored_case(rt, case.id)


async def _claims_have_one_owner(rt: Runtime, rounds: int) -> None:
    case, officers = await ask(Guest(rt)), await _officers(rt)
    for _round in range(rounds):
        case = await _requeue(rt, case)
        tries = (_claim_with_retries(rt, each, case) for each in officers)
        results = await asyncio.gather(*tries, return_exceptions=True)
        winners = [
            officer.id
            for officer, each in zip(officers, results, strict=True)
            if isinstance(each, ActionResult)
        ]
        losers = [each for each in results if isinstance(each, CaseConflict)]
        assert (len(winners), len(losers)) == (1, OFFICERS - 1)
        assert (await stored_case(rt, case.id)).owner == winners[0]


async def _claim_with_retries(rt: Runtime, officer: Officer, case: cases.Case) -> ActionResult:
    """Claim a case; retry while no connection is free, without a time limit."""
    request_key = new_idempotency_key()
    while True:
        with suppress(PoolTimeout):
            return await desk.claim(rt, officer, case.id, case.version, key=request_key)


async def test_case_claim_by_fifty_concurrent_officers_succeeds_once(rt: Runtime) -> None:
    await _claims_have_one_owner(rt, 10)


@pytest.mark.slow
async def test_case_has_one_owner_after_each_of_a_thousand_claim_races(rt: Runtime) -> None:
    await _claims_have_one_owner(rt, 1000)


@pytest.mark.release
async def test_take_next_case_gives_concurrent_officers_different_cases(rt: Runtime) -> None:
    found = [await ask(Guest(rt)) for _each in range(5)]
    officers = await _officers(rt, 10)
    results = await asyncio.gather(
        *(desk.take_next(rt, each, key=new_idempotency_key()) for each in officers)
    )
    takeover = [each.case_id for each in results if each is not None]
    assert sorted(takeover) == sorted(case.id for case in found)


# The bot's form sends nothing after an officer claims a case


async def _enqueue_messages(rt: Runtime, case: cases.Case, count: int) -> None:
    """Put `count` messages, as the bot's form sends them, into the outbox."""
    async with rt.pool.connection() as session:
        held = await conversation_store.lock(rt, session, case.person_id)
        assert held is not None
        rows = [
            outbox.Row("send", quarantine.apology(rt, "ru"), held.epoch) for _each in range(count)
        ]
        await outbox.enqueue(session, held.person, "web", rows)


async def _database_time(rt: Runtime) -> datetime:
    async with rt.pool.connection() as session:
        return await database_time(session)


async def _claimed_after(rt: Runtime, case: cases.Case, since: datetime) -> list[Any]:
    """Return the messages of the form that a sender claimed after the time `since`."""
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT id, state FROM messages WHERE person_id = %s AND ownership_version IS NOT NULL"
            " AND started_at > %s",
            (case.person_id, since),
        )
        return list(await cursor.fetchall())


async def _record_claim_times(rt: Runtime) -> None:
    """Store the time of each claim by a trigger, because a message's outcome clears its lease."""
    url = rt.settings.database("owner")
    async with await AsyncConnection.connect(url, autocommit=True) as session:
        await session.execute("ALTER TABLE messages ADD COLUMN started_at timestamptz")
        await session.execute(
            "CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " NEW.started_at := clock_timestamp(); RETURN NEW; END $$"
        )
        await session.execute(
            "CREATE TRIGGER note_claim BEFORE UPDATE OF lease_until ON messages FOR EACH ROW"
            " WHEN (NEW.state = 'sending' AND NEW.attempt <> OLD.attempt)"
            " EXECUTE FUNCTION note_claim()"
        )


async def _run_after_delay(random: Random, act: Callable[[], Awaitable[Any]]) -> Any:
    """Run an act after a random number of event-loop iterations, so that each race is different."""
    for _turn in range(random.randrange(12)):
        await asyncio.sleep(0)
    try:
        return await act()
    except (CaseConflict, LookupError, desk.Refused) as error:
        return error


async def _race(rt: Runtime, guest: Guest, officers: list[Officer], random: Random) -> None:
    """Run the bot, two officers and the person concurrently."""
    case = await ask(guest)
    await _enqueue_messages(rt, case, 3)
    committed: list[datetime] = []

    async def claim() -> ActionResult:
        done = await desk.claim(
            rt, random.choice(officers), case.id, case.version, key=new_idempotency_key()
        )
        committed.append(await _database_time(rt))
        return done

    person = random.choice((lambda: guest.do(Said("hello")), lambda: guest.go("/menu", "yes")))
    await asyncio.gather(
        _run_after_delay(random, claim),
        _run_after_delay(random, claim),
        _run_after_delay(random, lambda: outbox.sweep(rt)),
        _run_after_delay(random, lambda: outbox.sweep(rt)),
        _run_after_delay(random, person),
    )
    await outbox.sweep(rt)
    after = await stored_case(rt, case.id)
    assert len(committed) <= 1
    if committed and after.state != State.RESOLVED:
        assert await _claimed_after(rt, case, committed[0]) == []
    assert {"sent", "dropped"} >= {row[0] for row in await messages(rt)}
    await _end_case(guest, case)


async def _end_case(guest: Guest, case: cases.Case) -> None:
    """End the case on the person's side, so that the person can ask for an officer again."""
    if (await stored_case(guest.rt, case.id)).state != State.RESOLVED:
        await guest.go("/menu", "yes")


async def _races(rt: Runtime, rounds: int, seed: int) -> None:
    await _record_claim_times(rt)
    officers, random, guest = await _officers(rt, 4), Random(seed), Guest(rt)
    for _round in range(rounds):
        await _race(rt, guest, officers, random)


@pytest.mark.release
async def test_outbox_sends_no_form_message_after_an_officer_claims_the_case(rt: Runtime) -> None:
    await _races(rt, 25, 1)


@pytest.mark.slow
async def test_outbox_keeps_message_order_in_a_thousand_races_with_officers(rt: Runtime) -> None:
    await _races(rt, 1000, 2)


async def test_case_claim_waits_for_an_outbox_row_locked_by_a_sender(
    rt: Runtime, admin_url: str
) -> None:
    """Check that a claim waits for the sender's lock.

    Otherwise the claim could commit first, and the bot's message would arrive after it.
    """
    case, officer = await ask(Guest(rt)), await insert_officer(rt)
    await _enqueue_messages(rt, case, 1)
    async with rt.pool.connection() as sender:
        await sender.execute("SELECT FROM messages WHERE state = 'pending' FOR UPDATE")
        claim_task = asyncio.create_task(
            desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
        )
        await wait_for_blocked_session(rt, admin_url)
        assert not claim_task.done()
        assert (await stored_case(rt, case.id)).owner is None
        await sender.execute(
            "UPDATE messages SET state = 'sending', lease_until = kosh_now() + interval '1 minute'"
            " WHERE state = 'pending'"
        )
    await claim_task
    assert (await stored_case(rt, case.id)).owner == officer.id


async def test_case_reaches_one_mission_after_two_simultaneous_transfers(
    rt: Runtime, admin_url: str
) -> None:
    goals = ToMission("tr_ankara"), ToMission("uz_tashkent")
    case, results = await _transfer_together(
        rt, admin_url, (new_idempotency_key(), goals[0]), (new_idempotency_key(), goals[1])
    )
    first = 0 if isinstance(results[0], ActionResult) else 1
    assert isinstance(results[1 - first], LookupError)
    moved = await stored_case(rt, case.id)
    assert (moved.mission, moved.version) == (goals[first].key, case.version + 1)
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT count(*) FROM case_notes")
        assert await cursor.fetchone() == (1,)


async def test_case_transfer_sent_twice_at_the_same_time_runs_once(
    rt: Runtime, admin_url: str
) -> None:
    sent = new_idempotency_key(), ToMission("tr_ankara")
    case, results = await _transfer_together(rt, admin_url, sent, sent)
    version = (await stored_case(rt, case.id)).version
    assert version == case.version + 1
    assert sorted(results, key=lambda each: each.repeated) == [
        ActionResult(case.id, version),
        ActionResult(case.id, version, repeated=True),
    ]


async def _transfer_together(
    rt: Runtime, admin_url: str, *sent: tuple[str, ToMission]
) -> tuple[cases.Case, list[Any]]:
    """Transfer a case in simultaneous transactions; return the case before, and the results."""
    case, officer = await ask(Guest(rt)), await insert_officer(rt)
    for mission in ("tr_ankara", "uz_tashkent"):
        await insert_officer(rt, f"Officer of {mission}", mission)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    case = await stored_case(rt, case.id)
    async with rt.pool.connection() as session:
        await conversation_store.lock(rt, session, case.person_id)
        transfers = [
            asyncio.create_task(
                desk.transfer(rt, officer, case.id, case.version, key=once, to=to, words="Note.")
            )
            for once, to in sent
        ]
        await wait_for_blocked_session(rt, admin_url, len(transfers))
    return case, await asyncio.gather(*transfers, return_exceptions=True)


# Replies of officers


async def _reply_during_takeover(
    rt: Runtime, guest: Guest, officers: list[Officer], random: Random
) -> None:
    """Reply while a colleague takes over the case: the reply is sent or is shown as not sent."""
    first, second = officers
    case = await ask(guest)
    version = (
        await desk.claim(rt, first, case.id, case.version, key=new_idempotency_key())
    ).version
    reply, takeover = await asyncio.gather(
        _run_after_delay(
            random,
            lambda: desk.reply(
                rt, first, case.id, version, key=new_idempotency_key(), words="A reply."
            ),
        ),
        _run_after_delay(
            random, lambda: desk.take_over(rt, second, case.id, version, key=new_idempotency_key())
        ),
    )
    await outbox.sweep(rt)
    assert isinstance(takeover, ActionResult)
    shown = [each for each in (await seen(rt, second, case.id)).thread if each.by == "officer"]
    if isinstance(reply, CaseConflict):
        assert shown == []
        assert await messages(rt, case.id) == []
    else:
        assert [each.delivery in ("sent", "dropped") for each in shown] == [True]
    await _end_case(guest, case)


@pytest.mark.release
async def test_reply_of_the_former_case_owner_is_sent_or_shown_as_not_sent(
    rt: Runtime,
) -> None:
    officers, random, guest = await _officers(rt, 2), Random(3), Guest(rt)
    for _round in range(25):
        await _reply_during_takeover(rt, guest, officers, random)


async def _reply_and_resolve_during_sweep(
    rt: Runtime, guest: Guest, officer: Officer, random: Random
) -> None:
    case = await ask(guest)
    version = (
        await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    ).version

    async def reply_and_resolve() -> None:
        await desk.reply(rt, officer, case.id, version, key=new_idempotency_key(), words="A reply.")
        await desk.resolve(rt, officer, case.id, version, key=new_idempotency_key())

    await asyncio.gather(
        reply_and_resolve(),
        _run_after_delay(random, lambda: outbox.sweep(rt)),
        _run_after_delay(random, lambda: guest.do(Said("hello"))),
    )
    await outbox.sweep(rt)
    assert await messages(rt, case.id) == [("sent", None, officer.id)]


@pytest.mark.release
async def test_officer_reply_before_resolving_the_case_is_always_delivered(rt: Runtime) -> None:
    officer, random, guest = await insert_officer(rt), Random(4), Guest(rt)
    for _round in range(25):
        await _reply_and_resolve_during_sweep(rt, guest, officer, random)
