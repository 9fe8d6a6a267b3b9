"""Reject malformed requests before their bodies are read, and add security headers to responses."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.cache import CacheUnavailable
from bot.config.installation import in_brackets
from bot.db.connection import REQUEST_SECONDS, request_silence
from bot.observability import metrics
from bot.web.embedding import NO_FRAME, allowed_headers

# Exceptions that mean that PostgreSQL or Valkey is unavailable. The response then has status 503.
UNAVAILABLE_ERRORS = (OperationalError, PoolTimeout, CacheUnavailable)
MAX_HEADERS = 100
MAX_HEADER_BYTES = 16 * 1024
# First path segments that the metric of responses has as labels. All other paths have the label
# "other".
COUNTED_PATHS = {"api", "callbacks", "chat", "console", "p", "static", "status", "webhooks"}
# Requests with these paths may use the database for longer than REQUEST_SECONDS, because they
# compute the console's statistics.
LONG_PATHS = ("/console/",)
HOST = re.compile(r"([^\s/@]+?)(?::[0-9]{1,5})?")

HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        b" media-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self';"
        b" base-uri 'none';" + NO_FRAME,
    ),
    (b"x-content-type-options", b"nosniff"),
    # Other sites get no referrer. With "no-referrer", browsers would also send the origin "null"
    # with Kosh's own forms, and `check_origin` would reject those of older browsers.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(), camera=(), microphone=(), payment=()"),
]


class RequestGuard:
    """ASGI middleware that rejects requests with ambiguous lengths or a foreign Host header.

    The middleware also adds the security headers to every response and counts responses.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status = reject_status(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                count_response(scope["path"], message["status"])
                added = allowed_headers(scope, HEADERS)
                message["headers"] = [*message["headers"], *added]
            await send(message)

        if status is None:
            if not scope["path"].startswith(LONG_PATHS):
                request_silence.set(REQUEST_SECONDS)
            return await self._app(scope, receive, send_with_headers)
        await send_with_headers({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def security_headers() -> dict[str, str]:
    """Return the security headers for a response that `RequestGuard` does not process."""
    return {name.decode(): value.decode() for name, value in HEADERS}


def count_response(path: str, status: int) -> None:
    """Count a response in the metrics by status and first path segment."""
    # Rejected requests are counted too, and the target of `OPTIONS *` has no segment.
    first = path.removeprefix("/").partition("/")[0]
    metrics.ANSWERS.labels(first if first in COUNTED_PATHS else "other", status).inc()


def reject_status(scope: Scope) -> int | None:
    """Return the status with which to reject a request, or None to accept it.

    Return 431 for too many or too large headers. Return 400 for ambiguous lengths, a target that is
    no path, a NUL in the address, or a Host header that is not this site's host.
    """
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if len(headers) > MAX_HEADERS or sum(len(n) + len(v) for n, v in headers) > MAX_HEADER_BYTES:
        return 431
    names = [name for name, _value in headers]
    lengths = names.count(b"content-length")
    if lengths > 1 or (lengths and b"transfer-encoding" in names):
        return 400
    if (
        not scope["path"].startswith("/")
        or "\0" in scope["path"]
        or b"%00" in scope["query_string"]
    ):
        return 400
    hosts = [value for name, value in headers if name == b"host"]
    return None if len(hosts) == 1 and _is_allowed_host(scope, hosts[0]) else 400


def _is_allowed_host(scope: Scope, host: bytes) -> bool:
    rt = getattr(scope["app"].state, "rt", None) if "app" in scope else None
    return _is_own_host(host, rt.settings.public_url if rt is not None else "")


@lru_cache(64)
def _is_own_host(host: bytes, public_url: str) -> bool:
    named = HOST.fullmatch(host.decode("latin-1").lower())
    public = in_brackets(urlsplit(public_url).hostname or "")
    own = {"localhost", "127.0.0.1", "[::1]", public}
    return named is not None and named[1] in own
