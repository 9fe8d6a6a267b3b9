"""Program of a decoder process: enters the sandbox, reads one file, writes its pixels, and exits.

The process writes the line `ready` once the sandbox is active, and nothing if that fails. It then
reads a file from standard input until end of file. The result, on standard output, is a line of
JSON and the pages' JPEGs (see `child_process.ChildResult`).
"""

import io
import json
import logging
import os
from collections.abc import Iterable, Mapping

from PIL import Image

from bot.file_sanitizer import images, pdfs, seccomp
from bot.file_sanitizer.file_types import HEAD, kind_of

_PIECE = 64 * 1024
_SMALLEST_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]"
    b"/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF"
)


def main() -> None:
    """Enter the sandbox, decode one file from standard input, write the result, and exit."""
    logging.disable()
    _warm_up()
    seccomp.enter()
    _tell([b"ready\n"])
    _tell(_answer(b"".join(iter(lambda: os.read(0, _PIECE), b""))))
    os._exit(0)


def _warm_up() -> None:
    """Decode a sample file of each type before entering the sandbox.

    This loads the decoders' code, which cannot be loaded in the sandbox.
    """
    picture = Image.effect_noise((128, 128), 50).convert("RGB")
    for form in ("JPEG", "PNG", "WEBP"):
        out = io.BytesIO()
        picture.save(out, form)
        _answer(out.getvalue())
    _answer(_SMALLEST_PDF)


def _answer(data: bytes) -> list[bytes]:
    try:
        pages, hints = _pages(data)
    except images.Unfit as unfit:
        return [_line({"refused": unfit.reason})]
    except Exception:
        return [_line({"refused": "broken"})]
    sheets = [[page.width, page.height, page.grey, len(page.jpeg)] for page in pages]
    kind = "pdf" if kind_of(data[:HEAD]) == "pdf" else "jpeg"
    reply = {"kind": kind, "pages": sheets, "hints": sorted(hints)}
    return [_line(reply), *(page.jpeg for page in pages)]


def _pages(data: bytes) -> tuple[list[images.Page], frozenset[str]]:
    kind = kind_of(data[:HEAD])
    match kind:
        case "pdf":
            return pdfs.pages_of(data)
        case "jpeg" | "png" | "webp":
            page, hints = images.page_of(data, kind)
            return [page], hints
        case _:
            raise images.Unfit("unknown_type")


def _line(reply: Mapping[str, object]) -> bytes:
    return json.dumps(reply).encode() + b"\n"


def _tell(parts: Iterable[bytes]) -> None:
    for part in parts:
        left = memoryview(part)
        while left:
            left = left[os.write(1, left) :]
