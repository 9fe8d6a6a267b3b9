"""Parse request bodies, form fields and numbers within limits."""

import asyncio
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

BODY_SECONDS = 10
MAX_NUMBER = 15


class Refused(Exception):
    """A request that is answered with a bare status: 400, 403, 408, 413 or 415."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def number(text: str, *, otherwise: int = 0) -> int:
    """A number as our own pages write them; `otherwise` for anything else, however long."""
    return int(text) if text.isdecimal() and len(text) <= MAX_NUMBER else otherwise


def fields(raw: bytes, limit: int, *, blank: bool = False) -> list[tuple[str, str]]:
    """The fields of a form, without NULs, which no database takes; refused past `most` of them."""
    text = raw.decode("utf-8", "replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=blank, max_num_fields=limit)
    except ValueError:
        raise Refused(400) from None
    return [(name.replace("\0", ""), value.replace("\0", "")) for name, value in pairs]


async def body(request: Request, limit: int, kind: str) -> bytes:
    """The raw body of one content type, refused past `most` bytes while it streams in."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != kind:
        raise Refused(415)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415)
    chunks, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise Refused(413)
                chunks.append(chunk)
    except TimeoutError:
        raise Refused(408) from None
    except ClientDisconnect:
        raise Refused(400) from None
    return b"".join(chunks)
