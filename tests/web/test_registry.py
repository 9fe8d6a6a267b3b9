"""Under each fault of the registry, a submission becomes exactly one registration.

Kosh reports the registration's state to the person.
"""

import asyncio
import json
import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from bot.registrations import registry_codes
from bot.registrations.registry_codes import verify_codes
from bot.registry import callback_signature
from bot.registry.errors import Refused
from bot.web.app import create_app
from bot.worker import main
from flows.engine.screens import REGISTRATION
from flows.preregistration import PREREGISTRATION
from tests.app_stack import AppStack, shared_runtime
from tests.person_client import Guest
from tests.release_only import release_only

PEOPLE = 4
# Faults of the sandbox registry, with their options; bot/registry/sandbox explains them.
FAULTS: list[dict[str, Any]] = [
    {"name": "down"},
    {"name": "busy", "seconds": 1},
    {"name": "html_error"},
    {"name": "redirect"},
    {"name": "error_after_commit", "probability": 0.7},
    {"name": "drop_after_commit", "probability": 0.7},
    {"name": "wrong_schema", "on": "writes", "probability": 0.7},
    {"name": "wrong_number", "on": "writes", "probability": 0.7},
    {"name": "expired_token", "probability": 0.7},
    {"name": "double"},
    {"name": "slow", "seconds": 0.3},
]
# After these faults, it is unknown whether the registry stored a registration.
OUTCOME_UNKNOWN = [
    fault
    for fault in FAULTS
    if fault["name"] in ("error_after_commit", "drop_after_commit", "wrong_number", "double")
]


@pytest.fixture(autouse=True)
def fast_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the worker's sweeps (periodic jobs) every 0.1 s; these tests wait for many sweeps."""
    monkeypatch.setattr(main, "SWEEP_SECONDS", 0.1)


async def _register(stack: AppStack) -> list[Guest]:
    guests = [Guest(stack.rt) for _ in range(PEOPLE)]
    await asyncio.gather(*(guest.register() for guest in guests))
    return guests


async def _registration_state(guest: Guest) -> str:
    conversation = await guest.conversation()
    return conversation.registration.state if conversation and conversation.registration else ""


async def _wait_for_refusal_case(stack: AppStack) -> None:
    async def is_case_open() -> bool:
        async with stack.rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT count(*) FROM cases WHERE topic = 'registry_refused'"
            )
            row = await cursor.fetchone()
        return row is not None and row[0] == 1

    await stack.until(is_case_open)


async def _wait_for_attempts(stack: AppStack, minimum: int, writes: int = PEOPLE) -> None:
    async def is_attempted() -> bool:
        async with stack.rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT count(*) FROM registry_writes WHERE attempts >= %s OR state = 'accepted'",
                (minimum,),
            )
            row = await cursor.fetchone()
        await stack.ahead("15 minutes")
        _close_breaker(stack)
        return row is not None and row[0] >= writes

    await stack.until(is_attempted, 60)


def _close_breaker(stack: AppStack) -> None:
    """Close the circuit breaker to the registry.

    The circuit breaker uses the real clock, but the test advances only the database's clock.
    """
    registry = stack.rt.registry
    assert registry is not None
    registry._breaker._until = 0.0


async def _wait_until_accepted(stack: AppStack, guests: list[Guest]) -> None:
    async def are_accepted() -> bool:
        await stack.ahead("15 minutes")
        _close_breaker(stack)
        states = [(await guest.conversation()).registration for guest in guests]  # type: ignore[union-attr]
        return all(registration and registration.state == "accepted" for registration in states)

    await stack.until(are_accepted, 60)
    entries = await stack.entries()
    assert len(entries) == len(guests)
    assert {entry["state"] for entry in entries} == {"ACCEPTED"}
    numbers = {(await guest.conversation()).registration.number for guest in guests}  # type: ignore[union-attr]
    assert numbers == {entry["number"] for entry in entries}


@pytest.mark.parametrize(
    "fault", release_only(FAULTS, keep=OUTCOME_UNKNOWN), ids=lambda fault: fault["name"]
)
@pytest.mark.requirement("S-49")
async def test_registration_is_accepted_once_under_each_registry_fault(
    stack: AppStack, fault: dict[str, Any]
) -> None:
    await stack.fault(**fault)
    guests = await _register(stack)
    for guest in guests:
        conversation = await guest.conversation()
        assert conversation is not None
        assert conversation.registration is not None
        assert conversation.registration.state in ("sent", "received", "accepted")
    await _wait_for_attempts(stack, 2)
    await stack.fault(name=fault["name"], count=0)
    await _wait_until_accepted(stack, guests)


@pytest.mark.requirement("S-52")
async def test_registry_rejection_of_invalid_fields_opens_a_case(
    stack: AppStack,
) -> None:
    await stack.fault(name="field_errors")
    guest = Guest(stack.rt)
    await guest.register()

    await _wait_for_refusal_case(stack)
    assert await _registration_state(guest) == "sent"
    assert await stack.entries() == []


@pytest.mark.requirement("S-25", "S-52")
async def test_registration_rejected_by_the_registry_can_be_submitted_again(
    stack: AppStack,
) -> None:
    await stack.fault(name="field_errors")
    guest = Guest(stack.rt)
    await guest.register()

    await _wait_for_refusal_case(stack)
    await stack.fault(name="field_errors", count=0)
    await guest.go("/status", "withdraw", "yes")

    async def is_withdrawn() -> bool:
        return await _registration_state(guest) == "withdrawn"

    await stack.until(is_withdrawn)
    assert await stack.entries() == []
    await guest.go("/menu", "preregistration")
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.asked is not None
    assert conversation.asked.flow == "preregistration"
    await guest.go("yes", "submit")
    await _wait_until_accepted(stack, [guest])


@pytest.mark.requirement("S-25")
async def test_registration_withdrawal_waits_until_submission_outcome_is_known(
    stack: AppStack,
) -> None:
    """Lose the response to the submission, and let lookups fail.

    Kosh then does not know whether the registry has the registration.
    """
    await stack.fault(name="error_after_commit", count=1)
    await stack.fault(name="down", on="reads")
    guest = Guest(stack.rt)
    await guest.register()
    await _wait_for_attempts(stack, 1, writes=1)

    async def is_looked_up() -> bool:
        await stack.ahead("15 minutes")
        _close_breaker(stack)
        async with stack.rt.pool.connection() as session:
            cursor = await session.execute("SELECT attempts FROM registry_writes ORDER BY number")
            tries = [row[0] for row in await cursor.fetchall()]
        assert tries[1:] in ([], [0])
        return len(tries) == 2 and tries[0] > 3

    await guest.go("/status", "withdraw", "yes")
    await stack.until(is_looked_up)
    assert await _registration_state(guest) == "withdrawing"
    await stack.fault(name="down", count=0)

    async def is_withdrawn() -> bool:
        await stack.ahead("15 minutes")
        _close_breaker(stack)
        return await _registration_state(guest) == "withdrawn"

    await stack.until(is_withdrawn)
    (entry,) = await stack.entries()
    assert entry["state"] == "WITHDRAWN"


@pytest.mark.requirement("S-52")
@pytest.mark.parametrize(
    ("decision", "state", "topics"),
    [
        ("reject", "rejected", ["registry_refused"]),
        ("ask", "needs_information", ["registry_question"]),
        ("duplicate", "duplicate", ["registry_duplicate"]),
        ("pass_on", "passed_on", []),
    ],
)
async def test_registry_decision_that_needs_an_officer_opens_a_case(
    stack: AppStack, decision: str, state: str, topics: list[str]
) -> None:
    await stack.fault(name=decision)
    guest = Guest(stack.rt)
    await guest.register()

    async def has_state() -> bool:
        return await _registration_state(guest) == state

    await stack.until(has_state)
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT topic FROM cases")
        assert [topic for (topic,) in await cursor.fetchall()] == topics
    # A duplicate is shown as received. Otherwise, anyone could find out whether another person has
    # registered.
    shown_state = "received" if state == "duplicate" else state
    assert REGISTRATION[state] == REGISTRATION[shown_state]
    assert ("officer" in REGISTRATION[state].msgid) == (bool(topics) and state != "duplicate")


async def test_unknown_registry_state_is_shown_as_being_checked(stack: AppStack) -> None:
    guest = Guest(stack.rt)
    await guest.register()
    await _wait_until_accepted(stack, [guest])
    (entry,) = await stack.entries()
    payload = {
        "event_id": str(uuid4()),
        "number": entry["number"],
        "state": "INTERVIEW_INVITED",
        "version": 99,
        "at": "2027-11-24T10:00:00Z",
        "reason_code": None,
        "place": "a member of a later contract",
    }
    raw, secret = json.dumps(payload).encode(), stack.rt.settings.registry_callback_secrets[-1]
    headers = {
        "Content-Type": "application/json",
        callback_signature.HEADER: callback_signature.sign(secret, raw, at=int(time.time())),
    }
    url = f"{stack.url}/callbacks/registry"
    async with stack.http.post(url, data=raw, headers=headers) as answer:
        assert answer.status == 204
    assert await _registration_state(guest) == "received"


@pytest.mark.requirement("S-25")
async def test_amendment_and_withdrawal_reach_the_registry_once(stack: AppStack) -> None:
    guest = Guest(stack.rt)
    await guest.register()
    await _wait_until_accepted(stack, [guest])
    await guest.go("/status", "amend", "edit", "details", "yes")
    await guest.go(*"-----", "reads_both", "school", "submit")

    async def is_amended() -> bool:
        (entry,) = await stack.entries()
        body = entry["body"]
        return (body["kazakh_level"], body.get("support_needed")) == ("READS_BOTH", "SCHOOL")

    await stack.until(is_amended)
    await guest.go("/status", "withdraw", "yes")

    async def is_withdrawn() -> bool:
        (entry,) = await stack.entries()
        return bool(entry["state"] == "WITHDRAWN")

    await stack.until(is_withdrawn)


@pytest.mark.requirement("S-25", "S-31")
async def test_erasure_during_a_submission_withdraws_the_registration(stack: AppStack) -> None:
    await stack.fault(name="error_after_commit")
    guest = Guest(stack.rt)
    await guest.register()

    async def is_stored() -> bool:
        return len(await stack.entries()) == 1

    await stack.until(is_stored)
    await guest.go("/delete", "yes")
    await stack.fault(name="error_after_commit", count=0)

    async def is_withdrawn() -> bool:
        await stack.ahead("15 minutes")
        _close_breaker(stack)
        (entry,) = await stack.entries()
        return bool(entry["state"] == "WITHDRAWN")

    await stack.until(is_withdrawn)


async def test_registration_form_is_disabled_when_registry_lacks_an_answer_code(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await verify_codes(stack.rt)).flows is stack.rt.flows
    monkeypatch.setitem(registry_codes.CODES["purpose"], "swim", "SWIM")
    closed = await verify_codes(stack.rt)
    assert closed.flows["preregistration"].items == ()
    await stack.fault(name="down")
    assert (await verify_codes(stack.rt)).flows is stack.rt.flows


async def test_web_server_disables_the_form_at_start_when_codes_are_missing(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The stack itself starts without this check.
    monkeypatch.setattr(registry_codes, "verify_codes", verify_codes)
    monkeypatch.setitem(registry_codes.CODES["purpose"], "swim", "SWIM")
    app = create_app(shared_runtime(stack.rt))
    async with app.router.lifespan_context(app):
        assert app.state.rt.flows["preregistration"].items == ()


async def test_registration_omits_a_question_without_a_code_list_in_the_registry(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry: Any = _EarlierRegistry(stack.rt.registry)
    rt = replace(stack.rt, registry=registry)
    asked = [item.name for item in (await verify_codes(rt)).flows["preregistration"].items]
    assert asked == [each.name for each in PREREGISTRATION.items if each.name != "support_needed"]
    monkeypatch.setitem(registry_codes.CODES["purpose"], "swim", "SWIM")
    assert (await verify_codes(rt)).flows["preregistration"].items == ()


class _EarlierRegistry:
    """A registry of contract version 1.6, which has no reference list of the kinds of support."""

    def __init__(self, registry: Any) -> None:
        self._registry = registry

    async def reference(self, kind: str) -> Any:
        if kind == "support-kinds":
            raise Refused("E_REGISTRY_REFUSED", "the list is unknown", problem="not-found")
        return await self._registry.reference(kind)
