"""Bidirectional text: wraps embedded text in isolates, and puts direction marks before lines.

Messengers set the direction of a line by its first strong letter. They also reverse the groups of
digits in phone numbers and dates after Arabic letters. The marks are only for display and are never
stored.
"""

import re
from functools import lru_cache

from bot.i18n.protected_spans import KEPT

RIGHT_TO_LEFT = frozenset({"kk_Arab"})
ARABIC = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
ISOLATE, END_ISOLATE, MARK = "\u2068", "\u2069", "\u200f"

# NUMBER_PART is a number of one part, such as 9:00, 12.05.2026 or (7172). NUMBER joins several
# parts, such as a range or a phone number. A bracket is part of a number only if the matching
# bracket is part of it, too.
NUMBER_PART = r"(?:\([0-9]+\)|[0-9](?:[0-9:.,/]*[0-9])?)"
NUMBER = (
    rf"\+?{NUMBER_PART}"
    rf"(?:(?:[ \u00a0]?[–-][ \u00a0]?|[ \u00a0]|(?=\()|(?<=\))){NUMBER_PART})+|\+[0-9]+"
)
# Parts of a sentence that are kept in left-to-right order: web addresses, commands, numbers, and <
# or >, which would be mirrored (as in the machine-readable zone of a passport).
LITERAL = re.compile(rf"{KEPT.pattern}|{NUMBER}|(?<!\S)[<>](?!\S)", re.ASCII)
TAG = re.compile("</?[a-z]+[^>]*>", re.ASCII)
LETTER = re.compile(r"[^\W\d_]")


def isolate(text: str) -> str:
    """Wrap each line of a text in an isolate, unless it already is in one; return the text."""
    return "\n".join(_isolate(line) for line in text.split("\n"))


def is_all_arabic(text: str) -> bool:
    """Return True if all letters and digits are Arabic, so that an isolate would change nothing."""
    signs = [sign for sign in text if sign.isalnum()]
    return bool(signs) and all(ARABIC.match(sign) for sign in signs)


@lru_cache(4096)
def literals(template: str) -> str:
    """Put each match of LITERAL in a right-to-left sentence, except HTML tags, into an isolate."""
    return _isolate_literals(template)


def arrange(text: str, language: str) -> str:
    """Return a typed text with the isolates and marks that its language needs for the display.

    Unlike `literals`, keep no text in memory, because a typed text may be private. Lines in another
    script, such as Russian lines, get no mark.
    """
    # A text without letters may be a phone number. A text of only emoji stays as it is, because
    # messengers show it larger.
    is_rtl = ARABIC.search(text) or (not LETTER.search(text) and LITERAL.search(text))
    if language not in RIGHT_TO_LEFT or not is_rtl:
        return text
    lines = text.split("\n")
    return "\n".join(
        _mark_direction(_isolate_literals(line)) if _is_rtl(line) else line for line in lines
    )


def add_marks(text: str) -> str:
    """Return a right-to-left text with a direction mark before each line that needs the mark.

    A line needs the mark if a messenger would display the line from left to right.
    """
    return "\n".join(_mark_direction(line) for line in text.split("\n"))


def _is_rtl(line: str) -> bool:
    """Return True for a line with Arabic letters, or without letters, such as a phone number."""
    return ARABIC.search(line) is not None or LETTER.search(line) is None


def _isolate_literals(text: str) -> str:
    return LITERAL.sub(lambda found: found[0] if TAG.match(found[0]) else _isolate(found[0]), text)


def _isolate(line: str) -> str:
    return line if not line or _is_isolated(line) else f"{ISOLATE}{line}{END_ISOLATE}"


def _is_isolated(line: str) -> bool:
    """Return True if one isolate covers the whole line: it opens first and closes last."""
    depth = 0
    for place, sign in enumerate(line, start=1):
        depth += (sign == ISOLATE) - (sign == END_ISOLATE)
        if depth == 0:
            return place == len(line) > 1
    return False


def _mark_direction(line: str) -> str:
    # Messengers differ: some take the direction of a line from its first letter, others from its
    # first letter outside of isolates. The mark can be omitted only if each of these letters is
    # Arabic.
    plain = TAG.sub("", line)
    is_arabic = _begins_arabic(plain) and _begins_arabic(_outside(plain))
    return line if is_arabic or not line.strip() else MARK + line


def _begins_arabic(line: str) -> bool:
    first = LETTER.search(line)
    return first is not None and ARABIC.match(first[0]) is not None


def _outside(line: str) -> str:
    """Return the line without the parts of it that are in isolates."""
    signs, depth = [], 0
    for sign in line:
        depth += sign == ISOLATE
        if depth == 0:
            signs.append(sign)
        depth -= sign == END_ISOLATE
    return "".join(signs)
