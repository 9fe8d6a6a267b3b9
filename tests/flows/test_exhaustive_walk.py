"""The exhaustive walk through a flow visits every state once.

The walk reports questions that are never reached, and questions that repeat forever.
"""

from dataclasses import replace

from flows import FLOWS
from flows.engine.conditions import ALWAYS, all_of
from flows.engine.exhaustive_walk import END, PERSON, REFUSED, START, walk
from flows.engine.identity_numbers import Identity
from flows.engine.questions import CountryQuestion, IdentityNumber
from flows.engine.text import _, button
from flows.preregistration import PREREGISTRATION
from flows.preregistration.after_consent import FAMILY, RELATION
from tests.flows.trial import (
    CONSENT,
    FLEETING,
    GATE,
    MANY_PETS,
    PETS,
    REVIEW,
    RISK,
    WORDS_OF_ONES_OWN,
    NeverAccepted,
    flow,
)


def test_flow_walk_reaches_every_question_and_ends_every_path() -> None:
    for result in map(walk, FLOWS.values()):
        assert result.unreached == ()
        assert result.stuck == ()
    summary = str(walk(PREREGISTRATION))
    assert summary.startswith("preregistration: 44 questions, 44 reached; ")
    assert summary.endswith("; every path ends")


def test_flow_walk_takes_every_transition_of_a_flow() -> None:
    lists = replace(FAMILY, items=(RELATION,), when=PETS.is_("yes"), maximum=2)
    few = replace(MANY_PETS, name="few", when=PETS.is_("no"), maximum=3)
    tail = replace(WORDS_OF_ONES_OWN, when=few.is_("2"), skippable=True)
    result = walk(flow(PETS, GATE, RISK, CONSENT, lists, few, tail, REVIEW))
    assert result.moves == {
        (START, "pets"), ("pets", "gate"), ("gate", PERSON), ("gate", "risk"), ("risk", "agree"),
        ("agree", REFUSED), ("agree", "family"), ("family", "relation"), ("relation", "family"),
        ("family", "review"), ("agree", "few"), ("few", "review"), ("few", "own"),
        ("own", "review"), ("review", END),
    }  # fmt: skip
    assert result.unreached == () == result.stuck


def test_flow_walk_detects_a_question_that_repeats_forever() -> None:
    result = walk(
        flow(NeverAccepted(name="again", label=button("Phone"), text=_("Again?")), REVIEW)
    )
    assert result.stuck == ("again",)
    assert result.unreached == ("review",)
    assert "stuck at again" in str(result)
    assert "(never review)" in str(result)


def test_flow_walk_uses_example_values_for_identity_numbers() -> None:
    number = IdentityNumber(
        name="iin", label=button("Phone"), text=_("Number?"), kind=Identity.KZ_IIN
    )
    result = walk(flow(number, REVIEW))
    assert result.moves == {(START, "iin"), ("iin", "review"), ("review", END)}


def test_flow_walk_skips_transitions_that_remove_or_edit_an_answer() -> None:
    """To remove a member or change an answer would only lead to a state that is visited anyway."""
    result = walk(flow(replace(FAMILY, items=(RELATION,), maximum=1, when=ALWAYS), REVIEW))
    add_or_not, no_more, send = 2, 1, 1
    assert result.edges == add_or_not + len(RELATION.options) + no_more + send
    changed = walk(flow(PETS, replace(REVIEW, among=REVIEW.among[1:])))
    assert changed.moves == {(START, "pets"), ("pets", "review")}


def test_flow_walk_follows_a_condition_on_an_answered_text_question() -> None:
    many_pets = replace(MANY_PETS, when=WORDS_OF_ONES_OWN.answered())
    result = walk(flow(WORDS_OF_ONES_OWN, many_pets, REVIEW))
    assert result.moves == {(START, "own"), ("own", "many"), ("many", "review"), ("review", END)}


def test_flow_walk_detects_a_condition_on_an_answer_deleted_at_consent() -> None:
    late = replace(MANY_PETS, when=FLEETING.is_("yes"))
    assert walk(flow(FLEETING, CONSENT, late, REVIEW)).unreached == ("many",)
    assert walk(flow(FLEETING, late, CONSENT, REVIEW)).unreached == ()


def test_flow_walk_passes_through_handoff_offers_and_consents() -> None:
    both = all_of(GATE.is_("go_on"), CONSENT.is_("yes"))
    result = walk(flow(GATE, CONSENT, replace(WORDS_OF_ONES_OWN, when=both), REVIEW))
    assert result.unreached == ()


def test_flow_walk_tries_every_value_that_conditions_distinguish() -> None:
    country = CountryQuestion(name="where", label=button("Phone"), text=_("Where?"))
    many = replace(MANY_PETS, maximum=3, when=country.is_("MN"))
    some = replace(WORDS_OF_ONES_OWN, name="some", when=MANY_PETS.is_("2"))
    maximum = replace(WORDS_OF_ONES_OWN, name="most", when=MANY_PETS.is_("3"))
    assert walk(flow(country, many, some, maximum)).unreached == ()
