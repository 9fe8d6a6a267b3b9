"""Invented registries, and helpers that send writes to them and deliver their reports."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from bot.conversations import receive, registry_events
from bot.registrations import registry_writes
from bot.registry.client import Registry
from bot.registry.contract import Acknowledgement, ConsentWithdrawal
from bot.registry.errors import OutcomeUnknown, Refused, RegistryError
from bot.runtime import Runtime
from tests.clock import advance_database_clock
from tests.person_client import Guest
from tests.registry.example import status_callback

NUMBER = "KS-2026-2345-6789"
UNKNOWN = OutcomeUnknown("E_REGISTRY_UNKNOWN", "no answer")
REFUSED = Refused("E_REGISTRY_REFUSED", "refused", problem="invalid")


class AcceptingRegistry:
    """A registry that accepts every registration.

    With `late`, its first call waits for `gate` and then raises this error.
    """

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


class StoringRegistry:
    """A registry that keeps its response to each write by idempotency key.

    `fails` has the error that the next call of a method raises. OutcomeUnknown is raised after the
    write, any other error instead of it.
    """

    def __init__(self) -> None:
        self.fails: dict[str, RegistryError] = {}
        self.acknowledgements: dict[str, Acknowledgement] = {}

    async def find(self, key: str) -> Acknowledgement | None:
        if error := self.fails.pop("find", None):
            raise error
        return self.acknowledgements.get(key)

    async def create(self, _body: object, *, key: str) -> Acknowledgement:
        return self._took("create", "RECEIVED", key)

    async def amend(self, _number: str, _body: object, *, key: str) -> Acknowledgement:
        return self._took("amend", "RECEIVED", key)

    async def withdraw(self, _number: str, *, key: str) -> Acknowledgement:
        return self._took("withdraw", "WITHDRAWN", key)

    async def withdraw_consent(self, taken_back: ConsentWithdrawal, *, key: str) -> Acknowledgement:
        assert taken_back.number == NUMBER
        return self._took("withdraw_consent", "WITHDRAWN", key)

    def _took(self, call: str, state: Any, key: str) -> Acknowledgement:
        error = self.fails.pop(call, None)
        if error and not isinstance(error, OutcomeUnknown):
            raise error
        self.acknowledgements[key] = Acknowledgement(
            number=NUMBER,
            state=state,
            version=10 * len(self.acknowledgements) + 1,
            received_at=datetime(2026, 11, 27, tzinfo=UTC),
            reason_code=None,
            idempotency_key=key,
        )
        if error:
            raise error
        return self.acknowledgements[key]


class RecordingRegistry(StoringRegistry):
    """A registry that also keeps the names of the calls that write to it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    async def create(self, body: object, *, key: str) -> Acknowledgement:
        self.calls.append("create")
        return await super().create(body, key=key)

    async def amend(self, number: str, body: object, *, key: str) -> Acknowledgement:
        self.calls.append("amend")
        return await super().amend(number, body, key=key)

    async def withdraw(self, number: str, *, key: str) -> Acknowledgement:
        self.calls.append("withdraw")
        return await super().withdraw(number, key=key)

    async def withdraw_consent(self, taken_back: ConsentWithdrawal, *, key: str) -> Acknowledgement:
        self.calls.append("withdraw_consent")
        return await super().withdraw_consent(taken_back, key=key)


async def write_due(rt: Runtime, registry: StoringRegistry) -> None:
    """Advance the time and try the only registry write that is due."""
    await advance_database_clock(rt, "15 minutes")
    async with rt.pool.connection() as session:
        (write,) = await registry_writes.due(session)
    with_registry = replace(rt, registry=cast(Registry, registry))
    await receive.deliver(rt, await registry_events.write_to_registry(with_registry, write))


async def write_all(rt: Runtime, registry: StoringRegistry, after: str = "15 minutes") -> None:
    """Advance the time and try all registry writes that are due."""
    await advance_database_clock(rt, after)
    async with rt.pool.connection() as session:
        due = await registry_writes.due(session)
    with_registry = replace(rt, registry=cast(Registry, registry))
    for write in due:
        await receive.deliver(rt, await registry_events.write_to_registry(with_registry, write))


async def accept(rt: Runtime, registry: StoringRegistry) -> None:
    """Send the due write to the registry, which then reports the registration as accepted."""
    await write_due(rt, registry)
    version = max(each.version for each in registry.acknowledgements.values()) + 1
    await report(rt, "ACCEPTED", version)


async def report(rt: Runtime, state: Any, version: int, **more: Any) -> None:
    """Deliver a status callback of the registry; `more` has further fields, such as a step."""
    callback = status_callback(NUMBER, state, version).model_copy(update=more)
    await receive.deliver(rt, await registry_events.record_status_callback(rt, callback))


async def one(rt: Runtime, statement: Any) -> Any:
    """Return the value of a query with one row and one column."""
    async with rt.pool.connection() as session:
        (row,) = await (await session.execute(statement)).fetchall()
    return row[0]


async def stored_surname(guest: Guest) -> str | None:
    """Return the surname in the stored registration form; None if the form was deleted."""
    conversation = await guest.conversation()
    assert conversation is not None
    form = conversation.forms.get("preregistration")
    return form.answers["surname"].value if form else None
