"""Draw QR codes as SVG paths on this server, without a third-party service."""

from dataclasses import dataclass
from itertools import groupby

import segno


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code as an SVG path; `size` is the length of its side in modules (squares)."""

    size: int
    path: str

    @classmethod
    def of(cls, text: str) -> "QrCode":
        rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
        return cls(len(rows), "".join(_run(y, row) for y, row in enumerate(rows)))

    @property
    def svg(self) -> str:
        """Return the code as a complete SVG image, without a border."""
        box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.size} {self.size}"'
        return f'<svg {box}><path d="{self.path}"/></svg>'


def _run(y: int, row: bytes) -> str:
    """Return a row's dark squares as SVG path commands; adjacent squares form one rectangle."""
    path, x = [], 0
    for dark, modules in groupby(row):
        width = len(list(modules))
        if dark:
            path.append(f"M{x} {y}h{width}v1h-{width}z")
        x += width
    return "".join(path)
