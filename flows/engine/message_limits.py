"""Limits that officers set on a person's messages to officers; the assistant itself has none."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class MessageLimit:
    """At most `per_day` messages a day to officers; 0 blocks them. `until` is the last day.

    `used` counts the messages of `day`. `in_danger`: the open case is about danger, so the limit
    does not apply to it.
    """

    reason: str
    until: date
    per_day: int = 0
    day: date | None = None
    used: int = 0
    has_appealed: bool = False
    in_danger: bool = False

    def left(self, today: date) -> int:
        """Return how many messages may still be sent today."""
        return max(0, self.per_day - (self.used if self.day == today else 0))


@dataclass(frozen=True, slots=True)
class LimitSet:
    """An officer limited the person's messages to officers; 0 a day blocks them."""

    reason: str
    until: date
    per_day: int


@dataclass(frozen=True, slots=True)
class LimitDecided:
    """A lead lifted the limit, or read the appeal and kept it."""

    is_lifted: bool


@dataclass(frozen=True, slots=True)
class AppealLimit:
    """The person's words against the limit, for the lead."""

    words: str


type LimitEvent = LimitSet | LimitDecided
