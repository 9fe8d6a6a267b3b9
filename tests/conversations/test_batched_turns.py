"""Turns share a database transaction; a turn is the processing of one update of a person."""

import asyncio
from typing import Any

import pytest
from psycopg import DataError, OperationalError
from psycopg.errors import QueryCanceled

from bot.channels import Inbound
from bot.conversations import batched_turns, receive, statements
from bot.conversations import store as conversation_store
from bot.conversations.anonymous import Overloaded
from bot.conversations.effects import AfterCommit
from bot.db.statements import Statement
from bot.runtime import Runtime
from flows.engine.conversation import step
from flows.engine.events import Event, Pressed, Said, Started
from flows.engine.state import Turn
from tests.person_client import TO_CONSENT, Guest, deliver_until_accepted, runtime_of_other_process

PEOPLE = 6


async def _guests_asked_for_names(rt: Runtime, count: int = PEOPLE) -> list[Guest]:
    """Create people who have been asked for their names."""
    guests = [Guest(rt) for _each in range(count)]
    for guest in guests:
        await guest.consent()
        await guest.go("yes")
    return guests


async def _values(rt: Runtime, question: str) -> list[Any]:
    async with rt.pool.connection() as session:
        cursor = await session.execute(question)
        return [row[0] for row in await cursor.fetchall()]


async def _answer(rt: Runtime, update: Inbound) -> AfterCommit | None:
    delivery = await receive.receive(rt, update)
    await receive.deliver(rt, delivery)
    return delivery


async def _surnames(guests: list[Guest]) -> list[str | None]:
    conversations = [await guest.conversation() for guest in guests]
    forms = [
        conversation.forms["preregistration"].answers
        for conversation in conversations
        if conversation
    ]
    return [answers["surname"].value if "surname" in answers else None for answers in forms]


@pytest.mark.requirement("S-6")
async def test_batched_turns_of_several_people_share_a_database_transaction(rt: Runtime) -> None:
    guests = await _guests_asked_for_names(rt)
    updates = [guest.inbound(Said("TESTOVA")) for guest in guests]
    await asyncio.gather(*(_answer(rt, each) for each in updates))
    assert await _surnames(guests) == ["TESTOVA"] * PEOPLE
    transactions = await _values(rt, "SELECT xmin::text FROM conversations")
    assert len(transactions) == PEOPLE
    assert len(set(transactions)) == 1
    assert await _values(rt, "SELECT DISTINCT state FROM messages") == ["sent"]


@pytest.mark.requirement("S-6", "S-7")
async def test_batched_turns_of_one_person_in_many_processes_run_once_each(rt: Runtime) -> None:
    (guest,) = await _guests_asked_for_names(rt, 1)
    before = len(await guest.rows())
    assert await _count_processed(guest) == 40
    assert len(await guest.rows()) == before + 40


@pytest.mark.requirement("S-8", "S-80")
async def test_batched_turns_would_run_twice_without_the_dedupe_check(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Disable the check for duplicate updates, to prove that the tests can detect a duplicate."""
    (guest,) = await _guests_asked_for_names(rt, 1)
    save = statements.save

    def unchecked(count: int, *, noting: bool = False) -> Statement[*tuple[Any, ...]]:
        return save(count)

    monkeypatch.setattr(statements, "save", unchecked)
    assert await _count_processed(guest) > 40


async def _count_processed(guest: Guest) -> int:
    """Return how many of 40 simple updates, each sent to two processes, got a reply."""
    updates = [guest.inbound(Pressed("!help")) for _each in range(40)]
    deliveries = await asyncio.gather(
        *(deliver_until_accepted(runtime_of_other_process(guest.rt), each) for each in updates * 2)
    )
    return sum(delivery is not None for delivery in deliveries)


@pytest.mark.requirement("S-17")
async def test_batched_turn_that_fails_does_not_fail_the_others(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    guests = await _guests_asked_for_names(rt)

    def fail_on_poison(
        flows: Any, words: Any, conversation: Any, event: Event, *given: Any
    ) -> Turn:
        if event == Said("poison"):
            raise ZeroDivisionError
        return step(flows, words, conversation, event, *given)

    monkeypatch.setattr(conversation_store, "step", fail_on_poison)
    texts = ["poison", *["TESTOVA"] * (PEOPLE - 1)]
    updates = [guest.inbound(Said(each)) for guest, each in zip(guests, texts, strict=True)]
    answers = await asyncio.gather(*(_answer(rt, each) for each in updates), return_exceptions=True)
    assert isinstance(answers[0], Overloaded)
    assert all(isinstance(each, AfterCommit) for each in answers[1:])
    assert await _surnames(guests) == [None, *["TESTOVA"] * (PEOPLE - 1)]


@pytest.mark.requirement("S-17")
async def test_batched_turn_with_undecryptable_state_does_not_fail_the_others(rt: Runtime) -> None:
    guests = await _guests_asked_for_names(rt)
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE conversations SET state = 'spoiled' WHERE person_id ="
            " (SELECT person_id FROM handles WHERE blind_index = %s)",
            (rt.vault.index("web", guests[0].name),),
        )
    updates = [guest.inbound(Said("TESTOVA")) for guest in guests]
    answers = await asyncio.gather(*(_answer(rt, each) for each in updates), return_exceptions=True)
    assert isinstance(answers[0], Overloaded)
    assert await _surnames(guests[1:]) == ["TESTOVA"] * (PEOPLE - 1)


async def test_batched_turns_do_not_wait_for_a_locked_row(rt: Runtime) -> None:
    first, second = await _guests_asked_for_names(rt, 2)
    async with rt.pool.connection() as session:
        await session.execute(
            "SELECT FROM conversations c JOIN handles h USING (person_id) WHERE h.blind_index = %s"
            " FOR UPDATE OF c",
            (rt.vault.index("web", first.name),),
        )
        waiting = asyncio.create_task(_answer(rt, first.inbound(Said("TESTOVA"))))
        assert await _answer(rt, second.inbound(Said("TESTOVA"))) is not None
        assert not waiting.done()
    assert await waiting is not None
    assert await _surnames([first, second]) == ["TESTOVA", "TESTOVA"]


async def test_batched_turns_run_two_chats_of_one_person_separately(rt: Runtime) -> None:
    """Check that updates from two chats of one person do not both start from the same state."""
    (guest,) = await _guests_asked_for_names(rt, 1)
    other = Guest(rt)
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO handles (channel, blind_index, index_version, person_id, address)"
            " SELECT channel, %s, index_version, person_id, address FROM handles",
            (rt.vault.index("web", other.name),),
        )
    updates = [guest.inbound(Said("TESTOVA")), other.inbound(Pressed("!help"))]
    assert None not in await asyncio.gather(*(_answer(rt, each) for each in updates))
    assert await _surnames([guest]) == ["TESTOVA"]


async def test_batched_turn_that_creates_a_case_or_person_runs_alone(rt: Runtime) -> None:
    """Open a case, and let a new person begin, in one batch with turns of other people."""
    guests = await _guests_asked_for_names(rt)
    begins = Guest(rt)
    await begins.do(Started())
    await begins.go(*TO_CONSENT)
    for guest in guests[:2]:
        await guest.press("!person")
        await guest.go("general", "yes")
    updates = [guest.inbound(Said("TESTOVA")) for guest in guests]
    conversation = await begins.conversation()
    assert conversation is not None
    assert conversation.asked is not None
    updates.append(begins.inbound(Pressed(f"{conversation.asked.nonce}:yes")))
    assert None not in await asyncio.gather(*(_answer(rt, each) for each in updates))
    assert await _values(rt, "SELECT count(*) FROM cases") == [2]
    assert await _values(rt, "SELECT count(*) FROM people") == [PEOPLE + 1]
    assert await _values(rt, "SELECT DISTINCT state FROM messages") == ["sent"]


@pytest.mark.requirement("S-8")
async def test_batched_turns_raise_unavailable_when_the_database_is_down(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    guests = await _guests_asked_for_names(rt)
    database_down = asyncio.Event()

    async def fail_when_down(*_given: Any) -> Any:
        await database_down.wait()
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(batched_turns, "_take", fail_when_down)
        updates = [guest.inbound(Said("TESTOVA")) for guest in guests]
        received = asyncio.gather(
            *(receive.receive(rt, each) for each in updates), return_exceptions=True
        )
        database_down.set()
        assert all(isinstance(each, OperationalError) for each in await received)
    await asyncio.gather(*(_answer(rt, each) for each in updates))
    assert await _surnames(guests) == ["TESTOVA"] * PEOPLE


@pytest.mark.parametrize("error", [DataError, QueryCanceled])
async def test_batched_turns_are_retried_alone_when_the_whole_batch_fails(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    guests = await _guests_asked_for_names(rt)

    async def failing(*_given: Any) -> Any:
        raise error

    monkeypatch.setattr(batched_turns, "_take", failing)
    updates = [guest.inbound(Said("TESTOVA")) for guest in guests]
    await asyncio.gather(*(_answer(rt, each) for each in updates))
    assert await _surnames(guests) == ["TESTOVA"] * PEOPLE


async def test_batched_send_result_that_cannot_be_stored_affects_no_other_turn(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the platform return a message id that the database rejects."""
    guests = await _guests_asked_for_names(rt)
    channel = type(rt.channels["web"])
    send, sent = channel.send, list[str]()
    all_sent = asyncio.Event()

    async def send_with_invalid_id(self: Any, act: Any) -> str:
        external_id = await send(self, act)
        sent.append(act.address)
        if len(sent) == PEOPLE:
            all_sent.set()
        await all_sent.wait()
        return "\0" if act.address == guests[0].name else external_id

    monkeypatch.setattr(channel, "send", send_with_invalid_id)
    updates = [guest.inbound(Said("TESTOVA")) for guest in guests]
    answers = await asyncio.gather(*(_answer(rt, each) for each in updates), return_exceptions=True)
    assert isinstance(answers[0], Exception)
    assert all(isinstance(each, AfterCommit) for each in answers[1:])
    assert len(await _values(rt, "SELECT id FROM messages WHERE state = 'sending'")) == 1
