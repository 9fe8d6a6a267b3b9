"""An edition: a day, with the content that editors had published by then."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Self

from flows.engine.text import Text


class Edition[F, R](date):
    """The day of a turn, and the content that lies over the shipped content on that day.

    `facts` replace shipped facts, by key. `cards` are the contacts of missions by country.
    `notices` are said above the menu and above answers. `replies` replace shipped ones, by intent.
    A turn gets one edition, so that it never mixes two publications. A plain date is a day without
    publications.

    The value never changes. Sums of it and a `timedelta` have no content: use plain dates there.
    """

    __slots__ = ("cards", "facts", "notices", "replies")

    facts: Mapping[str, F]
    cards: Mapping[str, tuple[Text, ...]]
    notices: tuple[Text, ...]
    replies: Mapping[str, R]

    @classmethod
    def of(
        cls,
        day: date,
        facts: Mapping[str, F],
        cards: Mapping[str, tuple[Text, ...]],
        notices: Iterable[Text],
        replies: Mapping[str, R],
    ) -> Self:
        """Return the edition of a day."""
        edition = cls(day.year, day.month, day.day)
        edition.facts = facts
        edition.cards = cards
        edition.notices = tuple(notices)
        edition.replies = replies
        return edition


def notices(today: date) -> tuple[Text, ...]:
    """Return the notices of that day."""
    return today.notices if isinstance(today, Edition) else ()


def cards(today: date, country: str) -> tuple[Text, ...]:
    """Return the published contacts of the missions in a country."""
    return today.cards.get(country, ()) if isinstance(today, Edition) else ()
