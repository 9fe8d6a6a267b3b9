"""What a file is, by its first bytes alone: names and claims of the sender are not asked."""

from typing import Literal

type Kind = Literal["jpeg", "png", "webp", "pdf", "heic"]

HEAD = 64
"""Bytes that are enough to tell."""

# ISO base media brands of HEIF pictures with HEVC inside, as phones write them.
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def kind_of(head: bytes) -> Kind | None:
    """The kind of file that begins so; None for everything that isn't taken."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return "heic"
    # Some programs put a byte order mark or blank lines before it.
    if head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n\t ").startswith(b"%PDF-"):
        return "pdf"
    return None
