"""Questions for numbers and names: parsing, displaying and rejecting answers."""

import re
from datetime import date

import pytest

from bot.i18n import Languages
from flows.engine.exhaustive_walk import walk
from flows.engine.flow import Answer, Flow, Form, Outcome, path
from flows.engine.identity_numbers import Identity
from flows.engine.language_protocol import Letters, Refusal
from flows.engine.options import Reading
from flows.engine.questions import Day, IdentityNumber, Mrz, PassportNumber, PersonName, Question
from flows.engine.refusals import REFUSALS, explain
from flows.engine.text import _, button
from tests.i18n.test_mrz import CARD, KAZAKH

WORDS = Languages()
CODES = [code for code, _own in WORDS.languages()]
TODAY = date(2026, 11, 24)

IIN = IdentityNumber(name="iin", label=button("Year of birth"), text=_("Yes"), kind=Identity.KZ_IIN)
RESIDENT = IdentityNumber(
    name="resident", label=button("Citizenship"), text=_("Yes"), kind=Identity.CN_RESIDENT
)
PASSPORT = PassportNumber(
    name="passport", label=button("Passport validity"), text=_("Yes"), country="KZ"
)
ZONE = Mrz(name="zone", label=button("Surname"), text=_("Yes"))
NUMBERS: tuple[Question, ...] = (IIN, RESIDENT, PASSPORT, ZONE)
SAID = re.compile("[\u200f\u2068\u2069]")


def read(question: Question, typed: str, language: str = "ru") -> object:
    return question.read(typed, Reading(WORDS, language, TODAY))


def answer(question: Question, typed: str, language: str) -> str:
    """Return the sentence that a person sees after typing an answer that cannot be parsed."""
    refusal = read(question, typed, language)
    assert isinstance(refusal, Refusal), refusal
    return SAID.sub("", WORDS.render(explain(refusal, question), language))


@pytest.mark.parametrize(
    ("question", "typed", "kept", "shown"),
    [
        (IIN, "940305 600012", "940305600012", "••••0012"),
        (RESIDENT, "65400218900305002x", "65400218900305002X", "••••002X"),
        (PASSPORT, "n 00000001", "N00000001", "••••01"),
        (ZONE, KAZAKH.lower(), KAZAKH, "••••01"),
        (ZONE, CARD, CARD, "••••01"),
    ],
)
def test_number_question_stores_all_digits_and_shows_only_the_last(
    question: Question, typed: str, kept: str, shown: str
) -> None:
    assert read(question, typed) == kept
    assert question.accepts(kept)
    assert {SAID.sub("", WORDS.render(question.show(kept), code)) for code in CODES} == {shown}


@pytest.mark.parametrize("question", NUMBERS, ids=lambda question: question.name)
def test_number_questions_are_sensitive_and_reject_invalid_stored_values(
    question: Question,
) -> None:
    assert question.sensitive
    for stored in ("", "7", "Testova", "9403056000129"):
        assert not question.accepts(stored)


@pytest.mark.parametrize("code", CODES)
def test_passport_question_rejects_an_iin_without_repeating_it(code: str) -> None:
    refusal_text = answer(PASSPORT, "940305 600 012", code)
    assert refusal_text.endswith("N00000000")
    assert WORDS.render(PASSPORT.label, code) in refusal_text
    for part in ("940305", "600012", "0012"):
        assert part not in refusal_text
    assert "?" in refusal_text or "？" in refusal_text or "؟" in refusal_text


TYPED: dict[Refusal, tuple[Question, str]] = {
    Refusal.NOT_DIGITS: (IIN, "94030560OO12"),
    Refusal.WRONG_LENGTH: (IIN, "94030560001"),
    Refusal.WRONG_CHECK: (IIN, "940305600013"),
    Refusal.NO_SUCH_DAY_INSIDE: (RESIDENT, "654002189002300015"),
    Refusal.OLD_RESIDENT_NUMBER: (RESIDENT, "654002900305001"),
    Refusal.NOT_LATIN_NUMBER: (PASSPORT, "Ж00000001"),
    Refusal.IS_IIN: (RESIDENT, "940305600012"),
    Refusal.IS_PINFL: (IIN, "11210632040240"),
    Refusal.IS_RESIDENT_NUMBER: (IIN, "654002189003050011"),
    Refusal.IS_PASSPORT: (IIN, "N00000001"),
    Refusal.NOT_A_PASSPORT: (PASSPORT, "TESTOVA"),
    Refusal.ZONE_LINES: (ZONE, "TESTOVA GULNAR"),
    Refusal.ZONE_CHECK: (ZONE, KAZAKH.replace("940305", "940306")),
    Refusal.NOT_CYRILLIC: (
        IdentityNumber(name="n", label=IIN.label, text=IIN.text, kind=Identity.MN_REGISTER),
        "УK00013100",
    ),
    Refusal.NOT_KAZAKH: (
        PersonName(name="n", label=IIN.label, text=IIN.text, letters=Letters.KAZAKH),
        "古丽娜尔",
    ),
    Refusal.MONTH_FIRST: (Day(name="n", label=IIN.label, text=IIN.text), "04/13/1990"),
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("refusal", TYPED)
def test_refusal_of_a_number_shows_an_example_in_the_persons_language(
    refusal: Refusal, code: str
) -> None:
    question, typed = TYPED[refusal]
    assert read(question, typed) is refusal
    refusal_text = answer(question, typed, code)
    example = getattr(question, "example", "1990")
    assert example.split("\n")[0] in refusal_text
    assert "{" not in refusal_text
    assert typed not in refusal_text
    english = Languages(()).render(explain(refusal, question), "en")
    assert refusal_text.partition("\n")[0] != english.partition("\n")[0], "not translated"


def test_reasons_to_refuse_an_answer_all_have_user_texts() -> None:
    assert REFUSALS.keys() == set(Refusal)


def test_number_questions_can_all_be_answered_in_a_flow() -> None:
    flow = Flow(
        name="numbers",
        title=button("Citizenship"),
        items=NUMBERS,
        outcome=lambda submit, today: Outcome(()),
    )
    result = walk(flow)
    assert result.unreached == result.stuck == ()


def test_number_question_is_asked_again_when_the_stored_value_is_invalid() -> None:
    """The stored value is an IIN, but a later release asks for another kind of identity number."""
    flow = Flow(
        name="numbers",
        title=button("Citizenship"),
        items=(RESIDENT,),
        outcome=lambda submit, today: Outcome(()),
    )
    step = path(flow, Form().put("resident", Answer("940305600012"))).current(None)
    assert step is not None
    assert step.item is RESIDENT


def test_day_question_shows_the_month_in_words() -> None:
    day = Day(name="born", label=IIN.label, text=IIN.text)
    shown = SAID.sub("", WORDS.render(day.show("1990-03-05"), "ru"))
    assert shown.split() == ["5", "марта", "1990", "г."]
