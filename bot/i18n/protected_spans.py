"""Spans that neither translation nor script conversion may change: placeholders, tags, URLs."""

import re
from collections.abc import Callable

PLACE = re.compile(r"\{(\w+)\}")
KEPT = re.compile(
    r"</?[a-z]+[^>]*>|https?://[^\s<>()（）]+|(?<![A-Za-z0-9.-])(?:[a-z0-9-]+\.)+[a-z]{2,}"
    r"|(?<![\w/<])/[a-z_]+|(?<!\w)@[A-Za-z0-9_]+",
    re.ASCII,
)
EITHER = re.compile(rf"{PLACE.pattern}|{KEPT.pattern}", re.ASCII)

# Words kept in their own letters in every language.
NAMES = {
    "Kosh",
    "Telegram",
    "WhatsApp",
    "ИИН",
    "ЦОН",
    "PIN",
    "ID",
    "PINFL",
    "JShShIR",
    "PDF",
    "JPEG",
    "JPG",
    "MB",
    "PNG",
    "ПИНФЛ",
    "WebP",
    "HEIC",
    "TESTOVA",
    "Otandastar",
    "Enbek",
    "Migration",
}


def around(text: str, change: Callable[[str], str]) -> str:
    """Apply `change` to all of the text but its protected spans."""
    done, end = [], 0
    for found in EITHER.finditer(text):
        done += [change(text[end : found.start()]), found[0]]
        end = found.end()
    return "".join([*done, change(text[end:])])
