"""Replaces number words up to 20, such as "five", by digits, in every language and script."""

import re
from functools import cache

from bot.i18n import kazakh_arabic, normalization, uzbek_cyrillic

# check: a native speaker must check each line
# The numbers from 1 on. The first line is Kazakh, the second one is Uzbek; each also counts in its
# other script. The last lines have other forms of Russian words, also for groups of people.
NUMBERS = (
    "бір, екі, үш, төрт, бес, алты, жеті, сегіз, тоғыз, он, он бір, он екі, он үш, он төрт, он бес,"
    " он алты, он жеті, он сегіз, он тоғыз, жиырма",
    "bir, ikki, uch, toʻrt, besh, olti, yetti, sakkiz, toʻqqiz, oʻn, oʻn bir, oʻn ikki, oʻn uch,"
    " oʻn toʻrt, oʻn besh, oʻn olti, oʻn yetti, oʻn sakkiz, oʻn toʻqqiz, yigirma",
    "один, два, три, четыре, пять, шесть, семь, восемь, девять, десять, одиннадцать, двенадцать,"
    " тринадцать, четырнадцать, пятнадцать, шестнадцать, семнадцать, восемнадцать, девятнадцать,"
    " двадцать",
    "одна, двое, трое, четверо, пятеро, шестеро, семеро",
    "одно, две",
)
# The Kazakh word for ten alone, which means "he" in Russian.
AMBIGUOUS = "он"


def with_digits(text: str) -> str:
    """Return a text in the spelling of `normalization.fold` with digits in place of number words.

    Two numbers remain two: "twenty one" becomes "20 1", which is no number.
    """
    return _word().sub(lambda found: str(_numbers()[found[0]]), text)


@cache
def _word() -> re.Pattern[str]:
    longest_first = sorted(_numbers(), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b")


@cache
def _numbers() -> dict[str, int]:
    kazakh, uzbek, *_others = NUMBERS
    arabic = kazakh_arabic.to_arabic(kazakh).replace("،", ",")
    return {
        normalization.fold(word): number
        for line in (*NUMBERS, arabic, uzbek_cyrillic.to_cyrillic(uzbek))
        for number, word in enumerate(line.split(", "), 1)
        if word != AMBIGUOUS
    }
