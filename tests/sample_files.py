"""Invented documents, generated on demand: no image of a real person is stored here."""

import io
import struct
import zlib
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

from PIL import Image, ImageDraw, ImageFont

LINE = "TESTOVA GULNAR, invented for a test, born in no year"


def sheet(width: int = 1240, height: int = 1754, line: str = LINE) -> Image.Image:
    """Return an image of a typed page."""
    image = Image.new("RGB", (width, height), "#f4f1ea")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(width // 40)
    for y in range(height // 10, height * 9 // 10, width // 25):
        draw.text((width // 12, y), line, fill="#222", font=font)
    return image


def saved(image: Image.Image, form: str = "JPEG", **how: Any) -> bytes:
    """Return an image as a file in Pillow's format `form`; `how` are options of Pillow."""
    out = io.BytesIO()
    image.save(out, form, **how)
    return out.getvalue()


@cache
def photo(line: str = LINE) -> bytes:
    """Return a photo of a page, as a phone takes it."""
    return saved(sheet(line=line))


def noise(width: int, height: int, size: int) -> bytes:
    """Return a JPEG of random noise, padded with zero bytes to `size` bytes."""
    noise_image = Image.effect_noise((width, height), 80).convert("RGB")
    file = saved(noise_image, quality=95)
    return file + b"\0" * (size - len(file))


def pdf(*objects: str, pages: int = 1, box: str = "0 0 595 842", trailer: str = "") -> bytes:
    """Return a PDF of typed pages.

    `objects` are further PDF objects, with numbers from 10 on. `trailer` is added to the trailer.
    """
    kids = " ".join(f"{1000 + n} 0 R" for n in range(pages))
    text = f"BT /F 24 Tf 60 700 Td ({LINE}) Tj 0 -60 Td ({LINE}) Tj ET"
    parts = {
        1: "<</Type/Catalog/Pages 2 0 R/OpenAction 10 0 R/Names 11 0 R/AcroForm 12 0 R>>"
        if objects
        else "<</Type/Catalog/Pages 2 0 R>>",
        2: f"<</Type/Pages/Kids[{kids}]/Count {pages}>>",
        3: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        4: f"<</Length {len(text)}>>stream\n{text}\nendstream",
    }
    parts |= {10 + n: each for n, each in enumerate(objects)}
    annotations = "/Annots[13 0 R 14 0 R]" if objects else ""
    for n in range(pages):
        parts[1000 + n] = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R{annotations}"
            "/Resources<</Font<</F 3 0 R>>>>>>"
        )
    body = "".join(f"{number} 0 obj{part}\nendobj\n" for number, part in parts.items())
    return f"%PDF-1.7\n{body}trailer<</Root 1 0 R{trailer}>>\n%%EOF\n".encode("latin-1")


def deep_pdf() -> bytes:
    """Return a PDF of a few hundred KB whose page content decompresses to 200 MB."""
    packed = zlib.compress(b"q Q " * 50_000_000, 9)
    head = (
        b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]"
        b"/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>"
        b"endobj\n4 0 obj<</Filter/FlateDecode/Length %d>>stream\n" % len(packed)
    )
    return head + packed + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file, with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


async def sent(file: bytes, piece: int = 65_536) -> AsyncIterator[bytes]:
    """Yield a file in pieces of `piece` bytes, as a network delivers it."""
    for at in range(0, len(file), piece):
        yield file[at : at + piece]
