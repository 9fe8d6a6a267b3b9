"""Mutants of permissions (`areas`) cover every rule, and each changes what its name says."""

import random
import re
from pathlib import Path

import pytest

from bot.officers import permissions
from bot.officers.permissions import RULES, Action
from bot.web import console
from tests.proof import areas
from tests.proof.mutations import ROOT


def test_mutants_of_permission_rules_each_change_exactly_one_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for each in areas.rules(random.Random(1)):
        changed = dict(RULES)
        with monkeypatch.context() as patch:
            patch.setattr(permissions, "RULES", changed)
            each.put()
        assert [action for action in RULES if changed[action] != RULES[action]] == [
            Action(each.name.removeprefix("rule "))
        ]


def test_mutants_of_permission_rules_cover_all_actions_in_seeded_order() -> None:
    first, again, other = (
        [each.diff for each in areas.rules(random.Random(seed))] for seed in (1, 1, 2)
    )
    assert first == again != other
    assert {re.split("[+:]", diff)[1] for diff in first} == set(Action)


def test_mutants_of_routes_cover_every_route_that_needs_a_permission() -> None:
    guarded = [each for each in console.routes() if each.action not in (None, Action.SELF)]
    assert len(list(areas.routes(random.Random(1)))) == len(guarded)


def test_mutants_of_checks_cover_every_statement_that_checks_permissions() -> None:
    check = re.compile(r"^ +(?:await )?(?:permissions\.require\w*|require_case|_demand)\(", re.M)
    written = sum(len(check.findall(path.read_text("utf-8"))) for path in _files())
    found = list(areas.checks(random.Random(1)))
    assert len(found) >= written > 50
    assert all("+" in each.diff and each.diff.endswith("pass") for each in found)


def _files() -> list[Path]:
    return [*(ROOT / "bot").rglob("*.py")]


def test_each_word_that_selects_policy_tests_matches_an_existing_test() -> None:
    *files, selection = areas.POLICY_TESTS
    names = [
        name
        for file in files
        for name in re.findall(r"def (test_\w+)", (ROOT / file).read_text("utf-8"))
    ]
    words = selection.removeprefix("-k=").split(" or ")
    assert [word for word in words if not any(word in name for name in names)] == []
