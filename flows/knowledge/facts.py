"""A fact: a sentence that has a source, an as-of date and a last day, or is not said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flows.engine.text import Text, _


@dataclass(frozen=True, slots=True)
class Fact:
    """`key` is programme.key as in the seed; `until` is the last day on which it is said."""

    key: str
    text: Text
    source: str
    as_of: date
    until: date


def said(facts: Iterable[Fact], today: date) -> tuple[Text, ...]:
    """The facts that may be said today, each with its date; the others are silent."""
    return tuple(
        _("{fact} (As of {date}.)", fact=fact.text, date=fact.as_of)
        for fact in facts
        if today <= fact.until
    )
