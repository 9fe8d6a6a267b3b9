"""The registry contract stays compatible with clients of version 1.

`contract-v1.json` is the first version of the contract. A change that breaks its clients needs
`/v2`.
"""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.registry.sandbox import openapi
from tests.contract_changes import Schema, breaks

AGREED = json.loads(Path(__file__).with_name("contract-v1.json").read_text())


def test_registry_contract_does_not_break_clients_of_version_1() -> None:
    assert list(breaks(AGREED, openapi())) == []


CREATE = "post /v1/pre-registrations"


def _schema(document: Schema, name: str) -> Schema:
    found: Schema = document["components"]["schemas"][name]
    return found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda it: it["paths"].pop("/v1/consents"), "post /v1/consents is gone"),
        (
            lambda it: _schema(it, "PreRegistration")["required"].append("household"),
            f"{CREATE} requires household",
        ),
        (
            lambda it: _schema(it, "PreRegistration")["properties"].pop("education"),
            f"{CREATE} refuses education",
        ),
        (lambda it: _schema(it, "Purpose")["enum"].remove("STUDY"), "purpose refuses STUDY"),
        (lambda it: _schema(it, "Line").update(maxLength=10), "surname has another maxLength"),
        (
            lambda it: _schema(it, "Acknowledgement")["properties"].pop("version"),
            f"{CREATE} 201 lacks version",
        ),
        (
            lambda it: _schema(it, "Acknowledgement")["required"].remove("number"),
            f"{CREATE} 201 may lack number",
        ),
        (
            lambda it: _schema(it, "Documents")["properties"]["items"].update(type="object"),
            "items has another type",
        ),
    ],
)
def test_registry_contract_check_finds_each_breaking_change(
    change: Callable[[Schema], object], found: str
) -> None:
    changed = copy.deepcopy(AGREED)
    change(changed)
    assert any(line.endswith(found) or line == found for line in breaks(AGREED, changed))


@pytest.mark.parametrize(
    "change",
    [
        lambda it: _schema(it, "Acknowledgement")["properties"].update(household={}),
        lambda it: _schema(it, "PreRegistration")["properties"].update(household={}),
        lambda it: _schema(it, "Purpose")["enum"].append("FAMILY"),
        lambda it: it["paths"].update({"/v1/events": {"get": {"responses": {}}}}),
    ],
)
def test_registry_contract_check_accepts_additions(change: Callable[[Schema], object]) -> None:
    changed = copy.deepcopy(AGREED)
    change(changed)
    assert list(breaks(AGREED, changed)) == []
