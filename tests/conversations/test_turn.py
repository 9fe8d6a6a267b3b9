"""Each update is one transaction: none is lost or applied twice, and order is kept."""

import asyncio
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from bot import outbox
from bot.channels import ChannelCall, Throttled
from bot.channels.webchat import WebChat
from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.conversations.anonymous import Overloaded
from bot.embedded import Databases
from bot.runtime import Runtime
from flows.engine.conversation import step
from flows.engine.events import Event, Pressed, Said, Started
from flows.engine.state import Turn
from tests.clock import advance_database_clock
from tests.person_client import AFTER_CONSENT, TO_CONSENT, Guest, deliver_until_accepted

# PostgreSQL plans a prepared statement this many times with its values, then with a generic plan.
FIRST_PLANS = 5
# SQL that creates enough people that the planner prefers an index; with few rows all plans cost the
# same.
CROWD = """
WITH crowd AS (
  INSERT INTO people (id, key, key_version)
  SELECT gen_random_uuid(), '', 1 FROM generate_series(1, 5000) RETURNING id
), known AS (
  INSERT INTO conversations (person_id, state, channel, language) SELECT id, '', 'web', 'ru'
  FROM crowd
)
INSERT INTO handles (channel, blind_index, person_id, address)
SELECT 'web', uuid_send(id), id, '' FROM crowd
"""


async def _count(rt: Runtime, table: str) -> int:
    async with rt.pool.connection() as session:
        cursor = await session.execute(f"SELECT count(*) FROM {table}")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.requirement("S-20")
async def test_anonymous_session_leaves_no_database_row(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.do(Started())
    await guest.go("kk", "about", "language", "ru", *TO_CONSENT[1:])
    assert len(await guest.heard()) >= len(TO_CONSENT)
    for table in ("people", "handles", "conversations", "processed_updates", "messages", "consents",
                  "quarantined_updates", "procrastinate_jobs"):  # fmt: skip
        assert await _count(rt, table) == 0, table


@pytest.mark.requirement("S-21")
async def test_consent_creates_the_person_and_stores_later_answers(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    assert await _count(rt, "people") == 1
    assert await _count(rt, "consents") == 1
    await guest.go("yes", "TESTOVA")
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.forms["preregistration"].answers["surname"].value == "TESTOVA"


async def test_consent_drops_answers_marked_as_not_persisted(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    conversation = await guest.conversation()
    assert conversation is not None
    answers = conversation.forms["preregistration"].answers
    assert answers["location"].value is None
    assert answers["citizenship"].value == "CN"


@pytest.mark.requirement("S-21")
async def test_turn_stores_nothing_when_consent_is_refused(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.do(Started())
    await guest.go(*TO_CONSENT, "refuse")
    assert await _count(rt, "people") == 0


@pytest.mark.requirement("S-6", "S-7")
@pytest.mark.row(59)
async def test_turn_applies_each_of_40_concurrent_duplicate_updates_once(rt: Runtime) -> None:
    """Check also that no update is lost, as one would be if the dedupe row were written first."""
    guest = Guest(rt)
    await guest.consent()
    await guest.press("!person")
    await guest.go("general", "yes", "I have a question")
    words = await _count(rt, "case_messages")
    updates = [guest.inbound(Said(f"word {n}"), f"forty-{n}") for n in range(40)]
    deliveries = await asyncio.gather(*(deliver_until_accepted(rt, each) for each in updates * 2))
    await asyncio.gather(*(receive.deliver(rt, each) for each in deliveries))
    assert await _count(rt, "case_messages") == words + 40
    assert sum(delivery is not None for delivery in deliveries) == 40


@pytest.mark.requirement("S-7")
async def test_turn_creates_one_person_from_40_concurrent_consents(rt: Runtime) -> None:
    """Check forty simultaneous first consents, when there is no row to lock yet."""
    guest = Guest(rt)
    await guest.do(Started())
    await guest.go(*TO_CONSENT)
    asked = (await guest.conversation()).asked  # type: ignore[union-attr]
    assert asked is not None
    updates = [guest.inbound(Pressed(f"{asked.nonce}:yes"), f"first-{n}") for n in range(40)]
    deliveries = await asyncio.gather(*(deliver_until_accepted(rt, each) for each in updates * 2))
    await asyncio.gather(*(receive.deliver(rt, each) for each in deliveries))
    assert await _count(rt, "people") == 1
    assert await _count(rt, "consents") == 1
    # Each of the forty updates was answered once: the first with the next question, the others with
    # "an earlier step".
    assert sum(delivery is not None for delivery in deliveries) == 40


@pytest.mark.requirement("S-6")
async def test_update_processed_before_consent_is_not_processed_again_after_it(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.do(Started(), "the-start")
    await guest.go(*TO_CONSENT, "yes", "yes")
    rows = len(await guest.rows())
    await guest.do(Started(), "the-start")
    assert len(await guest.rows()) == rows


@pytest.mark.requirement("S-7", "S-9")
async def test_turn_replies_are_all_sent_in_order(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    updates = [guest.inbound(Said("?"), f"order-{n}") for n in range(20)]
    deliveries = await asyncio.gather(*(deliver_until_accepted(rt, each) for each in updates))
    await asyncio.gather(*(receive.deliver(rt, each) for each in deliveries))
    rows = await guest.rows()
    assert {state for _id, _act, state in rows} == {"sent"}
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT id FROM messages ORDER BY done_at, id")
        done = [row[0] for row in await cursor.fetchall()]
    assert done == sorted(done)


@pytest.mark.requirement("S-17")
async def test_update_is_quarantined_after_five_failures(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = Guest(rt)
    await guest.consent()
    healthy = step

    def fail_on_poison(
        flows: Any, words: Any, conversation: Any, event: Event, *given: Any
    ) -> Turn:
        if event == Said("poison"):
            raise ZeroDivisionError
        return healthy(flows, words, conversation, event, *given)

    monkeypatch.setattr(conversation_store, "step", fail_on_poison)
    update = guest.inbound(Said("poison"), "poison")
    for _try in range(4):
        with pytest.raises(Overloaded):
            await receive.receive(rt, update)
    await receive.deliver(rt, await receive.receive(rt, update))
    assert await receive.receive(rt, update) is None
    await guest.go("yes")
    rows = await guest.rows()
    assert [state for _id, _act, state in rows] == ["sent"] * len(rows)
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.asked is not None
    assert conversation.asked.key == "surname"


async def test_update_of_an_unreadable_conversation_is_quarantined(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    async with rt.pool.connection() as session:
        await session.execute("UPDATE conversations SET state = 'nonsense'::bytea")
    update = guest.inbound(Said("hello"), "hello")
    for _try in range(4):
        with pytest.raises(Overloaded):
            await receive.receive(rt, update)
    assert await receive.receive(rt, update) is None
    assert await _count(rt, "quarantined_updates") == 1


async def test_registration_stores_one_registry_write_and_queues_one_job(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.register()
    assert await _count(rt, "registry_writes") == 1
    assert await _count(rt, "procrastinate_jobs") == 1
    assert len(AFTER_CONSENT) > 6


@pytest.mark.requirement("S-31")
async def test_erasure_leaves_only_a_tombstone(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.register()
    await guest.go("delete", "yes")
    for table in ("people", "handles", "conversations", "messages", "consents", "cases"):
        assert await _count(rt, table) == 0, table
    assert await _count(rt, "tombstones") == 1
    await guest.go("delete")
    assert await _count(rt, "tombstones") == 1


@pytest.mark.usefixtures("new_database")
async def test_turn_statements_use_generic_query_plans(rt: Runtime, databases: Databases) -> None:
    guest = Guest(rt)
    await guest.consent()
    with psycopg.connect(databases.owner, autocommit=True) as owner:
        owner.execute(CROWD)
        owner.execute("ANALYZE")
    for _ in range(3 * FIRST_PLANS):
        await guest.do(Said("TESTOVA"))
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT max(custom_plans), max(generic_plans) FROM pg_prepared_statements"
        )
        row = await cursor.fetchone()
    assert row is not None
    assert row[0] <= FIRST_PLANS < row[1]


async def test_person_who_blocked_the_bot_is_answered_after_writing_again(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    before = len(await guest.rows())
    async with rt.pool.connection() as session:
        await session.execute("UPDATE handles SET blocked = true")
    await guest.go("/menu")
    states = [row[2] for row in (await guest.rows())[before:]]
    assert states
    assert set(states) == {"sent"}
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT bool_or(blocked) FROM handles")
        assert await cursor.fetchone() == (False,)


class _RecordingChat(WebChat):
    """A web chat that records the outbox row named in each call, and rate-limits the first call."""

    def __init__(self, rt: Runtime) -> None:
        super().__init__(rt.valkey, rt.vault)
        self.names: list[str] = []

    async def send(self, act: ChannelCall) -> str:
        self.names.append(act.row)
        if len(self.names) == 1:
            raise Throttled(0.1)
        return await super().send(act)


async def test_outbox_first_attempt_to_send_a_message_has_no_attempt_number(rt: Runtime) -> None:
    guest, channel = Guest(rt), _RecordingChat(rt)
    await guest.consent()
    guest.rt = replace(rt, channels={**rt.channels, "web": channel})
    await guest.go("/menu")
    row = (await guest.rows())[-1][0]
    await advance_database_clock(rt, "10 seconds")
    await outbox.sweep(guest.rt)
    assert channel.names == [str(row), f"{row}.2"]
