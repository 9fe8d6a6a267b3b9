"""Draw the regions of Kazakhstan as tiles of a grid, roughly in their places, without borders."""

from collections.abc import Mapping
from dataclasses import dataclass

SIDE, GAP = 104, 4
# Tiles of the grid as ISO 3166-2 codes: rows from north to south, columns from west to east.
PLACES = (
    ("", "", "KZ-39", "KZ-59", "", ""),
    ("KZ-27", "KZ-15", "KZ-11", "KZ-71", "KZ-55", ""),
    ("KZ-23", "", "KZ-62", "KZ-35", "KZ-10", "KZ-63"),
    ("KZ-47", "KZ-43", "KZ-61", "KZ-31", "KZ-19", "KZ-33"),
    ("", "", "KZ-79", "", "KZ-75", ""),
)
WIDTH, HEIGHT = (len(each) * (SIDE + GAP) for each in (PLACES[0], PLACES))


@dataclass(frozen=True, slots=True)
class Tile:
    """A region's tile on the map; `people` is None if the count is hidden or missing.

    `x` and `y` are in pixels. `shade` is 0 to 4, higher for more people.
    """

    x: int
    y: int
    lines: tuple[str, ...]
    people: int | None
    is_hidden: bool
    shade: int


def tiles(
    counts: Mapping[str, int | None], shades: Mapping[str, int], names: Mapping[str, str]
) -> list[Tile]:
    """Return the map's tiles of all regions, with positions in pixels and counts of people."""
    return [
        Tile(
            column * (SIDE + GAP),
            row * (SIDE + GAP),
            tuple(names[region].replace("-", "- ").split()),
            counts.get(region),
            region in counts and counts[region] is None,
            shades.get(region, 0),
        )
        for row, regions in enumerate(PLACES)
        for column, region in enumerate(regions)
        if region
    ]
