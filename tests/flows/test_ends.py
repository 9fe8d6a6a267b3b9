"""The flows' results on dates before, on and after the last day on which facts may be shown.

When a fact expires and is no longer shown, no remaining sentence becomes false or misleading.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import chain

import pytest

from flows import checklist_confirmation, eligibility, support
from flows.engine.text import Text
from flows.knowledge import cards, kandas, laws, permits, pilot_2026, quota, settling
from flows.knowledge.facts import Fact
from flows.knowledge.intents.cautions import CITIZENSHIP_EXAM, KEEP
from tests.flows.answers import FLOWS, Situation, all_results
from tests.flows.test_intent_answers import DATES

type Sentences = frozenset[str]
"""English sentences, without their values."""
type Test = Callable[[Sentences], bool]
# Questions whose answers decide which sentences are required. Situations (a person's answers) that
# have the same answers to these questions and lead to the same text are tested once.
KINDS = ("programme", "wish", "faq_topic")

pytestmark = pytest.mark.no_cover
every_date = pytest.mark.parametrize("today", DATES, ids=str)


@cache
def distinct_results(today: date) -> Sequence[tuple[str, Situation, Sentences]]:
    """Return the distinct results of all flows on a date as (flow, situation, sentences).

    A situation is a person's answers. If several situations lead to the same sentences, only one of
    them is returned.
    """
    found: dict[object, tuple[str, Situation, Sentences]] = {}
    for name in FLOWS:
        for situation, paragraphs in all_results(name, today):
            # Paragraphs are objects shared between situations, so their ids identify them.
            key = (name, *map(situation.get, KINDS), *map(id, paragraphs))
            if key not in found:
                sentences = frozenset(text.msgid for text in chain.from_iterable(paragraphs))
                found[key] = (name, situation, sentences)
    return tuple(found.values())


def any_of(*texts: Text | None) -> Test:
    """Return a predicate that is true for a result with at least one of these sentences."""
    msgids = {text.msgid for text in texts if text is not None}
    return lambda sentences: not msgids.isdisjoint(sentences)


def fact(*facts: Fact) -> Test:
    """Return a predicate that is true for a result with at least one of these facts."""
    return any_of(*(each.text for each in facts))


LAWS = (laws.CN, laws.IR, laws.AF)
OF_A_WAY = (settling.GRANTS, cards.ATA_ZHOLY, kandas.DEFINITION, settling.CARD)
# Pairs of predicates (required sentence, sentence): a result with the sentence misleads without the
# required one.
NEEDED: Mapping[str, tuple[Test, Test]] = {
    "the relocation money and how few get it": (fact(quota.SHARE), fact(quota.RELOCATION)),
    "the rent money and how few get it": (fact(quota.SHARE), fact(quota.RENT)),
    "the certificate and how few get it": (fact(quota.SHARE), fact(quota.HOME)),
    "multiples of the MCI and what one is": (fact(quota.MCI_2026), fact(quota.RELOCATION)),
    "a sum and that most people get none": (
        any_of(support.NOT_FOR_ALL),
        any_of(support.SUM_RELOCATION),
    ),
    "how many people get support and their number": (
        fact(quota.SHARE),
        any_of(eligibility.SUPPORT),
    ),
    "a usual way and a fact about it": (fact(*OF_A_WAY), any_of(eligibility.WAY)),
    "papers for a visa and which visa": (fact(cards.VISA), fact(cards.VISA_PAPERS)),
    "rights of the card and whom it is for": (fact(cards.ATA_ZHOLY), fact(cards.ATA_ZHOLY_RIGHTS)),
    "how few have the card and whom it is for": (
        fact(cards.ATA_ZHOLY),
        fact(cards.ATA_ZHOLY_NUMBERS),
    ),
    "papers for an extension and the extension": (
        fact(kandas.EXTENSION),
        fact(kandas.EXTENSION_PAPERS),
    ),
    "the statement about a citizenship and not to give it up": (
        any_of(KEEP),
        fact(permits.RENUNCIATION.fact),
    ),
    "no two citizenships and not to give one up": (
        any_of(KEEP),
        any_of(settling.NO_DUAL.text, settling.NO_DUAL.ended),
    ),
    "see below and what is below": (fact(*LAWS), any_of(checklist_confirmation.SEE_BELOW)),
}


@every_date
@pytest.mark.parametrize("pair", NEEDED)
def test_fact_is_shown_only_together_with_the_facts_that_it_requires(
    pair: str, today: date
) -> None:
    needed, saying = NEEDED[pair]
    alone = [
        situation
        for _name, situation, sentences in distinct_results(today)
        if saying(sentences) > needed(sentences)
    ]
    assert alone == []


@every_date
def test_language_test_is_distinguished_from_the_citizenship_exam(today: date) -> None:
    exam, different = fact(settling.EXAM), any_of(CITIZENSHIP_EXAM)
    test = any_of(pilot_2026.PHASE.text, pilot_2026.PHASE.ended)
    for _name, situation, sentences in distinct_results(today):
        mixed = exam(sentences) and test(sentences) and not different(sentences)
        assert not mixed, situation


def _in_the_pilot(situation: Situation, sentences: Sentences) -> bool:
    """Return True if the result is about a procedure of the 2026 pilot."""
    return (
        situation.get("programme") in ("kandas_status", "kandas_extension", "prp")
        or situation.get("wish") == "stages"
        or situation.get("faq_topic") in ("test", "extension")
        or any_of(eligibility.STATUS, eligibility.PERMIT)(sentences)
    )


def _in_the_quota(name: str, situation: Situation) -> bool:
    return name == "support" or situation.get("programme") == "regional_quota"


def _announcements(ending: Fact, sentences: Sentences) -> tuple[bool, bool]:
    return any_of(ending.ends)(sentences), any_of(ending.ended)(sentences)


def _due(today: date) -> tuple[bool, bool]:
    """Return whether results must announce the end of a fact, and whether they must state it.

    They announce the end in December 2026, and state it afterwards.
    """
    return date(2026, 12, 1) <= today <= date(2026, 12, 31), today >= date(2027, 1, 1)


@every_date
def test_flows_announce_the_end_of_the_2026_pilot_and_later_state_it(today: date) -> None:
    for _name, situation, sentences in distinct_results(today):
        if _in_the_pilot(situation, sentences):
            announced = _announcements(pilot_2026.PHASE, sentences)
            assert announced == _due(today), situation


@every_date
def test_flows_announce_the_end_of_the_2026_quota_and_later_state_it(today: date) -> None:
    for name, situation, sentences in distinct_results(today):
        if _in_the_quota(name, situation):
            announced = _announcements(quota.PLACES, sentences)
            assert announced == _due(today), situation


@pytest.mark.parametrize("duty", quota.DUTIES, ids=lambda duty: duty.key)
def test_flows_still_state_the_five_year_duties_after_the_quota_year(duty: Fact) -> None:
    for name, situation, sentences in distinct_results(date(2027, 6, 1)):
        if _in_the_quota(name, situation):
            stated = fact(duty)(sentences)
            assert stated, situation
