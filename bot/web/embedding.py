"""Allow sites with a configured origin to embed the web chat in a frame; reject all other sites.

Browsers do not send a SameSite=Strict cookie to a frame of another site. A framed chat therefore
has a separate cookie, which the browser partitions by the embedding site (CHIPS).
"""

from functools import lru_cache

from fastapi import Request
from starlette.types import Scope

from bot.runtime import Runtime

# Paths that may be shown in a frame: the chat page, its POST routes (which may return the page too)
# and the page after a quick exit.
FRAMED_PATHS = frozenset({"/chat", "/chat/said", "/chat/pressed", "/chat/file", "/away"})
# Header that marks requests of a framed page. Only our own page's script can send it; other sites
# cannot.
FRAME_HEADER = "x-kosh-framed"
NO_FRAME = b" frame-ancestors 'none'"


def is_framed(request: Request) -> bool:
    """Return True if a chat page in a frame sent the request and embedding is configured.

    A frame is recognized by our script's header or by the browser's header Sec-Fetch-Dest.
    """
    rt: Runtime = request.app.state.rt
    headers = request.headers
    in_frame = FRAME_HEADER in headers or headers.get("sec-fetch-dest") == "iframe"
    return bool(rt.settings.embed_origins) and in_frame


def allowed_headers(scope: Scope, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the security headers; on chat pages, they let configured origins embed the page."""
    rt = getattr(scope["app"].state, "rt", None) if "app" in scope else None
    if rt is None or not rt.settings.embed_origins or scope["path"] not in FRAMED_PATHS:
        return headers
    allowed = _frame_ancestors(rt.settings.embed_origins)
    return [(name, value.replace(NO_FRAME, allowed)) for name, value in headers]


@lru_cache(8)
def _frame_ancestors(origins: tuple[str, ...]) -> bytes:
    return f" frame-ancestors {' '.join(origins)}".encode()
