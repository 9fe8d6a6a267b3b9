"""Test data: voice messages as messengers send them, and about 60 kinds of malformed ones."""

from collections.abc import Callable, Iterator
from struct import pack
from typing import Any

from bot.attachments import ogg_opus

HEAD = pack("<8sBBHIhB", b"OpusHead", 1, 1, 312, 48_000, 0, 0)
TAGS = b"OpusTags" + pack("<I", 5) + b"Gauss" + pack("<I", 1) + pack("<I", 9) + b"TITLE=me!"
PACKET = b"\x0b" + bytes(range(1, 90))
SERIAL = 77


def page(
    body: bytes, number: int, *, flags: int = 0, position: int = 0, serial: int = SERIAL,
    lacing: bytes | None = None, version: int = 0, mark: bytes = b"OggS", wrong_sum: bool = False,
) -> bytes:  # fmt: skip
    """Return an Ogg page; without `lacing` (its segment table), the body is one packet."""
    if lacing is None:
        lacing = b"\xff" * (len(body) // 255) + bytes([len(body) % 255])
    head = pack("<4sBBqIIIB", mark, version, flags, position, serial, number, 0, len(lacing))
    checksum = ogg_opus._checksum(head + lacing + body) ^ wrong_sum
    return head[:22] + pack("<I", checksum) + head[26:] + lacing + body


def sound(first: int, count: int, *, serial: int = SERIAL, last: bool = True) -> bytes:
    """Return `count` Ogg pages with one second of audio each."""
    return b"".join(
        page(
            PACKET * 50, first + n, position=48_000 * (n + 1), serial=serial,
            flags=4 if last and n == count - 1 else 0, lacing=bytes([len(PACKET)]) * 50,
        )
        for n in range(count)
    )  # fmt: skip


def voice(seconds: int = 3) -> bytes:
    """Return a valid voice message of `seconds` seconds."""
    return page(HEAD, 0, flags=2) + page(TAGS, 1) + sound(2, seconds)


def _head(**changed: Any) -> bytes:
    values = {"name": b"OpusHead", "version": 1, "channels": 1, "skip": 312, "family": 0} | changed
    return pack("<8sBBHIhB", values["name"], values["version"], values["channels"],
                values["skip"], 48_000, 0, values["family"])  # fmt: skip


def _with(head: bytes = HEAD, tags: bytes = TAGS, **first: Any) -> bytes:
    return page(head, 0, **({"flags": 2} | first)) + page(tags, 1) + sound(2, 2)


_START = page(HEAD, 0, flags=2) + page(TAGS, 1)
_GIF, _MP3, _AMR = b"GIF89a" + bytes(90), b"ID3\x04" + bytes(500), b"#!AMR\n" + bytes(90)
_MP4 = bytes(3) + b"\x20ftypM4A " + bytes(500)
BROKEN: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "one byte": lambda: b"O",
    "only the mark": lambda: b"OggS",
    "a gif": lambda: _GIF,
    "an mp3": lambda: _MP3,
    "an mp4": lambda: _MP4,
    "an amr": lambda: _AMR,
    "a wave": lambda: b"RIFF" + bytes(4) + b"WAVEfmt " + bytes(90),
    "a script": lambda: b"<script>alert(1)</script>" * 9,
    "an executable": lambda: b"MZ" + bytes(900),
    "an archive": lambda: b"PK\x03\x04" + bytes(900),
    "zeros": lambda: bytes(10_000),
    "noise": lambda: bytes(range(256)) * 400,
    "a page of a later version": lambda: _with(version=1),
    "another mark": lambda: _with(mark=b"OggX"),
    "a wrong checksum": lambda: _with(wrong_sum=True),
    "a first page that is not first": lambda: _with(flags=0),
    "a first page that is last too": lambda: _with(flags=6),
    "a first page that goes on": lambda: _with(flags=3),
    "a first page of another number": lambda: page(HEAD, 5, flags=2) + page(TAGS, 1) + sound(2, 2),
    "vorbis": lambda: _with(b"\x01vorbis" + bytes(23)),
    "speex": lambda: _with(b"Speex   " + bytes(72)),
    "flac": lambda: _with(b"\x7fFLAC" + bytes(46)),
    "another head": lambda: _with(_head(name=b"OpusHeaD")),
    "a head of a later version": lambda: _with(_head(version=16)),
    "no channels": lambda: _with(_head(channels=0)),
    "eight channels": lambda: _with(_head(channels=8)),
    "another mapping": lambda: _with(_head(family=1)),
    "a mapping table": lambda: _with(_head(family=255) + bytes(12)),
    "a short head": lambda: _with(HEAD[:-1]),
    "a long head": lambda: _with(HEAD + bytes(40)),
    "two packets in the head": lambda: _with(HEAD * 2, lacing=bytes([19, 19])),
    "a head without lacing": lambda: _with(b"", lacing=b""),
    "only a head": lambda: page(HEAD, 0, flags=2),
    "no comments": lambda: page(HEAD, 0, flags=2) + sound(1, 2),
    "other comments": lambda: _with(tags=b"OpusTagz" + bytes(20)),
    "comments without end": lambda: page(HEAD, 0, flags=2)
    + b"".join(page(TAGS + bytes(255 * 200 - len(TAGS)), n, lacing=b"\xff" * 200)
               for n in range(1, 9)),
    "a picture of 1 MB in the comments": lambda: page(HEAD, 0, flags=2)
    + b"".join(page((TAGS if n == 1 else b"").ljust(255 * 255, b"x"), n, lacing=b"\xff" * 255)
               for n in range(1, 18)) + page(b"x", 18) + sound(19, 2),
    "comments that end the stream": lambda: page(HEAD, 0, flags=2) + page(TAGS, 1, flags=4),
    "comments of another stream": lambda: page(HEAD, 0, flags=2) + page(TAGS, 1, serial=9)
    + sound(2, 2),
    "no sound": lambda: _START,
    "no end": lambda: _START + sound(2, 3, last=False),
    "sound of another stream": lambda: _START + sound(2, 3, serial=9),
    "two streams in turn": lambda: _START + sound(2, 1, last=False) + sound(3, 1, serial=9),
    "a second beginning": lambda: _START + page(HEAD, 2, flags=2) + sound(3, 2),
    "time that runs back": lambda: _START + page(PACKET, 2, position=96_000)
    + page(PACKET, 3, position=48_000, flags=4),
    "time before the beginning": lambda: _START + page(PACKET, 2, position=-2, flags=4),
    "time without end": lambda: _START + page(PACKET, 2, position=2**62, flags=4),
    "eleven minutes": lambda: _START + page(PACKET, 2, position=48_000 * 660, flags=4),
    "sound without lacing": lambda: _START + page(b"", 2, flags=4, lacing=b""),
    "an open packet at the end": lambda: _START
    + page(bytes(255), 2, flags=4, position=960, lacing=b"\xff"),
    "a rest without a beginning": lambda: _START + page(PACKET, 2, flags=5, position=960),
    "a beginning without a rest": lambda: _START + page(bytes(255), 2, lacing=b"\xff")
    + page(PACKET, 3, flags=4, position=960),
    "a packet of 64 KB": lambda: _START
    + page(bytes(255 * 242), 2, flags=4, position=960, lacing=b"\xff" * 241 + b"\xfe"),
    "a page cut in its header": lambda: voice()[: len(_START) + 20],
    "a page cut in its lacing": lambda: voice()[: len(_START) + 40],
    "a page cut in its sound": lambda: voice()[:-20],
    "a flipped bit in the sound": lambda: voice()[:-9] + bytes([voice()[-9] ^ 1]) + voice()[-8:],
    "bytes between the pages": lambda: _START + b"between" + sound(2, 2),
    "bytes before the first page": lambda: b"\xef\xbb\xbf" + voice(),
    "sound first": lambda: sound(0, 2) + _START,
    "six megabytes": lambda: voice() + bytes(6 * 1024 * 1024),
}  # fmt: skip


def broken() -> Iterator[tuple[str, bytes]]:
    """Yield a name and the bytes of each kind of malformed recording."""
    for name, make in BROKEN.items():
        yield name, make()
