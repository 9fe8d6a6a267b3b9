"""Kosh's registry client under each fault of the real sandbox, over real HTTP."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientSession

from bot.registry.circuit_breaker import Breaker
from bot.registry.client import Registry
from bot.registry.contract import Acknowledgement
from bot.registry.errors import (
    InProgress,
    Misconfigured,
    OutcomeUnknown,
    Refused,
    RegistryError,
    Unavailable,
)
from tests.app_stack import serving
from tests.registry.conftest import (
    CLIENT_ID,
    CLIENT_SECRET,
    Sandbox,
    eventually,
    sandbox_app,
)
from tests.registry.example import CANARY, consent_withdrawal, new_key, pre_registration

BEFORE = ["busy", "html_error", "down", "redirect", "field_errors", "refuse"]
AFTER = ["error_after_commit", "drop_after_commit", "wrong_schema", "wrong_number"]
DROPPED = ["down", "drop_after_commit"]


async def failure(call: Awaitable[object]) -> RegistryError:
    with pytest.raises(RegistryError) as caught:
        await call
    return caught.value


async def holds(sandbox: Sandbox, key: str) -> int:
    return [entry["idempotency_key"] for entry in await sandbox.entries()].count(key)


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("busy", Unavailable, "E_REGISTRY_DOWN"),
        ("html_error", OutcomeUnknown, "E_REGISTRY_FAILED"),
        ("down", OutcomeUnknown, "E_REGISTRY_INCOMPLETE_RESPONSE"),
        ("redirect", Misconfigured, "E_REGISTRY_REDIRECT"),
        ("field_errors", Refused, "E_REGISTRY_REFUSED"),
        ("refuse", Refused, "E_REGISTRY_REFUSED"),
        ("error_after_commit", OutcomeUnknown, "E_REGISTRY_FAILED"),
        ("drop_after_commit", OutcomeUnknown, "E_REGISTRY_INCOMPLETE_RESPONSE"),
        ("wrong_schema", OutcomeUnknown, "E_REGISTRY_ANSWER"),
        ("wrong_number", OutcomeUnknown, "E_REGISTRY_MISMATCH"),
        ("expired_token", Misconfigured, "E_REGISTRY_LOGIN"),
    ],
)
async def test_failed_registry_write_raises_its_error_without_personal_data(
    sandbox: Sandbox, registry: Registry, fault: str, kind: type[RegistryError], code: str
) -> None:
    key = new_key()
    acknowledgement = await registry.create(pre_registration(), key=new_key())
    await sandbox.fault(fault, on="writes")
    error = await failure(registry.create(pre_registration(), key=key))
    assert (type(error), error.code) == (kind, code)
    assert await holds(sandbox, key) == (fault in AFTER)

    error = await failure(registry.amend(acknowledgement.number, pre_registration(), key=new_key()))
    shown = "".join(traceback.format_exception(error)) + repr(vars(error))
    assert not [word for word in (CANARY, acknowledgement.number, CLIENT_SECRET) if word in shown]


def writes_of(
    registry: Registry, number: str, key: str
) -> dict[str, Callable[[], Awaitable[Acknowledgement]]]:
    """Return every kind of write with this idempotency key, as functions that repeat the write."""
    return {
        "amend": lambda: registry.amend(number, pre_registration(purpose="WORK"), key=key),
        "create": lambda: registry.create(pre_registration(surname="Testov"), key=key),
        "withdraw": lambda: registry.withdraw(number, key=key),
        "consent": lambda: registry.withdraw_consent(consent_withdrawal(number), key=key),
    }


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER, "expired_token"])
@pytest.mark.requirement("S-49")
async def test_failed_registry_write_is_repeated_only_when_its_key_is_not_found(
    sandbox: Sandbox, registry: Registry, fault: str
) -> None:
    number = (await registry.create(pre_registration(), key=new_key())).number
    for verb in writes_of(registry, number, ""):
        key = new_key()
        write = writes_of(registry, number, key)[verb]
        # These faults must occur twice: the client renews an expired token once, and aiohttp
        # resends a PUT after a cut connection.
        twice = fault == "expired_token" or (verb == "amend" and fault in DROPPED)
        await sandbox.fault(fault, on="writes", count=2 if twice else 1)

        error = await failure(write())
        found = await registry.find(key) if isinstance(error, OutcomeUnknown) else None
        acknowledgement = found or await write()

        assert (found is not None) is (fault in AFTER), verb
        assert acknowledgement.idempotency_key == key
        writes = [write["key"] for entry in await sandbox.entries() for write in entry["writes"]]
        assert writes.count(key) == 1, verb
    assert len(await sandbox.entries()) == 2


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("busy", Unavailable, "E_REGISTRY_DOWN"),
        ("html_error", Unavailable, "E_REGISTRY_FAILED"),
        ("down", Unavailable, "E_REGISTRY_INCOMPLETE_RESPONSE"),
        ("redirect", Misconfigured, "E_REGISTRY_REDIRECT"),
        ("wrong_schema", Misconfigured, "E_REGISTRY_CONTRACT"),
        ("wrong_number", Misconfigured, "E_REGISTRY_CONTRACT"),
        ("expired_token", Misconfigured, "E_REGISTRY_LOGIN"),
    ],
)
async def test_failed_registry_read_never_has_an_unknown_outcome(
    sandbox: Sandbox, registry: Registry, fault: str, kind: type[RegistryError], code: str
) -> None:
    key = new_key()
    acknowledgement = await registry.create(pre_registration(), key=key)
    await sandbox.fault(fault, on="reads")
    for reading in (registry.read(acknowledgement.number), registry.find(key)):
        error = await failure(reading)
        assert (type(error), error.code) == (kind, code)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("busy", Unavailable),
        ("html_error", Unavailable),
        ("down", Unavailable),
        ("redirect", Misconfigured),
        ("wrong_schema", Misconfigured),
    ],
)
async def test_failed_registry_login_writes_nothing(
    sandbox: Sandbox, registry: Registry, fault: str, kind: type[RegistryError]
) -> None:
    await sandbox.fault(fault, on="token", count=1)
    error = await failure(registry.create(pre_registration(), key=new_key()))
    assert type(error) is kind
    assert await sandbox.entries() == []
    await registry.create(pre_registration(), key=new_key())


async def test_expired_registry_token_is_renewed_once(sandbox: Sandbox, registry: Registry) -> None:
    await registry.reference("regions")
    await sandbox.fault("expired_token", count=1)
    acknowledgement = await registry.create(pre_registration(), key=new_key())
    assert acknowledgement.state == "RECEIVED"


async def test_registry_login_is_shared_by_concurrent_calls(
    sandbox: Sandbox, registry: Registry
) -> None:
    await sandbox.fault("busy", on="token", count=2)
    await failure(registry.reference("regions"))
    async with sandbox.session.get(sandbox.url + "/_faults") as answer:
        assert (await answer.json())[0]["count"] == 1
    await sandbox.calm()
    await sandbox.fault("slow", on="token", count=10, seconds=0.05)
    await asyncio.gather(*(registry.reference("regions") for _ in range(10)))
    async with sandbox.session.get(sandbox.url + "/_faults") as answer:
        assert (await answer.json())[0]["count"] == 9


async def test_busy_registry_reports_retry_after(sandbox: Sandbox, registry: Registry) -> None:
    await sandbox.fault("busy", seconds=17)
    error = await failure(registry.create(pre_registration(), key=new_key()))
    assert isinstance(error, Unavailable)
    assert error.retry_after == 17


@pytest.mark.requirement("S-50")
async def test_registry_field_errors_name_fields_but_not_values(
    sandbox: Sandbox, registry: Registry
) -> None:
    await sandbox.fault("field_errors")
    error = await failure(registry.create(pre_registration(), key=new_key()))
    assert isinstance(error, Refused)
    assert error.problem == "invalid"
    assert [field.pointer for field in error.fields] == ["/surname", "/members/0/age_band"]


async def test_registry_write_that_timed_out_is_resolved_by_a_lookup_of_its_key(
    sandbox: Sandbox, session: ClientSession
) -> None:
    hasty = Registry(session, sandbox.url, CLIENT_ID, CLIENT_SECRET, deadline=0.5)
    await hasty.reference("regions")
    key = new_key()
    await sandbox.fault("slow", on="writes", count=1, seconds=1.5)

    error = await failure(hasty.create(pre_registration(), key=key))
    assert (type(error), error.code) == (OutcomeUnknown, "E_REGISTRY_TIMEOUT")
    assert isinstance(await failure(hasty.find(key)), InProgress)
    assert isinstance(await failure(hasty.create(pre_registration(), key=key)), InProgress)

    async def found() -> Acknowledgement | None:
        try:
            return await hasty.find(key)
        except InProgress:
            return None

    acknowledgement = await eventually(found)
    assert acknowledgement and acknowledgement.idempotency_key == key
    assert await holds(sandbox, key) == 1


async def test_registry_idempotency_key_is_refused_for_another_body(
    sandbox: Sandbox, registry: Registry
) -> None:
    key = new_key()
    await registry.create(pre_registration(), key=key)
    error = await failure(registry.create(pre_registration(surname="Testov"), key=key))
    assert isinstance(error, Refused)
    assert error.problem == "key-reused"
    assert await holds(sandbox, key) == 1


async def test_write_to_an_unreachable_registry_is_reported_as_not_written(
    database_url: str, session: ClientSession
) -> None:
    async with serving(sandbox_app(database_url, callback_url=None)) as url:
        registry = Registry(session, url, CLIENT_ID, CLIENT_SECRET)
        await registry.reference("regions")
    error = await failure(registry.create(pre_registration(), key=new_key()))
    assert (type(error), error.code) == (Unavailable, "E_REGISTRY_UNREACHABLE")


async def test_registry_is_not_called_while_the_circuit_breaker_is_open(
    sandbox: Sandbox, session: ClientSession
) -> None:
    registry = Registry(
        session, sandbox.url, CLIENT_ID, CLIENT_SECRET, breaker=Breaker(limit=2, rest=3600)
    )
    await sandbox.fault("html_error", on="writes")
    for _ in range(2):
        assert isinstance(
            await failure(registry.create(pre_registration(), key=new_key())), OutcomeUnknown
        )
    await sandbox.calm()
    error = await failure(registry.create(pre_registration(), key=new_key()))
    assert (type(error), error.code) == (Unavailable, "E_REGISTRY_CIRCUIT_OPEN")
    assert await sandbox.entries() == []


async def test_registry_secret_that_is_wrong_is_reported_as_misconfiguration(
    sandbox: Sandbox, session: ClientSession
) -> None:
    client = Registry(session, sandbox.url, CLIENT_ID, "another secret: ü%")
    error = await failure(client.create(pre_registration(), key=new_key()))
    assert (type(error), error.code) == (Misconfigured, "E_REGISTRY_LOGIN")


@pytest.mark.requirement("S-49")
async def test_registry_submission_creates_one_registration_under_random_faults(
    sandbox: Sandbox, session: ClientSession
) -> None:
    registry = Registry(
        session, sandbox.url, CLIENT_ID, CLIENT_SECRET, deadline=0.5, breaker=Breaker(limit=10**9)
    )
    await sandbox.fault("slow", probability=0.05, seconds=0.8, on="writes")
    for fault in ("busy", "html_error", "down", "expired_token", *AFTER):
        await sandbox.fault(fault, probability=0.1)

    async def submit(key: str) -> Acknowledgement:
        """Submit as Kosh's job does: after an unknown outcome, call `find` before a retry."""
        unknown = False
        while True:
            try:
                if unknown and (found := await registry.find(key)):
                    return found
                unknown = False
                return await registry.create(pre_registration(), key=key)
            except OutcomeUnknown:
                unknown = True
            except (Unavailable, Misconfigured):
                await asyncio.sleep(0.01)

    keys = [new_key() for _ in range(40)]
    async with asyncio.timeout(300):
        acknowledgements = await asyncio.gather(*map(submit, keys))
    entries = await sandbox.entries()
    assert sorted(entry["idempotency_key"] for entry in entries) == sorted(keys)
    assert {entry["number"] for entry in entries} == {each.number for each in acknowledgements}
