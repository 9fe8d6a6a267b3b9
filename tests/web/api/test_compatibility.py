"""The API stays compatible with clients of version 1.

`contract-v1.json` is the first version of the API. A change that breaks its clients needs
`/api/v2`.
"""

import copy
import json
from pathlib import Path

from bot.web import api
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
