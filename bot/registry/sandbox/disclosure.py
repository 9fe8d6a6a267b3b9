"""Statistical disclosure control: suppress small counts, and the counts that would reveal them.

A table has cells for two dimensions, a margin (sum) for each value of a dimension, and a total.
Each row or column is an equation: its cells add up to its margin. A reader could solve these
equations for a suppressed count. Therefore further counts are suppressed until no suppressed count
can be computed. A place is the pair of values that identifies a cell, margin or total.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import product

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
type Names = tuple[str, str]
"""The dimensions of a table; the second may be ""."""
type Key = tuple[tuple[str, str], ...]


def released_count(now: int, before: int) -> int:
    """Return the count to release: `now` if it differs by at least MIN_CHANGE, else `before`.

    `before` is the count of the last release. A smaller change could reveal a single person.
    """
    return now if abs(now - before) >= MIN_CHANGE else before


def suppressed_places(
    counts: Mapping[Place, int],
    *,
    margins: Set[Place] = frozenset(),
    before: Set[Place] = frozenset(),
) -> frozenset[Place]:
    """Return the places (pairs of values) of the counts to suppress in one table.

    These are small counts, `margins` (suppressed in another table), `before` (suppressed in the
    last release), and further counts, so that none of the suppressed counts can be computed.
    """
    cells = _with_empty_cells(counts)
    found = {place for place, count in counts.items() if 0 < count < MIN_PEOPLE}
    found |= margins | (before & counts.keys())
    while known := _computable(counts, found) or _least(cells, found):
        further = _further(cells, found, min(known))
        if further is None:
            break
        found.add(further)
    return frozenset(found)


def jointly_hidden(
    tables: Mapping[Names, Mapping[Place, int]], hides: Mapping[Names, Set[Place]]
) -> dict[Names, set[Place]]:
    """Return the counts to suppress in each table, so that all tables together reveal none.

    A margin is the same count in each table that contains it, so equations of different tables can
    be combined. No suppressed count can be computed from the equations of all tables.
    """
    found = {names: set(hide) for names, hide in hides.items()}
    cells = {names: _with_empty_cells(counts) for names, counts in tables.items()}
    while known := _jointly_determined(tables, found):
        places = {each for key in known for each in _in_pairs(key, tables)}
        further = (
            (names, more)
            for names, place in sorted(places)
            if (more := _further(cells[names], found[names], place)) is not None
        )
        chosen = next(further, None)
        if chosen is None:
            break
        found[chosen[0]].add(chosen[1])
    return found


def _further(cells: Mapping[Place, int], found: Set[Place], place: Place) -> Place | None:
    """Return the place of the next count to suppress, or None if no count is left to suppress.

    A count in the same row or column as the count at `place` is preferred.
    """
    more = [each for each in cells if each not in found and _is_hideable(each, cells)]
    cost = {each: (not _shares(each, place), *_cost(each, cells)) for each in more}
    return min(more, key=cost.__getitem__, default=None)


def key_of(names: Names, place: Place) -> Key:
    """Return the pairs (dimension, value) that identify a count in every table that contains it.

    A dimension over which the count is a sum is omitted.
    """
    return tuple((n, value) for n, value in zip(names, place, strict=True) if value != ALL)


def _in_pairs(key: Key, tables: Iterable[Names]) -> Iterator[tuple[Names, Place]]:
    """Yield each table of two dimensions that contains the count `key`, and the count's place."""
    values = dict(key)
    for names in tables:
        if names[1] and values.keys() <= set(names):
            yield names, (values.get(names[0], ALL), values.get(names[1], ALL))


def _jointly_determined(
    tables: Mapping[Names, Mapping[Place, int]], found: Mapping[Names, Set[Place]]
) -> list[Key]:
    """Return the suppressed counts that can be computed from the shown counts of all tables."""
    columns: dict[Key, int] = {}
    rows: list[dict[int, int]] = []
    for names, counts in tables.items():
        for line in _lines(counts, found[names]):
            keys = ((key_of(names, place), sign) for place, sign in line.items())
            rows.append({columns.setdefault(key, len(columns)): sign for key, sign in keys})
    order = list(columns)
    return [order[at] for at in _solve(rows)]


def _with_empty_cells(counts: Mapping[Place, int]) -> dict[Place, int]:
    """Return the counts, with 0 for each cell inside the table that has no count."""
    rows = {a for a, b in counts if ALL not in (a, b)}
    columns = {b for a, b in counts if ALL not in (a, b)}
    return dict.fromkeys(product(rows, columns), 0) | dict(counts)


def _is_hideable(place: Place, cells: Mapping[Place, int]) -> bool:
    """Return True if suppressing the count at `place` can protect another count.

    Margins and the total of a table of two dimensions are also shown in tables of one dimension, so
    suppressing them here would protect nothing.
    """
    return ALL not in place or all(ALL in each for each in cells)


def _cost(place: Place, cells: Mapping[Place, int]) -> tuple[bool, bool, int, Place]:
    """Return a sort key for the order in which to suppress further counts.

    Small counts come before large ones, empty cells after them, and the total is last.
    """
    return place == TOTAL, not cells[place], cells[place], place


def _shares(one: Place, other: Place) -> bool:
    return one[0] == other[0] or one[1] == other[1]


def _least(counts: Mapping[Place, int], unknown: Set[Place]) -> list[Place]:
    """Return the suppressed counts that must be 1, as n of them in a row or column add up to n."""
    lines: dict[tuple[int, str], list[Place]] = {}
    for place in unknown:
        for axis in (0, 1):
            if place[1 - axis] != ALL:
                lines.setdefault((axis, place[axis]), []).append(place)
    return [
        place
        for (axis, value), places in lines.items()
        if ((value, ALL) if axis == 0 else (ALL, value)) not in unknown
        and sum(counts[each] for each in places) == len(places)
        for place in places
    ]


def _computable(counts: Mapping[Place, int], unknown: Set[Place]) -> list[Place]:
    """Return the places of the suppressed counts that can be computed from the shown counts."""
    order = sorted(unknown)
    column = {place: at for at, place in enumerate(order)}
    lines = _lines(counts, unknown)
    rows = [{column[place]: sign for place, sign in line.items()} for line in lines]
    return [order[at] for at in _solve(rows)]


def _lines(counts: Mapping[Place, int], unknown: Set[Place]) -> list[dict[Place, int]]:
    """Return the equation of each row and column: places and signs of its suppressed counts."""
    size = Counter((axis, place[axis]) for place in counts for axis in (0, 1))
    lines: dict[tuple[int, str], dict[Place, int]] = {}
    for place in sorted(unknown):
        for axis in (0, 1):
            # A row or column of only one cell has no sum, and therefore no equation.
            if size[axis, place[axis]] > 1:
                sign = _PRIME - 1 if place[1 - axis] == ALL else 1
                lines.setdefault((axis, place[axis]), {})[place] = sign
    return list(lines.values())


def _solve(rows: list[dict[int, int]]) -> list[int]:
    """Return the columns (unknowns) whose values the equations in `rows` determine.

    The equations are solved by Gauss-Jordan elimination modulo a large prime.
    """
    solved_rows: list[tuple[int, dict[int, int]]] = []
    for row in rows:
        for pivot, other in solved_rows:
            _subtract(row, other, row.get(pivot, 0))
        if not row:
            continue
        pivot = min(row)
        inverse = pow(row[pivot], -1, _PRIME)
        whole = {at: value * inverse % _PRIME for at, value in row.items()}
        for _pivot, other in solved_rows:
            _subtract(other, whole, other.get(pivot, 0))
        solved_rows.append((pivot, whole))
    return [pivot for pivot, row in solved_rows if len(row) == 1]


def _subtract(row: dict[int, int], other: Mapping[int, int], times: int) -> None:
    if not times:
        return
    for at, value in other.items():
        left = (row.get(at, 0) - times * value) % _PRIME
        if left:
            row[at] = left
        else:
            row.pop(at, None)
