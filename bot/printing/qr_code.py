"""Draw a QR code as a path of an SVG, without a third party."""

from dataclasses import dataclass
from itertools import groupby

import segno


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code as the path of an SVG; `size` is its side in modules."""

    size: int
    path: str

    @classmethod
    def of(cls, text: str) -> "QrCode":
        rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
        return cls(len(rows), "".join(_run(y, row) for y, row in enumerate(rows)))

    @property
    def svg(self) -> str:
        """Return the code as a whole SVG, without a border."""
        box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.size} {self.size}"'
        return f'<svg {box}><path d="{self.path}"/></svg>'


def _run(y: int, row: bytes) -> str:
    """Return a row's dark modules; neighbours are one rectangle."""
    drawn, x = [], 0
    for dark, modules in groupby(row):
        width = len(list(modules))
        if dark:
            drawn.append(f"M{x} {y}h{width}v1h-{width}z")
        x += width
    return "".join(drawn)
