"""A fact: a sentence with a source, an as-of date and a last day; otherwise it is not said."""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import assert_never

from flows.engine.edition import Edition
from flows.engine.text import Text, _
from flows.knowledge.sources import Seen, read_on, seen

COLLECTED = date(2026, 11, 24)
# Time before the last day of a fact in which its end is announced.
NOTICE = timedelta(days=31)


class Dated(StrEnum):
    """Precision of a source's date: the day, the year, or only the day of reading."""

    DAY = "day"
    YEAR = "year"
    READ = "read"


class About(StrEnum):
    """Subject of a fact; it decides how soon the fact must be checked again."""

    FEE = "fee"
    CONTACT = "contact"
    VISA = "visa"
    RIGHTS = "rights"
    PAPERS = "papers"
    LAW = "law"
    HISTORY = "history"


# Months after a check in which a fact must be checked again.
REVIEW_MONTHS: Mapping[About, int] = {
    About.FEE: 3,
    About.CONTACT: 3,
    About.VISA: 3,
    About.RIGHTS: 4,
    About.PAPERS: 5,
    About.LAW: 6,
    About.HISTORY: 12,
}
# Weeks over which the reviews of one kind are spread, so that no day has most of the work.
REVIEW_WEEKS = 6
# A fact that was not checked again is said for this many review periods.
MAX_REVIEW_PERIODS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A sentence that may be said: a source supports it and none contradicts it.

    `key` is programme.key as in the seed. `as_of` is the source's own date, and `dated` is its
    precision; for a source without a date it is the day of the check. `checked` is the day on which
    the fact was last compared with its sources: by default the last day on which one was read. It
    must be checked again by `review`, which depends on its subject `about`. The fact is said from
    `since` to `until`, both included, and never longer than two review periods after `checked`.

    `countries` are the ISO codes of the citizenships that it concerns; empty for everybody.

    A fact with an end of its own may have two more texts. `ends` is said beside it in the last 31
    days. `ended` is said instead of it afterwards. It gives the known facts about the time after
    the end, and the steps to take meanwhile.

    `published` facts were read by editors, who confirm it; others were opened or seen in an excerpt
    as `sources.py` says.
    """

    key: str
    text: Text
    sources: tuple[str, ...]
    as_of: date
    dated: Dated = Dated.DAY
    since: date = date.min
    until: date = date.max
    checked: date = date.min
    about: About = About.LAW
    countries: frozenset[str] = frozenset()
    ends: Text | None = None
    ended: Text | None = None
    published: bool = False

    def __post_init__(self) -> None:
        """Read the day of the check from the sources, and limit the last day by it."""
        if self.checked == date.min:
            days = (read_on(source, COLLECTED) for source in self.sources)
            object.__setattr__(self, "checked", max(days, default=COLLECTED))
        if self.dated is Dated.READ:
            object.__setattr__(self, "as_of", self.checked)
        months = MAX_REVIEW_PERIODS * REVIEW_MONTHS[self.about]
        last = months_after(self.checked, months)
        object.__setattr__(self, "until", min(self.until, last))

    @property
    def opened(self) -> bool:
        """Return True if a page was opened, not only an excerpt read."""
        return self.published or any(seen(source) is Seen.OPENED for source in self.sources)

    @property
    def read(self) -> frozenset[date]:
        """Return the days on which the sources were read."""
        if self.published:
            return frozenset({self.checked})
        return frozenset(read_on(source, COLLECTED) for source in self.sources)

    @property
    def review(self) -> date:
        """Return the day by which the fact must be checked again.

        Facts of the same first source are read again on the same day, up to 5 weeks early.
        """
        last = months_after(self.checked, REVIEW_MONTHS[self.about])
        return last - timedelta(weeks=sum("".join(self.sources[:1]).encode()) % REVIEW_WEEKS)

    def current(self, today: date) -> bool:
        """Return True from the first to the last day of the fact."""
        fact = self.on(today)
        return fact.since <= today <= fact.until

    def on(self, today: date) -> "Fact":
        """Return the fact that editors published in its place, or the fact itself."""
        found = today.facts.get(self.key, self) if isinstance(today, Edition) else self
        assert isinstance(found, Fact)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A known statement that is never said; it has no sentence, so that no flow can say it.

    Unless `verified`, no source supports it or sources contradict each other. People are then sent
    to an officer instead. A verified statement is of use to editors only, or dangerous to say.
    `as_of` is the source's date: a day, a month, a year or `undated`.
    """

    key: str
    words: str
    as_of: str
    sources: tuple[str, ...] = ()
    verified: bool = False


def said(facts: Iterable[Fact], today: date) -> tuple[Text, ...]:
    """Return the facts that may be said today, each with its date.

    A fact that ends within 31 days is followed by its end. A fact that is over is replaced by what
    is known of the time after.
    """
    lines: list[Text] = []
    for shipped in facts:
        fact = shipped.on(today)
        if fact.since <= today <= fact.until:
            lines.append(_with_date(fact))
        lines += ending(fact, today)
    # Facts that ended may have the same sentence instead.
    return tuple(dict.fromkeys(lines))


def ending(fact: Fact, today: date) -> tuple[Text, ...]:
    """Return that a fact ends within 31 days, or what is known of the time after its end."""
    if today > fact.until:
        return () if fact.ended is None else (fact.ended,)
    if fact.ends is not None and fact.current(today) and today > fact.until - NOTICE:
        return (fact.ends,)
    return ()


def months_after(day: date, months: int) -> date:
    """Return the same day `months` months later, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    _first, length = monthrange(year, month + 1)
    return date(year, month + 1, min(day.day, length))


def _with_date(fact: Fact) -> Text:
    if not fact.opened:
        return _with_excerpt(fact)
    match fact.dated:
        case Dated.DAY:
            return _("{fact} (As of {date}.)", fact=fact.text, date=fact.as_of)
        case Dated.YEAR:
            return _("{fact} (As of {year}.)", fact=fact.text, year=fact.as_of.year)
        case Dated.READ:
            return _(
                "{fact} (The source has no date; we read a stored copy on {date}.)",
                fact=fact.text,
                date=fact.as_of,
            )
        case _:
            assert_never(fact.dated)


def _with_excerpt(fact: Fact) -> Text:
    match fact.dated:
        case Dated.DAY:
            return _(
                "{fact} (As of {date}; we saw only an excerpt.)", fact=fact.text, date=fact.as_of
            )
        case Dated.YEAR:
            return _(
                "{fact} (As of {year}; we saw only an excerpt.)",
                fact=fact.text,
                year=fact.as_of.year,
            )
        case Dated.READ:
            return _(
                "{fact} (The source has no date; on {date} we saw only an excerpt.)",
                fact=fact.text,
                date=fact.as_of,
            )
        case _:
            assert_never(fact.dated)
