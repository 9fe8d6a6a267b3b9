"""Marks of the writing direction, which a text in Arabic script contains."""

import re

_MARKS = re.compile("[\u2066-\u2069\u200e\u200f]")


def without_marks(text: str) -> str:
    """Return a text without marks of the writing direction."""
    return _MARKS.sub("", text)
