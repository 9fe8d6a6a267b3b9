"""The first answer to each of 12 invented people is safe, personal and short.

Urgent advice comes first. The first answer is the text before the button "More about this".
"""

import re
from collections.abc import Mapping
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
    laws,
    living,
    pilot_2026,
    quota,
    requirements,
    settling,
)
from flows.knowledge.facts import Fact
from flows.knowledge.intents.cautions import (
    AGREEMENT_OPEN,
    EVEN_THEN,
    KEEP,
    LEFT,
    NO_LONGER_STAY,
    REFUSED,
    STAY_DURING,
    UNSAFE,
    WITHOUT_VISA,
)
from flows.knowledge.intents.family import TEST_OPEN
from flows.knowledge.intents.life import PAID_ON, TAKE_PAPERS
from flows.knowledge.intents.papers import ONE_PARENT, PAPER_ENDS
from flows.knowledge.intents.permits import WHICH_CERTIFICATE
from flows.knowledge.origins import KNOWN, SAFETY_FIRST, Origin
from flows.replies import REPLIES
from tests.flows.answers import parts
from tests.flows.chat import LANGUAGES, WORDS

TODAY, NEXT_YEAR, FOREVER = date(2026, 11, 28), date(2027, 1, 1), date(2030, 1, 1)
MAX_FIRST, MAX_WORDS = 1200, 15


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePerson:
    """An invented person who asks one question (`intent`), with the expected first answer.

    The answer begins with `first`, has `early` in its first two lines, and has `contains` but not
    `omits` anywhere.
    """

    situation: str
    intent: str
    citizenship: str = ""
    first: Fact | Text
    early: tuple[Fact | Text, ...] = ()
    contains: tuple[Fact | Text, ...] = ()
    omits: tuple[Fact | Text, ...] = ()


PEOPLE = (
    SamplePerson(
        situation="at_home_in_china_wants_papers",
        intent="kandas.documents",
        citizenship="CN",
        first=SAFETY_FIRST,
        early=(requirements.CHINA_FIRST,),
        contains=(
            pilot_2026.TEST_FIRST,
            requirements.KANDAS_PAPERS,
            requirements.KANDAS_MORE_PAPERS,
        ),
    ),
    SamplePerson(
        situation="from_china_without_visa_wants_to_stay",
        intent="permit.visa",
        citizenship="CN",
        first=cards.CHINA_STAY_ENDS,
        early=(cards.CHINA_STAY,),
        contains=(entry.HOST, pilot_2026.BEFORE_PERMIT, settling.ANY_VISA, WITHOUT_VISA),
        omits=(entry.UZ_STAY, entry.EAEU_STAY, entry.REGISTER),
    ),
    SamplePerson(
        situation="from_uzbekistan_asks_how_long",
        intent="permit.visa",
        citizenship="UZ",
        first=entry.UZ_STAY,
        early=(entry.REGISTER,),
        contains=(entry.HOST, settling.ANY_VISA, WITHOUT_VISA),
        omits=(cards.CHINA_STAY, cards.CHINA_STAY_ENDS),
    ),
    SamplePerson(
        situation="wants_to_give_up_citizenship_first",
        intent="citizenship.renounce",
        citizenship="UZ",
        first=KEEP,
        early=(settling.STATELESS,),
        contains=(requirements.UZ_RELEASE, EVEN_THEN),
    ),
    SamplePerson(
        situation="pensioner_from_mongolia",
        intent="life.pension",
        citizenship="MN",
        first=TAKE_PAPERS,
        early=(PAID_ON,),
        contains=(
            living.PENSION_MN,
            AGREEMENT_OPEN,
            living.PENSION_MN_YEARS,
            living.PENSION_PAPERS,
        ),
        omits=(living.PENSION_UNION, settling.PENSION),
    ),
    SamplePerson(
        situation="refused_yesterday",
        intent="kandas.refused",
        first=STAY_DURING,
        early=(REFUSED,),
        contains=(living.DEADLINE, living.COMPLAINT),
    ),
    SamplePerson(
        situation="mother_kazakh_father_not",
        intent="kandas.prove_ethnicity",
        first=ONE_PARENT,
        early=(requirements.ETHNICITY_PAPERS,),
        contains=(kandas.ROLE,),
        omits=(requirements.ONE_PARENT,),
    ),
    SamplePerson(
        situation="grandmother_and_the_test",
        intent="test.language",
        first=TEST_OPEN,
        early=(pilot_2026.PHASE,),
        omits=(settling.EXAM,),
    ),
    SamplePerson(
        situation="wants_to_live_in_the_south",
        intent="support.regions",
        first=quota.SOUTH,
        early=(kandas.WHERE_TO_LIVE,),
        contains=(quota.REGIONS, quota.REPAY),
        omits=(quota.SETTLED, quota.PLACES),
    ),
    SamplePerson(
        situation="passport_runs_out",
        intent="documents.missing",
        first=PAPER_ENDS,
        early=(UNSAFE,),
        contains=(requirements.PASSPORT_DAYS,),
    ),
    SamplePerson(
        situation="from_iran_asks_about_entry",
        intent="permit.visa",
        citizenship="IR",
        first=entry.IR_STAY_ENDS,
        early=(laws.IR_MISSIONS,),
        contains=(entry.HOST, entry.IR_ALONE, settling.IR_ANY_VISA, NO_LONGER_STAY),
        omits=(
            entry.UZ_STAY,
            cards.CHINA_STAY,
            cards.CHINA_STAY_ENDS,
            entry.REGISTER,
            settling.ANY_VISA,
            WITHOUT_VISA,
        ),
    ),
    SamplePerson(
        situation="from_china_wants_a_residence_permit",
        intent="permit.residence",
        citizenship="CN",
        first=cards.CHINA_STAY_ENDS,
        early=(SAFETY_FIRST,),
        contains=(
            requirements.CHINA_FIRST,
            requirements.CHINA_TWO_PAPERS,
            pilot_2026.TEST_FIRST,
            WHICH_CERTIFICATE,
            requirements.PERMIT_PAPERS,
        ),
        omits=(entry.IR_STAY_ENDS,),
    ),
)
every_person = pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.situation)
every_day = pytest.mark.parametrize("today", (TODAY, NEXT_YEAR), ids=str)


def opening(person: SamplePerson, today: date) -> tuple[Text, ...]:
    return REPLIES[person.intent].opening(today, person.citizenship)


def sentences_in(lines: tuple[Text, ...]) -> list[Text]:
    return [part for line in lines for part in parts(line)]


def words(part: Fact | Text) -> Text:
    return part.text if isinstance(part, Fact) else part


def test_sample_people_have_12_different_situations() -> None:
    assert len({person.situation for person in PEOPLE}) == len(PEOPLE) == 12


@every_person
def test_first_answer_begins_with_the_most_urgent_sentence(person: SamplePerson) -> None:
    assert words(person.first) in parts(opening(person, TODAY)[0])


@every_person
def test_first_answer_is_personal_within_its_first_two_lines(person: SamplePerson) -> None:
    sentences = sentences_in(opening(person, TODAY)[:2])
    assert [words(part) for part in person.early if words(part) not in sentences] == []


@every_person
def test_first_answer_contains_only_sentences_for_the_persons_situation(
    person: SamplePerson,
) -> None:
    sentences = sentences_in(opening(person, TODAY))
    assert [words(part) for part in person.contains if words(part) not in sentences] == []
    assert [words(part) for part in person.omits if words(part) in sentences] == []


@every_day
@every_person
@pytest.mark.parametrize("language", LANGUAGES)
def test_first_answer_is_within_the_length_limit(
    person: SamplePerson, language: str, today: date
) -> None:
    rendered = "\n".join(WORDS.render(line, language) for line in opening(person, today))
    assert 0 < len(rendered) <= MAX_FIRST


@every_person
def test_first_answer_sentences_are_within_the_word_limit(person: SamplePerson) -> None:
    sentences = [
        sentence
        for part in sentences_in(opening(person, TODAY))
        if not any(isinstance(value, Text) for _name, value in part.values)
        for sentence in re.split(r"(?<=[.?!:;])\s", part.msgid)
    ]
    assert [each for each in sentences if len(each.split()) > MAX_WORDS] == []


def sentence_positions(text: Text, today: date) -> list[tuple[str, int, int]]:
    """Return the positions of the safety warning and of `text` in each answer that contains `text`.

    A tuple is (intent and citizenship, position of the warning, position of `text`). In an answer
    without the warning, the position of the warning is the number of sentences.
    """
    found: list[tuple[str, int, int]] = []
    for intent, reply in REPLIES.items():
        for citizenship in ("CN", "IR", "AF", "RU", ""):
            lines = (*reply.opening(today, citizenship), *reply.more(today, citizenship))
            sentences = sentences_in(lines)
            if text in sentences:
                safety = (
                    sentences.index(SAFETY_FIRST) if SAFETY_FIRST in sentences else len(sentences)
                )
                found.append((f"{intent} {citizenship}", safety, sentences.index(text)))
    return found


@pytest.mark.parametrize(
    ("text", "today"),
    (
        (requirements.CHINA_FIRST.text, TODAY),
        (requirements.CHINA_TWO_PAPERS.text, TODAY),
        (requirements.CHINA_TWO_PAPERS.ended, FOREVER),
        (pilot_2026.CONSENT.text, TODAY),
        (pilot_2026.CONSENT.ended, NEXT_YEAR),
    ),
)
def test_home_country_documents_are_mentioned_after_the_safety_warning(
    text: Text, today: date
) -> None:
    found = sentence_positions(text, today)
    assert found
    assert [place for place, safety, at in found if safety > at] == []


@pytest.mark.parametrize("origin", KNOWN, ids=lambda each: each.code)
def test_visa_answer_states_whether_a_visa_agreement_exists(origin: Origin) -> None:
    texts = REPLIES["permit.visa"].opening(TODAY, origin.code)
    lines = " ".join(WORDS.render(line, "en") for line in texts)
    assert re.search(r"[Bb]y an agreement|an agreement on visa-free entry with|no agreement", lines)


def test_intent_answers_do_not_assume_that_the_person_left_the_country() -> None:
    for intent, reply in REPLIES.items():
        sentences = sentences_in((*reply.opening(TODAY, ""), *reply.more(TODAY, "")))
        assert LEFT not in sentences, intent


# The most frequent questions: an intent answers each, or says that the answer is not verified

ASKED: Mapping[str, tuple[str, str]] = {
    "which regions the status obliges to": ("support.regions", "Sources disagree"),
    "how long a resident may be away": ("kandas.leave", "more than 183 days"),
    "how a new phone card begins to work": ("documents.iin", "biometric identification"),
    "how long a bank card is valid": ("documents.iin", "valid for 12 months"),
    "Chinese citizenship ends": ("citizenship.renounce", "when they get another of their own will"),
    "Uzbek citizenship ends": ("citizenship.renounce", "notify Uzbekistan's consulate"),
    "ethnicity of a child": ("kandas.prove_ethnicity", "has the ethnicity of the parents"),
    "what the assistant is": ("bot.what", "or we saw only a part of them"),
    "how long may I stay": ("permit.visa", "may stay 30 days at a time"),
    "mother Kazakh, father not": ("kandas.prove_ethnicity", "Is only your mother Kazakh"),
    "old people and the test": ("kandas.parents", "for a child, an older person"),
    "children and the test": ("kandas.children", "Is the test for a child"),
    "after 31 December": ("pilot.2026", "We have not found what applies after 2026"),
    "living in the south": ("support.regions", "has no places there"),
    "visiting back": ("kandas.leave", "have not checked how long you may be away"),
    "passport runs out": ("documents.missing", "Does your passport run out soon"),
    "digital signature": ("documents.iin", "gives a digital signature"),
    "password of egov.kz": ("documents.iin", "forgotten the password"),
    "appointments": ("where.mission", "Make an appointment"),
    "the circle of guarantees": ("citizenship.renounce", "first want proof"),
    "the statement before a notary": ("citizenship.renounce", "already ends a citizenship"),
    "wrong ethnicity or name": ("documents.missing", "is an ethnicity wrong"),
    "work years": ("life.pension", "papers about your years of work"),
    "proof of means": ("permit.residence", "need not prove their means"),
    "fingerprints": ("permit.residence", "fingerprints are taken"),
    "what the authorities check": ("interview.what", "what the authorities check"),
    "bank account": ("documents.iin", "open a bank account"),
    "SIM card": ("documents.iin", "phone card"),
    "Arabic script at the test": ("test.language", "in Arabic script"),
    "how many answers must be right": ("test.language", "Sources disagree on how many"),
    "a term for telling Uzbekistan": ("citizenship.renounce", "In 2016 the law gave 30 days"),
    "a certificate of the pilot": ("permit.residence", "need a certificate of these steps"),
    "where to register for the test": ("test.language", "where to register for this test"),
    "deadline of a complaint": ("kandas.refused", "three months to complain"),
    "a number that works from abroad": ("where.hotline", "+7 727 258 45 98"),
}


@pytest.mark.parametrize("topic", ASKED)
def test_answer_to_a_most_frequent_question_contains_the_expected_sentence(topic: str) -> None:
    intent, sentence = ASKED[topic]
    reply = REPLIES[intent]
    lines = (*reply.opening(TODAY, ""), *reply.more(TODAY, ""))
    assert sentence in " ".join(WORDS.render(line, "en") for line in lines)


# The result of the flow "What fits me?"

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
def test_eligibility_states_the_fee_within_the_length_of_a_first_answer(
    answers: Answers, language: str
) -> None:
    texts = [WORDS.render(text, language) for text in eligibility.result_texts(answers, TODAY)]
    fee = WORDS.render(kandas.FEE.text, language)
    at = next(number for number, text in enumerate(texts) if fee in text)
    assert len("\n".join(texts[: at + 1])) <= MAX_FIRST
