"""The API stays compatible with clients of version 1.

`contract-v1.json` is the first version of the API. A change that breaks its clients needs
`/api/v2`.
"""

import copy
import json
from pathlib import Path

from bot.web import api
from bot.web.api.problems import PROBLEMS
from tests.contract_changes import breaks

CONTRACT = json.loads(Path(__file__).with_name("contract-v1.json").read_text())


def test_api_does_not_break_clients_of_version_1() -> None:
    assert list(breaks(CONTRACT, api.openapi())) == []


def test_api_compatibility_check_finds_a_breaking_change() -> None:
    changed = copy.deepcopy(CONTRACT)
    changed["paths"].pop("/api/v1/announcement-counts")
    assert list(breaks(CONTRACT, changed)) == ["post /api/v1/announcement-counts is gone"]


def test_api_operations_each_require_one_scope() -> None:
    operations = [each for path in CONTRACT["paths"].values() for each in path.values()]
    assert operations
    assert all(len(each["security"][0]["token"]) == 1 for each in operations)


def test_api_operations_each_declare_the_problems_of_any_request() -> None:
    operations = [each for path in api.openapi()["paths"].values() for each in path.values()]
    assert operations
    for each in operations:
        responses = each["responses"]
        assert {"401", "403", "429", "500", "503"} <= set(responses)
        assert set(responses["401"]["headers"]) == {"WWW-Authenticate"}
        assert set(responses["503"]["headers"]) == {"Retry-After"}


def test_api_operations_together_declare_every_problem_of_an_operation() -> None:
    operations = [each for path in api.openapi()["paths"].values() for each in path.values()]
    found = {status for each in operations for status in each["responses"]}
    # A method that an address does not have belongs to no operation.
    assert {str(status) for status, _title in PROBLEMS.values()} - found == {"405"}
