"""Limits that officers set on a person's messages to them. The assistant itself always replies."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class MessageLimit:
    """A limit of `per_day` messages a day to officers, through the day `until`; 0 blocks all.

    `used` counts the messages sent on the day `day`. With `in_danger`, the open case is about
    danger and the limit does not apply.
    """

    reason: str
    until: date
    per_day: int = 0
    day: date | None = None
    used: int = 0
    has_appealed: bool = False
    in_danger: bool = False

    def left(self, today: date) -> int:
        """Return how many messages to officers the person may still send today under this limit."""
        return max(0, self.per_day - (self.used if self.day == today else 0))


@dataclass(frozen=True, slots=True)
class LimitSet:
    """An officer limited the person's messages to officers; `per_day` 0 blocks them."""

    reason: str
    until: date
    per_day: int


@dataclass(frozen=True, slots=True)
class LimitDecided:
    """A lead of the officers ended the limit early, or kept it after reading the appeal."""

    is_lifted: bool


@dataclass(frozen=True, slots=True)
class AppealLimit:
    """Store the person's appeal against the limit, for a lead of the officers."""

    words: str


type LimitEvent = LimitSet | LimitDecided
