"""Replaces number words up to 99, such as "five", by digits, in every language and script."""

import re
from functools import cache

from bot.i18n import normalization
from bot.i18n.word_lists import in_all_scripts

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
# The tens from 30 on, in Kazakh, Uzbek and Russian.
TENS = (
    "отыз, қырық, елу, алпыс, жетпіс, сексен, тоқсан",
    "oʻttiz, qirq, ellik, oltmish, yetmish, sakson, toʻqson",
    "тридцать, сорок, пятьдесят, шестьдесят, семьдесят, восемьдесят, девяносто",
)
# The Kazakh word for ten alone, which means "he" in Russian.
AMBIGUOUS = "он"


def with_digits(text: str) -> str:
    """Return a text in the spelling of `normalization.fold` with digits in place of number words.

    Two numbers remain two: "five six" becomes "5 6", which is no number.
    """
    return _word().sub(_in_digits, text)


def _in_digits(found: re.Match[str]) -> str:
    tens, ones, other = (numbers().get(word or "", 0) for word in found.groups())
    return str(tens + ones + other)


@cache
def _word() -> re.Pattern[str]:
    longest_first = sorted(numbers(), key=len, reverse=True)
    tens, ones, all_words = (
        "|".join(re.escape(word) for word in longest_first if numbers()[word] in values)
        for values in (range(20, 100, 10), range(1, 10), range(1, 20))
    )
    return re.compile(rf"\b(?:({tens})(?: ({ones}))?|({all_words}))\b")


@cache
def numbers() -> dict[str, int]:
    """Return the number words, in the spelling of `normalization.fold`, with their numbers."""
    small = {word: number for line in _spelt(NUMBERS) for number, word in enumerate(line, 1)}
    tens = {word: 10 * ten for line in _spelt(TENS) for ten, word in enumerate(line, 3)}
    found = {**small, **tens}
    return {normalization.fold(word): found[word] for word in found if word != AMBIGUOUS}


def _spelt(lines: tuple[str, ...]) -> list[list[str]]:
    """Return the words of each line, and of the Kazakh and the Uzbek line in the other script."""
    return [line.split(", ") for line in in_all_scripts(lines)]
