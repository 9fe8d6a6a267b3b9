"""Writer of PDFs (ISO 32000-1) that contain only catalog, pages and JPEG images.

It runs in the parent, not in the process that decoded the file, so that a compromised decoder can
add nothing but pixels.
"""

import re
from typing import Annotated

import msgspec

from bot.file_sanitizer.memory_file import MemoryFile

DOTS_PER_INCH = 200

type Side = Annotated[int, msgspec.Meta(ge=1, le=20_000)]


class Sheet(msgspec.Struct, frozen=True, array_like=True):
    """Description of the next page: width and height in pixels, `size` of its JPEG in bytes.

    `grey` means one color channel instead of three.
    """

    width: Side
    height: Side
    grey: bool
    size: Annotated[int, msgspec.Meta(ge=1, le=4_000_000)]


_PICTURE = re.compile(rb"/Filter/DCTDecode/Length (\d+)>>stream\n")


def picture_of(pdf: bytes, number: int) -> bytes | None:
    """Return the JPEG of page `number` (from 0) in a PDF that `PdfWriter` wrote.

    Return None if there is no such page.
    """
    at = 0
    while found := _PICTURE.search(pdf, at):
        at = found.end() + int(found[1])
        if number == 0:
            return pdf[found.end() : at]
        number -= 1
    return None


class PdfWriter:
    """Writes a PDF to a memory file.

    For each page, call `open_page`, write its JPEG to the memory file, and call `close_page`.
    """

    def __init__(self, spool: MemoryFile, count: int) -> None:
        self._spool = spool
        self._starts: list[int] = []
        # Numbers of the PDF's objects: 1 is the catalog, 2 the list of pages. From 3 on, each page
        # has three objects: the page, its content stream, its image.
        spool.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        self._object(b"<</Type/Catalog/Pages 2 0 R>>")
        kids = " ".join(f"{number} 0 R" for number in range(3, 3 + 3 * count, 3))
        self._object(f"<</Type/Pages/Kids[{kids}]/Count {count}>>".encode())

    def open_page(self, sheet: Sheet) -> None:
        """Write the objects of a page up to the beginning of its image data."""
        number = len(self._starts) + 1
        width, height = (side * 72 / DOTS_PER_INCH for side in (sheet.width, sheet.height))
        shown = f"q {width:.2f} 0 0 {height:.2f} 0 0 cm /P Do Q"
        self._object(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width:.2f} {height:.2f}]/Contents"
            f" {number + 1} 0 R/Resources<</XObject<</P {number + 2} 0 R>>>>>>".encode()
        )
        self._object(f"<</Length {len(shown)}>>stream\n{shown}\nendstream".encode())
        space = "DeviceGray" if sheet.grey else "DeviceRGB"
        self._begin()
        self._spool.write(
            f"<</Type/XObject/Subtype/Image/Width {sheet.width}/Height {sheet.height}"
            f"/ColorSpace/{space}/BitsPerComponent 8/Filter/DCTDecode/Length {sheet.size}>>"
            "stream\n".encode()
        )

    def close_page(self) -> None:
        self._spool.write(b"\nendstream\nendobj\n")

    def close(self) -> None:
        """Write the cross-reference table and the trailer of the PDF."""
        at = self._spool.size
        count = len(self._starts) + 1
        rows = "".join(f"{start:010} 00000 n \n" for start in self._starts)
        self._spool.write(
            f"xref\n0 {count}\n0000000000 65535 f \n{rows}trailer\n<</Size {count}/Root 1 0 R>>\n"
            f"startxref\n{at}\n%%EOF\n".encode()
        )

    def _begin(self) -> None:
        self._starts.append(self._spool.size)
        self._spool.write(f"{len(self._starts)} 0 obj\n".encode())

    def _object(self, body: bytes) -> None:
        self._begin()
        self._spool.write(body + b"\nendobj\n")
