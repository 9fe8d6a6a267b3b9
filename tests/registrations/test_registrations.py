"""Writes to the registry whose results are late, rejected or unknown; retention of form answers."""

import asyncio
from dataclasses import replace
from typing import cast
from uuid import UUID

import pytest

from bot.conversations import external_events, registry_events
from bot.conversations import store as conversation_store
from bot.registrations import registry_writes, retention
from bot.registry.client import Registry
from bot.registry.errors import RegistryError, Unavailable
from bot.runtime import Runtime
from bot.worker import main, sweeps
from flows.preregistration import CLOSED
from tests.clock import advance_database_clock
from tests.person_client import AFTER_CONSENT, TO_CONSENT, Guest
from tests.registrations.registries import (
    NUMBER,
    REFUSED,
    UNKNOWN,
    AcceptingRegistry,
    RecordingRegistry,
    StoringRegistry,
    accept,
    one,
    report,
    stored_surname,
    write_due,
)


@pytest.mark.parametrize(
    "late",
    [
        Unavailable("E_REGISTRY_UNREACHABLE", "not reached"),
        UNKNOWN,
        REFUSED,
    ],
    ids=lambda late: type(late).__name__,
)
async def test_registry_call_result_is_ignored_after_another_worker_took_over(
    rt: Runtime, late: RegistryError
) -> None:
    """Let a second worker succeed after the first one's lease expired; then the first one's call
    fails."""
    guest, registry = Guest(rt), AcceptingRegistry(late)
    await guest.register()
    write = UUID(str(await one(rt, "SELECT id FROM registry_writes")))
    with_registry = replace(rt, registry=cast(Registry, registry))
    frozen = asyncio.create_task(registry_events.write_to_registry(with_registry, write))
    await registry.begun.wait()
    await advance_database_clock(rt, "91 seconds")
    assert await registry_events.write_to_registry(with_registry, write)
    registry.gate.set()
    assert await frozen is None
    assert await one(rt, "SELECT state FROM registry_writes") == "accepted"
    assert await one(rt, "SELECT count(*) FROM cases") == 0
    await advance_database_clock(rt, "1 hour")
    assert await registry_events.write_to_registry(with_registry, write) is None
    assert await one(rt, "SELECT state FROM registry_writes") == "accepted"
    assert registry.bodies == 2


async def _refused_in_doubt(rt: Runtime) -> tuple[Guest, RecordingRegistry]:
    """Return a person and a registry that has the submission, although Kosh recorded a rejection.

    The response to the submission was lost. It arrives at the registry only after the lookup, and
    after the second attempt, which was rejected.
    """
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    registry.fails = {"create": UNKNOWN}
    await write_due(rt, registry)
    arriving, registry.acknowledgements = registry.acknowledgements, {}
    registry.fails = {"create": REFUSED}
    await write_due(rt, registry)
    registry.acknowledgements = arriving
    assert await one(rt, "SELECT state FROM registry_writes") == "rejected"
    return guest, registry


@pytest.mark.requirement("S-25", "S-52")
async def test_submission_of_unknown_outcome_is_looked_up_before_withdrawal(
    rt: Runtime,
) -> None:
    guest, registry = await _refused_in_doubt(rt)
    await guest.go("/status", "withdraw", "yes")
    await write_due(rt, registry)
    assert [each.state for each in registry.acknowledgements.values()] == ["RECEIVED", "WITHDRAWN"]
    assert await one(rt, "SELECT number FROM registrations WHERE state = 'withdrawn'") == NUMBER
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.registration is not None
    assert conversation.registration.state == "withdrawn"


async def test_submission_of_unknown_outcome_is_looked_up_before_erasure(
    rt: Runtime,
) -> None:
    guest, registry = await _refused_in_doubt(rt)
    await guest.go("/delete", "да")
    await write_due(rt, registry)
    assert [each.state for each in registry.acknowledgements.values()] == ["RECEIVED", "WITHDRAWN"]


async def test_submission_is_looked_up_before_another_is_created(rt: Runtime) -> None:
    """Otherwise the person would have two registrations, and Kosh would know only the second."""
    guest, registry = await _refused_in_doubt(rt)
    await guest.go("/status", "amend", "submit")
    await write_due(rt, registry)
    assert registry.calls == ["create", "create", "amend"]
    assert await one(rt, "SELECT number FROM registrations") == NUMBER


async def test_refused_submission_that_the_registry_lacks_is_created_again(rt: Runtime) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    registry.fails = {"create": REFUSED}
    await write_due(rt, registry)
    await guest.go("/status", "amend", "submit")
    await write_due(rt, registry)
    assert registry.calls == ["create", "create"]
    assert await one(rt, "SELECT number FROM registrations") == NUMBER


async def test_submission_in_doubt_stays_unknown_when_its_lookup_is_refused(rt: Runtime) -> None:
    """A refused lookup does not tell whether the registry has the submission."""
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    registry.fails = {"create": UNKNOWN, "find": REFUSED}
    for _each in range(2):
        await write_due(rt, registry)
        assert await one(rt, "SELECT state FROM registry_writes") == "unknown"
    assert await one(rt, "SELECT count(*) FROM cases") == 0
    await write_due(rt, registry)
    assert registry.calls == ["create"]
    assert await one(rt, "SELECT state FROM registry_writes") == "accepted"


async def test_resubmission_waits_when_the_earlier_lookup_is_refused(rt: Runtime) -> None:
    guest, registry = await _refused_in_doubt(rt)
    await guest.go("/status", "amend", "submit")
    registry.fails = {"find": REFUSED}
    await write_due(rt, registry)
    assert registry.calls == ["create", "create"]
    await write_due(rt, registry)
    assert registry.calls == ["create", "create", "amend"]


async def _corrected(rt: Runtime) -> tuple[Guest, StoringRegistry, int]:
    """Return a person who sent a correction, the registry, and the number of the person's messages.

    The person did not consent to be notified of updates. Kosh has yet to send the correction.
    """
    guest, registry = Guest(rt), StoringRegistry()
    await guest.register()
    await write_due(rt, registry)
    await guest.go("/status", "amend", "submit")
    return guest, registry, len(await guest.rows())


async def test_response_to_a_correction_is_announced_after_an_old_decision(rt: Runtime) -> None:
    guest, registry, before = await _corrected(rt)
    await report(rt, "REJECTED", 2)
    assert len(await guest.rows()) == before
    assert await one(rt, "SELECT count(*) FROM cases") == 1
    await write_due(rt, registry)
    assert len(await guest.rows()) == before + 1
    await report(rt, "ACCEPTED", 12)
    assert len(await guest.rows()) == before + 1


async def test_response_is_announced_once_when_the_decision_overtakes_it(rt: Runtime) -> None:
    """The callback with the decision arrives before Kosh knows that the correction arrived."""
    guest, registry, before = await _corrected(rt)
    registry.fails = {"amend": UNKNOWN}
    await write_due(rt, registry)
    await report(rt, "ACCEPTED", 12)
    assert len(await guest.rows()) == before
    await write_due(rt, registry)
    assert len(await guest.rows()) == before + 1
    conversation = await guest.conversation()
    assert conversation is not None and conversation.registration is not None
    assert conversation.registration.state == "accepted"


async def test_response_to_each_of_two_corrections_is_announced(rt: Runtime) -> None:
    guest, registry, _before = await _corrected(rt)
    await guest.go("/status", "amend", "submit")
    before = len(await guest.rows())
    for each in (1, 2):
        await write_due(rt, registry)
        assert len(await guest.rows()) == before + each


async def test_overtaken_response_is_not_announced_again_with_consent(rt: Runtime) -> None:
    """With consent, the callback was announced when it arrived."""
    guest, registry = Guest(rt), StoringRegistry()
    await guest.consent()
    await guest.go(*AFTER_CONSENT[:-2], "yes", "no", "submit")
    await write_due(rt, registry)
    await guest.go("/status", "amend", "submit")
    registry.fails = {"amend": UNKNOWN}
    await write_due(rt, registry)
    before = len(await guest.rows())
    await report(rt, "ACCEPTED", 12)
    await write_due(rt, registry)
    assert len(await guest.rows()) == before + 1


async def test_retention_deletes_only_answers_accepted_by_the_registry(rt: Runtime) -> None:
    """Check that the registration's answers are deleted, but answers of other flows are kept."""
    guest = Guest(rt)
    await guest.register()
    await accept(rt, StoringRegistry())
    person_id = UUID(str(await one(rt, "SELECT id FROM people")))
    async with rt.pool.connection() as session:
        held = await conversation_store.lock(rt, session, person_id)
        assert held is not None
        c = held.conversation
        forms = {**c.forms, "interview": c.forms["preregistration"]}
        await conversation_store.save_state(rt, session, held, replace(c, forms=forms))
    await advance_database_clock(rt, "25 hours")
    await sweeps.forget_spent(rt)
    conversation = await guest.conversation()
    assert conversation is not None
    assert list(conversation.forms) == ["interview"]


async def test_amendment_in_progress_is_kept_past_the_answer_retention(rt: Runtime) -> None:
    guest, registry = Guest(rt), StoringRegistry()
    await guest.register()
    await accept(rt, registry)
    await advance_database_clock(rt, "23 hours 55 minutes")
    await guest.go("/status", "amend", "edit", "surname")
    await advance_database_clock(rt, "10 minutes")
    await sweeps.forget_spent(rt)
    await guest.go("TESTOVSKAYA")
    assert await stored_surname(guest) == "TESTOVSKAYA"
    await guest.go("submit")
    await accept(rt, registry)
    await advance_database_clock(rt, "25 hours")
    await sweeps.forget_spent(rt)
    assert await stored_surname(guest) is None


async def test_abandoned_amendment_is_deleted_after_30_days_of_inactivity(
    rt: Runtime,
) -> None:
    guest = Guest(rt)
    await guest.register()
    await accept(rt, StoringRegistry())
    await guest.go("/status", "amend")
    for days in (29, 29):
        await advance_database_clock(rt, f"{days} days")
        await sweeps.forget_spent(rt)
        assert await stored_surname(guest) == "TESTOVA"
        await guest.go("/menu")
    await advance_database_clock(rt, "31 days")
    await sweeps.forget_spent(rt)
    assert await stored_surname(guest) is None
    assert await one(rt, "SELECT answers_deleted FROM registrations")


async def test_withdrawn_registration_is_deleted_after_30_days_of_inactivity(rt: Runtime) -> None:
    guest, registry = Guest(rt), StoringRegistry()
    await guest.register()
    await accept(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    await write_due(rt, registry)
    await advance_database_clock(rt, "29 days")
    await sweeps.forget_spent(rt)
    assert await stored_surname(guest) == "TESTOVA"
    await advance_database_clock(rt, "2 days")
    await sweeps.forget_spent(rt)
    assert await stored_surname(guest) is None


async def test_registration_answers_are_kept_until_the_registry_responds(rt: Runtime) -> None:
    guest, registry = Guest(rt), StoringRegistry()
    await guest.register()
    await write_due(rt, registry)
    await advance_database_clock(rt, "31 days")
    await sweeps.forget_spent(rt)
    assert await stored_surname(guest) == "TESTOVA"


async def test_retention_keeps_a_new_registration_after_a_withdrawn_one(rt: Runtime) -> None:
    guest, registry = Guest(rt), StoringRegistry()
    await guest.register()
    await accept(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    await write_due(rt, registry)
    await guest.register_again()
    await advance_database_clock(rt, "31 days")
    await sweeps.forget_spent(rt)
    assert await stored_surname(guest) == "TESTOVA"


async def test_frequent_retention_sweep_skips_amendments_abandoned_a_day_ago(rt: Runtime) -> None:
    """Check that frequent rounds (`lately`) skip amendments that were abandoned a day ago.

    Only the rare rounds examine all accepted registrations.
    """
    guest = Guest(rt)
    await guest.register()
    await accept(rt, StoringRegistry())
    await guest.go("/status", "amend")

    async def examined(*, lately: bool) -> int:
        async with rt.pool.connection() as session:
            return len(await retention.find_expired(session, UUID(int=0), lately=lately))

    await advance_database_clock(rt, "24 hours 30 minutes")
    assert (await examined(lately=True), await examined(lately=False)) == (1, 1)
    await advance_database_clock(rt, "1 hour")
    assert (await examined(lately=True), await examined(lately=False)) == (0, 1)


async def test_full_retention_sweep_deletes_answers_missed_by_frequent_sweeps(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.register()
    await accept(rt, StoringRegistry())
    await advance_database_clock(rt, "2 days")
    await sweeps.forget_spent(rt, lately=True)
    assert await stored_surname(guest) == "TESTOVA"
    await main._retain(rt)
    assert await stored_surname(guest) is None


async def test_amendment_is_kept_until_the_registry_accepts_it(rt: Runtime) -> None:
    """Amend a registration whose accepted answers were deleted; the person enters them again."""
    guest, registry = Guest(rt), StoringRegistry()
    await guest.register()
    person_id = UUID(str(await one(rt, "SELECT id FROM people")))
    await accept(rt, registry)
    await advance_database_clock(rt, "25 hours")
    await sweeps.forget_spent(rt)
    assert await stored_surname(guest) is None
    await guest.go("/status", "amend", *TO_CONSENT[2:], "yes", *AFTER_CONSENT, "submit")
    await sweeps.forget_spent(rt)
    assert await stored_surname(guest) == "TESTOVA"
    # Retention calls this function if the person submits the amendment after the retention round
    # has selected the person.
    await external_events.forget_answers(rt, person_id)
    assert await stored_surname(guest) == "TESTOVA"
    registry.fails = {"amend": REFUSED}
    await write_due(rt, registry)
    assert await one(rt, "SELECT count(*) FROM cases") == 1
    await sweeps.forget_spent(rt)
    assert await stored_surname(guest) == "TESTOVA"
    await guest.go("/status", "amend", "submit")
    await accept(rt, registry)
    await advance_database_clock(rt, "25 hours")
    await sweeps.forget_spent(rt)
    assert await stored_surname(guest) is None


async def test_amendment_refused_by_the_registry_is_kept_while_its_case_is_open(
    rt: Runtime,
) -> None:
    guest, registry = Guest(rt), StoringRegistry()
    await guest.register()
    await accept(rt, registry)
    await guest.go("/status", "amend", "submit")
    registry.fails = {"amend": REFUSED}
    await write_due(rt, registry)
    await advance_database_clock(rt, "31 days")
    await sweeps.forget_spent(rt)
    assert await stored_surname(guest) == "TESTOVA"
    async with rt.pool.connection() as session:
        await session.execute("DELETE FROM cases")
    await sweeps.forget_spent(rt)
    assert await stored_surname(guest) is None


async def test_registry_write_blocked_by_an_earlier_one_delays_no_other_person(
    rt: Runtime,
) -> None:
    for guest in (Guest(rt), Guest(rt)):
        await guest.register()
        # A withdrawal cancels a submission that is not in doubt.
        async with rt.pool.connection() as session:
            await session.execute("UPDATE registry_writes SET state = 'unknown'")
        await guest.go("/status", "withdraw", "yes")
    await advance_database_clock(rt, "1 minute")
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE registry_writes SET due_at = due_at + interval '30 seconds'"
            " WHERE kind = 'submit'"
        )
        due = await registry_writes.due(session, 2)
        cursor = await session.execute("SELECT id FROM registry_writes WHERE kind = 'submit'")
        assert sorted(due) == sorted(row[0] for row in await cursor.fetchall())


async def test_retention_deletes_answers_while_no_registrations_are_accepted(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.register()
    await accept(rt, StoringRegistry())
    await advance_database_clock(rt, "25 hours")
    await sweeps.forget_spent(replace(rt, flows={**rt.flows, CLOSED.name: CLOSED}))
    assert await stored_surname(guest) is None
