"""The registry contract: valid values, their JSON, and the published OpenAPI document."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from bot.registry.contract import (
    Contact,
    Member,
    PreRegistration,
)
from bot.registry.problems import PROBLEMS
from bot.registry.sandbox import openapi
from bot.registry.sandbox.reference import REFERENCES
from tests.registry.example import CANARY, operations, pre_registration


def changed(**changes: Any) -> str:
    """Return a registration as JSON with these fields changed, valid or not."""
    return json.dumps(json.loads(pre_registration().model_dump_json()) | changes)


def test_pre_registration_round_trips_through_json() -> None:
    body = pre_registration()
    assert PreRegistration.model_validate_json(body.model_dump_json()) == body


def test_pre_registration_omits_support_needed_when_it_was_not_answered() -> None:
    """Check that `support_needed` is left out: a registry of version 1.6 rejects even a null."""
    assert "support_needed" not in json.loads(pre_registration().model_dump_json())
    assert json.loads(changed(support_needed="HOUSING"))["support_needed"] == "HOUSING"
    named = pre_registration(support_needed="HOUSING")
    assert PreRegistration.model_validate_json(named.model_dump_json()) == named


@pytest.mark.parametrize(
    "name",
    ["Тестова", "Тестова-Сынақ", "تەستوۆا", "测试", "Test qizi Oʻgʻil", "O'Test", "ﺗﺴﺖ", "Ә"],
)
def test_pre_registration_accepts_a_name_in_any_script(name: str) -> None:
    body = PreRegistration.model_validate_json(changed(surname=name, name_kk=name))
    assert (body.surname, body.name_kk) == (name, name)


@pytest.mark.parametrize(
    "name", ["", " ", "Test\n", "Te\x00st", "\x01", "Te\x7fst", " Test", "Test\u00a0", "x" * 101]
)
def test_pre_registration_refuses_an_invalid_name(name: str) -> None:
    with pytest.raises(ValidationError):
        PreRegistration.model_validate_json(changed(surname=name))


@pytest.mark.parametrize(
    "changes",
    [
        {"passport_number": "N00000000"},
        {"programme": "registry_preregistration"},
        {"birth_year": "1990"},
        {"birth_year": 1990.0},
        {"birth_year": 1899},
        {"may_contact_first": 0},
        {"may_contact_first": None},
        {"citizenship": "XX"[:1]},
        {"citizenship": "XXB"},
        {"residence_country": "XXA"},
        {"target_region": "KZ-99"},
        {"language": "kk"},
        {"support_needed": "MONEY"},
        {"consent": {"text_sha256": "0" * 64, "language": "ru", "given_at": "2026-11-24T10:00:00"}},
        {"consent": {"text_sha256": "0" * 63, "language": "ru", "given_at": "2026-11-24T10:00Z"}},
        {"members": [{"relation": "CHILD", "age_band": "0-13"}] * 16},
        {"members": [{"relation": "CHILD", "age_band": "0-13", "name": "Testov"}]},
        {"contact": {"kind": "PHONE"}},
        {"contact": {"kind": "PHONE", "phone": "87000000000"}},
        {"contact": {"kind": "PHONE", "phone": "+7 700 000 00 00"}},
        {"contact": {"kind": "CHAT", "phone": "+77000000000"}},
    ],
)
def test_registry_contract_refuses_unknown_fields_and_values(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PreRegistration.model_validate_json(changed(**changes))


def test_pre_registration_accepts_a_stateless_person_without_given_name() -> None:
    body = pre_registration(
        citizenship="XXA", given_name=None, members=(), contact=Contact(kind="SELF")
    )
    assert PreRegistration.model_validate_json(body.model_dump_json()) == body


def test_registry_contract_error_does_not_repeat_the_input() -> None:
    with pytest.raises(ValidationError) as caught:
        PreRegistration.model_validate_json(changed(given_name=CANARY + "\n", phone=CANARY))
    assert CANARY not in str(caught.value)


def test_pre_registration_repr_contains_no_personal_data() -> None:
    body = pre_registration(members=(Member(relation="SPOUSE", age_band="18+"),))
    shown = f"{body} {body!r} {body.contact!r} {body.members!r} {[body]}"
    assert not [word for word in (CANARY, "+77", "SPOUSE", "1990") if word in shown]


def test_registry_openapi_references_all_resolve() -> None:
    document = openapi()
    for pointer in set(references(document)):
        place: Any = document
        for part in pointer.removeprefix("#/").split("/"):
            place = place[part]
        assert place


def references(value: Any) -> Iterator[str]:
    match value:
        case dict():
            if "$ref" in value:
                yield value["$ref"]
            for inner in value.values():
                yield from references(inner)
        case list():
            for inner in value:
                yield from references(inner)


def test_registry_openapi_lists_idempotency_keys_and_error_statuses() -> None:
    always = {"unauthorized", "forbidden", "too-many-requests", "internal", "unavailable"}
    on_writes = {"bad-key", "key-reused", "in-progress"}
    on_bodies = {"invalid", "refused", "too-large", "unsupported-media-type"}
    # Operations that are idempotent without a key, because path and body identify what they decide.
    repeatable = {"decide_match"}
    for method, _path, operation in operations():
        is_write = method != "get" and operation["operationId"] not in repeatable
        names = [each["name"] for each in operation.get("parameters", ())]
        assert ("Idempotency-Key" in names) is is_write
        promised = always | (on_writes if is_write else set())
        promised |= on_bodies if "requestBody" in operation else set()
        statuses = {str(status) for name, (status, _title) in PROBLEMS.items() if name in promised}
        assert statuses <= operation["responses"].keys()
        for status, response in operation["responses"].items():
            if status >= "400":
                assert set(response["content"]) == {"application/problem+json"}


def test_registry_openapi_codes_are_all_in_a_reference_list() -> None:
    document = openapi()["components"]["schemas"]
    known = {kind: {item.code for item in list_.items} for kind, list_ in REFERENCES.items()}
    assert known["regions"] == set(document["Region"]["enum"])
    assert known["programmes"] == set(document["Programme"]["enum"])
    assert set(known) == set(document["ReferenceKind"]["enum"])
