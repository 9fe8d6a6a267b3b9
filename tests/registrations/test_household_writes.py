"""Writes about a household that the registry never answers as agreed; no other write waits."""

from bot.registrations import registry_writes
from bot.registry.errors import Misconfigured, OutcomeUnknown
from bot.registry.households import Household
from bot.runtime import Runtime
from bot.worker import sweeps
from tests.clock import advance_database_clock
from tests.person_client import Guest
from tests.registrations.registries import (
    RecordingRegistry,
    accept,
    one,
    stored_surname,
    write_all,
    write_due,
)

ATTEMPTS = 3


class FailingHouseholds(RecordingRegistry):
    """A registry that takes an invitation, but cannot show the household."""

    async def invite(self, _number: str, _body: object, *, key: str) -> Household:
        self.calls.append("invite")
        self._took("invite", "RECEIVED", key)
        raise OutcomeUnknown("E_REGISTRY_ANSWER", "the registry's answer is not as agreed")

    async def household(self, _number: str) -> Household:
        raise Misconfigured("E_REGISTRY_CONTRACT", "the registry answers otherwise than agreed")


async def _invited(rt: Runtime) -> tuple[Guest, FailingHouseholds]:
    """Return a registered person whose request for a family code fails at every attempt."""
    guest, registry = Guest(rt), FailingHouseholds()
    await guest.register()
    await accept(rt, registry)
    await guest.go("/status", "household", "invite", "yes")
    await write_due(rt, registry)
    return guest, registry


async def test_amendment_does_not_wait_for_a_family_request(rt: Runtime) -> None:
    guest, registry = await _invited(rt)
    await guest.go("/status", "amend", "edit", "surname", "TESTOVSKAYA", "submit")
    for _each in range(ATTEMPTS):
        await write_all(rt, registry)
    assert registry.calls == ["create", "invite", "amend"]


async def test_withdrawal_does_not_wait_for_a_family_request(rt: Runtime) -> None:
    guest, registry = await _invited(rt)
    await guest.go("/status", "withdraw", "yes")
    for _each in range(ATTEMPTS):
        await write_all(rt, registry)
    assert registry.calls == ["create", "invite", "withdraw"]
    assert await one(rt, "SELECT state FROM registry_writes WHERE kind = 'invite'") == "cancelled"
    assert await one(rt, "SELECT count(*) FROM cases") == 0


async def test_erasure_does_not_wait_for_a_family_request(rt: Runtime) -> None:
    guest, registry = await _invited(rt)
    await guest.go("/delete", "yes")
    for _each in range(ATTEMPTS):
        await write_all(rt, registry)
    assert registry.calls == ["create", "invite", "withdraw_consent"]
    async with rt.pool.connection() as session:
        assert await registry_writes.due(session) == []


async def test_answers_are_deleted_while_a_family_request_fails(rt: Runtime) -> None:
    guest, registry = await _invited(rt)
    await advance_database_clock(rt, "25 hours")
    await write_all(rt, registry)
    await sweeps.forget_spent(rt)
    assert await stored_surname(guest) is None


async def test_family_request_waits_for_the_submission(rt: Runtime) -> None:
    guest, registry = Guest(rt), FailingHouseholds()
    await guest.register()
    await guest.go("/status", "household", "invite", "yes")
    await write_all(rt, registry)
    assert registry.calls == ["create"]
