"""A fact has a source, a date and a last day, and is silent after that day."""

from datetime import date, timedelta

import pytest

from flows.about import outcome
from flows.engine.flow import Submit
from flows.knowledge.contacts import CONTACTS
from flows.knowledge.facts import Fact, said
from flows.knowledge.registry import NO_PROMISE, REGISTRY

FACTS = (*CONTACTS, *REGISTRY)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.key)
def test_a_fact_has_a_source_and_its_dates_in_order(fact: Fact) -> None:
    assert fact.source.startswith("https://")
    assert fact.as_of < fact.until


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.key)
def test_a_fact_is_said_with_its_date_up_to_its_last_day_and_never_after(fact: Fact) -> None:
    (sentence,) = said([fact], fact.until)
    assert dict(sentence.values) == {"fact": fact.text, "date": fact.as_of}
    assert said([fact], fact.until + timedelta(days=1)) == ()


def test_what_is_not_promised_is_said_also_when_every_fact_is_silent() -> None:
    last = max(fact.until for fact in FACTS)
    texts = outcome(Submit("about", {}, {}), last + timedelta(days=1)).texts
    assert texts == (NO_PROMISE,)
    assert outcome(Submit("about", {}, {}), date(2026, 11, 24)).texts[-1] != NO_PROMISE
