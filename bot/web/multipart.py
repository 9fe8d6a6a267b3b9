"""Read a multipart form with one file as a stream; the file is never written to disk."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from bot.web.request_parsing import Refused

KIND = b"multipart/form-data"
MAX_FIELD_BYTES = 200
MAX_FIELDS = 8
# Timeouts in seconds: for all fields before the file together, and for each piece of the body.
# `Sanitizer` limits the time for the whole file.
FIELDS_SECONDS = 20.0
PIECE_SECONDS = 60.0


@dataclass
class Upload:
    """An uploaded form: the text fields that precede its file, and a stream of the file's bytes."""

    fields: dict[str, str]
    file: AsyncIterator[bytes]


async def opened(request: Request, limit: int) -> Upload:
    """Read the form up to the beginning of its file, and return its fields and the file's stream.

    Raises Refused with status 415 if the body is not a multipart form, 400 if the form has no file,
    408 if the fields take longer than FIELDS_SECONDS, 413 above `limit` bytes.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != KIND or not boundary:
        raise Refused(415)
    reader = _Reader(request, boundary, limit)
    try:
        async with asyncio.timeout(FIELDS_SECONDS):
            while not reader.in_file:
                if not await reader.read():
                    raise Refused(400)
    except TimeoutError:
        raise Refused(408) from None
    return Upload(reader.fields, reader.chunks())


@dataclass
class _Part:
    name: str = ""
    is_file: bool = False
    header: bytes = b""
    value: bytes = b""
    text: bytes = b""


class _Reader:
    """Feeds a body to the multipart parser in pieces; collects the fields and the file's bytes."""

    def __init__(self, request: Request, boundary: bytes, limit: int) -> None:
        self.fields: dict[str, str] = {}
        self.in_file = False
        self._ended = False
        self._size, self._limit = 0, limit
        self._part = _Part()
        self._waiting: deque[bytes] = deque()
        self._stream = request.stream()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._field,
                "on_header_value": self._value,
                "on_header_end": self._header,
                "on_part_data": self._data,
                "on_part_end": self._end,
            },
        )

    async def read(self) -> bool:
        """Parse the next piece of the body; return False at the end of the body.

        Raises Refused with 408 (too slow), 400 (malformed or disconnected) or 413 (too large).
        """
        try:
            async with asyncio.timeout(PIECE_SECONDS):
                piece = await anext(self._stream, None)
        except TimeoutError:
            raise Refused(408) from None
        except ClientDisconnect:
            raise Refused(400) from None
        if piece is None:
            return False
        self._size += len(piece)
        if self._size > self._limit:
            raise Refused(413)
        try:
            self._parser.write(piece)
        except MultipartParseError:
            raise Refused(400) from None
        return True

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the uploaded file's bytes to the file's end; ignore later parts of the form."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._ended or not await self.read():
                return

    def _begin(self) -> None:
        self._part = _Part()

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]

    def _value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]

    def _header(self) -> None:
        part = self._part
        if part.header.lower() == b"content-disposition":
            _kind, options = parse_options_header(part.value)
            part.name = options.get(b"name", b"").decode("utf-8", "replace")
            part.is_file = b"filename" in options
        if part.is_file and not self._ended:
            self.in_file = True
        part.header = part.value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._part.is_file:
            self._part.text = (self._part.text + data[start:end])[:MAX_FIELD_BYTES]
        elif not self._ended:
            self._waiting.append(data[start:end])

    def _end(self) -> None:
        if self._part.is_file:
            self._ended = True
        elif len(self.fields) < MAX_FIELDS:
            self.fields[self._part.name] = self._part.text.decode("utf-8", "replace")
