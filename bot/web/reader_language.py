"""Choose the language of a page: the one in its address, else one that the browser asks for."""

import re

from fastapi import Request

from bot.runtime import Runtime

# A browser lists a few languages; a longer list is not read to its end.
MAX_ASKED = 16
QUALITY = re.compile(r"[01](\.[0-9]{0,3})?")


def page_language(rt: Runtime, wanted: str, request: Request) -> str:
    """Return the wanted language, or the offered one that fits the browser best."""
    codes = [code for code, _own in rt.languages.languages()]
    return wanted if wanted in codes else browser_language(rt, request) or codes[0]


def browser_language(rt: Runtime, request: Request) -> str | None:
    """Return the offered language that the browser ranks highest; None if it asks for none."""
    header = request.headers.get("accept-language", "")
    asked = [part.partition(";") for part in header.split(",")[:MAX_ASKED]]
    ranked = sorted(asked, key=lambda part: _quality(part[2]), reverse=True)
    found = (rt.languages.closest(hint.strip()) for hint, _semicolon, quality in ranked
             if _quality(quality) > 0)  # fmt: skip
    return next(filter(None, found), None)


def _quality(parameter: str) -> float:
    """Return the rank of a language; 1 without a number, 0 for one that cannot be read."""
    value = parameter.replace(" ", "").removeprefix("q=")
    if not value:
        return 1.0
    return float(value) if QUALITY.fullmatch(value) else 0.0
