"""Choose a page's language: the one in the page's address, or one that the browser prefers."""

import re

from fastapi import Request

from bot.runtime import Runtime

# Maximum number of languages read from a request. Browsers send only a few; the rest of a longer
# header is ignored.
MAX_ASKED = 16
QUALITY = re.compile(r"[01](\.[0-9]{0,3})?")


def page_language(rt: Runtime, requested: str, request: Request) -> str:
    """Return `requested` if offered, else the offered language that the browser prefers.

    If the browser prefers none of them, return the installation's first language.
    """
    codes = [code for code, _own in rt.languages.languages()]
    return requested if requested in codes else browser_language(rt, request) or codes[0]


def browser_language(rt: Runtime, request: Request) -> str | None:
    """Return the offered language that the browser prefers; None if it accepts no offered one."""
    header = request.headers.get("accept-language", "")
    asked = [part.partition(";") for part in header.split(",")[:MAX_ASKED]]
    ranked = sorted(asked, key=lambda part: _quality(part[2]), reverse=True)
    found = (rt.languages.closest(hint.strip()) for hint, _semicolon, quality in ranked
             if _quality(quality) > 0)  # fmt: skip
    return next(filter(None, found), None)


def _quality(parameter: str) -> float:
    """Return the q-value of an Accept-Language entry: 1 if it is missing, 0 if it is invalid."""
    value = parameter.replace(" ", "").removeprefix("q=")
    if not value:
        return 1.0
    return float(value) if QUALITY.fullmatch(value) else 0.0
