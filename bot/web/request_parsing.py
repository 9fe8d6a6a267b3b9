"""Parse request bodies, forms and numbers within limits."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect
from starlette.responses import Response

BODY_SECONDS = 10
MAX_NUMBER_DIGITS = 15
FORM = "application/x-www-form-urlencoded"

type Pairs = list[tuple[str, str]]
type Handler = Callable[[Request], Coroutine[Any, Any, Response]]


QueryNumber = Annotated[int, Field(ge=0, lt=10**MAX_NUMBER_DIGITS)]
"""A number in an address; 422 for any other text."""


class Refused(Exception):
    """Refuse a request with a bare status: 400, 401, 403, 404, 408, 413, 415 or 503."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def number(text: str, *, otherwise: int = 0) -> int:
    """Return the decimal number in `text`; `otherwise` if it is anything else or too long."""
    return int(text) if text.isdecimal() and len(text) <= MAX_NUMBER_DIGITS else otherwise


def blank_to_none(value: object) -> object:
    """Return None for an empty text, as forms send a choice that was not made."""
    return None if value == "" else value


def fields(raw: bytes, limit: int) -> Pairs:
    """Return the fields of a form in order; Refused past `limit` fields, or with a NUL in it.

    PostgreSQL stores no NUL, so that one would only fail later.
    """
    text = raw.decode("utf-8", "replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=limit)
    except ValueError:
        raise Refused(400) from None
    if any("\0" in part for pair in pairs for part in pair):
        raise Refused(400)
    return pairs


async def body(
    request: Request,
    limit: int,
    media_type: str,
    count: Callable[[int], None] = lambda _size: None,
) -> bytes:
    """Return the raw body of one media type; Refused past `limit` bytes while it streams in.

    `count` gets the size of each piece, and may refuse it.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
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
                count(len(chunk))
                chunks.append(chunk)
    except TimeoutError:
        raise Refused(408) from None
    except ClientDisconnect:
        raise Refused(400) from None
    return b"".join(chunks)


def check_origin(request: Request, *, sites: tuple[str, ...], required: bool) -> None:
    """Refuse a form that another site sent (403).

    `sites` are the values of Sec-Fetch-Site that are accepted. With `required`, a browser that
    sends no Sec-Fetch-Site has to name the origin.
    """
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin")
    foreign = origin not in (None, "null") and urlsplit(origin).netloc != request.headers["host"]
    # Without a referrer browsers send "null" as the origin; Sec-Fetch-Site then has to vouch.
    unnamed = not site and (origin == "null" or (required and origin is None))
    if foreign or site not in ("", *sites) or unnamed:
        raise Refused(403)


class CheckedRequest(Request):
    """A request whose form was read within limits and checked before FastAPI asks for it."""

    def __init__(self, request: Request, pairs: Pairs) -> None:
        super().__init__(request.scope, request.receive)
        self._pairs = pairs

    async def form(self, **_limits: object) -> FormData:  # type: ignore[override]
        """Return the form that was checked."""
        return FormData([*self._pairs])


class ReadRequest(Request):
    """A request whose body was read within its limit before FastAPI asks for it."""

    def __init__(self, request: Request, raw: bytes) -> None:
        super().__init__(request.scope, request.receive)
        self._raw = raw

    async def body(self) -> bytes:
        """Return the body that was read."""
        return self._raw


class FormRoute(APIRoute):
    """Read a form by `read_form` before FastAPI parses it, since it would do so before any check.

    FastAPI reads the body first and solves dependencies afterwards: a dependency can neither limit
    the body nor check the form's token before the form is parsed.
    """

    read_form: Callable[[Request], Awaitable[Pairs]]

    def get_route_handler(self) -> Handler:
        """Return FastAPI's handler with the form read before it."""
        handler = super().get_route_handler()

        async def checked(request: Request) -> Response:
            if request.method == "POST":
                request = CheckedRequest(request, await self.read_form(request))
            return await handler(request)

        return checked
