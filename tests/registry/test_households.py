"""The registry contract's operations for households, duplicates, event feed, list and changes."""

import asyncio
import json
from typing import Any

import psycopg
import pytest

from bot.registry.client import Registry
from bot.registry.errors import OutcomeUnknown, Refused
from bot.registry.households import HouseholdInviting, HouseholdJoining
from tests.registry.conftest import Answer, Sandbox, eventually
from tests.registry.example import consent_withdrawal, new_key, pre_registration

CONSENT = {"text_sha256": "0" * 64, "language": "ru", "given_at": "2026-11-28T10:00:00Z"}


async def _made(registry: Registry, **changes: Any) -> str:
    return (await registry.create(pre_registration(**changes), key=new_key())).number


def _json(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def _inviting() -> HouseholdInviting:
    return HouseholdInviting.model_validate_json(json.dumps({"consent": CONSENT}))


def _joining(code: str) -> HouseholdJoining:
    return HouseholdJoining.model_validate_json(json.dumps({"code": code, "consent": CONSENT}))


async def _code(registry: Registry, number: str) -> str:
    return (await registry.invite(number, _inviting(), key=new_key())).code or ""


async def test_household_links_each_person_who_consents(registry: Registry) -> None:
    first, second = await _made(registry), await _made(registry, given_name="Aslan")
    invited = await registry.invite(first, _inviting(), key=new_key())
    assert (invited.registrations, await _code(registry, first)) == (1, invited.code)
    joined = await registry.join(second, _joining(invited.code or ""), key=new_key())
    assert (joined.household, joined.registrations) == (invited.household, 2)
    assert (await registry.household(first)).registrations == 2
    left = await registry.leave(second, key=new_key())
    assert (left.household, left.registrations, left.code) == (None, 0, None)
    assert (await registry.household(first)).registrations == 1


@pytest.mark.parametrize("erase", [False, True], ids=["withdrawn", "erased"])
async def test_registration_leaves_its_household_when_withdrawn_or_erased(
    registry: Registry, erase: bool
) -> None:
    first, second = await _made(registry), await _made(registry, given_name="Aslan")
    code = await _code(registry, first)
    await registry.join(second, _joining(code), key=new_key())
    if erase:
        await registry.withdraw_consent(consent_withdrawal(first), key=new_key())
    else:
        await registry.withdraw(first, key=new_key())
    assert (await registry.household(second)).registrations == 1
    assert (await registry.household(first)).household is None
    with pytest.raises(Refused) as refused:
        await registry.join(first, _joining(code), key=new_key())
    assert refused.value.problem == "closed"


async def test_household_write_with_the_same_key_is_idempotent(
    sandbox: Sandbox, registry: Registry
) -> None:
    first, second = await _made(registry), await _made(registry, given_name="Aslan")
    key, code = new_key(), await _code(registry, first)
    joined = await registry.join(second, _joining(code), key=key)
    assert await registry.join(second, _joining(code), key=key) == joined
    found = await registry.find(key)
    assert found is not None
    assert found.number == second
    with pytest.raises(Refused) as refused:
        await registry.leave(second, key=key)
    assert refused.value.problem == "key-reused"
    without = f"/v1/pre-registrations/{second}/household"
    assert (await sandbox.call("DELETE", without)).status == 400, "a write needs a key"


@pytest.mark.parametrize("fault", ["drop_after_commit", "error_after_commit", "wrong_number"])
async def test_household_write_with_a_lost_response_has_an_unknown_outcome(
    sandbox: Sandbox, registry: Registry, fault: str
) -> None:
    number, key = await _made(registry), new_key()
    await sandbox.fault(fault, on="writes")
    with pytest.raises(OutcomeUnknown):
        await registry.invite(number, _inviting(), key=key)
    await sandbox.calm()
    assert await registry.find(key) is not None
    assert (await registry.household(number)).code is not None


async def test_household_code_is_rejected_when_wrong_or_expired(
    sandbox: Sandbox, registry: Registry, database_url: str
) -> None:
    first, second = await _made(registry), await _made(registry, given_name="Aslan")
    code = await _code(registry, first)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE registry_sandbox.households SET code_until = now()")
    for wrong in ("2222222222", code):
        with pytest.raises(Refused) as refused:
            await registry.join(second, _joining(wrong), key=new_key())
        assert refused.value.problem == "not-found"
    renewed = await registry.invite(first, _inviting(), key=new_key())
    assert renewed.code != code
    assert (await registry.join(second, _joining(renewed.code or ""), key=new_key())).household
    path = f"/v1/pre-registrations/{second}/household"
    keyed = {"Idempotency-Key": new_key()}
    bare = await sandbox.call("PUT", path, json={"code": code}, headers=keyed)
    assert bare.status == 422, "nobody is linked without a consent of their own"


async def test_possible_duplicate_is_decided_once_by_an_officer_with_a_reason(
    sandbox: Sandbox, registry: Registry
) -> None:
    first, second = await _made(registry), await _made(registry, surname="TESTOVA")
    await _made(registry, birth_year=1970)
    (match,) = _json(await sandbox.call("GET", "/v1/matches"))["items"]
    assert (match["first"], match["second"], match["decision"]) == (first, second, None)
    decision = {
        "first": first,
        "second": second,
        "decision": "SAME_PERSON",
        "reason": "Both gave the same phone",
        "officer": "officer-7",
    }
    decided = _json(await sandbox.call("POST", "/v1/matches", json=decision))
    assert decided["reason"] == decision["reason"]
    assert (await sandbox.call("POST", "/v1/matches", json=decision)).status == 409
    other = decision | {"first": second, "second": first}
    assert (await sandbox.call("POST", "/v1/matches", json=other)).status == 404

    async def marked() -> bool:
        return (await registry.read(second)).state == "DUPLICATE"

    await eventually(marked)
    assert (await registry.read(first)).state == "ACCEPTED"


async def _feed(sandbox: Sandbox, after: str, limit: int) -> Any:
    return _json(await sandbox.call("GET", f"/v1/events?after={after}&limit={limit}"))


async def test_registry_event_feed_returns_each_version_once_by_cursor(
    sandbox: Sandbox, registry: Registry
) -> None:
    numbers = await asyncio.gather(*(_made(registry) for _ in range(5)))
    await registry.withdraw_consent(consent_withdrawal(numbers[0]), key=new_key())

    async def settled() -> bool:
        states = [(await registry.read(number)).state for number in numbers]
        return set(states) == {"WITHDRAWN", "ACCEPTED"}

    await eventually(settled)
    latest = {(number, (await registry.read(number)).version) for number in numbers}
    seen: list[tuple[str, int]] = []
    after = "0.0"

    async def read() -> bool:
        # Other tests may delay the feed: it withholds versions while an older transaction runs in
        # any database of the server.
        nonlocal after
        page = await _feed(sandbox, after, 2)
        seen.extend((each["number"], each["version"]) for each in page["items"])
        after = page["next"]
        return not page["items"] and latest <= set(seen)

    await eventually(read)
    assert len(seen) == len(set(seen))
    assert (await _feed(sandbox, after, 2))["next"] == after


async def test_registry_event_feed_returns_an_erasure_after_the_withdrawal(
    sandbox: Sandbox, registry: Registry
) -> None:
    """Systems that copied the content learn only from the feed that they must delete the copy."""
    number = await _made(registry)
    withdrawn = await registry.withdraw(number, key=new_key())
    erased = await registry.withdraw_consent(consent_withdrawal(number), key=new_key())
    assert erased.version == withdrawn.version + 1
    again = await registry.withdraw_consent(consent_withdrawal(number), key=new_key())
    assert again.version == erased.version, "nothing was left to erase"

    async def listed() -> bool:
        items = (await _feed(sandbox, "0.0", 100))["items"]
        return (number, erased.version) in {(each["number"], each["version"]) for each in items}

    await eventually(listed)


async def test_registry_event_feed_answers_304_when_nothing_changed(
    sandbox: Sandbox, registry: Registry
) -> None:
    await _made(registry)

    async def listed() -> bool:
        # Until then, another database's transaction may delay the feed.
        return bool((await _feed(sandbox, "0.0", 1))["items"])

    await eventually(listed)
    headers = {"Authorization": f"Bearer {await sandbox.token()}"}
    url = f"{sandbox.url}/v1/events?after=0.0&limit=1"
    async with sandbox.session.get(url, headers=headers) as first:
        tag = first.headers["ETag"]
    async with sandbox.session.get(url, headers=headers | {"If-None-Match": tag}) as again:
        assert again.status == 304


async def test_registration_list_supports_filters_and_pagination(
    sandbox: Sandbox, registry: Registry
) -> None:
    turkey = [await _made(registry) for _ in range(3)]
    await _made(registry, residence_country="CN")
    path = "/v1/registrations?country=TR&limit=2"
    page = _json(await sandbox.call("GET", path))
    rest = _json(await sandbox.call("GET", f"{path}&after={page['next']}"))
    assert [each["number"] for each in page["items"] + rest["items"]] == sorted(turkey)
    assert rest["next"] is None
    none = _json(await sandbox.call("GET", "/v1/registrations?state=WITHDRAWN"))
    assert none["items"] == []


@pytest.mark.parametrize(
    ("if_match", "change", "status"),
    [
        ('"2"', {"timeframe": "M6"}, 200),
        ('"1"', {"timeframe": "M6"}, 412),
        (None, {"timeframe": "M6"}, 428),
        ('"2"', {"timeframe": "SOON"}, 422),
    ],
)
async def test_registration_patch_requires_the_current_version(
    sandbox: Sandbox, registry: Registry, if_match: str | None, change: Any, status: int
) -> None:
    number = await _made(registry)

    async def decided() -> bool:
        return (await registry.read(number)).version == 2

    await eventually(decided)
    headers = {"Idempotency-Key": new_key()} | ({"If-Match": if_match} if if_match else {})
    path = f"/v1/pre-registrations/{number}"
    answer = await sandbox.call("PATCH", path, json=change, headers=headers)
    assert answer.status == status, answer.body
    (entry,) = await sandbox.entries()
    assert entry["body"]["timeframe"] == ("M6" if status == 200 else "Y1")
    assert entry["body"]["surname"] == "Testova"


async def test_registration_patch_sets_and_removes_the_support_needed(
    sandbox: Sandbox, registry: Registry
) -> None:
    number = await _made(registry)
    # Each change makes two versions: one resets the state, the next has the new decision.
    for version, support in ((2, "SCHOOL"), (4, None)):

        async def decided(version: int = version) -> bool:
            return (await registry.read(number)).version == version

        await eventually(decided)
        answer = await sandbox.call(
            "PATCH",
            f"/v1/pre-registrations/{number}",
            json={"support_needed": support},
            headers={"Idempotency-Key": new_key(), "If-Match": f'"{version}"'},
        )
        assert answer.status == 200, answer.body
        (entry,) = await sandbox.entries()
        assert entry["body"].get("support_needed") == support
