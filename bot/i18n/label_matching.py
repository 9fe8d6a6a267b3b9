"""Compares a few typed words with the label of a button, in other grammatical forms.

"Өзім" (I myself) resembles "Өзімді" (myself), and "oilam bilan" (with my family) resembles "Oʻzim
va oilam" (myself and my family).
"""

from itertools import takewhile

from bot.i18n import normalization
from flows.engine.word_count import HAN

# Minimum number of equal first letters of two words, and maximum number of letters of an ending.
MIN_STEM, MAX_ENDING = 4, 4
MIN_HAN = 2


def resembles(typed: str, label: str) -> bool:
    """Return True if at least half of the typed letters are in words of the label.

    Two words count as equal if they begin alike and their other letters may be an ending. Chinese
    has no endings: one of the two texts must contain the other. A text with a number resembles no
    label, because its other words may only be a unit.
    """
    text, shown = normalization.bare(typed), normalization.bare(label)
    if any(map(str.isdigit, text)):
        return False
    if HAN.search(text):
        shorter, longer = sorted((text.replace(" ", ""), shown.replace(" ", "")), key=len)
        return len(shorter) >= MIN_HAN and shorter in longer
    words = text.split()
    known = [word for word in words if any(_is_form(word, other) for other in shown.split())]
    return 2 * sum(map(len, known)) >= sum(map(len, words)) > 0


def _is_form(word: str, other: str) -> bool:
    """Return True if two words may be forms of one word."""
    equal = takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False))
    stem = sum(1 for _pair in equal)
    return stem >= MIN_STEM and max(len(word), len(other)) - stem <= MAX_ENDING
