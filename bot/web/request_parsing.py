"""Parse request bodies, forms and numbers within size limits."""

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
"""A number of up to 15 digits in a URL query; FastAPI answers 422 for any other text."""


class Refused(Exception):
    """The request is rejected with this status and an empty body.

    The status is 400, 401, 403, 404, 408, 413, 415 or 503.
    """

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def client_host(request: Request) -> str:
    """Return the client's IP address, as forwarded by trusted proxies; "" if it is unknown."""
    return request.client.host if request.client else ""


def number(text: str, *, otherwise: int = 0) -> int:
    """Return the number in `text`, or `otherwise` if it is not decimal or has over 15 digits."""
    return int(text) if text.isdecimal() and len(text) <= MAX_NUMBER_DIGITS else otherwise


def blank_to_none(value: object) -> object:
    """Return None for "", which browsers send for an optional field without a choice."""
    return None if value == "" else value


def fields(raw: bytes, limit: int) -> Pairs:
    """Return the fields of a URL-encoded form in order.

    Raises Refused (400) for more than `limit` fields, or if a field contains a NUL, which
    PostgreSQL cannot store.
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
    """Return the raw body of a request.

    Raises Refused with status 415 for another media type or a content encoding, 413 above `limit`
    bytes, 408 after BODY_SECONDS, 400 if the client disconnects. `count` is called with the size of
    each chunk, and may raise Refused.
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
    """Raise Refused (403) for a form that another site sent.

    `sites` are the accepted values of the header Sec-Fetch-Site. With `required`, a request without
    this header must have an Origin header.
    """
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin")
    foreign = origin not in (None, "null") and urlsplit(origin).netloc != request.headers["host"]
    # A browser whose user allows no referrer may send the origin "null". It is accepted only
    # together with a valid Sec-Fetch-Site.
    unnamed = not site and (origin == "null" or (required and origin is None))
    if foreign or site not in ("", *sites) or unnamed:
        raise Refused(403)


class CheckedRequest(Request):
    """A request whose form was already read and checked; FastAPI gets the checked fields."""

    def __init__(self, request: Request, pairs: Pairs) -> None:
        super().__init__(request.scope, request.receive)
        self.pairs = pairs

    async def form(self, **_limits: object) -> FormData:  # type: ignore[override]
        """Return the checked fields as Starlette's form data."""
        return FormData([*self.pairs])


class ReadRequest(Request):
    """A request whose body was already read within its limit; FastAPI gets the read bytes."""

    def __init__(self, request: Request, raw: bytes) -> None:
        super().__init__(request.scope, request.receive)
        self._raw = raw

    async def body(self) -> bytes:
        """Return the body that was already read, instead of reading it from the client."""
        return self._raw


class FormRoute(APIRoute):
    """Route that reads and checks a form with `read_form` before FastAPI parses it.

    FastAPI reads the body before it runs dependencies, so a dependency could neither limit the
    body's size nor check the form's token before parsing.
    """

    read_form: Callable[[Request], Awaitable[Pairs]]

    def get_route_handler(self) -> Handler:
        """Return FastAPI's handler, called with a request whose form was read and checked."""
        handler = super().get_route_handler()

        async def checked(request: Request) -> Response:
            if request.method == "POST":
                request = CheckedRequest(request, await self.read_form(request))
            return await handler(request)

        return checked
