"""The door: what a request must be like to come in at all, and the headers of every answer."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.cache import LiveUnavailable
from bot.observability import metrics

# What is raised while PostgreSQL or Valkey cannot be used.
CANNOT_BE_USED = (OperationalError, PoolTimeout, LiveUnavailable)
MOST_HEADERS = 100
MOST_HEADER_BYTES = 16 * 1024
PARTS = {"callbacks", "chat", "console", "p", "static", "status", "webhooks"}
HOST = re.compile(r"([^\s/@]+?)(?::[0-9]{1,5})?")

HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        b" connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(), camera=(), microphone=(), payment=()"),
]


class Door:
    """Refuses doubtful framing and foreign hosts before anything is read (security.md 5.5)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status = objection(scope)

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                metrics.ANSWERS.labels(_part(scope["path"]), message["status"]).inc()
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        if status is None:
            return await self._app(scope, receive, dressed)
        await dressed({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def _part(path: str) -> str:
    first = path.split("/", 2)[1]
    return first if first in PARTS else "other"


def objection(scope: Scope) -> int | None:
    """The status with which a request is turned away; None when it may come in."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if len(headers) > MOST_HEADERS or sum(len(n) + len(v) for n, v in headers) > MOST_HEADER_BYTES:
        return 431
    names = [name for name, _value in headers]
    lengths = names.count(b"content-length")
    if lengths > 1 or (lengths and b"transfer-encoding" in names):
        return 400
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        return 400
    hosts = [value for name, value in headers if name == b"host"]
    return None if len(hosts) == 1 and _is_ours(scope, hosts[0]) else 400


def _is_ours(scope: Scope, host: bytes) -> bool:
    rt = getattr(scope["app"].state, "rt", None) if "app" in scope else None
    return _named(host, rt.settings.public_url if rt is not None else "")


@lru_cache(64)
def _named(host: bytes, public_url: str) -> bool:
    named = HOST.fullmatch(host.decode("latin-1").lower())
    ours = {"localhost", "127.0.0.1", "[::1]", urlsplit(public_url).hostname or ""}
    return named is not None and named[1] in ours
