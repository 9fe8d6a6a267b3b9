"""A walk goes every way through a flow, once, and says where it cannot go on."""

from dataclasses import replace

from flows import FLOWS
from flows.engine.conditions import ALWAYS, all_of, not_
from flows.engine.exhaustive_walk import END, PERSON, REFUSED, START, walk
from flows.engine.identity_numbers import Identity
from flows.engine.questions import CountryQuestion, IdentityNumber
from flows.engine.text import _, button
from flows.preregistration import FAMILY, PREREGISTRATION, RELATION
from tests.flows.trial import (
    CONSENT,
    FLEETING,
    GATE,
    MANY_PETS,
    PETS,
    REVIEW,
    RISK,
    WORDS_OF_ONES_OWN,
    Forgetful,
    flow,
)


def test_every_question_is_reached_and_every_path_ends() -> None:
    for walked in map(walk, FLOWS.values()):
        assert walked.unreached == ()
        assert walked.stuck == ()
    told = str(walk(PREREGISTRATION))
    assert told.startswith("preregistration: 42 questions, 42 reached; ")
    assert told.endswith("; every path ends")


def test_the_walk_goes_every_way() -> None:
    lists = replace(FAMILY, items=(RELATION,), when=PETS.is_("yes"), maximum=2)
    few = replace(MANY_PETS, name="few", when=PETS.is_("no"), maximum=3)
    tail = replace(WORDS_OF_ONES_OWN, when=few.at_least(2), skippable=True)
    walked = walk(flow(PETS, GATE, RISK, CONSENT, lists, few, tail, REVIEW))
    assert walked.moves == {
        (START, "pets"), ("pets", "gate"), ("gate", PERSON), ("gate", "risk"), ("risk", "agree"),
        ("agree", REFUSED), ("agree", "family"), ("family", "relation"), ("relation", "family"),
        ("family", "review"), ("agree", "few"), ("few", "review"), ("few", "own"),
        ("own", "review"), ("review", END),
    }  # fmt: skip
    assert walked.unreached == () == walked.stuck


def test_the_walk_sees_a_question_that_is_asked_for_ever() -> None:
    walked = walk(flow(Forgetful(name="again", label=button("Phone"), text=_("Again?")), REVIEW))
    assert walked.stuck == ("again",)
    assert walked.unreached == ("review",)
    assert "stuck at again" in str(walked)
    assert "(never review)" in str(walked)


def test_numbers_and_zones_are_walked_by_their_examples() -> None:
    number = IdentityNumber(
        name="iin", label=button("Phone"), text=_("Number?"), kind=Identity.KZ_IIN
    )
    walked = walk(flow(number, REVIEW))
    assert walked.moves == {(START, "iin"), ("iin", "review"), ("review", END)}


def test_the_walk_takes_nothing_back() -> None:
    """Who is removed from a list, or changes an answer, comes to where the walk has been."""
    walked = walk(flow(replace(FAMILY, items=(RELATION,), maximum=1, when=ALWAYS), REVIEW))
    add_or_not, no_more, send = 2, 1, 1
    assert walked.edges == add_or_not + len(RELATION.options) + no_more + send
    changed = walk(flow(PETS, replace(REVIEW, among=REVIEW.among[1:])))
    assert changed.moves == {(START, "pets"), ("pets", "review")}


def test_what_is_written_is_an_answer() -> None:
    told = replace(MANY_PETS, when=WORDS_OF_ONES_OWN.answered())
    walked = walk(flow(WORDS_OF_ONES_OWN, told, REVIEW))
    assert walked.moves == {(START, "own"), ("own", "many"), ("many", "review"), ("review", END)}


def test_what_is_forgotten_at_consent_opens_nothing_later() -> None:
    late = replace(MANY_PETS, when=FLEETING.is_("yes"))
    assert walk(flow(FLEETING, CONSENT, late, REVIEW)).unreached == ("many",)
    assert walk(flow(FLEETING, late, CONSENT, REVIEW)).unreached == ()


def test_who_goes_on_has_chosen_to() -> None:
    both = all_of(GATE.is_("go_on"), CONSENT.is_("yes"))
    walked = walk(flow(GATE, CONSENT, replace(WORDS_OF_ONES_OWN, when=both), REVIEW))
    assert walked.unreached == ()


def test_what_conditions_tell_apart_is_answered() -> None:
    country = CountryQuestion(name="where", label=button("Phone"), text=_("Where?"))
    two = all_of(MANY_PETS.at_least(2), not_(MANY_PETS.at_least(3)))
    many = replace(MANY_PETS, maximum=3, when=country.is_("MN"))
    some = replace(WORDS_OF_ONES_OWN, name="some", when=two)
    maximum = replace(WORDS_OF_ONES_OWN, name="most", when=MANY_PETS.at_least(3))
    assert walk(flow(country, many, some, maximum)).unreached == ()
