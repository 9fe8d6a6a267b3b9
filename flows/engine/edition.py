"""An edition: a day, and the content that editors had published by that day."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Self

from flows.engine.text import Text


class Edition[F, R](date):
    """The day of a turn, with the published content that replaces content shipped with the program.

    `facts` replace shipped facts by key, and `replies` shipped replies by intent. `cards` are the
    contacts by country and mission. `notices` are shown above the menu and above answers. A turn
    uses only one edition, so that it never mixes two publications. A plain date means that nothing
    was published.

    An edition is immutable. An edition plus a `timedelta` has no content, so use plain dates for
    date arithmetic.
    """

    __slots__ = ("cards", "facts", "notices", "replies")

    facts: Mapping[str, F]
    cards: Mapping[str, Mapping[str, Text]]
    notices: tuple[Text, ...]
    replies: Mapping[str, R]

    @classmethod
    def of(
        cls,
        day: date,
        facts: Mapping[str, F],
        cards: Mapping[str, Mapping[str, Text]],
        notices: Iterable[Text],
        replies: Mapping[str, R],
    ) -> Self:
        """Return the edition of a day with this published content."""
        edition = cls(day.year, day.month, day.day)
        edition.facts = facts
        edition.cards = cards
        edition.notices = tuple(notices)
        edition.replies = replies
        return edition


def plain_date(today: date) -> date:
    """Return an edition's day as a plain date, because only a plain date can be stored."""
    return date.fromordinal(today.toordinal())


def notices(today: date) -> tuple[Text, ...]:
    """Return the notices that an edition contains; none if `today` is a plain date."""
    return today.notices if isinstance(today, Edition) else ()


def cards(today: date, country: str) -> Mapping[str, Text]:
    """Return an edition's contacts in a country by mission; none if `today` is a plain date."""
    return today.cards.get(country, {}) if isinstance(today, Edition) else {}
