"""Options of questions, and the reading of a typed age, period or country as an option."""

from bisect import bisect, bisect_left
from dataclasses import dataclass
from datetime import date

from flows.engine.language_protocol import Refusal, Words
from flows.engine.text import Label


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a question; `key` is stored as the answer, `label` is shown to the person."""

    key: str
    label: Label


type TypedAnswer = str | Refusal | tuple[Option, ...]
"""The answer in a typed text, a refusal, or the options that the text may mean."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The context of typed input: parsers, person's language, day, and citizenship or ""."""

    words: Words
    language: str
    today: date
    citizenship: str = ""


@dataclass(frozen=True, slots=True)
class AgeGroups:
    """Options that are age groups; `lowest_ages` has the lowest age of each, in their order."""

    lowest_ages: tuple[int, ...]

    def read(self, typed: str, reading: Reading, options: tuple[Option, ...]) -> TypedAnswer:
        age = reading.words.age(typed)
        return Refusal.NOT_LISTED if age is None else options[bisect(self.lowest_ages, age) - 1].key


@dataclass(frozen=True, slots=True)
class Periods:
    """Options that are periods; `highest` has the highest number of days and the key of each."""

    highest: tuple[tuple[int, str], ...]

    def read(self, typed: str, reading: Reading, options: tuple[Option, ...]) -> TypedAnswer:
        # Options are only proposed: a passport may have been issued for "10 years".
        days = reading.words.duration(typed)
        until = reading.words.days_until(typed, reading.today) if days is None else (days, days)
        fits = self._keys(*until) if until else ()
        return tuple(each for each in options if each.key in fits) or Refusal.NOT_LISTED

    def _keys(self, least: int, most: int) -> tuple[str, ...]:
        """Return the keys of the periods to which `least` to `most` days may belong."""
        limits = [limit for limit, _key in self.highest]
        first, last = bisect_left(limits, least), bisect_left(limits, most)
        return tuple(key for _limit, key in self.highest[first : last + 1])


@dataclass(frozen=True, slots=True)
class Places:
    """Options that are places: `country` (ISO 3166) means `inside`.

    The country of citizenship means the first of `outside`, and any other country the second.
    """

    country: str
    inside: str
    outside: tuple[str, str]

    def read(self, typed: str, reading: Reading, options: tuple[Option, ...]) -> TypedAnswer:
        found = reading.words.whereabouts(typed, reading.language)
        countries = (found,) if isinstance(found, str) else found
        keys = {key for country in countries for key in self._keys(country, reading.citizenship)}
        if isinstance(found, str) and len(keys) == 1:
            return keys.pop()
        return tuple(each for each in options if each.key in keys) or Refusal.NOT_LISTED

    def _keys(self, country: str, citizenship: str) -> tuple[str, ...]:
        if country == self.country:
            return (self.inside,)
        # A person without a citizenship has no own country, and any answer is possible.
        is_known = citizenship.isupper()
        return (self.outside[country != citizenship],) if is_known else self.outside
