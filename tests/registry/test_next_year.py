"""Responses of a later version of the registry: unknown members, states and codes are accepted."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.registrations.registry_writes import stored_state
from bot.registry.client import Registry
from bot.registry.contract import STATES, StatusCallback
from bot.registry.errors import Refused
from tests.registry.conftest import CLIENT_ID, CLIENT_SECRET
from tests.registry.example import new_key, pre_registration
from tests.registry.test_answers import NUMBER, answering, created, http, problem_json

LATER = {"household": "H-1", "links": {"self": {"href": "/"}}}
ACKNOWLEDGED = {
    "number": NUMBER,
    "state": "PASSED_ON",
    "version": 7,
    "received_at": "2027-11-24T10:00:00Z",
    "reason_code": "QUOTA_OPEN",
    "idempotency_key": "{key}",
    **LATER,
}
DOCUMENT = {
    "kind": "GENEALOGY",
    "media_type": "image/avif",
    "pages": 1,
    "size": 12,
    "sha256": "0" * 64,
    "id": "00000000-0000-4000-8000-000000000000",
    "number": NUMBER,
    "received_at": "2027-11-24T10:00:00Z",
    "idempotency_key": "k" * 32,
    **LATER,
}

type Ask = Callable[[Registry], Any]


def listing(*items: dict[str, Any]) -> dict[str, Any]:
    return {"items": items, "next": None, **LATER}


async def call_registry(session: ClientSession, answer: bytes, ask: Ask) -> Any:
    async with answering(answer) as url:
        return await ask(Registry(session, url, CLIENT_ID, CLIENT_SECRET))


async def test_registry_client_accepts_unknown_fields_and_states(
    session: ClientSession,
) -> None:
    answer = created(json.dumps(ACKNOWLEDGED).encode())
    acknowledgement = await call_registry(
        session, answer, lambda it: it.create(pre_registration(), key=new_key())
    )
    assert (acknowledgement.number, acknowledgement.state, acknowledgement.version) == (
        NUMBER,
        "PASSED_ON",
        7,
    )


@pytest.mark.parametrize(
    ("answer", "ask", "found"),
    [
        (
            ACKNOWLEDGED | {"idempotency_key": "k" * 32},
            lambda it: it.read(NUMBER),
            lambda result: result.state == "PASSED_ON",
        ),
        (
            listing(ACKNOWLEDGED | {"idempotency_key": "k" * 32}),
            lambda it: it.find("k" * 32),
            lambda result: result.number == NUMBER,
        ),
        (
            listing(DOCUMENT),
            lambda it: it.documents(NUMBER),
            lambda result: [each.kind for each in result] == ["GENEALOGY"],
        ),
        (
            {"kind": "programmes", **listing({"code": "NEW", "name": "New", **LATER})},
            lambda it: it.reference("programmes"),
            lambda result: [each.code for each in result] == ["NEW"],
        ),
    ],
    ids=["read", "find", "documents", "reference"],
)
async def test_registry_client_parses_resources_of_a_later_contract_version(
    session: ClientSession, answer: dict[str, Any], ask: Ask, found: Callable[[Any], bool]
) -> None:
    assert found(await call_registry(session, http(200, json.dumps(answer).encode()), ask))


async def test_registry_client_parses_a_refusal_with_unknown_fields(session: ClientSession) -> None:
    field = {"pointer": "/household", "code": "MISSING", "hint": "…"}
    answer = problem_json(422, "urn:kosh-registry:problem:refused", errors=[field], **LATER)
    with pytest.raises(Refused) as refused:
        await call_registry(
            session, answer, lambda it: it.create(pre_registration(), key=new_key())
        )
    assert (refused.value.problem, [each.pointer for each in refused.value.fields]) == (
        "refused",
        ["/household"],
    )


def test_status_callback_accepts_unknown_fields_and_states() -> None:
    fields = {
        "event_id": "00000000-0000-4000-8000-000000000000",
        "number": NUMBER,
        "state": "INTERVIEW_INVITED",
        "version": 2,
        "at": "2027-11-24T10:00:00Z",
        "reason_code": None,
        **LATER,
    }
    assert StatusCallback.model_validate_json(json.dumps(fields)).state == "INTERVIEW_INVITED"


def test_unknown_registry_state_is_replaced_by_the_state_received() -> None:
    assert stored_state("INTERVIEW_INVITED") == "received"
    assert [stored_state(state) for state in STATES] == [state.lower() for state in STATES]
