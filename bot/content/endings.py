"""Facts that expire soon or are due for a check, in shipped and published content.

A fact is a sentence with its sources and last valid day. An edition is a `date` that also carries
the content published for that date.
"""

from collections import Counter
from datetime import date, timedelta

from flows.engine.edition import Edition
from flows.engine.text import Text
from flows.knowledge.catalogue import FACTS
from flows.knowledge.facts import NOTICE, Fact, fact_texts

SOON = timedelta(days=30)
# Editors see a fact in their list of expiring facts this long before its last day.
WARNED = 2 * NOTICE
DIGEST_DAYS = (7, 30, 60)


def ending(edition: date) -> list[Fact]:
    """Return the facts that have expired or expire within WARNED, the earliest last day first."""
    current = (fact.on(edition) for fact in FACTS)
    limit = date.fromordinal(edition.toordinal()) + WARNED
    found = [fact for fact in current if fact.until <= limit]
    return sorted(found, key=lambda fact: (fact.until, fact.key))


def within(edition: date) -> dict[int, list[Fact]]:
    """Return the facts that expire within 7, 30 and 60 days, keyed by that number of days.

    A fact is listed once, under the smallest number. Facts that have expired are listed under 7.
    """
    found: dict[int, list[Fact]] = {days: [] for days in DIGEST_DAYS}
    for fact in ending(edition):
        left = (fact.until - edition).days
        if days := next((each for each in DIGEST_DAYS if left <= each), 0):
            found[days].append(fact)
    return found


def on_day(day: date, edition: date) -> list[Fact]:
    """Return the facts whose last day is `day`, ordered by key."""
    current = (fact.on(edition) for fact in FACTS)
    return sorted((fact for fact in current if fact.until == day), key=lambda fact: fact.key)


def last_days(edition: date, days: int) -> dict[date, int]:
    """Return the last valid days of facts, from the day of `edition` to `days` days later.

    Each day is mapped to the number of facts that are valid for the last time on that day.
    """
    limit = date.fromordinal(edition.toordinal()) + timedelta(days=days)
    found = Counter(fact.on(edition).until for fact in FACTS)
    return {day: found[day] for day in sorted(found) if edition <= day <= limit}


def after(day: date, edition: date) -> date:
    """Return the edition for the day after `day`, with the content that is published at present."""
    following = date.fromordinal(day.toordinal() + 1)
    if not isinstance(edition, Edition):
        return following
    return Edition.of(following, edition.facts, edition.cards, (), edition.replies)


def afterwards(fact: Fact, edition: date) -> tuple[Text, ...]:
    """Return the sentences that people get in place of a fact on the day after its last day."""
    return fact_texts([fact], after(fact.until, edition))


def counts(edition: date) -> dict[str, int]:
    """Return how many facts have expired, expire within 30 days, or were not checked in time."""
    found = Counter[str](ended=0, ends=0, unchecked=0)
    for shipped in FACTS:
        fact = shipped.on(edition)
        if fact.until < edition:
            found["ended"] += 1
        elif fact.until <= date.fromordinal(edition.toordinal()) + SOON:
            found["ends"] += 1
        elif fact.review < edition:
            found["unchecked"] += 1
    return dict(found)
