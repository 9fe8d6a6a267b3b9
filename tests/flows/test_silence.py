"""On each date when facts expire, no answer is empty, a bare heading, or false by omission.

The intents, the FAQ, the checklists, "What fits me?" and the support flow are checked on every date
on which a fact ends. The last section contains the answers that once misled.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import pytest

from flows import eligibility, faq, support
from flows.engine.blocks import More, caution
from flows.engine.hearing import NOT_VERIFIED
from flows.engine.text import Text
from flows.knowledge import (
    cards,
    catalogue,
    entry,
    kandas,
    living,
    pilot_2026,
    quota,
    requirements,
    settling,
)
from flows.knowledge.facts import Fact, fact_texts
from flows.knowledge.faq import ENTRIES
from flows.knowledge.intents.answers import ANSWERS
from flows.knowledge.intents.cautions import KEEP
from flows.knowledge.programmes import PROGRAMMES
from flows.replies import REPLIES
from tests.flows.answers import FLOWS, ORIGINS, PLACES, parts
from tests.flows.chat import WORDS
from tests.flows.test_intent_answers import DATES

FOREVER = date(2040, 1, 1)
SUMMER, WINTER = date(2027, 6, 15), date(2027, 12, 15)
CITIZENSHIPS = ("", *ORIGINS)
every_date = pytest.mark.parametrize("today", DATES, ids=str)

# A person's answers in "What fits me?" that lead to the paragraphs which depend on a date.
MOVES = {"purpose": "move", "ethnic_kazakh": "yes", "former_citizen": "no", "trouble": "none"}


def _situations() -> Iterator[tuple[str, Mapping[str, str]]]:
    for code in ORIGINS:
        for place in PLACES:
            where = {"citizenship": code, "location": place}
            for purpose in ("move", "work", "study"):
                yield "eligibility", {**MOVES, **where, "purpose": purpose}
            for programme in PROGRAMMES:
                yield "checklist", {"programme": programme.key, "family": "both", **where}
    for each in ENTRIES:
        yield "faq", {"faq_topic": each.key}
    yield "support", {"area": "undecided"}
    yield "interview", {"wish": "stages"}


SITUATIONS = tuple(_situations())


def all_answers(today: date) -> Iterator[tuple[str, Sequence[Text]]]:
    """Yield (name, paragraphs) for each intent's answer and each flow's result on a date."""
    for answer in ANSWERS:
        for citizenship in CITIZENSHIPS:
            reply = REPLIES[answer.intent]
            opening = reply.opening(today, citizenship)
            yield f"{answer.intent} {citizenship}", (*opening, *reply.more(today, citizenship))
    for name, situation in SITUATIONS:
        yield f"{name} {situation}", tuple(FLOWS[name][1](situation, today))


def english(text: Text) -> str:
    return WORDS.render(text, "en")


@pytest.mark.no_cover
@every_date
def test_answers_are_never_empty_on_days_when_facts_end(today: date) -> None:
    empty = [place for place, lines in all_answers(today) if not lines or lines == (faq.ASK,)]
    assert empty == []


@pytest.mark.no_cover
@every_date
def test_headings_always_have_text_below_them_on_days_when_facts_end(today: date) -> None:
    bare: list[str] = []
    for place, lines in all_answers(today):
        for text, following in zip(lines, (*lines[1:], None), strict=True):
            shown = english(text)
            if isinstance(text, More):
                if "\n" not in shown:
                    bare.append(f"{place}: {shown}")
            elif shown.endswith(":") and (
                following is None or not any(name == "fact" for name, _value in following.values)
            ):
                bare.append(f"{place}: {shown}")
    assert bare == []


# Words by which a fact states a limit, a duty, a prohibition or a protection.
PROTECTS = re.compile(
    r"\bat most\b|\bup to \d+ (?:days|entries)|\b(?:must|cannot|never|may not|do not)\b"
    r"|\bbefore you leave\b|\bfree of charge\b|\bfive years\b|\bmonths to\b|\bday \d+ after\b"
    r"|\bcancelled\b|\bneed no visa\b|\bwithout a visa\b|\bregister\b",
    re.IGNORECASE,
)
# Facts with words of PROTECTS that need no replacement sentence after they expire, each with the
# reason.
NO_SUCCESSOR: Mapping[str, str] = {
    "ata_zholy.keeps": "takes away a duty",
    "citizenship_simplified.missions": "says who takes an application",
    "contacts.kaztest": "says where, not until when",
    "ir.evacuation": "says what we do not know",
    "ir.no_agreement": "says what we did not find",
    "kandas_status.definition": "defines a word",
    "kandas_status.where_to_live": "says that sources disagree",
    "living.bank": "says what an IIN is for",
    "living.bribes": "a free number",
    "living.iin": "a free service",
    "living.pension_mn_years": "says what we do not know",
    "nationality_commission.one_parent": "says what we do not know",
    "pilot_2026.step_2_questionnaire": "ends with the pilot, whose end is said",
    "pilot_2026.two_tracks": "ends with the pilot, whose end is said",
    "prp.passport": "the warning about a passport that runs out has no end",
    "prp.pavlodar_visa": "one town",
    "safety.red_cross": "a free service",
    "tm.balkan": "sends people to a mission anyway",
    "uz.release": "the warning not to give up a citizenship too early has no end",
    "visa_c10.validity": "printed in the visa",
}


def test_facts_that_protect_people_have_a_text_for_when_they_expire() -> None:
    protecting = [
        fact
        for fact in catalogue.FACTS
        if PROTECTS.search(fact.text.msgid) and not fact.key.startswith("documents.")
    ]
    alone = {fact.key for fact in protecting if fact.ended is None}
    assert alone - NO_SUCCESSOR.keys() == set(), "give it `ended`, or the reason in NO_SUCCESSOR"
    assert NO_SUCCESSOR.keys() - alone == set(), "it has a successor or no such words"
    for fact in protecting:
        assert fact_texts([fact], FOREVER) == (() if fact.ended is None else (fact.ended,))


def test_document_facts_valid_after_2026_expire_only_on_listed_days() -> None:
    ends = {fact.until for fact in catalogue.FACTS if fact.key.startswith("documents.")}
    assert {day for day in ends if day > date(2026, 12, 31)} <= {
        date(2027, 9, 24), date(2027, 9, 28), date(2027, 9, 29)
    }  # fmt: skip


# Answers that misled after a fact expired: each must contain the sentence that replaces the fact


def opening(intent: str, citizenship: str, today: date) -> list[Text]:
    lines = REPLIES[intent].opening(today, citizenship)
    return [part for line in lines for part in parts(line)]


def test_permitted_stay_warning_remains_after_its_fact_expired() -> None:
    for intent in ("permit.visa", "permit.residence", "permit.expired"):
        assert opening(intent, "CN", SUMMER)[0] == cards.CHINA_STAY_ENDS.ended
        assert opening(intent, "IR", SUMMER)[0] == entry.IR_STAY_ENDS.ended
    assert settling.ANY_VISA.text not in opening("permit.visa", "CN", SUMMER)
    assert settling.ANY_VISA.ended in opening("permit.visa", "CN", SUMMER)
    assert settling.IR_ANY_VISA.ended in opening("permit.visa", "IR", SUMMER)
    assert entry.STAY_ENDED in opening("permit.visa", "UZ", SUMMER)
    here = {**MOVES, "citizenship": "CN", "location": "kazakhstan"}
    assert cards.CHINA_STAY_ENDS.ended is not None
    assert caution(cards.CHINA_STAY_ENDS.ended) in list(eligibility.result_texts(here, SUMMER))[:2]


@pytest.mark.parametrize("today", (WINTER, FOREVER), ids=str)
def test_dual_citizenship_answer_always_contains_the_warning(today: date) -> None:
    assert opening("citizenship.dual", "", today)[:3].count(KEEP) == 1
    assert settling.NO_DUAL.ended in opening("citizenship.dual", "", today)
    texts = list(faq.result_texts({"faq_topic": "two_citizenships"}, today))
    assert KEEP in texts
    assert settling.NO_DUAL.ended in texts
    moving = {**MOVES, "citizenship": "MN", "location": "kazakhstan"}
    assert KEEP in list(eligibility.result_texts(moving, today))


@pytest.mark.parametrize("today", (WINTER, FOREVER), ids=str)
def test_support_answer_keeps_the_duties_after_their_facts_expired(today: date) -> None:
    texts = list(support.result_texts({"area": "undecided"}, today))
    assert quota.DUTIES_ENDED in texts
    assert support.ALSO not in texts
    for intent in ("support.repay", "support.money", "support.quota"):
        lines = [*REPLIES[intent].opening(today, ""), *REPLIES[intent].more(today, "")]
        assert quota.DUTIES_ENDED in lines


@pytest.mark.parametrize("topic", ("missions", "offices", "apply", "children"))
def test_faq_answer_without_current_facts_states_that_none_is_verified(topic: str) -> None:
    assert NOT_VERIFIED in list(faq.result_texts({"faq_topic": topic}, FOREVER))
    assert NOT_VERIFIED not in list(faq.result_texts({"faq_topic": topic}, date(2026, 11, 28)))


def test_intent_answer_without_current_facts_says_that_none_is_verified() -> None:
    assert REPLIES["kandas.term"].opening(FOREVER, "")[-1] == NOT_VERIFIED
    assert NOT_VERIFIED not in REPLIES["kandas.term"].opening(date(2026, 11, 28), "")


def test_cost_answer_still_says_kandas_status_is_free_when_facts_expired() -> None:
    assert kandas.FEE.ended in opening("kandas.cost", "", SUMMER)
    here = {**MOVES, "citizenship": "UZ", "location": "kazakhstan"}
    texts = list(eligibility.result_texts(here, SUMMER))
    assert eligibility.COSTS in texts
    assert kandas.FEE.ended in texts


def test_apostille_advice_remains_after_its_fact_expired() -> None:
    assert requirements.CHINA_FIRST.ended in opening("way.which", "CN", WINTER)
    assert requirements.CHINA_FIRST.ended in opening("kandas.documents", "CN", WINTER)


def test_complaint_answer_mentions_the_deadline_after_its_fact_expired() -> None:
    assert living.DEADLINE.ended in opening("kandas.refused", "", FOREVER)


def test_pilot_answer_uses_the_words_after_2026_and_never_in_2027() -> None:
    for today in (date(2026, 12, 31), date(2028, 1, 1), FOREVER):
        lines = [WORDS.render(text, "en") for text in REPLIES["pilot.2026"].opening(today, "")]
        assert any("what applies after 2026" in line for line in lines)
        assert not any("in 2027" in line for line in lines)


@pytest.mark.parametrize(
    ("intent", "ending"),
    (
        ("way.which", pilot_2026.PHASE),
        ("kandas.what", pilot_2026.PHASE),
        ("support.housing", quota.PLACES),
    ),
)
def test_intent_answer_announces_when_a_fact_ends_and_later_that_it_ended(
    intent: str, ending: Fact
) -> None:
    assert ending.ends not in opening(intent, "", date(2026, 11, 30))
    assert ending.ends in opening(intent, "", date(2026, 12, 1))
    assert ending.ended in opening(intent, "", date(2027, 1, 1))
    more = REPLIES[intent].more(date(2027, 1, 1), "")
    assert ending.ended not in more, "said once"


def test_facts_with_the_same_replacement_text_show_it_once() -> None:
    assert fact_texts([entry.UZ_STAY, entry.TR_STAY, entry.HOST], FOREVER) == (
        entry.STAY_ENDED,
        entry.REGISTER_ENDED,
    )
