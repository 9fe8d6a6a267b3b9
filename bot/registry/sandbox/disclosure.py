"""Statistical disclosure control: suppress small counts, and others from which they follow.

A table has two dimensions, their margins and a total. The cells of a line add up to its margin. A
suppressed count could be computed from the shown ones if these equations determine it. Therefore
further cells are suppressed until no suppressed count is determined.
"""

from collections import Counter
from collections.abc import Mapping, Set

MIN_PEOPLE = 5
"""Smallest count above 0 that is shown."""
MIN_CHANGE = 10
"""Smallest change of a released count. Releases of two days differ by 0 or at least this number,
so that the difference does not reveal one person."""

ALL = "*"
"""The value of a dimension over which a margin sums."""

TOTAL = (ALL, ALL)
_PRIME = (1 << 61) - 1

type Place = tuple[str, str]


def held(now: int, before: int) -> int:
    """Return the count to release: `before`, unless it has changed by at least `MIN_CHANGE`."""
    return now if abs(now - before) >= MIN_CHANGE else before


def hidden(
    counts: Mapping[Place, int],
    *,
    margins: Set[Place] = frozenset(),
    before: Set[Place] = frozenset(),
) -> frozenset[Place]:
    """Return the places to suppress: small counts, `margins`, `before`, and others to protect them.

    `margins` are suppressed in another table already, `before` were in the last release.
    """
    found = {place for place, count in counts.items() if 0 < count < MIN_PEOPLE}
    found |= margins | (before & counts.keys())
    two = any(ALL not in place for place in counts)
    while known := _determined(counts, found):
        place = min(known)
        more = [each for each in counts if each not in found and _shares(each, place)]
        # The margins of a pair are also shown in the tables of one dimension, so suppressing them
        # here does not protect anything.
        inner = [each for each in more if ALL not in each] if two else more
        if not inner:
            break
        found.add(min(inner, key=lambda each: (each == TOTAL, counts[each], each)))
    return frozenset(found)


def _shares(one: Place, other: Place) -> bool:
    return one[0] == other[0] or one[1] == other[1]


def _determined(counts: Mapping[Place, int], unknown: Set[Place]) -> list[Place]:
    """Return the unknown places whose counts the shown counts determine."""
    order = sorted(unknown)
    column = {place: at for at, place in enumerate(order)}
    size = Counter((axis, place[axis]) for place in counts for axis in (0, 1))
    lines: dict[tuple[int, str], dict[int, int]] = {}
    for place in order:
        for axis in (0, 1):
            # A line with a single place has no sum, hence no equation.
            if size[axis, place[axis]] > 1:
                sign = _PRIME - 1 if place[1 - axis] == ALL else 1
                lines.setdefault((axis, place[axis]), {})[column[place]] = sign
    return [order[at] for at in _solved(list(lines.values()))]


def _solved(rows: list[dict[int, int]]) -> list[int]:
    """Return the columns that Gauss-Jordan elimination determines, modulo a large prime."""
    done: list[tuple[int, dict[int, int]]] = []
    for row in rows:
        for pivot, other in done:
            _subtract(row, other, row.get(pivot, 0))
        if not row:
            continue
        pivot = min(row)
        inverse = pow(row[pivot], -1, _PRIME)
        whole = {at: value * inverse % _PRIME for at, value in row.items()}
        for _pivot, other in done:
            _subtract(other, whole, other.get(pivot, 0))
        done.append((pivot, whole))
    return [pivot for pivot, row in done if len(row) == 1]


def _subtract(row: dict[int, int], other: Mapping[int, int], times: int) -> None:
    if not times:
        return
    for at, value in other.items():
        left = (row.get(at, 0) - times * value) % _PRIME
        if left:
            row[at] = left
        else:
            row.pop(at, None)
