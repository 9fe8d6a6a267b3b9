"""Compares a few typed words with the label of a button, in other grammatical forms.

"Өзім" (I myself) resembles "Өзімді" (myself), and "oilam bilan" (with my family) resembles "Oʻzim
va oilam" (myself and my family).
"""

import re
from itertools import takewhile

from bot.i18n import normalization
from bot.i18n.word_lists import bare_words
from flows.engine.word_count import HAN

# Minimum number of equal first letters of two words, and maximum number of letters of an ending.
MIN_STEM, MAX_ENDING = 4, 4
MIN_HAN = 2

# Words that turn the meaning of a text into its opposite, and Chinese characters that do. The first
# line is Kazakh, the second one is Uzbek; each also matches in its other script.
# check: a native speaker must check each line
NEGATIONS = (
    "жоқ емес емеспін емеспіз жоқпын",
    "yoʻq yoq emas emasman emasmiz",
    "emes emespin joq jok zhoq zhok",
    "не нет ни без кроме нету",
    "not no without except",
)
NEGATION_HAN = re.compile("[不没沒无無非勿]")
# Ends of Kazakh and Uzbek verbs, such as "I do not work", as `normalization.bare` spells them.
NEGATED_VERB = re.compile(r"[мбп][ае](?:имин|иман|дим)\b|[مبپ][اە](?:يمين|ديم)\b|ma(?:yman|dim)\b")


def resembles(typed: str, label: str) -> bool:
    """Return True if at least half of the typed letters are in words of the label.

    Two words count as equal if they begin alike and their other letters may be an ending. Chinese
    has no endings: one of the two texts must contain the other. A text with a number resembles no
    label, because its other words may only be a unit. A text and a label of which only one says
    "not" or "no" have opposite meanings: "a passport" and "I have no passport".
    """
    text, shown = normalization.bare(typed), normalization.bare(label)
    if any(map(str.isdigit, text)) or _denies(text) is not _denies(shown):
        return False
    if HAN.search(text):
        shorter, longer = sorted((text.replace(" ", ""), shown.replace(" ", "")), key=len)
        return len(shorter) >= MIN_HAN and shorter in longer
    words = text.split()
    known = [word for word in words if any(_is_form(word, other) for other in shown.split())]
    return 2 * sum(map(len, known)) >= sum(map(len, words)) > 0


def _denies(text: str) -> bool:
    """Return True if a text, as `normalization.bare` spells it, has a negation."""
    has_part = NEGATION_HAN.search(text) or NEGATED_VERB.search(text)
    return bool(has_part) or any(word in bare_words(NEGATIONS) for word in text.split())


def _is_form(word: str, other: str) -> bool:
    """Return True if two words may be forms of one word."""
    equal = takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False))
    stem = sum(1 for _pair in equal)
    return stem >= MIN_STEM and max(len(word), len(other)) - stem <= MAX_ENDING
