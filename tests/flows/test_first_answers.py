"""The first answers to 12 invented people: urgent first, safe, personal and short.

Each person is named by the situation. An answer is what is said before "More about this".
"""

from dataclasses import dataclass
from datetime import date

import pytest

from flows import eligibility
from flows.engine.conditions import Answers
from flows.engine.text import Text
from flows.knowledge import (
    cards,
    entry,
    kandas,
    living,
    pilot_2026,
    quota,
    requirements,
    settling,
)
from flows.knowledge.facts import Fact
from flows.knowledge.intents.cautions import KEEP, LEFT, UNSAFE
from flows.knowledge.intents.family import TEST_OPEN
from flows.knowledge.intents.way import REFUSED
from flows.replies import REPLIES
from tests.flows.answers import parts
from tests.flows.chat import WORDS

TODAY, NEXT_YEAR = date(2026, 11, 28), date(2027, 1, 1)
MAX_FIRST = 1200
LANGUAGES = ("ru", "kk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """An invented person who asks one question.

    The answer begins with `first`; it `contains` some parts and `omits` others.
    """

    situation: str
    intent: str
    citizenship: str = ""
    first: Fact | Text
    contains: tuple[Fact | Text, ...] = ()
    omits: tuple[Fact | Text, ...] = ()


PEOPLE = (
    Asking(
        situation="at_home_in_china_wants_papers",
        intent="kandas.documents",
        citizenship="CN",
        first=requirements.CHINA_FIRST,
        contains=(LEFT,),
    ),
    Asking(
        situation="from_china_without_visa_wants_to_stay",
        intent="permit.visa",
        citizenship="CN",
        first=cards.CHINA_STAY_ENDS,
        contains=(cards.CHINA_STAY,),
        omits=(entry.UZ_STAY, entry.EAEU_STAY),
    ),
    Asking(
        situation="from_uzbekistan_asks_how_long",
        intent="permit.visa",
        citizenship="UZ",
        first=entry.UZ_STAY,
        omits=(cards.CHINA_STAY, cards.CHINA_STAY_ENDS),
    ),
    Asking(
        situation="wants_to_give_up_citizenship_first",
        intent="citizenship.renounce",
        citizenship="UZ",
        first=KEEP,
        contains=(settling.STATELESS, requirements.UZ_RELEASE),
    ),
    Asking(
        situation="pensioner_from_mongolia",
        intent="life.pension",
        citizenship="MN",
        first=settling.PENSION,
        contains=(living.PENSION_MN, living.PENSION_PAPERS),
        omits=(living.PENSION_UNION,),
    ),
    Asking(
        situation="refused_yesterday",
        intent="kandas.refused",
        first=REFUSED,
        contains=(living.DEADLINE, living.COMPLAINT, kandas.HEARING),
    ),
    Asking(
        situation="mother_kazakh_father_not",
        intent="kandas.prove_ethnicity",
        first=kandas.ROLE,
    ),
    Asking(
        situation="grandmother_and_the_test",
        intent="test.language",
        first=pilot_2026.PHASE,
        contains=(TEST_OPEN,),
        omits=(settling.EXAM,),
    ),
    Asking(
        situation="wants_to_live_in_the_south",
        intent="support.regions",
        first=quota.SOUTH,
        contains=(quota.SETTLED,),
    ),
    Asking(
        situation="passport_runs_out",
        intent="documents.missing",
        first=UNSAFE,
        contains=(LEFT, requirements.PASSPORT_DAYS),
    ),
    Asking(
        situation="from_iran_asks_about_entry",
        intent="permit.visa",
        citizenship="IR",
        first=entry.IR_STAY,
        omits=(entry.UZ_STAY, cards.CHINA_STAY),
    ),
    Asking(
        situation="from_china_wants_a_residence_permit",
        intent="permit.residence",
        citizenship="CN",
        first=pilot_2026.PHASE,
        contains=(requirements.CHINA_FIRST, LEFT),
    ),
)
every_person = pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.situation)
every_day = pytest.mark.parametrize("today", (TODAY, NEXT_YEAR), ids=str)


def opening(person: Asking, today: date) -> tuple[Text, ...]:
    return REPLIES[person.intent].opening(today, person.citizenship)


def said_in(lines: tuple[Text, ...]) -> list[Text]:
    return [part for line in lines for part in parts(line)]


def words(part: Fact | Text) -> Text:
    return part.text if isinstance(part, Fact) else part


def test_invented_people_are_12_different_situations() -> None:
    assert len({person.situation for person in PEOPLE}) == len(PEOPLE) == 12


@every_person
def test_first_answer_begins_with_the_urgent_sentence(person: Asking) -> None:
    assert words(person.first) in parts(opening(person, TODAY)[0])


@every_person
def test_first_answer_contains_what_concerns_the_person(person: Asking) -> None:
    said = said_in(opening(person, TODAY))
    assert [words(part) for part in person.contains if words(part) not in said] == []
    assert [words(part) for part in person.omits if words(part) in said] == []


@every_day
@every_person
@pytest.mark.parametrize("language", LANGUAGES)
def test_first_answer_is_short(person: Asking, language: str, today: date) -> None:
    said = "\n".join(WORDS.render(line, language) for line in opening(person, today))
    assert 0 < len(said) <= MAX_FIRST


# The flow "What fits me?"

MOVES: Answers = {
    "purpose": "move",
    "ethnic_kazakh": "yes",
    "ethnicity_papers": "yes",
    "citizenship": "UZ",
    "former_citizen": "no",
    "trouble": "none",
    "location": "unsaid",
}


MOVING: tuple[Answers, ...] = tuple(
    {**MOVES, "citizenship": citizenship, "location": place}
    for citizenship in ("CN", "UZ", "MN", "TM", "IR", "RU")
    for place in ("origin", "kazakhstan")
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("answers", MOVING, ids=lambda a: f"{a['citizenship']}-{a['location']}")
def test_first_way_its_step_and_its_cost_come_early(answers: Answers, language: str) -> None:
    said = [WORDS.render(text, language) for text in eligibility.spoken(answers, TODAY)]
    fee = WORDS.render(kandas.FEE.text, language)
    at = next(number for number, text in enumerate(said) if fee in text)
    assert len("\n".join(said[: at + 1])) <= MAX_FIRST
