"""Withdrawal and erasure of a registration: writes to the registry, and the shown status."""

from dataclasses import replace
from typing import cast

from bot import uploads
from bot.conversations import receive, upload_events
from bot.conversations.receive import take_turn
from bot.registrations import registry_writes
from bot.registry.client import Registry
from bot.registry.contract import Acknowledgement
from bot.registry.documents import Document
from bot.registry.errors import Refused, RegistryError, Unavailable
from bot.registry.households import Household
from bot.runtime import Runtime
from flows.engine.events import Said, UploadChecked
from tests.clock import advance_database_clock
from tests.person_client import Guest
from tests.registrations.registries import (
    NUMBER,
    REFUSED,
    UNKNOWN,
    RecordingRegistry,
    StoringRegistry,
    one,
    report,
    write_all,
    write_due,
)
from tests.uploads.test_uploads import person_of, rows, small, store_upload

DOWN = Unavailable("E_REGISTRY_UNREACHABLE", "not reached")


class FailingRegistry(RecordingRegistry):
    """A registry whose next creation or invitation fails with `error`.

    With `leaver`, this person withdraws the registration while that call is in progress. With
    `eraser`, this person deletes their data during the next withdrawal, which is refused.
    """

    error: RegistryError | None = None
    leaver: Guest | None = None
    eraser: Guest | None = None

    async def create(self, body: object, *, key: str) -> Acknowledgement:
        await self._fail()
        return await super().create(body, key=key)

    async def invite(self, _number: str, _body: object, *, key: str) -> Household:
        await self._fail()
        raise AssertionError(f"the invitation {key} was sent again")

    async def withdraw(self, number: str, *, key: str) -> Acknowledgement:
        if self.eraser:
            await self.eraser.go("/delete", "yes")
            self.eraser = None
            raise REFUSED
        return await super().withdraw(number, key=key)

    async def _fail(self) -> None:
        if self.leaver:
            await self.leaver.go("/status", "withdraw", "yes")
            self.leaver = None
        error, self.error = self.error, None
        if error:
            raise error


class LeavingRegistry:
    """A registry that refuses a paper, because the person withdraws during its transfer."""

    def __init__(self, leaver: Guest) -> None:
        self._leaver = leaver

    async def upload(self, *_paper: object, key: str) -> Document:
        await self._leaver.go("/status", "withdraw", "yes")
        raise Refused("E_REGISTRY_REFUSED", key, problem="closed")


async def _submitted_in_doubt(rt: Runtime) -> tuple[Guest, RecordingRegistry]:
    """Return a person whose submission has an unknown outcome, and the registry that has it."""
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    registry.fails = {"create": UNKNOWN}
    await write_due(rt, registry)
    return guest, registry


async def _shown(guest: Guest) -> str:
    """Return the state of the registration in the person's conversation."""
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.registration is not None
    return conversation.registration.state


async def test_erasure_after_a_withdrawal_asks_the_registry_to_erase(rt: Runtime) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    await write_due(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    await write_due(rt, registry)
    await guest.go("/delete", "yes")
    await write_due(rt, registry)
    assert registry.calls == ["create", "withdraw", "withdraw_consent"]


async def test_erasure_is_sent_again_until_the_registry_accepts_it(rt: Runtime) -> None:
    """The person is deleted, so no officer could correct the erasure with them."""
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    await write_due(rt, registry)
    await guest.go("/delete", "yes")
    for _each in range(12):
        registry.fails = {"withdraw_consent": REFUSED}
        await write_due(rt, registry)
        assert await one(rt, "SELECT state FROM registry_writes WHERE kind = 'erase'") == "pending"
    await write_due(rt, registry)
    assert registry.calls == ["create", *["withdraw_consent"] * 13]
    assert await one(rt, "SELECT state FROM registry_writes WHERE kind = 'erase'") == "accepted"


async def test_withdrawal_cancels_a_submission_that_was_not_sent(rt: Runtime) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    await guest.go("/status", "withdraw", "yes")
    await write_due(rt, registry)
    assert registry.calls == []
    assert await _shown(guest) == "withdrawn"
    submission = "FROM registry_writes WHERE kind = 'submit'"
    assert await one(rt, f"SELECT state {submission}") == "cancelled"
    assert await one(rt, f"SELECT payload {submission}") is None


async def test_withdrawal_cancels_a_submission_in_doubt_that_the_registry_lacks(
    rt: Runtime,
) -> None:
    guest, registry = await _submitted_in_doubt(rt)
    registry.acknowledgements.clear()
    await guest.go("/status", "withdraw", "yes")
    await write_due(rt, registry)
    await write_due(rt, registry)
    assert registry.calls == ["create"]
    assert await _shown(guest) == "withdrawn"
    assert await one(rt, "SELECT state FROM registry_writes WHERE kind = 'submit'") == "cancelled"


async def test_withdrawal_is_sent_when_the_registry_has_the_submission_in_doubt(
    rt: Runtime,
) -> None:
    guest, registry = await _submitted_in_doubt(rt)
    await guest.go("/status", "withdraw", "yes")
    await write_due(rt, registry)
    await write_due(rt, registry)
    assert registry.calls == ["create", "withdraw"]
    assert await _shown(guest) == "withdrawn"


async def test_submission_in_doubt_is_looked_up_90_s_after_a_withdrawal(
    rt: Runtime,
) -> None:
    guest, _registry = await _submitted_in_doubt(rt)
    await advance_database_clock(rt, "15 minutes")
    await guest.go("/status", "withdraw", "yes")
    async with rt.pool.connection() as session:
        (write,) = await registry_writes.due(session)
    assert await registry_writes.claim(rt, write) is None
    await advance_database_clock(rt, "91 seconds")
    assert await registry_writes.claim(rt, write) is not None


async def test_submission_in_doubt_is_erased_when_it_arrives_after_the_erasure(
    rt: Runtime,
) -> None:
    guest, registry = await _submitted_in_doubt(rt)
    arriving, registry.acknowledgements = registry.acknowledgements, {}
    await advance_database_clock(rt, "15 minutes")
    await guest.go("/delete", "yes")
    await write_all(rt, registry, "5 seconds")
    await write_all(rt, registry, "5 seconds")
    registry.acknowledgements = arriving
    await write_all(rt, registry)
    await write_all(rt, registry)
    assert registry.calls == ["create", "withdraw_consent"]


async def test_erasure_protects_an_amendment_in_doubt_despite_a_report(rt: Runtime) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    await write_due(rt, registry)
    await guest.go("/status", "amend", "submit")
    registry.fails = {"amend": UNKNOWN}
    await write_due(rt, registry)
    await advance_database_clock(rt, "15 minutes")
    await guest.go("/delete", "yes")
    await report(rt, "PASSED_ON", 2)
    assert await one(rt, "SELECT state FROM registrations") == "withdrawing"
    async with rt.pool.connection() as session:
        (write,) = await registry_writes.due(session)
    assert await registry_writes.claim(rt, write) is None
    await advance_database_clock(rt, "91 seconds")
    assert await registry_writes.claim(rt, write) is not None


async def test_failed_submission_is_not_sent_again_after_a_withdrawal(rt: Runtime) -> None:
    guest, registry = Guest(rt), FailingRegistry()
    await guest.register()
    registry.error, registry.leaver = DOWN, guest
    await write_due(rt, registry)
    await write_due(rt, registry)
    await write_due(rt, registry)
    assert registry.calls == []
    assert await _shown(guest) == "withdrawn"


async def test_failed_family_request_is_not_sent_again_after_a_withdrawal(rt: Runtime) -> None:
    guest, registry = Guest(rt), FailingRegistry()
    await guest.register()
    await write_due(rt, registry)
    await guest.go("/status", "household", "invite", "yes")
    registry.error, registry.leaver = DOWN, guest
    await write_due(rt, registry)
    await write_all(rt, registry)
    assert registry.calls == ["create", "withdraw"]
    assert await _shown(guest) == "withdrawn"
    assert await one(rt, "SELECT count(*) FROM cases") == 0


async def test_refused_submission_opens_no_case_when_it_was_just_withdrawn(rt: Runtime) -> None:
    guest, registry = Guest(rt), FailingRegistry()
    await guest.register()
    registry.error, registry.leaver = REFUSED, guest
    await write_due(rt, registry)
    assert await one(rt, "SELECT state FROM registry_writes WHERE kind = 'submit'") == "rejected"
    assert await one(rt, "SELECT count(*) FROM cases") == 0


async def test_refused_withdrawal_opens_no_case_when_its_person_was_erased(rt: Runtime) -> None:
    guest, registry = Guest(rt), FailingRegistry()
    await guest.register()
    await write_due(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    registry.eraser = guest
    await write_due(rt, registry)
    assert await one(rt, "SELECT state FROM registry_writes WHERE kind = 'withdraw'") == "rejected"
    assert await one(rt, "SELECT count(*) FROM cases") == 0
    await write_due(rt, registry)
    assert registry.calls == ["create", "withdraw_consent"]


async def test_refused_family_request_opens_no_case_when_just_withdrawn(rt: Runtime) -> None:
    guest, registry = Guest(rt), FailingRegistry()
    await guest.register()
    await write_due(rt, registry)
    await guest.go("/status", "household", "invite", "yes")
    registry.error, registry.leaver = REFUSED, guest
    await write_due(rt, registry)
    assert await one(rt, "SELECT state FROM registry_writes WHERE kind = 'invite'") == "rejected"
    assert await one(rt, "SELECT count(*) FROM cases") == 0


async def test_withdrawal_stays_in_progress_when_the_registry_reports_a_status(rt: Runtime) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    await write_due(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    await report(rt, "PASSED_ON", 2)
    assert await _shown(guest) == "withdrawing"
    assert await one(rt, "SELECT state FROM registrations") == "withdrawing"
    assert await one(rt, "SELECT version FROM registrations") == 2
    await write_due(rt, registry)
    assert await _shown(guest) == "withdrawn"


async def test_registry_status_is_shown_after_the_registry_refused_a_withdrawal(
    rt: Runtime,
) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    await write_due(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    registry.fails = {"withdraw": REFUSED}
    await write_due(rt, registry)
    await report(rt, "PASSED_ON", 2)
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
    await write_due(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    await write_due(rt, registry)
    await guest.go("/menu", "preregistration", "yes", "submit")
    await write_due(rt, registry)
    await report(rt, "REJECTED", 99)
    assert await _shown(guest) == "received"
    assert await one(rt, "SELECT count(*) FROM cases") == 0


async def test_papers_after_a_withdrawal_reach_the_next_registration(rt: Runtime) -> None:
    guest, registry = Guest(rt), NumberingRegistry()
    await guest.register()
    await write_due(rt, registry)
    await guest.go("/status", "papers", "yes")
    person = await person_of(rt, guest)
    await store_upload(rt, person, small(1))
    async with rt.pool.connection() as session:
        checked = UploadChecked("papers", "paper_identity")
        await receive.deliver(rt, await take_turn(rt, session, person.id, checked))
    await report(rt, "WITHDRAWN", 2)
    await guest.go("done", "-", "-")
    assert await rows(rt, "state, registration_id") == [("ready", None)]
    await guest.do(Said("как отправить вам фото документов"))
    await guest.go("/menu", "preregistration", "yes", "submit")
    await write_due(rt, registry)
    await guest.go("/status", "papers")
    (sent,) = await rows(rt, "registration_id")
    assert sent == await one(rt, "SELECT id FROM registrations WHERE state <> 'withdrawn'")


async def test_refused_paper_opens_no_case_when_the_registration_was_withdrawn(
    rt: Runtime,
) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    await write_due(rt, registry)
    person = await person_of(rt, guest)
    upload_id = await store_upload(rt, person, small(1))
    async with rt.pool.connection() as session:
        await uploads.release(session, person.id)
    leaving = LeavingRegistry(guest)
    with_registry = replace(rt, registry=cast(Registry, leaving))
    await receive.deliver(rt, await upload_events.send_upload(with_registry, upload_id))
    assert await one(rt, "SELECT count(*) FROM cases") == 0
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.papers == {}
