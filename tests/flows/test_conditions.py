"""Conditions on which a flow asks a question: evaluated, and described in words for drawings."""

import pytest

from flows.engine.conditions import (
    ALWAYS,
    Condition,
    all_of,
    any_of,
    describe,
    holds,
    may_hold,
    not_,
)
from flows.engine.questions import Number, YesNo
from flows.engine.text import _, button

PETS = YesNo(name="pets", label=button("Phone"), text=_("Have you pets?"))
MANY = Number(name="many", label=button("Phone"), text=_("How many?"))


@pytest.mark.parametrize(
    ("condition", "words", "true", "false"),
    [
        (PETS.is_("yes", "no"), "pets is no or yes", {"pets": "yes"}, {}),
        (MANY.is_("2"), "many is 2", {"many": "2"}, {"many": "1"}),
        (PETS.answered(), "pets answered", {"pets": "no"}, {}),
        (
            all_of(PETS.is_("yes"), MANY.is_("3")),
            "pets is yes and many is 3",
            {"pets": "yes", "many": "3"},
            {"many": "3"},
        ),
        (
            any_of(PETS.is_("yes"), MANY.is_("3")),
            "(pets is yes or many is 3)",
            {"many": "3"},
            {"pets": "no"},
        ),
        (not_(PETS.answered()), "not (pets answered)", {}, {"pets": "yes"}),
    ],
)
def test_condition_is_evaluated_and_described_in_words(
    condition: Condition, words: str, true: dict[str, str], false: dict[str, str]
) -> None:
    assert describe(condition) == words
    assert holds(condition, true)
    assert not holds(condition, false)


def test_empty_condition_is_always_true() -> None:
    assert holds(ALWAYS, {})


@pytest.mark.parametrize(
    ("condition", "unknown", "possible"),
    [
        (PETS.is_("yes"), ("pets",), True),
        (PETS.is_("yes"), (), False),
        (not_(PETS.is_("yes")), (), True),
        (not_(any_of(PETS.is_("no"), MANY.is_("3"))), ("many",), False),
        (all_of(PETS.is_("no"), MANY.is_("3")), ("many",), True),
        (all_of(PETS.is_("yes"), MANY.is_("3")), ("many",), False),
        (any_of(PETS.is_("yes"), MANY.is_("3")), ("many",), True),
    ],
)
def test_condition_can_become_true_while_answers_are_missing(
    condition: Condition, unknown: tuple[str, ...], possible: bool
) -> None:
    assert may_hold(condition, {"pets": "no"}, unknown) is possible
