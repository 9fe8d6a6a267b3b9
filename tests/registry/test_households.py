"""Households, matches, the feed of events, the list and partial changes, over HTTP."""

import asyncio
import json
from typing import Any

import pytest

from bot.registry.client import Registry
from tests.registry.conftest import Answer, Sandbox, eventually
from tests.registry.example import consent_withdrawal, new_key, pre_registration

CONSENT = {"text_sha256": "0" * 64, "language": "ru", "given_at": "2026-11-28T10:00:00Z"}


async def _made(registry: Registry, **changes: Any) -> str:
    return (await registry.create(pre_registration(**changes), key=new_key())).number


def _json(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


async def _invited(sandbox: Sandbox, number: str) -> Any:
    path = f"/v1/pre-registrations/{number}/household-invitation"
    return _json(await sandbox.call("POST", path))


async def _joins(sandbox: Sandbox, number: str, code: str) -> Answer:
    body = {"code": code, "consent": CONSENT}
    return await sandbox.call("PUT", f"/v1/pre-registrations/{number}/household", json=body)


async def test_household_links_each_person_who_consents(
    sandbox: Sandbox, registry: Registry
) -> None:
    first, second = await _made(registry), await _made(registry, given_name="Aslan")
    invited = await _invited(sandbox, first)
    assert await _invited(sandbox, first) == invited, "one household has one code"
    joined = _json(await _joins(sandbox, second, invited["code"]))
    assert joined == {"household": invited["household"], "registrations": 2}
    await registry.withdraw_consent(consent_withdrawal(first), key=new_key())
    rejoined = _json(await _joins(sandbox, second, invited["code"]))
    assert rejoined["registrations"] == 1, "an erased person leaves the household"
    assert (await _joins(sandbox, first, invited["code"])).status == 409


async def test_household_code_that_was_never_given_is_not_found(
    sandbox: Sandbox, registry: Registry
) -> None:
    number = await _made(registry)
    assert (await _joins(sandbox, number, "2222222222")).status == 404
    without = await sandbox.call(
        "PUT", f"/v1/pre-registrations/{number}/household", json={"code": "2222222222"}
    )
    assert without.status == 422, "nobody is linked without a consent of their own"


async def test_match_is_decided_by_a_human_once_with_a_reason(
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


async def test_event_feed_gives_each_version_once_by_cursor(
    sandbox: Sandbox, registry: Registry
) -> None:
    numbers = await asyncio.gather(*(_made(registry) for _ in range(5)))
    await registry.withdraw_consent(consent_withdrawal(numbers[0]), key=new_key())

    async def settled() -> bool:
        states = [(await registry.read(number)).state for number in numbers]
        return set(states) == {"WITHDRAWN", "ACCEPTED"}

    await eventually(settled)
    seen: list[tuple[str, int]] = []
    after = "0.0"
    for _page in range(50):
        page = await _feed(sandbox, after, 2)
        seen += [(each["number"], each["version"]) for each in page["items"]]
        if not page["items"]:
            break
        after = page["next"]
    assert len(seen) == len(set(seen))
    assert {number for number, _version in seen} == set(numbers)
    assert (await _feed(sandbox, after, 2))["next"] == after
    last = max(version for number, version in seen if number == numbers[0])
    assert last == (await registry.read(numbers[0])).version, "a deletion is in the feed"


async def test_event_feed_answers_304_while_nothing_is_new(
    sandbox: Sandbox, registry: Registry
) -> None:
    await _made(registry)
    headers = {"Authorization": f"Bearer {await sandbox.token()}"}
    url = f"{sandbox.url}/v1/events?after=0.0&limit=1"
    async with sandbox.session.get(url, headers=headers) as first:
        tag = first.headers["ETag"]
    async with sandbox.session.get(url, headers=headers | {"If-None-Match": tag}) as again:
        assert again.status == 304


async def test_list_of_registrations_has_filters_and_pages(
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
async def test_partial_change_needs_the_version_that_was_read(
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
