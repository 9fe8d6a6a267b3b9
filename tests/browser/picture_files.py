"""Folders of the documents' pictures, and comparison of two sets of pictures."""

import os
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageChops

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
# Pictures of the officers' manual, which the console itself serves.
MANUAL = ROOT / "bot" / "web" / "static" / "manual"
# Pictures are reduced to grey and to this size in px before the comparison, so that small shifts of
# letters do not count.
SMALL = (96, 96)
# Times, dates and invented names differ between two drawings by less than this; a changed page
# differs by more.
MAX_DIFFERENCE = 0.04
KINDS = {".png", ".webp"}


def folder() -> Path:
    """Return the folder to draw into: KOSH_PICTURES, or docs/pictures."""
    return Path(os.environ.get("KOSH_PICTURES") or PICTURES)


def manual_folder() -> Path:
    """Return the folder for pictures of the manual: KOSH_MANUAL_PICTURES, or the console's."""
    return Path(os.environ.get("KOSH_MANUAL_PICTURES") or MANUAL)


def names(root: Path) -> set[str]:
    """Return the relative paths of the pictures in a folder."""
    return {each.relative_to(root).as_posix() for each in root.rglob("*") if each.suffix in KINDS}


def difference(one: Path, other: Path) -> float:
    """Return the difference between two pictures, from 0 to 1; 1 if their shapes differ."""
    with Image.open(one) as first, Image.open(other) as second:
        shapes = [each.width / each.height for each in (first, second)]
        if max(shapes) > 1.25 * min(shapes):
            return 1.0
        small = [each.convert("L").resize(SMALL) for each in (first, second)]
    histogram = ImageChops.difference(*small).histogram()
    return sum(level * many for level, many in enumerate(histogram)) / (255 * SMALL[0] * SMALL[1])


def faults(drawn_folder: Path, stored_folder: Path) -> Iterator[str]:
    """Yield a line for each picture that is not stored, is no longer drawn, or differs too much."""
    drawn_names, stored_names = names(drawn_folder), names(stored_folder)
    yield from (f"{each}: not drawn yet" for each in sorted(drawn_names - stored_names))
    yield from (f"{each}: no script makes it" for each in sorted(stored_names - drawn_names))
    for each in sorted(drawn_names & stored_names):
        if (by := difference(drawn_folder / each, stored_folder / each)) > MAX_DIFFERENCE:
            yield f"{each}: differs by {by:.1%}, more than {MAX_DIFFERENCE:.0%}"
