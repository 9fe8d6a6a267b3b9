"""Each intent's answer, and its opening (the part sent at once), is short and true on each date."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache

import pytest

from flows import FLOWS
from flows.engine.questions import Question
from flows.engine.text import Text
from flows.knowledge import (
    cards,
    catalogue,
    contacts,
    entry,
    kandas,
    pilot_2026,
    quota,
    requirements,
    settling,
)
from flows.knowledge.facts import Fact
from flows.knowledge.intents import IDS, INTENTS, Kind
from flows.knowledge.intents.answer import Answer, Together, part_texts
from flows.knowledge.intents.answers import ANSWERS, BY_INTENT
from flows.knowledge.intents.cautions import (
    KEEP,
    NO_LONGER_STAY,
    STATEMENT_OPEN,
    WITHOUT_VISA,
)
from flows.knowledge.origins import ORIGINS, SAFETY_FIRST
from flows.knowledge.requirements import CHINA_FIRST
from tests.flows.chat import LANGUAGES, WORDS

# Dates around the days on which facts end or must be checked again. DATES adds the first day on
# which each fact is no longer shown.
_DATES = (
    date(2026, 11, 28),
    date(2026, 12, 1),
    date(2026, 12, 31),
    date(2027, 1, 1),
    date(2027, 2, 1),
    date(2027, 5, 24),
    date(2027, 5, 25),
    date(2027, 9, 1),
    date(2027, 11, 24),
    date(2027, 11, 25),
    date(2028, 1, 1),
    date(2028, 12, 31),
)
DATES = sorted({*_DATES, *(fact.until + timedelta(days=1) for fact in catalogue.FACTS)})
MAX_OPENING, MAX_LINES, MAX_LABEL = 1200, 6, 20

# Coverage is not measured: measuring doubles the time, and other tests execute the same lines.
pytestmark = pytest.mark.no_cover
every_answer = pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.intent)
every_date = pytest.mark.parametrize("today", DATES, ids=str)


def answer_texts(answer: Answer, today: date) -> tuple[Text, ...]:
    return _answer_texts(answer.intent, today)


@cache
def _answer_texts(intent: str, today: date) -> tuple[Text, ...]:
    return part_texts(BY_INTENT[intent].parts, today)


def without_date(text: Text) -> Text:
    """Return a fact's own sentence without the date around it; return other sentences unchanged."""
    fact = dict(text.values).get("fact")
    return fact if isinstance(fact, Text) else text


def fact_sentences(answer: Answer, today: date) -> frozenset[Text]:
    return _fact_sentences(answer.intent, today)


@cache
def _fact_sentences(intent: str, today: date) -> frozenset[Text]:
    return frozenset(map(without_date, _answer_texts(intent, today)))


@cache
def length(text: Text, language: str) -> int:
    """Return the number of characters of a text rendered in a language."""
    return len(WORDS.render(text, language))


def fits(lines: tuple[Text, ...], language: str) -> bool:
    """Return True if the lines, joined by line breaks, have at most MAX_OPENING characters."""
    return sum(length(line, language) + 1 for line in lines) - 1 <= MAX_OPENING


# One answer for each intent


def test_supported_intents_each_have_exactly_one_answer() -> None:
    # The engine handles danger, small talk and out-of-scope messages.
    kinds = (Kind.ANSWER, Kind.FLOW, Kind.ACT)
    in_scope = sorted(intent.id for intent in INTENTS if intent.kind in kinds)
    assert sorted(answer.intent for answer in ANSWERS) == in_scope
    assert sorted(BY_INTENT) == in_scope


@every_answer
def test_intent_answer_references_existing_flows_and_intents(answer: Answer) -> None:
    assert answer.flow is None or answer.flow in FLOWS
    assert len(answer.neighbours) <= 3
    assert set(answer.neighbours) <= set(IDS) - {answer.intent}
    assert len(set(answer.neighbours)) == len(answer.neighbours)
    for name, value in answer.preset:
        assert answer.flow is not None
        item = next(
            each
            for each in FLOWS[answer.flow].items
            if isinstance(each, Question) and each.name == name
        )
        # An empty value deletes an earlier answer, so that the flow asks the question.
        assert not value or item.accepts(value), (name, value)


@every_answer
def test_intent_label_fits_a_button_in_every_language(answer: Answer) -> None:
    assert answer.label.context == "button<=20"
    for language in LANGUAGES:
        assert len(WORDS.render(answer.label, language)) <= MAX_LABEL, language


def test_intent_labels_are_unique_in_each_language() -> None:
    for language in LANGUAGES:
        labels = [WORDS.render(answer.label, language) for answer in ANSWERS]
        assert len(set(labels)) == len(labels), language


@every_answer
def test_intent_answer_opening_is_short_and_never_empty(answer: Answer) -> None:
    opening, _more = answer.ordered("")
    assert answer.opening
    assert len(opening) <= MAX_LINES
    for today in DATES:
        lines = part_texts(opening, today)
        for language in LANGUAGES:
            assert fits(lines, language), (language, today)


@every_answer
@pytest.mark.parametrize("citizenship", [*ORIGINS, "DE", "TJ", "", "stateless"])
def test_intent_answer_contains_every_fact_for_each_citizenship(
    answer: Answer, citizenship: str
) -> None:
    opening, more = answer.ordered(citizenship)
    assert Counter((*opening, *more)) == Counter(answer.parts)
    for today in DATES:
        lines = part_texts(opening, today)
        for language in LANGUAGES:
            assert fits(lines, language), (language, today)


@every_answer
@pytest.mark.parametrize("citizenship", [*ORIGINS, "DE", "TJ"])
def test_intent_answer_opening_omits_rules_for_other_citizenships(
    answer: Answer, citizenship: str
) -> None:
    opening, _more = answer.ordered(citizenship)
    ruled = [part.countries for part in opening if isinstance(part, Fact) and part.countries]
    assert all(citizenship in each for each in ruled) or len(ruled) == len(opening)


@pytest.mark.parametrize(
    ("citizenship", "shown", "absent"),
    [
        ("MN", entry.MN_STAY, {entry.UZ_STAY, cards.CHINA_STAY, cards.CHINA_STAY_ENDS}),
        ("CN", cards.CHINA_STAY, {entry.UZ_STAY, entry.EAEU_STAY}),
        ("UZ", entry.UZ_STAY, {cards.CHINA_STAY, cards.CHINA_STAY_ENDS, entry.EAEU_STAY}),
        ("DE", entry.DE_STAY, {entry.UZ_STAY, cards.CHINA_STAY_ENDS, entry.IR_STAY_ENDS}),
    ],
)
def test_visa_answer_opening_states_the_stay_of_the_persons_citizenship(
    citizenship: str, shown: Fact, absent: set[Fact]
) -> None:
    opening, _more = BY_INTENT["permit.visa"].ordered(citizenship)
    assert shown in opening
    assert not absent & set(opening)


@pytest.mark.parametrize("citizenship", sorted(entry.UNCHECKED))
def test_visa_answer_opening_states_when_permitted_stay_is_unverified(citizenship: str) -> None:
    opening, _more = BY_INTENT["permit.visa"].ordered(citizenship)
    assert entry.STAY_OPEN in part_texts(opening, DATES[0])
    assert not {entry.UZ_STAY, cards.CHINA_STAY_ENDS, entry.IR_STAY_ENDS} & set(opening)


@pytest.mark.parametrize("citizenship", sorted(entry.REGISTERED))
def test_visa_answer_opening_mentions_registration_only_where_required(citizenship: str) -> None:
    answer = BY_INTENT["permit.visa"]
    sentences = [
        without_date(text) for text in part_texts(answer.ordered(citizenship)[0], DATES[0])
    ]
    assert entry.REGISTER.text in sentences
    for other in ("CN", "IR", "AF"):
        sentences = [without_date(text) for text in part_texts(answer.ordered(other)[0], DATES[0])]
        assert entry.REGISTER.text not in sentences


@every_answer
def test_intent_answer_repeats_no_line(answer: Answer) -> None:
    for today in DATES:
        lines = answer_texts(answer, today)
        assert len(set(lines)) == len(lines), today


# Answers on each date: only current facts, and no sentence without the sentence that it requires


@every_date
def test_intent_answer_contains_only_current_facts(today: date) -> None:
    for answer in ANSWERS:
        over = {fact.text for fact in answer.facts if not fact.current(today)}
        assert not over & fact_sentences(answer, today), answer.intent


def _texts(answer: Answer) -> Iterator[Text]:
    for part in answer.parts:
        for each in part.parts if isinstance(part, Together) else (part,):
            if isinstance(each, Text):
                yield each


def _text(words: str) -> Text:
    """Return the one sentence of the answers that has these words and is not a fact."""
    (found,) = {text for answer in ANSWERS for text in _texts(answer) if words in text.msgid}
    return found


# Pairs of (required sentence, sentence): an answer with the second but without the first misleads.
NEEDED: Mapping[str, tuple[Text, Text]] = {
    "the relocation money and how few get it": (quota.SHARE.text, quota.RELOCATION.text),
    "the rent money and how few get it": (quota.SHARE.text, quota.RENT.text),
    "the certificate and how few get it": (quota.SHARE.text, quota.HOME.text),
    "multiples of the MCI and what one is": (quota.MCI_2026.text, quota.RELOCATION.text),
    "the rent in MCI and what one is": (quota.MCI_2026.text, quota.RENT.text),
    "the certificate in MCI and what one is": (quota.MCI_2026.text, quota.HOME.text),
    "where many settle and that no money is paid there": (quota.SOUTH.text, quota.SETTLED.text),
    "two papers of China and that safety comes first": (
        SAFETY_FIRST,
        requirements.CHINA_TWO_PAPERS.text,
    ),
    "a country's consent and that safety comes first": (SAFETY_FIRST, pilot_2026.CONSENT.text),
    "an extension in the pilot and the extension": (
        kandas.EXTENSION.text,
        pilot_2026.EXTENSION.text,
    ),
    "the statement before a notary and that its effect is open": (
        STATEMENT_OPEN,
        requirements.STATEMENT.text,
    ),
    "who may apply from inside and that we have not checked how": (
        WITHOUT_VISA,
        settling.ANY_VISA.text,
    ),
    "a visa for people from Iran and that no longer stay is sure": (
        NO_LONGER_STAY,
        settling.IR_ANY_VISA.text,
    ),
    "papers for a visa and which visa": (cards.VISA.text, cards.VISA_PAPERS.text),
    "apostille from China and that safety comes first": (SAFETY_FIRST, CHINA_FIRST.text),
    "the test and that it comes first": (pilot_2026.PHASE.text, pilot_2026.TEST.text),
    "where to register and that there is a test": (
        pilot_2026.TEST.text,
        _text("where to register for this"),
    ),
    "the exam for citizenship and where to register": (
        settling.EXAM.text,
        contacts.TESTS.text,
    ),
    "what is asked and that there is an interview": (
        pilot_2026.INTERVIEW.text,
        _text("which questions are asked"),
    ),
    "no list of centres and what they are": (settling.ADAPTATION.text, _text("no list of these")),
    "numbers from abroad and the numbers": (contacts.UNIFIED.text, _text("From abroad these")),
    "the calculator and how few get it": (quota.SHARE.text, _text("like yours could get")),
    "who sat in the commission and what it is": (
        kandas.ROLE.text,
        requirements.COMMISSION_MEMBERS.text,
    ),
    "the interview and that a pilot runs": (pilot_2026.PHASE.text, pilot_2026.INTERVIEW.text),
}


@every_date
@pytest.mark.parametrize("pair", NEEDED)
def test_intent_answer_contains_the_sentence_that_a_fact_requires(pair: str, today: date) -> None:
    needed, saying = NEEDED[pair]
    for answer in ANSWERS:
        lines = fact_sentences(answer, today)
        assert saying not in lines or needed in lines, answer.intent


@every_date
def test_language_test_answer_distinguishes_the_citizenship_exam(today: date) -> None:
    lines = fact_sentences(BY_INTENT["test.language"], today)
    assert {pilot_2026.PHASE.text, pilot_2026.PHASE.ended} & lines
    assert settling.EXAM.text not in lines or _text("is a different exam") in lines


@pytest.mark.parametrize(
    "intent", ("kandas.apply", "permit.residence", "test.language", "interview.what", "pilot.2026")
)
def test_intent_answer_announces_the_2026_pilots_end_and_later_states_it(intent: str) -> None:
    answer = BY_INTENT[intent]
    assert pilot_2026.PHASE.ends not in fact_sentences(answer, date(2026, 11, 30))
    assert pilot_2026.PHASE.ends in part_texts(answer.ordered("")[0], date(2026, 12, 1))
    assert pilot_2026.PHASE.ended in part_texts(answer.ordered("")[0], date(2027, 1, 1))


@pytest.mark.parametrize("intent", ("support.money", "support.quota", "support.calculate"))
def test_intent_answer_announces_the_2026_quotas_end_and_later_states_it(intent: str) -> None:
    answer = BY_INTENT[intent]
    assert quota.PLACES.ends in part_texts(answer.ordered("")[0], date(2026, 12, 1))
    assert quota.PLACES.ended in part_texts(answer.ordered("")[0], date(2027, 1, 1))


@pytest.mark.parametrize("fact", quota.DUTIES, ids=lambda fact: fact.key)
def test_repayment_answer_states_five_year_duties_after_the_quota_year(fact: Fact) -> None:
    lines = fact_sentences(BY_INTENT["support.repay"], date(2027, 6, 1))
    assert fact.text in lines


@every_date
def test_intent_answer_counts_as_lapsed_when_all_its_facts_expired(today: date) -> None:
    for answer in ANSWERS:
        facts = [fact for fact in answer.facts if fact.current(today)]
        assert answer.lapsed(today) == (bool(answer.facts) and not facts), answer.intent


# Answers that begin with urgent advice


@pytest.mark.parametrize(
    ("intent", "first"),
    (
        ("citizenship.how", KEEP),
        ("citizenship.renounce", KEEP),
        ("citizenship.dual", KEEP),
        ("kandas.apply", KEEP),
        ("permit.residence", cards.CHINA_STAY_ENDS.text),
        ("permit.expired", cards.CHINA_STAY_ENDS.text),
        ("permit.visa", cards.CHINA_STAY_ENDS.text),
        ("documents.apostille", SAFETY_FIRST),
        ("kandas.documents", SAFETY_FIRST),
    ),
)
def test_intent_answer_opening_begins_with_the_urgent_warning(intent: str, first: Text) -> None:
    assert without_date(part_texts(BY_INTENT[intent].ordered("")[0], DATES[0])[0]) == first


@pytest.mark.parametrize(
    "intent", ("way.which", "kandas.apply", "kandas.documents", "documents.apostille")
)
def test_intent_answer_opening_mentions_the_apostille_before_leaving(intent: str) -> None:
    opening = {
        without_date(text) for text in part_texts(BY_INTENT[intent].ordered("")[0], DATES[0])
    }
    assert {CHINA_FIRST.text, SAFETY_FIRST} <= opening


# Statements that no answer may contain, as patterns

NEVER: Mapping[str, str] = {
    "that somebody qualifies": r"you (?:qualify|are eligible|will (?:get|receive))",
    "a guarantee": r"guarantee(?!d free medical)",
    "a number of points or a pass mark": r"\b400\b|\b(?:30|70)\s?%",
    "the wrong portal": r"migration\.gov\.kz",
    "politics": r"Atajurt|Xinjiang|\bcamps?\b|protest",
    "a messenger": r"WeChat|WhatsApp|VPN",
    "the old word": r"oralman|repatriate|resettler",
    "a number that was not found": r"\b1411\b|7172|8 800",
    "that nothing is verified": r"verified here",
    "that there are no exceptions": r"no exceptions?|without exception",
}  # fmt: skip


@pytest.mark.parametrize("danger", NEVER)
def test_intent_answers_contain_no_forbidden_statement(danger: str) -> None:
    lines = {line for answer in ANSWERS for today in DATES for line in answer_texts(answer, today)}
    for rendered in (WORDS.render(line, "en") for line in lines):
        assert not re.search(NEVER[danger], rendered, re.IGNORECASE), rendered


@every_answer
def test_intent_answers_mention_renouncing_and_return_only_as_warnings(answer: Answer) -> None:
    lines = [without_date(line).msgid for line in answer_texts(answer, DATES[0])]
    for line in lines:
        if re.search(r"go(?:ne|ing)? back|travel back|return to", line):
            assert re.search(r"[Dd]o not (?:go|travel)|Never go|had to ask|and gone back", line), (
                line
            )
    if any(re.search(r"giv(?:e|ing) up|gave up", line) for line in lines):
        assert any(re.search(r"Do not give up", line) for line in lines)


@every_answer
def test_intent_answer_says_when_it_has_no_verified_facts(answer: Answer) -> None:
    if answer.unanswered:
        rendered = " ".join(
            WORDS.render(line, "en") for line in part_texts(answer.ordered("")[0], DATES[0])
        )
        assert re.search(r"have not checked|have found no|cannot say", rendered), rendered


def test_intent_answer_sentences_have_at_most_15_words() -> None:
    for answer in ANSWERS:
        for text in _texts(answer):
            for sentence in re.split(r"(?<=[.?!:;])\s", text.msgid):
                assert len(sentence.split()) <= 15, sentence
