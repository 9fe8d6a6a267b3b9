"""Parts of one message, where the platform lets us take none back: which are there already.

What is noted of them stands in the row's `external_id`, and nothing of a message in one part: of
each, in their order, in which try it went out and what became of it. `1d,3a` says that the first
arrived, of try 1, and that the second was accepted in try 3. What a later try took is added at the
end: `+2-2.3`. A part of which nothing is noted went out in the row's last try, if at all.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

type State = Literal["a", "d", "f"]
ACCEPTED: State = "a"
ARRIVED: State = "d"
FAILED: State = "f"

_PART = re.compile(r"([0-9]{1,9})([adf])", re.ASCII)
_TRY = re.compile(r"\+([0-9]{1,9})-([0-9]{1,9})\.([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """What became of a part, and of which try."""

    attempt: int
    state: State


def noted(notes: str | None) -> list[Part]:
    """What is noted, up to the last part of which anything is; of other ids nothing."""
    found: list[Part] = []
    for each in (notes or "").split(","):
        if part := _PART.fullmatch(each):
            found.append(Part(int(part[1]), _state(part[2])))
        elif tried := _TRY.fullmatch(each):
            found = _went(found, *map(int, tried.groups()))
    return found


def _state(letter: str) -> State:
    return ARRIVED if letter == ARRIVED else FAILED if letter == FAILED else ACCEPTED


def _went(found: Sequence[Part], first: int, last: int, attempt: int) -> list[Part]:
    """What was heard of these parts before that try counts no more."""
    new = Part(attempt, ACCEPTED)
    again = [new if each.attempt < attempt else each for each in found[first - 1 : last]]
    return [
        *found[: first - 1],
        *again,
        *[new] * (last - len(found)),
        *found[last:],
    ]


def written(parts: Sequence[Part]) -> str:
    return ",".join(f"{each.attempt}{each.state}" for each in parts)


def went(first: int, last: int, attempt: int) -> str | None:
    """The note that a try took these parts; None if it took none."""
    return f"+{first}-{last}.{attempt}" if first <= last else None


def there(notes: str | None) -> int:
    """How many parts, from the first on, need not go again."""
    parts = noted(notes)
    return next((at for at, each in enumerate(parts) if each.state == FAILED), len(parts))


def heard(
    parts: Sequence[Part], number: int, attempt: int, state: State, last_try: int
) -> list[Part] | None:
    """The notes with a report of a part in them; None for one that changes nothing.

    What arrived has not failed. A report of a try that another has replaced is about nothing.
    """
    before = parts[number - 1] if number <= len(parts) else Part(last_try, ACCEPTED)
    if attempt not in (before.attempt, last_try):
        return None
    if attempt == before.attempt and before.state in (state, ARRIVED):
        return None
    found = [*parts, *[Part(last_try, ACCEPTED)] * (number - len(parts))]
    found[number - 1] = Part(attempt, state)
    return found


def arrived(parts: Sequence[Part], many: int) -> bool:
    return len(parts) == many and all(each.state == ARRIVED for each in parts)
