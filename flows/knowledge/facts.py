"""A fact: a sentence with sources, an as-of date and a last day. After that day it is not shown."""

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
# The end of a fact is announced during this time before its last day.
NOTICE = timedelta(days=31)


class Dated(StrEnum):
    """The precision of a source's date: a day or a year; `READ` if the source has no date."""

    DAY = "day"
    YEAR = "year"
    READ = "read"


class About(StrEnum):
    """The subject of a fact, which decides how soon the fact must be checked again."""

    FEE = "fee"
    CONTACT = "contact"
    VISA = "visa"
    RIGHTS = "rights"
    PAPERS = "papers"
    LAW = "law"
    HISTORY = "history"


# Months after which a fact must be checked again, by subject.
REVIEW_MONTHS: Mapping[About, int] = {
    About.FEE: 3,
    About.CONTACT: 3,
    About.VISA: 3,
    About.RIGHTS: 4,
    About.PAPERS: 5,
    About.LAW: 6,
    About.HISTORY: 12,
}
# The reviews of one subject are spread over this number of weeks, so that editors do not have to do
# all of them in one week.
REVIEW_WEEKS = 6
# A fact that is not checked again is hidden after this number of review periods.
MAX_REVIEW_PERIODS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A sentence that may be shown: a source supports it, and no source contradicts it.

    `key` identifies the fact and never changes, such as `kandas_status.fee`. `as_of` is the
    source's own date with the precision `dated`; for a source without a date it is the day of the
    check. `checked` is the day on which the fact was last compared with its sources, by default the
    last day on which a source was read. The next check is due by `review`, which depends on the
    subject `about`. The fact is shown from `since` to `until`, both included, but at most for two
    review periods after `checked`.

    `countries` are the ISO codes of the citizenships that the fact concerns; empty for all.

    A fact with a known end may have two more texts. `ends` is shown with the fact in its last 31
    days. `ended` replaces the fact afterwards: it has the known facts about the time after the end,
    and steps to take until there is a new fact. Editors may change the last day, so `ended` does
    not name it.

    Editors have read and confirmed a `published` fact. The sources of all other facts were opened,
    or seen in an excerpt, as `sources.py` records.
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
        """Compute missing dates: `checked` from the sources, `as_of` if the sources have no date.

        `until` is limited to two review periods after `checked`.
        """
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
        """Return True if a source was opened, False if only excerpts of the sources were read."""
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

        The day is at most 5 weeks before the fact's period ends. The number of weeks is computed
        from the first source. All facts of one subject and source are thus due together, so that an
        editor reads the source once.
        """
        last = months_after(self.checked, REVIEW_MONTHS[self.about])
        return last - timedelta(weeks=sum("".join(self.sources[:1]).encode()) % REVIEW_WEEKS)

    def current(self, today: date) -> bool:
        """Return True if the fact may be shown `today`: from its first to its last day."""
        fact = self.on(today)
        return fact.since <= today <= fact.until

    def is_shipped(self, today: date) -> bool:
        """Return True if the fact may be shown today and editors published no other text for it.

        Sentences and figures that belong to the shipped text mislead beside another text.
        """
        return self.current(today) and self.on(today).text == self.text

    def on(self, today: date) -> "Fact":
        """Return the fact that editors published in place of this fact, else this fact."""
        found = today.facts.get(self.key, self) if isinstance(today, Edition) else self
        assert isinstance(found, Fact)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A known statement that must not be shown. Its class has no `Text`, so no flow can show it.

    A `verified` statement is only for editors, or dangerous to show. An unverified one has no
    source, or sources that contradict each other, so people are sent to an officer. `as_of` is the
    source's date: a day, a month, a year or `undated`.
    """

    key: str
    words: str
    as_of: str
    sources: tuple[str, ...] = ()
    verified: bool = False


def fact_texts(facts: Iterable[Fact], today: date) -> tuple[Text, ...]:
    """Return the texts of the facts that may be shown today, each with its date.

    A fact that ends within 31 days is followed by its text `ends`. A fact that is over is replaced
    by its text `ended`, if it has one.
    """
    lines: list[Text] = []
    for shipped in facts:
        fact = shipped.on(today)
        if fact.since <= today <= fact.until:
            lines.append(_with_date(fact))
        lines += ending(fact, today)
    # Several ended facts may have the same sentence. Show that sentence once.
    return tuple(dict.fromkeys(lines))


def ending(fact: Fact, today: date) -> tuple[Text, ...]:
    """Return the text on the end of a fact, if any.

    The text is `ends` if the fact ends within 31 days, and `ended` if the fact is over. If editors
    published the fact, the text is that of the published fact.
    """
    fact = fact.on(today)
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
