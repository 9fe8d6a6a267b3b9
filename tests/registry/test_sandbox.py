"""The sandbox registry: contract, decisions on registrations, callbacks, and its web page."""

import asyncio
import json
import re
from functools import partial
from itertools import pairwise
from typing import Any, get_args

import pytest
from aiohttp import ClientSession

from bot.registry.callback_signature import verify
from bot.registry.client import Registry
from bot.registry.contract import (
    Acknowledgement,
    ReferenceKind,
    StatusCallback,
)
from bot.registry.errors import InProgress, Refused
from bot.registry.problems import Problem
from bot.registry.sandbox import openapi
from tests.app_stack import serving
from tests.registry.conftest import (
    CALLBACK_SECRET,
    CLIENT_ID,
    CLIENT_SECRET,
    Answer,
    CallbackReceiver,
    Sandbox,
    eventually,
    sandbox_app,
)
from tests.registry.example import (
    CANARY,
    consent_withdrawal,
    new_key,
    now,
    operations,
    pre_registration,
)

PATH = "/v1/pre-registrations"
JSON = {"Content-Type": "application/json"}


def headers_with_key(**headers: str) -> dict[str, str]:
    return JSON | {"Idempotency-Key": new_key()} | headers


def problem_of(answer: Answer) -> Problem:
    assert answer.media_type == "application/problem+json"
    return Problem.model_validate_json(answer.body)


async def only_entry(sandbox: Sandbox) -> dict[str, Any]:
    (entry,) = await sandbox.entries()
    return entry


# Idempotency keys


async def test_sandbox_repeats_its_response_for_the_same_key_and_body(
    sandbox: Sandbox, registry: Registry
) -> None:
    key, body = new_key(), pre_registration()
    first = await registry.create(body, key=key)
    await eventually(lambda: accepted(sandbox))
    assert await registry.create(body, key=key) == first
    entry = await only_entry(sandbox)
    assert entry["writes"][0]["repeats"] == 1


async def accepted(sandbox: Sandbox) -> bool:
    return all(entry["state"] == "ACCEPTED" for entry in await sandbox.entries())


async def test_sandbox_stores_one_entry_for_concurrent_requests_with_one_key(
    sandbox: Sandbox, registry: Registry
) -> None:
    key, body = new_key(), pre_registration()
    calls = [registry.create(body, key=key) for _ in range(20)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    acknowledgements = [answer for answer in answers if isinstance(answer, Acknowledgement)]
    assert len({answer.number for answer in acknowledgements}) == 1
    assert all(
        isinstance(answer, InProgress) for answer in answers if answer not in acknowledgements
    )
    assert (await only_entry(sandbox))["idempotency_key"] == key


async def test_sandbox_refuses_an_idempotency_key_of_another_request(
    sandbox: Sandbox, registry: Registry
) -> None:
    key = new_key()
    acknowledgement = await registry.create(pre_registration(), key=key)
    for call in (
        registry.withdraw(acknowledgement.number, key=key),
        registry.amend(acknowledgement.number, pre_registration(), key=key),
    ):
        with pytest.raises(Refused) as caught:
            await call
        assert caught.value.problem == "key-reused"
    assert (await registry.read(acknowledgement.number)).state != "WITHDRAWN"


async def test_sandbox_idempotency_key_can_be_used_again_after_a_rejection(
    registry: Registry,
) -> None:
    key = new_key()
    with pytest.raises(Refused):
        await registry.withdraw("KS-2026-2222-2222", key=key)
    assert (await registry.create(pre_registration(), key=key)).version == 1


# Operations to amend, withdraw and find a registration


async def test_sandbox_amendment_replaces_the_body_and_resets_the_state(
    sandbox: Sandbox, registry: Registry
) -> None:
    acknowledgement = await registry.create(pre_registration(), key=new_key())
    await eventually(lambda: accepted(sandbox))
    body = pre_registration(purpose="STUDY", name_kk=None, members=())
    amended = await registry.amend(acknowledgement.number, body, key=new_key())
    assert (amended.number, amended.state, amended.version) == (
        acknowledgement.number,
        "RECEIVED",
        3,
    )
    assert (await only_entry(sandbox))["body"] == json.loads(body.model_dump_json())
    await eventually(lambda: accepted(sandbox))


async def test_sandbox_withdrawn_registration_stays_withdrawn(
    sandbox: Sandbox, registry: Registry
) -> None:
    await sandbox.post("/_pace", {"seconds": 3600})
    acknowledgement = await registry.create(pre_registration(), key=new_key())
    withdrawn = await registry.withdraw(acknowledgement.number, key=new_key())
    assert (withdrawn.state, withdrawn.version) == ("WITHDRAWN", 2)
    assert (await registry.withdraw(acknowledgement.number, key=new_key())).version == 2
    with pytest.raises(Refused) as caught:
        await registry.amend(acknowledgement.number, pre_registration(), key=new_key())
    assert caught.value.problem == "closed"


async def test_sandbox_consent_withdrawal_erases_the_body(
    sandbox: Sandbox, registry: Registry
) -> None:
    acknowledgement = await registry.create(pre_registration(), key=new_key())
    await registry.withdraw(acknowledgement.number, key=new_key())
    withdrawn = await registry.withdraw_consent(
        consent_withdrawal(acknowledgement.number), key=new_key()
    )
    assert withdrawn.state == "WITHDRAWN"
    entry = await only_entry(sandbox)
    assert entry["body"] is None
    assert CANARY not in json.dumps(entry)


async def test_sandbox_finds_a_registration_by_every_key_used_for_it(registry: Registry) -> None:
    first, second = new_key(), new_key()
    acknowledgement = await registry.create(pre_registration(), key=first)
    await registry.amend(acknowledgement.number, pre_registration(purpose="WORK"), key=second)
    for key in (first, second):
        found = await registry.find(key)
        assert found
        assert (found.number, found.idempotency_key) == (acknowledgement.number, key)
    assert await registry.find(new_key()) is None


async def test_sandbox_numbers_are_not_sequential(registry: Registry) -> None:
    acknowledgement = [await registry.create(pre_registration(), key=new_key()) for _ in range(5)]
    assert len({each.number[:12] for each in acknowledgement}) == 5
    assert all(
        re.fullmatch(rf"KS-{now().year}-\w{{4}}-\w{{4}}", each.number) for each in acknowledgement
    )


async def test_sandbox_answers_not_found_for_an_unknown_number(registry: Registry) -> None:
    with pytest.raises(Refused) as caught:
        await registry.read("KS-2026-2222-2222")
    assert caught.value.problem == "not-found"


async def test_sandbox_serves_every_reference_list(registry: Registry) -> None:
    for kind in get_args(ReferenceKind.__value__):
        codes = [item.code for item in await registry.reference(kind)]
        assert codes, kind
        assert len(codes) == len(set(codes)), kind


# Requests that violate the contract


@pytest.mark.parametrize(
    ("request_", "name", "status"),
    [
        ({"headers": JSON}, "bad-key", 400),
        ({"headers": headers_with_key(**{"Idempotency-Key": "short"})}, "bad-key", 400),
        (
            {"headers": headers_with_key(**{"Content-Type": "text/plain"})},
            "unsupported-media-type",
            415,
        ),
        ({"headers": headers_with_key(), "data": b"x" * 65_537}, "too-large", 413),
        ({"headers": headers_with_key(), "data": b"{"}, "invalid", 422),
        ({"headers": headers_with_key(), "data": b""}, "invalid", 422),
        ({"headers": headers_with_key(), "data": b"[" * 60_000}, "invalid", 422),
        ({"headers": headers_with_key(), "data": b"\xff"}, "invalid", 422),
        ({"headers": headers_with_key(Authorization="Bearer nonsense")}, "unauthorized", 401),
        ({"headers": headers_with_key(Authorization="")}, "unauthorized", 401),
    ],
)
async def test_sandbox_refuses_a_request_outside_the_contract(
    sandbox: Sandbox, request_: dict[str, Any], name: str, status: int
) -> None:
    request_ = {"data": pre_registration().model_dump_json()} | request_
    answer = await sandbox.call("POST", PATH, **request_)
    assert answer.status == status
    assert problem_of(answer).type.endswith(f":{name}")
    assert await sandbox.entries() == []


async def test_sandbox_error_names_wrong_fields_without_their_values(sandbox: Sandbox) -> None:
    body = json.loads(pre_registration().model_dump_json())
    body |= {"surname": CANARY + "\n", "target_region": CANARY, CANARY: 1}
    body["members"][0]["age_band"] = CANARY
    answer = await sandbox.call("POST", PATH, headers=headers_with_key(), data=json.dumps(body))
    problem = problem_of(answer)
    assert {(error.pointer, error.code) for error in problem.errors} == {
        ("/surname", "STRING_PATTERN_MISMATCH"),
        ("/target_region", "LITERAL_ERROR"),
        ("/members/0/age_band", "LITERAL_ERROR"),
        ("", "EXTRA_FORBIDDEN"),
    }
    assert CANARY.encode() not in answer.body


@pytest.mark.parametrize(("method", "path"), [("DELETE", PATH), ("GET", "/v1/nothing")])
async def test_sandbox_answers_an_unknown_path_or_method_with_a_problem_document(
    sandbox: Sandbox, method: str, path: str
) -> None:
    assert problem_of(await sandbox.call(method, path)).status in (404, 405)


async def test_sandbox_implements_every_operation_and_requires_a_token(
    sandbox: Sandbox,
) -> None:
    for method, template, operation in operations():
        path = template.format(number="KS-2026-2222-2222", kind="regions")
        url = sandbox.url + path
        async with sandbox.session.request(method, url, headers=headers_with_key()) as response:
            assert response.status == 401
        answer = await sandbox.call(method, path, headers=headers_with_key())
        assert str(answer.status) in operation["responses"], operation["operationId"]


@pytest.mark.parametrize(
    ("login", "form", "status"),
    [
        ("Basic !", "grant_type=client_credentials", 401),
        ("Basic a29zaA==", "grant_type=client_credentials", 401),
        ("Bearer a29zaDp4", "grant_type=client_credentials", 401),
        ("", "grant_type=client_credentials", 401),
        ("Basic a29zaDp4", "grant_type=password", 400),
    ],
)
async def test_sandbox_refuses_a_token_for_wrong_credentials(
    sandbox: Sandbox, login: str, form: str, status: int
) -> None:
    headers = {"Authorization": login, "Content-Type": "application/x-www-form-urlencoded"}
    url = sandbox.url + "/oauth/token"
    async with sandbox.session.post(url, data=form, headers=headers) as answer:
        assert answer.status == status


async def test_sandbox_serves_the_published_openapi_document(sandbox: Sandbox) -> None:
    async with sandbox.session.get(sandbox.url + "/openapi.json") as answer:
        assert await answer.json() == openapi()


# Decisions and callbacks


async def test_sandbox_reports_a_decision_in_a_signed_callback(
    registry: Registry, bot: CallbackReceiver
) -> None:
    acknowledgement = await registry.create(pre_registration(), key=new_key())
    ((signature, body),) = await eventually(lambda: callbacks(bot, 1))
    assert verify(signature, body, [CALLBACK_SECRET], now=now().timestamp())
    callback = StatusCallback.model_validate_json(body)
    assert (callback.number, callback.state, callback.version) == (
        acknowledgement.number,
        "ACCEPTED",
        2,
    )
    assert (await registry.read(acknowledgement.number)).version == 2


async def callbacks(bot: CallbackReceiver, count: int) -> list[tuple[str, bytes]]:
    return bot.came if len(bot.came) >= count else []


async def test_sandbox_callback_is_retried_until_accepted(
    sandbox: Sandbox, registry: Registry, bot: CallbackReceiver
) -> None:
    bot.statuses = [500, 302]
    await registry.create(pre_registration(), key=new_key())

    async def delivered() -> bool:
        (callback,) = (await only_entry(sandbox))["callbacks"] or [{"delivered_at": None}]
        return callback["delivered_at"] is not None

    await eventually(delivered)
    assert len(bot.came) == 3
    assert len({body for _, body in bot.came}) == 1


async def test_sandbox_callback_failure_delays_no_callback_of_another_entry(
    registry: Registry, bot: CallbackReceiver
) -> None:
    bot.statuses = [500]
    first = await registry.create(pre_registration(), key=new_key())
    await eventually(lambda: callbacks(bot, 1))
    second = await registry.create(pre_registration(), key=new_key())
    came = await eventually(lambda: callbacks(bot, 3))
    numbers = [StatusCallback.model_validate_json(body).number for _, body in came]
    assert numbers == [first.number, second.number, first.number]


async def test_sandbox_fault_named_double_repeats_callbacks_out_of_order(
    sandbox: Sandbox, registry: Registry, bot: CallbackReceiver
) -> None:
    await sandbox.fault("double", count=1)
    await registry.create(pre_registration(), key=new_key())
    came = await eventually(lambda: callbacks(bot, 3))
    reports = [StatusCallback.model_validate_json(body) for _, body in came]
    assert [(one.state, one.version) for one in reports] == [
        ("ACCEPTED", 2),
        ("ACCEPTED", 2),
        ("RECEIVED", 1),
    ]
    assert reports[0].event_id == reports[1].event_id != reports[2].event_id


async def test_sandbox_fault_named_reject_rejects_a_registration(
    sandbox: Sandbox, registry: Registry, bot: CallbackReceiver
) -> None:
    await sandbox.fault("reject", count=1)
    acknowledgement = await registry.create(pre_registration(), key=new_key())
    await eventually(lambda: callbacks(bot, 1))
    status = await registry.read(acknowledgement.number)
    assert (status.state, status.reason_code) == ("REJECTED", "INCOMPLETE")


async def test_sandbox_registration_can_be_accepted_or_rejected_manually(
    sandbox: Sandbox, registry: Registry, bot: CallbackReceiver
) -> None:
    await sandbox.post("/_pace", {"seconds": 3600})
    acknowledgement = await registry.create(pre_registration(), key=new_key())
    for count, state in enumerate(("ACCEPTED", "REJECTED", "ACCEPTED"), start=1):
        await sandbox.post(f"/_entries/{acknowledgement.number}/decision", {"state": state})
        await eventually(partial(callbacks, bot, count))
    reports = [StatusCallback.model_validate_json(body) for _, body in bot.came]
    assert [one.state for one in reports] == ["ACCEPTED", "REJECTED", "ACCEPTED"]
    assert all(later.version == earlier.version + 1 for earlier, later in pairwise(reports))


async def test_sandbox_entries_and_callbacks_survive_a_restart(
    database_url: str, bot: CallbackReceiver, session: ClientSession
) -> None:
    key = new_key()
    async with serving(sandbox_app(database_url, bot.url, delay=3600)) as url:
        registry = Registry(session, url, CLIENT_ID, CLIENT_SECRET)
        acknowledgement = await registry.create(pre_registration(), key=key)
        bot.statuses = [503]
        sandbox = Sandbox(url, session)
        await sandbox.post(f"/_entries/{acknowledgement.number}/decision", {"state": "ACCEPTED"})
        await eventually(lambda: callbacks(bot, 1))
    async with serving(sandbox_app(database_url, bot.url)) as url:
        await eventually(lambda: callbacks(bot, 2))
        again = Registry(session, url, CLIENT_ID, CLIENT_SECRET)
        found = await again.find(key)
    assert found
    assert (found.number, found.state) == (acknowledgement.number, "ACCEPTED")


# The sandbox's web page


async def test_sandbox_page_shows_entries_escaped(sandbox: Sandbox, registry: Registry) -> None:
    acknowledgement = await registry.create(pre_registration(surname="<b>Testova"), key=new_key())
    async with sandbox.session.get(sandbox.url + "/") as answer:
        page = await answer.text()
    assert acknowledgement.number in page
    assert "&lt;b&gt;Testova" in page
    assert "<b>Testova" not in page


async def test_sandbox_page_csp_allows_only_own_code_and_listed_frames(sandbox: Sandbox) -> None:
    async with sandbox.session.get(sandbox.url + "/") as answer:
        policy, page = answer.headers["Content-Security-Policy"], await answer.text()
    assert "default-src 'self'" in policy
    assert "frame-ancestors http://127.0.0.1:8080" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|style=|\son\w+=|<script(?! src=\"/static/)", page)


async def test_sandbox_page_answers_304_when_unchanged(
    sandbox: Sandbox, registry: Registry
) -> None:
    async with sandbox.session.get(sandbox.url + "/") as answer:
        known = {"If-None-Match": answer.headers["ETag"]}
    async with sandbox.session.get(sandbox.url + "/", headers=known) as answer:
        assert answer.status == 304
    await registry.create(pre_registration(), key=new_key())
    async with sandbox.session.get(sandbox.url + "/", headers=known) as answer:
        assert answer.status == 200


async def test_sandbox_fault_ends_after_the_requested_number_of_requests(
    sandbox: Sandbox, registry: Registry
) -> None:
    await sandbox.fault("busy", on="reads", count=1)
    with pytest.raises(Exception, match="E_REGISTRY_DOWN"):
        await registry.reference("regions")
    assert await registry.reference("regions")
    async with sandbox.session.get(sandbox.url + "/_faults") as answer:
        assert await answer.json() == []


async def test_sandbox_fault_can_be_turned_off(sandbox: Sandbox, registry: Registry) -> None:
    await sandbox.fault("busy")
    await sandbox.fault("busy", count=0)
    assert await registry.reference("regions")


async def test_sandbox_fault_can_have_a_probability(sandbox: Sandbox, registry: Registry) -> None:
    await sandbox.fault("expired_token", on="reads", probability=1e-9)
    assert await registry.reference("regions")


@pytest.mark.parametrize("path", ["/_faults", "/_pace", "/_entries/KS-2026-2222-2222/decision"])
async def test_sandbox_controls_reject_cross_site_forms(sandbox: Sandbox, path: str) -> None:
    async with sandbox.session.post(sandbox.url + path, data={"name": "busy"}) as answer:
        assert answer.status == 415


@pytest.mark.parametrize("body", [{"name": "fire"}, {"name": "busy", "probability": 2}, {}])
async def test_sandbox_controls_reject_an_unknown_fault(
    sandbox: Sandbox, body: dict[str, Any]
) -> None:
    async with sandbox.session.post(sandbox.url + "/_faults", json=body) as answer:
        assert answer.status == 422
