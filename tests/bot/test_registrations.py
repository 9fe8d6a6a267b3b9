"""Writes to the registry that were overtaken, refused or in doubt, and those that wait."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest

from bot import conversations, errands, inbox, registrations
from bot.registry.client import Registry
from bot.registry.contract import Acknowledgement
from bot.registry.errors import OutcomeUnknown, Refused, RegistryError, Unavailable
from bot.runtime import Runtime
from tests.bot.desks import ahead
from tests.people import Guest

NUMBER = "KS-2026-2345-6789"
UNKNOWN = OutcomeUnknown("E_REGISTRY_UNKNOWN", "no answer")
REFUSED = Refused("E_REGISTRY_REFUSED", "refused", problem="invalid")


class Answering:
    """A registry that says yes at once; but the first call may fail, and late."""

    def __init__(self, late: RegistryError | None = None) -> None:
        self._late, self.begun, self.gate = late, asyncio.Event(), asyncio.Event()
        self.bodies = 0

    async def find(self, _key: str) -> None:
        return None

    async def create(self, _body: object, *, key: str) -> Acknowledgement:
        self.bodies += 1
        if self._late and not self.begun.is_set():
            self.begun.set()
            await self.gate.wait()
            raise self._late
        return Acknowledgement(
            number=NUMBER,
            state="RECEIVED",
            version=1,
            received_at=datetime(2026, 11, 27, tzinfo=UTC),
            reason_code=None,
            idempotency_key=key,
        )


class Keeping:
    """A registry of one entry; a call that is to fail does so once, before or after it counts."""

    def __init__(self) -> None:
        self.fails: dict[str, RegistryError] = {}
        self.said: dict[str, Acknowledgement] = {}

    async def find(self, key: str) -> Acknowledgement | None:
        if error := self.fails.pop("find", None):
            raise error
        return self.said.get(key)

    async def create(self, _body: object, *, key: str) -> Acknowledgement:
        return self._took("create", "RECEIVED", key)

    async def amend(self, _number: str, _body: object, *, key: str) -> Acknowledgement:
        return self._took("amend", "RECEIVED", key)

    async def withdraw(self, _number: str, *, key: str) -> Acknowledgement:
        return self._took("withdraw", "WITHDRAWN", key)

    def _took(self, call: str, state: Any, key: str) -> Acknowledgement:
        error = self.fails.pop(call, None)
        if error and not isinstance(error, OutcomeUnknown):
            raise error
        self.said[key] = Acknowledgement(
            number=NUMBER,
            state=state,
            version=10 * len(self.said) + 1,
            received_at=datetime(2026, 11, 27, tzinfo=UTC),
            reason_code=None,
            idempotency_key=key,
        )
        if error:
            raise error
        return self.said[key]


async def _one(rt: Runtime, statement: Any) -> Any:
    async with rt.pool.connection() as session:
        (row,) = await (await session.execute(statement)).fetchall()
    return row[0]


@pytest.mark.parametrize(
    "late",
    [
        Unavailable("E_REGISTRY_UNREACHABLE", "not reached"),
        UNKNOWN,
        REFUSED,
    ],
    ids=lambda late: type(late).__name__,
)
async def test_a_try_that_was_overtaken_takes_back_no_acceptance(
    rt: Runtime, late: RegistryError
) -> None:
    """A worker that was frozen for longer than its lease wakes, and its own call has failed."""
    guest, registry = Guest(rt), Answering(late)
    await guest.register()
    write = UUID(str(await _one(rt, "SELECT id FROM registry_writes")))
    there = replace(rt, registry=cast(Registry, registry))
    frozen = asyncio.create_task(errands.write_to_registry(there, write))
    await registry.begun.wait()
    await ahead(rt, "91 seconds")
    assert await errands.write_to_registry(there, write)
    registry.gate.set()
    assert await frozen is None
    assert await _one(rt, "SELECT state FROM registry_writes") == "accepted"
    assert await _one(rt, "SELECT count(*) FROM cases") == 0
    await ahead(rt, "1 hour")
    assert await errands.write_to_registry(there, write) is None
    assert await _one(rt, "SELECT state FROM registry_writes") == "accepted"
    assert registry.bodies == 2


async def _write(rt: Runtime, registry: Keeping) -> None:
    """One try at the write whose turn it is."""
    await ahead(rt, "15 minutes")
    async with rt.pool.connection() as session:
        (write,) = await registrations.due(session)
    there = replace(rt, registry=cast(Registry, registry))
    await inbox.deliver(rt, await errands.write_to_registry(there, write))


@pytest.mark.requirement("S-25", "S-52")
async def test_what_was_refused_in_doubt_is_looked_for_before_it_counts_as_withdrawn(
    rt: Runtime,
) -> None:
    """The submission arrived, its answer was lost, and looking it up was refused."""
    guest, registry = Guest(rt), Keeping()
    await guest.register()
    registry.fails = {"create": UNKNOWN, "find": REFUSED}
    await _write(rt, registry)
    await _write(rt, registry)
    assert await _one(rt, "SELECT state FROM registry_writes") == "rejected"
    await guest.go("/status", "withdraw", "yes")
    await _write(rt, registry)
    assert [each.state for each in registry.said.values()] == ["RECEIVED", "WITHDRAWN"]
    assert await _one(rt, "SELECT number FROM registrations WHERE state = 'withdrawn'") == NUMBER
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.standing is not None
    assert conversation.standing.state == "withdrawn"


async def test_only_answers_that_the_registry_holds_are_forgotten(rt: Runtime) -> None:
    """Somebody may be in the middle of another form a day after their registration."""
    guest = Guest(rt)
    await guest.register()
    person_id = UUID(str(await _one(rt, "SELECT id FROM people")))
    async with rt.pool.connection() as session:
        held = await conversations.lock(rt, session, person_id)
        assert held is not None
        c = held.conversation
        forms = {**c.forms, "interview": c.forms["preregistration"]}
        await conversations.keep(rt, session, held, replace(c, forms=forms))
        await errands.forget_answers(rt, session, person_id)
    conversation = await guest.conversation()
    assert conversation is not None
    assert list(conversation.forms) == ["interview"]


async def test_what_waits_for_another_write_keeps_nobody_elses_from_being_tried(
    rt: Runtime,
) -> None:
    for guest in (Guest(rt), Guest(rt)):
        await guest.register()
        await guest.go("/status", "withdraw", "yes")
    await ahead(rt, "1 minute")
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE registry_writes SET due_at = due_at + interval '30 seconds'"
            " WHERE kind = 'submit'"
        )
        due = await registrations.due(session, 2)
        cursor = await session.execute("SELECT id FROM registry_writes WHERE kind = 'submit'")
        assert sorted(due) == sorted(row[0] for row in await cursor.fetchall())
