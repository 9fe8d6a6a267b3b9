"""Retention of registrations: after 12 months the person's conversation has no status either."""

import pytest

from bot.conversations.receive import take_turn
from bot.registry.errors import Unavailable
from bot.runtime import Runtime
from bot.worker import main, sweeps
from flows.engine.events import UploadStatusChanged
from flows.preregistration.before_consent import CONSENT
from tests.clock import advance_database_clock
from tests.person_client import Guest
from tests.registrations.registries import (
    RecordingRegistry,
    StoringRegistry,
    accept,
    one,
    report,
    stored_surname,
    write_all,
    write_due,
)

DOWN = Unavailable("E_REGISTRY_UNREACHABLE", "not reached")


async def _has_status(guest: Guest) -> bool:
    conversation = await guest.conversation()
    assert conversation is not None
    return conversation.registration is not None


async def test_status_is_deleted_with_the_registration_of_an_active_person(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.register()
    await accept(rt, StoringRegistry())
    await advance_database_clock(rt, "350 days")
    await guest.go("/status")
    await main._retain(rt)
    assert await _has_status(guest)
    await advance_database_clock(rt, "16 days")
    await main._retain(rt)
    assert await one(rt, "SELECT count(*) FROM registrations") == 0
    assert not await _has_status(guest)


async def test_passed_on_answers_are_kept_as_long_as_the_consent_says(rt: Runtime) -> None:
    assert "Answers that the registry passes on to an office" in CONSENT.text.msgid
    guest = Guest(rt)
    await guest.register()
    await write_due(rt, StoringRegistry())
    await report(rt, "PASSED_ON", 2)
    for interval, is_kept in (("25 hours", True), ("349 days", True), ("16 days", False)):
        await advance_database_clock(rt, interval)
        await guest.go("/status")
        await sweeps.forget_spent(rt)
        await main._retain(rt)
        assert (await stored_surname(guest) is not None) == is_kept
        assert await _has_status(guest) == is_kept


async def test_retention_keeps_a_registration_while_its_correction_is_open(rt: Runtime) -> None:
    """The person has read that the correction is saved, but the registry is away for a day."""
    guest, registry = Guest(rt), StoringRegistry()
    await guest.register()
    await write_due(rt, registry)
    await advance_database_clock(rt, "364 days")
    await guest.go("/status", "amend", "submit")
    registry.fails = {"amend": DOWN}
    await write_due(rt, registry)
    await advance_database_clock(rt, "2 days")
    await main._retain(rt)
    assert await _has_status(guest)
    await write_due(rt, registry)
    assert await one(rt, "SELECT count(*) FROM registrations WHERE state = 'received'") == 1


@pytest.mark.parametrize("withdraws", [False, True])
async def test_retention_keeps_a_registration_while_its_erasure_is_open(
    rt: Runtime, withdraws: bool
) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    await write_due(rt, registry)
    if withdraws:
        await guest.go("/status", "withdraw", "yes")
        await write_due(rt, registry)
    await advance_database_clock(rt, "364 days")
    await guest.go("/delete", "yes")
    for _each in range(4):
        registry.fails = {"withdraw_consent": DOWN}
        await write_all(rt, registry, "100 days")
    await main._retain(rt)
    await write_due(rt, registry)
    assert registry.acknowledgements.popitem()[1].state == "WITHDRAWN"
    assert await one(rt, "SELECT state FROM registry_writes WHERE kind = 'erase'") == "accepted"
    await advance_database_clock(rt, "366 days")
    await main._retain(rt)
    assert await one(rt, "SELECT count(*) FROM registrations") == 0


async def test_states_of_sent_papers_are_deleted_with_the_registration(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.register()
    await accept(rt, StoringRegistry())
    await advance_database_clock(rt, "350 days")
    await guest.go("/status")
    person_id = await one(rt, "SELECT person_id FROM registrations")
    for paper, state in (("identity", "accepted"), ("family", "checked")):
        async with rt.pool.connection() as session:
            await take_turn(rt, session, person_id, UploadStatusChanged(paper, state))
    await advance_database_clock(rt, "16 days")
    await main._retain(rt)
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.papers == {"family": "checked"}


async def test_status_of_a_new_registration_is_kept_when_the_old_one_is_deleted(
    rt: Runtime,
) -> None:
    guest, registry = Guest(rt), StoringRegistry()
    await guest.register()
    await accept(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    await write_due(rt, registry)
    await advance_database_clock(rt, "360 days")
    await guest.register_again()
    await advance_database_clock(rt, "10 days")
    await main._retain(rt)
    assert await one(rt, "SELECT count(*) FROM registrations") == 1
    assert await _has_status(guest)


async def test_registration_is_not_sent_again_after_its_retention(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.register()
    await write_due(rt, StoringRegistry())
    await advance_database_clock(rt, "350 days")
    await guest.go("/status")
    await advance_database_clock(rt, "16 days")
    await main._retain(rt)
    conversation = await guest.conversation()
    assert conversation is not None
    assert "preregistration" not in conversation.forms
    await guest.go("/menu", "preregistration")
    assert await one(rt, "SELECT count(*) FROM registrations") == 0
