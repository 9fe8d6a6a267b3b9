"""Lookup of a registration's status by its number and PIN.

The number of lookups is limited, and every failure gets the same answer.
"""

import asyncio
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest

from bot.budgets import spending
from bot.budgets.table import MAX_CHAT_LOOKUPS, MAX_NUMBER_LOOKUPS
from bot.cache import Cache
from bot.db.connection import Transaction
from bot.embedded import Databases
from bot.people import pin
from bot.registrations import status_lookup
from bot.runtime import Runtime
from bot.security import password_hashing
from flows.engine.registration import LookUpStatus, StatusLookedUp
from tests.people.test_pin import locked

NUMBER, PIN = "KS-2026-ABCD-EFGH", "204611"
FOUND, NOTHING = StatusLookedUp("received"), StatusLookedUp()


async def received(rt: Runtime, databases: Databases) -> None:
    """Register a person with the PIN, and set the registration's number and state."""
    await locked(rt)
    with psycopg.connect(databases.owner, autocommit=True) as session:
        session.execute("UPDATE registrations SET number = %s, state = 'received'", (NUMBER,))


async def try_lookup(
    rt: Runtime, chat: str, typed: str = PIN, number: str = NUMBER
) -> StatusLookedUp:
    async with rt.pool.connection() as transaction:
        return await status_lookup.look_up(rt, transaction, chat, LookUpStatus(number, typed))


async def forget_number_limit(rt: Runtime) -> None:
    """Delete the rate limit of the number from Valkey, as if a day had passed.

    Tests that run at the same time share Valkey, so their limits are kept.
    """
    assert await rt.valkey._client.delete(f"rate:{spending._lookup_of_number(rt, NUMBER).bucket}")


async def test_status_lookup_needs_the_right_number_and_pin(
    rt: Runtime, databases: Databases
) -> None:
    await received(rt, databases)
    assert await try_lookup(rt, "web:a") == FOUND
    assert await try_lookup(rt, "web:a", "999999") == NOTHING
    assert await try_lookup(rt, "web:a", number="KS-2026-ZZZZ-ZZZZ") == NOTHING


async def test_status_lookup_is_impossible_when_no_pin_is_set(
    rt: Runtime, databases: Databases
) -> None:
    await received(rt, databases)
    with psycopg.connect(databases.owner, autocommit=True) as session:
        session.execute("UPDATE people SET pin = NULL")
    assert await try_lookup(rt, "web:a") == NOTHING


async def test_status_lookups_are_limited_per_chat(rt: Runtime, databases: Databases) -> None:
    await received(rt, databases)
    for each in range(MAX_CHAT_LOOKUPS):
        assert await try_lookup(rt, "web:a", number=f"KS-2026-AAAA-AAA{each}") == NOTHING
    assert await try_lookup(rt, "web:a") == NOTHING
    assert await try_lookup(rt, "web:b") == FOUND


async def test_right_status_lookups_use_up_no_attempts(rt: Runtime, databases: Databases) -> None:
    await received(rt, databases)
    for each in range(MAX_NUMBER_LOOKUPS + 1):
        assert await try_lookup(rt, f"web:{each}") == FOUND
    for _each in range(MAX_CHAT_LOOKUPS + 1):
        assert await try_lookup(rt, "web:a") == FOUND


async def test_right_status_lookups_return_no_wrong_attempts(
    rt: Runtime, databases: Databases
) -> None:
    """A person who knows the PIN of one number must not get more attempts at another."""
    await received(rt, databases)
    for each in range(MAX_CHAT_LOOKUPS - 1):
        assert await try_lookup(rt, "web:a", number=f"KS-2026-AAAA-AAA{each}") == NOTHING
        assert await try_lookup(rt, "web:a") == FOUND
    assert await try_lookup(rt, "web:a", "999999") == NOTHING
    assert await try_lookup(rt, "web:a") == NOTHING


@pytest.mark.release
async def test_status_lookups_are_limited_per_registration(
    rt: Runtime, databases: Databases
) -> None:
    await received(rt, databases)
    for each in range(MAX_NUMBER_LOOKUPS):
        assert await try_lookup(rt, f"web:{each}", "999999") == NOTHING
    assert await try_lookup(rt, "web:another") == NOTHING
    await forget_number_limit(rt)
    assert await try_lookup(rt, "web:another") == FOUND


@pytest.mark.release
async def test_status_lookup_is_locked_permanently_after_many_failures(
    rt: Runtime, databases: Databases
) -> None:
    """Check the count of failed lookups in the database, which never expires."""
    await received(rt, databases)
    for each in range(status_lookup.MAX_FAILED):
        assert await try_lookup(rt, f"web:{each}", "999999") == NOTHING
        await forget_number_limit(rt)
    assert await try_lookup(rt, "web:another") == NOTHING


async def test_status_lookup_is_unlocked_by_the_pin_in_the_persons_own_chat(
    rt: Runtime, databases: Databases
) -> None:
    guest = await locked(rt)
    with psycopg.connect(databases.owner, autocommit=True) as session:
        session.execute("UPDATE registrations SET number = %s, state = 'received'", (NUMBER,))
        session.execute("UPDATE people SET failed_lookups = %s", (status_lookup.MAX_FAILED,))
    await guest.go("/status", "999999")
    assert await try_lookup(rt, "web:a") == NOTHING
    await guest.go(PIN)
    assert await try_lookup(rt, "web:a") == FOUND


async def test_failed_status_lookups_do_not_count_as_failed_pin_entries(
    rt: Runtime, databases: Databases
) -> None:
    await received(rt, databases)
    await try_lookup(rt, "web:a", "999999")
    with psycopg.connect(databases.owner) as session:
        row = session.execute("SELECT failed_pin_attempts, failed_lookups FROM people").fetchone()
    assert row == (0, 1)


async def test_status_lookups_in_parallel_share_one_limit(
    rt: Runtime, databases: Databases
) -> None:
    await received(rt, databases)
    lookups = [try_lookup(rt, f"web:{each}", "999999") for each in range(MAX_NUMBER_LOOKUPS + 3)]
    assert set(await asyncio.gather(*lookups)) == {NOTHING}
    with psycopg.connect(databases.owner) as session:
        row = session.execute("SELECT failed_lookups FROM people").fetchone()
    assert row == (MAX_NUMBER_LOOKUPS,)


@pytest.mark.release
async def test_status_lookup_does_the_same_work_for_every_kind_of_failure(
    rt: Runtime, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check that every failure computes the slow hash once and updates the count once.

    Otherwise, the time would reveal whether a number exists.
    """
    await received(rt, databases)
    hashed, counted = list[str](), list[int]()
    verify, count = password_hashing.verify_password, pin.count_lookups

    async def verified(stored: str | None, secret: str) -> bool:
        hashed.append(secret)
        return await verify(stored, secret)

    async def count_lookups(transaction: Transaction, person_id: UUID, failed: int) -> None:
        counted.append(failed)
        await count(transaction, person_id, failed)

    monkeypatch.setattr(password_hashing, "verify_password", verified)
    monkeypatch.setattr(pin, "count_lookups", count_lookups)
    steps = []
    for number, typed in ((NUMBER, "9999"), ("KS-2026-ZZZZ-ZZZZ", PIN), *[(NUMBER, "1111")] * 5):
        hashed.clear()
        counted.clear()
        assert await try_lookup(rt, "web:a", typed, number) == NOTHING
        steps.append((len(hashed), len(counted)))
    assert set(steps) == {(1, 1)}


async def test_status_lookup_limits_apply_when_valkey_is_down(
    rt: Runtime, databases: Databases
) -> None:
    await received(rt, databases)
    without_valkey = replace(rt, valkey=Cache.at("redis://127.0.0.1:9/0"))
    assert await try_lookup(without_valkey, "web:a") == FOUND
    assert await try_lookup(without_valkey, "web:a", "999999") == NOTHING
    assert await try_lookup(without_valkey, "web:a") == NOTHING
