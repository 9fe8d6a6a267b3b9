"""Let the pages of listed origins show the web chat in a frame; no other page is ever framed.

Browsers send a strict cookie to no frame of another site. A framed chat therefore has a cookie of
its own, which the browser keeps apart for each site that shows the frame (CHIPS).
"""

from functools import lru_cache

from fastapi import Request
from starlette.types import Scope

from bot.runtime import Runtime

# Pages of the chat, which its posts answer too, and the page to which the quick exit leads.
FRAMED_PATHS = frozenset({"/chat", "/chat/said", "/chat/pressed", "/chat/file", "/away"})
# Only a script of our own page can send it.
FRAME_HEADER = "x-kosh-framed"
NO_FRAME = b" frame-ancestors 'none'"


def is_framed(request: Request) -> bool:
    """Return True if the chat asks from inside a frame: its script says so, or the browser does."""
    rt: Runtime = request.app.state.rt
    headers = request.headers
    in_frame = FRAME_HEADER in headers or headers.get("sec-fetch-dest") == "iframe"
    return bool(rt.settings.embed_origins) and in_frame


def allowed_headers(scope: Scope, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the security headers of a response, which name the origins that may frame it."""
    rt = getattr(scope["app"].state, "rt", None) if "app" in scope else None
    if rt is None or not rt.settings.embed_origins or scope["path"] not in FRAMED_PATHS:
        return headers
    allowed = _frame_ancestors(rt.settings.embed_origins)
    return [(name, value.replace(NO_FRAME, allowed)) for name, value in headers]


@lru_cache(8)
def _frame_ancestors(origins: tuple[str, ...]) -> bytes:
    return f" frame-ancestors {' '.join(origins)}".encode()
