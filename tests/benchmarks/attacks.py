"""Attacks that infer hidden counts from the planning figures which the registry publishes.

The planning figures are counts of registered people by group; small counts are hidden. The attacks
solve the sums of one day's tables, and compare the tables of two days.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from bot.registry.planning import DIMENSIONS, PAIRS

type Group = frozenset[tuple[str, str]]
"""Values of dimensions; the empty group is everyone."""
type Published = dict[tuple[str, ...], dict[tuple[str, ...], int | None]]
"""By dimensions asked for, the count of each cell; None is hidden."""

EVERYONE: Group = frozenset()


@dataclass
class Known:
    """All planning figures that the registry published on one day, as an attacker sees them.

    They are shown counts, groups with a hidden count, and sums. A sum is a group whose count equals
    the total of its parts' counts.
    """

    shown: dict[Group, int] = field(default_factory=dict)
    hidden: set[Group] = field(default_factory=set)
    # Each sum is a group and its parts: the groups into which one more dimension divides it.
    sums: list[tuple[Group, list[Group]]] = field(default_factory=list)
    # The sums of tables that show at least one count: in such a table each hidden count is at least
    # 1. In all other tables, empty cells are hidden as well, so a hidden count may be 0.
    partly_shown: list[tuple[Group, list[Group]]] = field(default_factory=list)

    @classmethod
    def of(cls, everyone: int | None, tables: Published) -> "Known":
        """Return the figures in a day's tables, with the published number of all people.

        A total over a dimension (`*`) is the same group as a cell of the table without this
        dimension.
        """
        known = cls()
        known._note(EVERYONE, everyone)
        for by, cells in tables.items():
            groups = {values: _group(by, values) for values in cells}
            for values, count in cells.items():
                known._note(groups[values], count)
            inner_groups = [group for group in groups.values() if len(group) == len(by)]
            for axis in range(len(by)):
                lines: dict[Group, list[Group]] = {}
                for group in inner_groups:
                    line = frozenset(each for each in group if each[0] != by[axis])
                    lines.setdefault(line, []).append(group)
                known.sums += lines.items()
                if known.shown.keys() & inner_groups:
                    known.partly_shown += lines.items()
        return known

    def _note(self, group: Group, count: int | None) -> None:
        if count is None:
            self.hidden.add(group)
        else:
            assert self.shown.setdefault(group, count) == count, "two tables disagree"
        self.hidden -= self.shown.keys()

    def determined(self) -> dict[Group, int]:
        """Return the hidden counts, by group, that follow from all sums as linear equations."""
        done: dict[Group, dict[Group | None, Fraction]] = {}
        for whole, parts in self.sums:
            row = self._equation(whole, parts)
            for pivot, other in done.items():
                _subtract(row, other, row.get(pivot, Fraction(0)))
            unknown = [each for each in row if each is not None]
            if not unknown:
                assert not row, "the published sums do not add up"
                continue
            pivot = unknown[0]
            row = {each: value / row[pivot] for each, value in row.items()}
            for other in done.values():
                _subtract(other, row, other.get(pivot, Fraction(0)))
            done[pivot] = row
        return {
            pivot: int(row.get(None, Fraction(0)))
            for pivot, row in done.items()
            if row.keys() <= {pivot, None}
        }

    def forced(self) -> dict[Group, int]:
        """Return the hidden counts that must be 1, because their number equals their sum.

        A hidden count is at least 1 here.
        """
        found: dict[Group, int] = {}
        for whole, parts in self.partly_shown:
            unknown = [each for each in parts if each in self.hidden]
            if whole not in self.shown or not unknown:
                continue
            rest = self.shown[whole] - sum(self.shown.get(each, 0) for each in parts)
            if rest == len(unknown):
                found |= dict.fromkeys(unknown, 1)
        return found

    def _equation(self, whole: Group, parts: Iterable[Group]) -> dict[Group | None, Fraction]:
        """Return a sum as an equation: coefficients by hidden group, the constant under None."""
        row: dict[Group | None, Fraction] = {}
        for group, sign in ((whole, -1), *((each, 1) for each in parts)):
            at, times = (None, -sign * self.shown[group]) if group in self.shown else (group, sign)
            row[at] = row.get(at, Fraction(0)) + times
        return {each: value for each, value in row.items() if value}


def queries() -> list[tuple[str, ...]]:
    """Return every query for planning figures, as the one or two dimensions that it groups by."""
    return [*((each,) for each in DIMENSIONS), *PAIRS]


def differences(first: Published, second: Published) -> dict[tuple[str, ...], object]:
    """Return the cells whose counts differ between two days, with both counts.

    A missing cell counts as 0.
    """
    return {
        (*by, *place): (before, now)
        for by, cells in second.items()
        for place in first[by].keys() | cells.keys()
        if (before := first[by].get(place, 0)) != (now := cells.get(place, 0))
    }


def _group(by: tuple[str, ...], values: tuple[str, ...]) -> Group:
    return frozenset((name, value) for name, value in zip(by, values, strict=True) if value != "*")


def _subtract(
    row: dict[Group | None, Fraction], other: Mapping[Group | None, Fraction], times: Fraction
) -> None:
    if not times:
        return
    for at, value in list(other.items()):
        left = row.get(at, Fraction(0)) - times * value
        if left:
            row[at] = left
        else:
            row.pop(at, None)
