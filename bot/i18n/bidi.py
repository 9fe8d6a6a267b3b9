"""Both writing directions in one line: what is isolated, and where a line's direction is said.

Messengers take the direction of each line from its first strong letter, and turn phone numbers and
dates with hyphens round after Arabic letters (languages.md 8). Marks are shown, never stored.
"""

import re
from functools import lru_cache

from bot.i18n.protected_spans import KEPT

RIGHT_TO_LEFT = frozenset({"kk_Arab"})
ARABIC = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
ISOLATE, END_ISOLATE, MARK = "\u2068", "\u2069", "\u200f"

# What stands in the sentence itself: addresses, commands, and figures in groups: of a telephone, of
# a range.
LITERAL = re.compile(rf"{KEPT.pattern}|\+?[0-9]+(?:[ \u00a0–-][0-9]+)+", re.ASCII)
TAG = re.compile("</?[a-z]+[^>]*>", re.ASCII)
LETTER = re.compile(r"[^\W\d_]")


def isolated(text: str) -> str:
    """The text between isolates, each of its lines on its own; what already is stays as it is."""
    return "\n".join(_isolated(line) for line in text.split("\n"))


def is_all_arabic(text: str) -> bool:
    """Whether every letter and digit is Arabic, so that isolates would change nothing."""
    signs = [sign for sign in text if sign.isalnum()]
    return bool(signs) and all(ARABIC.match(sign) for sign in signs)


@lru_cache(4096)
def literals(template: str) -> str:
    """A right-to-left sentence with isolates round the addresses, commands and numbers in it."""
    return LITERAL.sub(
        lambda found: found[0] if TAG.match(found[0]) else _isolated(found[0]), template
    )


def lined(text: str) -> str:
    """A text of a right-to-left language, with a mark before lines that would not run so."""
    return "\n".join(_lined(line) for line in text.split("\n"))


def _isolated(line: str) -> str:
    return line if not line or _is_isolated(line) else f"{ISOLATE}{line}{END_ISOLATE}"


def _is_isolated(line: str) -> bool:
    """Whether the isolate that opens the line closes at its end and not before."""
    depth = 0
    for place, sign in enumerate(line, start=1):
        depth += (sign == ISOLATE) - (sign == END_ISOLATE)
        if depth == 0:
            return place == len(line) > 1
    return False


def _lined(line: str) -> str:
    # Some renderers take the first letter at all, others the first outside of isolates.
    plain = TAG.sub("", line)
    said = _begins_arabic(plain) and _begins_arabic(_outside(plain))
    return line if said or not line.strip() else MARK + line


def _begins_arabic(line: str) -> bool:
    first = LETTER.search(line)
    return first is not None and ARABIC.match(first[0]) is not None


def _outside(line: str) -> str:
    """The line without what stands in isolates."""
    kept, depth = [], 0
    for sign in line:
        depth += sign == ISOLATE
        if depth == 0:
            kept.append(sign)
        depth -= sign == END_ISOLATE
    return "".join(kept)
