"""Spans that translation and script conversion must not change, such as placeholders and URLs."""

import re
from collections.abc import Callable

PLACE = re.compile(r"\{(\w+)\}")
# Matches internet addresses. They are not converted to another script, because an address with
# other letters would lead to another website.
ADDRESS = (
    r"https?://[^\s<>()（）]+|(?<![A-Za-z0-9.-])(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?:/[^\s<>()（）]*)?"
    r"|(?:[A-Za-z0-9Ѐ-ӿ-]+\.)+(?:рф|қаз)(?![Ѐ-ӿ])(?:/[^\s<>()（）]*)?"
)
EMAIL = r"[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}"
# Matches numbers of bank accounts (also in groups of four), documents (also "FA 1234567") and
# registrations: with other letters, such a number would be invalid.
DOCUMENT_NUMBER = (
    r"(?<![A-Za-z0-9])(?:[A-Z]{1,4}(?:[0-9]{5,}[A-Z0-9]*|-20[0-9]{2}(?:-[A-Z0-9]{4}){2})"
    r"|[A-Z]{2}[0-9]{2}(?:[ \u00a0][A-Z0-9]{4}){3,}(?:[ \u00a0][0-9]{1,3})?"
    r"|[A-Z]{2} [0-9]{7})(?![A-Za-z0-9])"
)
KEPT = re.compile(
    rf"</?[a-z]+[^>]*>|{EMAIL}|{DOCUMENT_NUMBER}|(?i:{ADDRESS})|(?<![\w/<])/[a-z_]+|(?<!\w)@[A-Za-z0-9_]+",
    re.ASCII,
)
EITHER = re.compile(rf"{PLACE.pattern}|{KEPT.pattern}", re.ASCII)

# Names that are written in the same letters in every language.
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


def change_unprotected(text: str, change: Callable[[str], str]) -> str:
    """Apply `change` to all parts of a text that are not protected; return the text."""
    parts, end = [], 0
    for found in EITHER.finditer(text):
        parts += [change(text[end : found.start()]), found[0]]
        end = found.end()
    return "".join([*parts, change(text[end:])])
