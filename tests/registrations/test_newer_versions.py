"""Registry writes of a newer version stay unchanged until a worker of that version sends them."""

from typing import Any, LiteralString
from uuid import UUID, uuid4

import msgspec
import pytest

from bot.registrations import registry_writes
from bot.registrations.registry_writes import NewerWrite
from bot.registry.contract import Consent, Contact, Member, Model, PreRegistration
from bot.runtime import Runtime
from tests.person_client import Guest
from tests.registrations.registries import StoringRegistry, write_all


class NewerPreRegistration(PreRegistration):
    """The pre-registration of a newer version, which has one more answer."""

    housing: str | None = None


class RecordingRegistry(StoringRegistry):
    """A registry that also keeps the bodies of the submissions."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[Any] = []

    async def create(self, body: object, *, key: str) -> Any:
        self.bodies.append(body)
        return await super().create(body, key=key)


async def _row(rt: Runtime, query: LiteralString, *values: object) -> Any:
    async with rt.pool.connection() as session:
        (row,) = await (await session.execute(query, values)).fetchall()
    return row


async def _state(rt: Runtime, write: UUID) -> Any:
    return await _row(
        rt,
        "SELECT state, attempts, reason, payload IS NOT NULL, due_at > kosh_now()"
        " FROM registry_writes WHERE id = %s",
        write,
    )


async def _registered(rt: Runtime) -> tuple[UUID, UUID]:
    """Register a person; return the ids of the registration and of its write."""
    await Guest(rt).register()
    write, registration = await _row(rt, "SELECT id, registration_id FROM registry_writes")
    return UUID(str(registration)), UUID(str(write))


async def _add_member(rt: Runtime, write: UUID) -> None:
    """Add a member to the stored submission, as a newer version of Kosh would."""
    claimed = await registry_writes.claim(rt, write)
    assert claimed is not None
    person = claimed.person
    assert person is not None
    assert claimed.body is not None
    body = msgspec.json.decode(claimed.body.model_dump_json()) | {"housing": "RENT"}
    sealed = person.key.seal(msgspec.json.encode(body), "registry_writes", "payload", str(write))
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE registry_writes SET payload = %s, state = 'pending', attempts = 0,"
            " due_at = kosh_now() WHERE id = %s",
            (sealed, write),
        )


async def test_registry_submission_of_a_newer_version_waits_for_a_newer_worker(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    _registration, write = await _registered(rt)
    await _add_member(rt, write)
    registry = RecordingRegistry()
    for _each in range(3):
        await write_all(rt, registry, "1 minute")
        assert await _state(rt, write) == ("pending", 0, NewerWrite.code, True, True)
    assert registry.bodies == []
    monkeypatch.setitem(registry_writes._BODIES, "submit", NewerPreRegistration)
    await write_all(rt, registry, "1 minute")
    [body] = registry.bodies
    assert body.housing == "RENT"
    assert (await _state(rt, write))[0] == "accepted"


@pytest.mark.parametrize("state", ["pending", "unknown"])
async def test_registry_write_of_an_unknown_kind_waits_for_a_newer_worker(
    rt: Runtime, state: str
) -> None:
    registration, _write = await _registered(rt)
    registry, newer = RecordingRegistry(), uuid4()
    await write_all(rt, registry, "1 minute")
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO registry_writes (id, registration_id, number, kind, state, due_at)"
            " VALUES (%s, %s, 9, 'renew', %s, kosh_now())",
            (newer, registration, state),
        )
    await write_all(rt, registry, "1 minute")
    assert await _state(rt, newer) == (state, 0, NewerWrite.code, False, True)
    assert len(registry.acknowledgements) == 1


@pytest.mark.parametrize("model", [*registry_writes._BODIES.values(), Member, Contact, Consent])
def test_registry_request_bodies_forbid_unknown_fields(model: type[Model]) -> None:
    assert model.model_config["extra"] == "forbid"
