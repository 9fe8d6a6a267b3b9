"""A fact: a sentence that has a source, an as-of date and a last day, or is not said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import assert_never

from flows.engine.text import Text, _

COLLECTED = date(2026, 11, 24)
# Nothing is said longer than a year after somebody looked.
A_YEAR_ON = date(2027, 11, 24)


class Dated(StrEnum):
    """How exactly a source is dated: to the day, to the year, or only by when it was read."""

    DAY = "day"
    YEAR = "year"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What may be said: a sentence that a source supports and none contradicts.

    `key` is programme.key as in the seed. `as_of` is the source's own date, of which `dated` says
    how much is true. It is said from `since` to `until`, both included; `checked` is the day on
    which somebody last held it against its sources.
    """

    key: str
    text: Text
    sources: tuple[str, ...]
    as_of: date
    dated: Dated = Dated.DAY
    since: date = date.min
    until: date = A_YEAR_ON
    checked: date = COLLECTED

    def current(self, today: date) -> bool:
        return self.since <= today <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """What is known and never said: it has no sentence, so that no flow can say it.

    Unless `verified`, no source supports it or sources contradict one another, and people are sent
    to an officer instead. What is verified is of use to editors only, or dangerous to say. `as_of`
    is as the source has it: a day, a month, a year or `undated`.
    """

    key: str
    words: str
    as_of: str
    sources: tuple[str, ...] = ()
    verified: bool = False


def current(facts: Iterable[Fact], today: date) -> tuple[Fact, ...]:
    """The facts that may be said today; the others are silent."""
    return tuple(fact for fact in facts if fact.current(today))


def said(facts: Iterable[Fact], today: date) -> tuple[Text, ...]:
    """The facts that may be said today, each with its date; the others are silent."""
    return tuple(_with_date(fact) for fact in current(facts, today))


def _with_date(fact: Fact) -> Text:
    match fact.dated:
        case Dated.DAY:
            return _("{fact} (As of {date}.)", fact=fact.text, date=fact.as_of)
        case Dated.YEAR:
            return _("{fact} (As of {year}.)", fact=fact.text, year=fact.as_of.year)
        case Dated.READ:
            return _(
                "{fact} (From a page without a date, read on {date}.)",
                fact=fact.text,
                date=fact.as_of,
            )
        case _:
            assert_never(fact.dated)
