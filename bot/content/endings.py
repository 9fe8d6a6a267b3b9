"""Facts whose last day or next check is near, counted over shipped and published content."""

from collections import Counter
from datetime import date, timedelta

from flows.engine.edition import Edition
from flows.engine.text import Text
from flows.knowledge.catalogue import FACTS
from flows.knowledge.facts import NOTICE, Fact, said

SOON = timedelta(days=30)
# Editors see facts in their list this long before the last day.
WARNED = 2 * NOTICE


def ending(edition: date) -> list[Fact]:
    """Return the facts of an edition that end soon or have ended, the earliest first."""
    current = (fact.on(edition) for fact in FACTS)
    limit = date.fromordinal(edition.toordinal()) + WARNED
    found = [fact for fact in current if fact.until <= limit]
    return sorted(found, key=lambda fact: (fact.until, fact.key))


def afterwards(fact: Fact, edition: date) -> tuple[Text, ...]:
    """Return the sentences that are said in place of a fact on the day after its last one."""
    day = date.fromordinal(fact.until.toordinal() + 1)
    if isinstance(edition, Edition):
        day = Edition.of(day, edition.facts, edition.cards, (), {})
    return said([fact], day)


def counts(edition: date) -> dict[str, int]:
    """Return how many facts have ended, end within 30 days, or were not checked in time."""
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
