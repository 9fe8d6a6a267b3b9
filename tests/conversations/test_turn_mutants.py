"""Updates would be lost if a turn (processing of an update) committed its dedupe row first."""

import asyncio
from datetime import datetime

import pytest

from bot.channels import Inbound
from bot.conversations import store as conversation_store
from bot.db.connection import Transaction
from bot.runtime import Runtime
from flows.engine.events import Event, Pressed, Said, Started
from tests.person_client import TO_CONSENT, Guest, deliver_until_accepted, runtime_of_other_process

FORTY = 40
INSERT_UPDATE = (
    "INSERT INTO processed_updates (channel, key) VALUES (%s, %s) ON CONFLICT DO NOTHING"
)


def _patch_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patch `claim` to commit an update's dedupe row before the transaction that applies it."""
    claim = conversation_store.claim

    async def record_then_claim(
        rt: Runtime, session: Transaction, inbound: Inbound
    ) -> tuple[conversation_store.LockedConversation | None, bool, datetime]:
        key = conversation_store.update_keys(rt, inbound.channel, inbound.external_id)[0]
        fresh = (await session.execute(INSERT_UPDATE, (inbound.channel, key))).rowcount == 1
        await session.commit()
        await session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        held, _fresh, now = await claim(rt, session, inbound)
        return held, fresh, now

    monkeypatch.setattr(conversation_store, "claim", record_then_claim)


async def _count_effective(guest: Guest, events: list[Event]) -> int:
    """Return how many of the updates, each sent to two processes at once, had an effect."""
    updates = [guest.inbound(event) for event in events]
    deliveries = await asyncio.gather(
        *(deliver_until_accepted(runtime_of_other_process(guest.rt), each) for each in updates * 2)
    )
    return sum(delivery is not None for delivery in deliveries)


async def _count_relayed_messages(guest: Guest) -> int:
    """Send forty messages to an officer; return how many of them the officer can read."""
    await _count_effective(guest, [Said(f"word {number}") for number in range(FORTY)])
    async with guest.rt.pool.connection() as session:
        cursor = await session.execute("SELECT count(*) FROM case_messages")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def _guest_with_officer(rt: Runtime) -> Guest:
    guest = Guest(rt)
    await guest.consent()
    await guest.press("!person")
    await guest.go("general", "yes", "-")
    return guest


async def _guest_before_consent(rt: Runtime) -> tuple[Guest, list[Event]]:
    guest = Guest(rt)
    await guest.do(Started())
    await guest.go(*TO_CONSENT)
    asked = (await guest.conversation()).asked  # type: ignore[union-attr]
    assert asked is not None
    return guest, [Pressed(f"{asked.nonce}:yes") for _ in range(FORTY)]


async def test_turn_stores_each_of_40_duplicate_relayed_messages_once(rt: Runtime) -> None:
    assert await _count_relayed_messages(await _guest_with_officer(rt)) == FORTY


@pytest.mark.requirement("S-8", "S-80")
async def test_turn_would_lose_messages_when_the_dedupe_row_were_written_first(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = await _guest_with_officer(rt)
    _patch_claim(monkeypatch)
    assert await _count_relayed_messages(guest) < FORTY


async def test_turn_applies_each_of_40_duplicate_anonymous_updates_once(rt: Runtime) -> None:
    assert await _count_effective(*await _guest_before_consent(rt)) == FORTY


@pytest.mark.release
@pytest.mark.requirement("S-80")
async def test_turn_would_lose_anonymous_updates_when_marked_processed_first(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With one person, all updates might arrive in an order in which none is lost.
    people = [await _guest_before_consent(rt) for _person in range(5)]
    _patch_claim(monkeypatch)
    assert min([await _count_effective(guest, presses) for guest, presses in people]) < FORTY
