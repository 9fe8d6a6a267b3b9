"""Validates voice messages in Ogg Opus (RFC 3533, RFC 7845), and removes all that is not sound.

This module does not decode sound: it parses pages and headers, and copies the sound packets.
Comments, pictures, further streams and appended data are dropped.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

MAX_BYTES = 5 * 1024 * 1024
MAX_SECONDS = 600
RATE = 48_000
# Longer packets are invalid according to RFC 7845, section 6. The longest packet without padding
# has 48 frames of 1,275 bytes, which are 120 ms (RFC 6716).
MAX_PACKET = 61_440
MAX_TAGS = 256 * 1024
CONTINUED, FIRST, LAST = 1, 2, 4

_HEADER = Struct("<4sBBqIIIB")
_HEAD = Struct("<8sBBHIhB")
_TAGS = b"OpusTags" + (4).to_bytes(4, "little") + b"kosh" + bytes(4)
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Broken(ValueError):
    """The recording is damaged, too long, or not Ogg Opus as messengers write it."""

    code = "E_RECORDING"


@dataclass(frozen=True, slots=True)
class _Page:
    flags: int
    position: int
    serial: int
    number: int
    lacing: bytes
    body: bytes


def strip_metadata(data: bytes, max_seconds: int = MAX_SECONDS) -> bytes:
    """Return the recording with only its header and sound packets.

    Raises Broken, also if the recording is larger than MAX_BYTES or longer than `max_seconds`.
    """
    if len(data) > MAX_BYTES:
        raise Broken
    pages = _pages(data)
    head = next(pages, None)
    if head is None or head.flags != FIRST or head.number != 0:
        raise Broken
    skipped = _checked_head(head)
    _skip_tags(pages, head.serial)
    written = [_page(FIRST, 0, 0, head.lacing, head.body), _tags_page()]
    position, is_open, ended = 0, False, False
    for page in pages:
        _check_sound(page, head.serial, position, is_open=is_open)
        position = max(position, page.position)
        is_open = page.lacing[-1] == 255
        ended = bool(page.flags & LAST)
        flags = page.flags & (CONTINUED | LAST)
        written.append(_page(flags, page.position, len(written), page.lacing, page.body))
        if ended:
            break
    if not ended or is_open or position - skipped > max_seconds * RATE:
        raise Broken
    return b"".join(written)


def _pages(data: bytes) -> Iterator[_Page]:
    """Yield the Ogg pages of the file in order. Raises Broken at a damaged page."""
    at = 0
    while at < len(data):
        if len(data) - at < _HEADER.size:
            raise Broken
        mark, version, flags, position, serial, number, checksum, count = _HEADER.unpack_from(
            data, at
        )
        lacing = data[at + _HEADER.size : at + _HEADER.size + count]
        begin = at + _HEADER.size + count
        end = begin + sum(lacing)
        if (mark, version) != (b"OggS", 0) or len(lacing) != count or end > len(data):
            raise Broken
        if _checksum(data[at : at + 22] + bytes(4) + data[at + 26 : end]) != checksum:
            raise Broken
        yield _Page(flags, position, serial, number, lacing, data[begin:end])
        at = end


def _checked_head(page: _Page) -> int:
    """Check the header page; return the number of samples to skip at the beginning (pre-skip).

    Raises Broken.
    """
    if len(page.body) != _HEAD.size or page.lacing != bytes([_HEAD.size]):
        raise Broken
    name, version, channels, skipped, _rate, _gain, family = _HEAD.unpack(page.body)
    if name != b"OpusHead" or version > 15 or channels not in (1, 2) or family != 0:
        raise Broken
    return int(skipped)


def _skip_tags(pages: Iterator[_Page], serial: int) -> None:
    """Skip the comment header, which may span several pages. Raises Broken."""
    size = 0
    for page in pages:
        is_first = size == 0
        size += len(page.body)
        if page.serial != serial or not page.lacing or size > MAX_TAGS or page.flags & LAST:
            raise Broken
        if is_first and not page.body.startswith(b"OpusTags"):
            raise Broken
        if page.lacing[-1] < 255:
            return
    raise Broken


def _check_sound(page: _Page, serial: int, position: int, *, is_open: bool) -> None:
    if page.serial != serial or page.flags & FIRST or not page.lacing:
        raise Broken
    if bool(page.flags & CONTINUED) is not is_open or -1 < page.position < position:
        raise Broken
    if page.position < -1 or any(size > MAX_PACKET for size in _packets(page.lacing)):
        raise Broken


def _packets(lacing: bytes) -> Iterator[int]:
    """Yield the sizes of the packets in a page; the first and the last may be parts of packets."""
    size = 0
    for length in lacing:
        size += length
        if length < 255:
            yield size
            size = 0
    yield size


def _tags_page() -> bytes:
    return _page(0, 0, 1, bytes([len(_TAGS)]), _TAGS)


def _page(flags: int, position: int, number: int, lacing: bytes, body: bytes) -> bytes:
    head = _HEADER.pack(b"OggS", 0, flags, position, 1, number, 0, len(lacing))
    checksum = _checksum(head + lacing + body)
    return head[:22] + checksum.to_bytes(4, "little") + head[26:] + lacing + body


def _checksum(page: bytes) -> int:
    """Return the CRC-32 of an Ogg page.

    Ogg uses zlib's polynomial, but with the bits in reverse order, and without zlib's inversion of
    the first and the last value.
    """
    reversed_crc = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reversed_crc:032b}"[::-1], 2)
