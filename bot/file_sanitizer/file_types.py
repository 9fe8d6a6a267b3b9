"""Recognition of file types by the first bytes alone; names and types from senders are ignored."""

from typing import Literal

type Kind = Literal["jpeg", "png", "webp", "pdf", "heic"]

HEAD = 64
"""Number of bytes at the beginning of a file that identify every accepted type."""

# ISO base media brands of the HEIF images (with HEVC) that phones write.
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def kind_of(head: bytes) -> Kind | None:
    """Return the type of a file that begins with `head`; None if the type is unknown."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return "heic"
    # Some programs write a byte order mark or blank lines before the PDF header.
    if head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n\t ").startswith(b"%PDF-"):
        return "pdf"
    return None
