"""Status of the parts of a split message, if it took several attempts or is reported in parts.

The status is stored in the row's `external_id`: for each part in order, the attempt that sent it
and its status (a accepted, d delivered, f failed). In `1d,3a`, the first part was delivered in
attempt 1 and the second was accepted in attempt 3. Parts sent by a later attempt are appended:
`+2-2.3` means parts 2 to 2 in attempt 3. A part without a status was sent in the last attempt, or
not at all. If the platform can delete messages, the parts' ids are in the same list.
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
    """Status of one part of a split message, and the number of the attempt that sent it."""

    attempt: int
    state: State


def parse(notes: str | None) -> list[Part]:
    """Read from `external_id` the parts of a message up to the last one with a status.

    Return an empty list if the value has only platform ids.
    """
    found: list[Part] = []
    for each in (notes or "").split(","):
        if part := _PART.fullmatch(each):
            found.append(Part(int(part[1]), _state(part[2])))
        elif tried := _TRY.fullmatch(each):
            found = _after_attempt(found, *map(int, tried.groups()))
    return found


def _state(letter: str) -> State:
    return ARRIVED if letter == ARRIVED else FAILED if letter == FAILED else ACCEPTED


def _after_attempt(found: Sequence[Part], first: int, last: int, attempt: int) -> list[Part]:
    """Set parts `first` to `last` to accepted, as sent by this attempt; return all parts.

    The status of a part that was sent in the same or a later attempt is kept.
    """
    new = Part(attempt, ACCEPTED)
    again = [new if each.attempt < attempt else each for each in found[first - 1 : last]]
    return [
        *found[: first - 1],
        *again,
        *[new] * (last - len(found)),
        *found[last:],
    ]


def platform_ids(notes: str | None) -> list[str]:
    """Return the platform's message ids that an `external_id` contains."""
    found = (notes or "").split(",")
    return [each for each in found if each and not (_PART.fullmatch(each) or _TRY.fullmatch(each))]


def serialize(parts: Sequence[Part]) -> str:
    return ",".join(f"{each.attempt}{each.state}" for each in parts)


def attempt_note(first: int, last: int, attempt: int) -> str | None:
    """Return the note, such as `+2-2.3`, that an attempt sent parts `first` to `last` (from 1).

    Return None if the attempt sent no part.
    """
    return f"+{first}-{last}.{attempt}" if first <= last else None


def count_sent(notes: str | None) -> int:
    """Return how many parts, from the first on, were sent and need not be sent again."""
    parts = parse(notes)
    return next((at for at, each in enumerate(parts) if each.state == FAILED), len(parts))


def first_failed(notes: str | None) -> int:
    """Return the number of the first part that failed, or 0."""
    return next((at for at, each in enumerate(parse(notes), 1) if each.state == FAILED), 0)


def after_report(
    parts: Sequence[Part], number: int, attempt: int, state: State, last_try: int
) -> list[Part] | None:
    """Apply a delivery report on part `number`; return the parts, or None if nothing changes.

    A delivered part cannot fail afterwards. A report on a replaced attempt is ignored.
    """
    before = parts[number - 1] if number <= len(parts) else Part(last_try, ACCEPTED)
    if attempt not in (before.attempt, last_try):
        return None
    if attempt == before.attempt and before.state in (state, ARRIVED):
        return None
    found = [*parts, *[Part(last_try, ACCEPTED)] * (number - len(parts))]
    found[number - 1] = Part(attempt, state)
    return found


def have_arrived(parts: Sequence[Part], many: int) -> bool:
    return len(parts) == many and all(each.state == ARRIVED for each in parts)
