"""Withdrawal and erasure of a registration: writes to the registry, and the shown status."""

from dataclasses import replace
from typing import Any, cast

from bot.conversations import receive, registry_events
from bot.conversations.receive import take_turn
from bot.registrations import registry_writes
from bot.registry.client import Registry
from bot.registry.contract import Acknowledgement, ConsentWithdrawal
from bot.registry.errors import RegistryError, Unavailable
from bot.registry.households import Household
from bot.runtime import Runtime
from flows.engine.events import Said, UploadChecked
from tests.desk.desks import ahead
from tests.person_client import Guest
from tests.registrations.test_registrations import (
    NUMBER,
    REFUSED,
    UNKNOWN,
    StoringRegistry,
    _one,
    _write,
)
from tests.registry.example import status_callback
from tests.uploads.test_uploads import person_of, rows, small, store_upload

DOWN = Unavailable("E_REGISTRY_UNREACHABLE", "not reached")


class RecordingRegistry(StoringRegistry):
    """A registry that also keeps the names of the calls that write to it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    async def create(self, body: object, *, key: str) -> Acknowledgement:
        self.calls.append("create")
        return await super().create(body, key=key)

    async def withdraw(self, number: str, *, key: str) -> Acknowledgement:
        self.calls.append("withdraw")
        return await super().withdraw(number, key=key)

    async def withdraw_consent(self, taken_back: ConsentWithdrawal, *, key: str) -> Acknowledgement:
        self.calls.append("withdraw_consent")
        return await super().withdraw_consent(taken_back, key=key)


class FailingRegistry(RecordingRegistry):
    """A registry whose next creation or invitation fails with `error`.

    With `leaver`, this person withdraws the registration while that call is in progress.
    """

    error: RegistryError | None = None
    leaver: Guest | None = None

    async def create(self, body: object, *, key: str) -> Acknowledgement:
        await self._fail()
        return await super().create(body, key=key)

    async def invite(self, _number: str, _body: object, *, key: str) -> Household:
        await self._fail()
        raise AssertionError(f"the invitation {key} was sent again")

    async def _fail(self) -> None:
        if self.leaver:
            await self.leaver.go("/status", "withdraw", "yes")
            self.leaver = None
        error, self.error = self.error, None
        if error:
            raise error


async def write_all(rt: Runtime, registry: StoringRegistry, after: str = "15 minutes") -> None:
    """Advance the time and try all registry writes that are due."""
    await ahead(rt, after)
    async with rt.pool.connection() as session:
        due = await registry_writes.due(session)
    with_registry = replace(rt, registry=cast(Registry, registry))
    for write in due:
        await receive.deliver(rt, await registry_events.write_to_registry(with_registry, write))


async def _shown(guest: Guest) -> str:
    """Return the state of the registration in the person's conversation."""
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.registration is not None
    return conversation.registration.state


async def _report(rt: Runtime, state: Any, version: int) -> None:
    """Deliver a status callback of the registry."""
    callback = status_callback(NUMBER, state, version)
    await receive.deliver(rt, await registry_events.record_status_callback(rt, callback))


async def test_erasure_after_a_withdrawal_asks_the_registry_to_erase(rt: Runtime) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    await _write(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    await _write(rt, registry)
    await guest.go("/delete", "yes")
    await _write(rt, registry)
    assert registry.calls == ["create", "withdraw", "withdraw_consent"]


async def test_withdrawal_cancels_a_submission_that_was_not_sent(rt: Runtime) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    await guest.go("/status", "withdraw", "yes")
    await _write(rt, registry)
    assert registry.calls == []
    assert await _shown(guest) == "withdrawn"
    submission = "FROM registry_writes WHERE kind = 'submit'"
    assert await _one(rt, f"SELECT state {submission}") == "cancelled"
    assert await _one(rt, f"SELECT payload {submission}") is None


async def test_withdrawal_cancels_a_submission_in_doubt_that_the_registry_lacks(
    rt: Runtime,
) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    registry.fails = {"create": UNKNOWN}
    await _write(rt, registry)
    registry.acknowledgements.clear()
    await guest.go("/status", "withdraw", "yes")
    await _write(rt, registry)
    await _write(rt, registry)
    assert registry.calls == ["create"]
    assert await _shown(guest) == "withdrawn"
    assert await _one(rt, "SELECT state FROM registry_writes WHERE kind = 'submit'") == "cancelled"


async def test_withdrawal_is_sent_when_the_registry_has_the_submission_in_doubt(
    rt: Runtime,
) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    registry.fails = {"create": UNKNOWN}
    await _write(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    await _write(rt, registry)
    await _write(rt, registry)
    assert registry.calls == ["create", "withdraw"]
    assert await _shown(guest) == "withdrawn"


async def test_submission_in_doubt_is_looked_up_90_s_after_a_withdrawal(
    rt: Runtime,
) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    registry.fails = {"create": UNKNOWN}
    await _write(rt, registry)
    await ahead(rt, "15 minutes")
    await guest.go("/status", "withdraw", "yes")
    async with rt.pool.connection() as session:
        (write,) = await registry_writes.due(session)
    assert await registry_writes.claim(rt, write) is None
    await ahead(rt, "91 seconds")
    assert await registry_writes.claim(rt, write) is not None


async def test_failed_submission_is_not_sent_again_after_a_withdrawal(rt: Runtime) -> None:
    guest, registry = Guest(rt), FailingRegistry()
    await guest.register()
    registry.error, registry.leaver = DOWN, guest
    await _write(rt, registry)
    await _write(rt, registry)
    await _write(rt, registry)
    assert registry.calls == []
    assert await _shown(guest) == "withdrawn"


async def test_failed_family_request_is_not_sent_again_after_a_withdrawal(rt: Runtime) -> None:
    guest, registry = Guest(rt), FailingRegistry()
    await guest.register()
    await _write(rt, registry)
    await guest.go("/status", "household", "invite", "yes")
    registry.error, registry.leaver = DOWN, guest
    await _write(rt, registry)
    await write_all(rt, registry)
    assert registry.calls == ["create", "withdraw"]
    assert await _shown(guest) == "withdrawn"
    assert await _one(rt, "SELECT count(*) FROM cases") == 0


async def test_refused_submission_opens_no_case_when_it_was_just_withdrawn(rt: Runtime) -> None:
    guest, registry = Guest(rt), FailingRegistry()
    await guest.register()
    registry.error, registry.leaver = REFUSED, guest
    await _write(rt, registry)
    assert await _one(rt, "SELECT state FROM registry_writes WHERE kind = 'submit'") == "rejected"
    assert await _one(rt, "SELECT count(*) FROM cases") == 0


async def test_refused_family_request_opens_no_case_when_just_withdrawn(rt: Runtime) -> None:
    guest, registry = Guest(rt), FailingRegistry()
    await guest.register()
    await _write(rt, registry)
    await guest.go("/status", "household", "invite", "yes")
    registry.error, registry.leaver = REFUSED, guest
    await _write(rt, registry)
    assert await _one(rt, "SELECT state FROM registry_writes WHERE kind = 'invite'") == "rejected"
    assert await _one(rt, "SELECT count(*) FROM cases") == 0


async def test_withdrawal_stays_in_progress_when_the_registry_reports_a_status(rt: Runtime) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    await _write(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    await _report(rt, "PASSED_ON", 2)
    assert await _shown(guest) == "withdrawing"
    assert await _one(rt, "SELECT state FROM registrations") == "withdrawing"
    assert await _one(rt, "SELECT version FROM registrations") == 2
    await _write(rt, registry)
    assert await _shown(guest) == "withdrawn"


async def test_registry_status_is_shown_after_the_registry_refused_a_withdrawal(
    rt: Runtime,
) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    await _write(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    registry.fails = {"withdraw": REFUSED}
    await _write(rt, registry)
    await _report(rt, "PASSED_ON", 2)
    assert await _shown(guest) == "passed_on"


class NumberingRegistry(StoringRegistry):
    """A registry that gives each registration its own number."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = iter((NUMBER, "KS-2026-2345-6799"))

    async def create(self, body: object, *, key: str) -> Acknowledgement:
        created = await super().create(body, key=key)
        self.acknowledgements[key] = created.model_copy(update={"number": next(self.numbers)})
        return self.acknowledgements[key]


async def test_status_of_a_withdrawn_registration_does_not_replace_the_new_one(
    rt: Runtime,
) -> None:
    guest, registry = Guest(rt), NumberingRegistry()
    await guest.register()
    await _write(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    await _write(rt, registry)
    await guest.go("/menu", "preregistration", "yes", "submit")
    await _write(rt, registry)
    await _report(rt, "REJECTED", 99)
    assert await _shown(guest) == "received"
    assert await _one(rt, "SELECT count(*) FROM cases") == 0


async def test_papers_after_a_withdrawal_reach_the_next_registration(rt: Runtime) -> None:
    guest, registry = Guest(rt), NumberingRegistry()
    await guest.register()
    await _write(rt, registry)
    await guest.go("/status", "papers", "yes")
    person = await person_of(rt, guest)
    await store_upload(rt, person, small(1))
    async with rt.pool.connection() as session:
        checked = UploadChecked("papers", "paper_identity")
        await receive.deliver(rt, await take_turn(rt, session, person.id, checked))
    await _report(rt, "WITHDRAWN", 2)
    await guest.go("done", "-", "-")
    assert await rows(rt, "state, registration_id") == [("ready", None)]
    await guest.do(Said("как отправить вам фото документов"))
    await guest.go("/menu", "preregistration", "yes", "submit")
    await _write(rt, registry)
    await guest.go("/status", "papers")
    (sent,) = await rows(rt, "registration_id")
    assert sent == await _one(rt, "SELECT id FROM registrations WHERE state <> 'withdrawn'")
