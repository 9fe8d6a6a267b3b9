"""Replaces a year in words, such as "шестьдесят первый" (61st), by its digits, in any language."""

import re
from collections.abc import Collection
from functools import cache

from bot.i18n import normalization, number_words
from bot.i18n.word_lists import in_all_scripts

# check: a native speaker must check each line
# The ordinals from 1 to 9 and of the tens from 20 on. The first line of each is Kazakh, the second
# one is Uzbek; each also matches in its other script. A Russian stem may have each of ENDINGS.
ONES = (
    "бірінші екінші үшінші төртінші бесінші алтыншы жетінші сегізінші тоғызыншы",
    "birinchi ikkinchi uchinchi toʻrtinchi beshinchi oltinchi yettinchi sakkizinchi toʻqqizinchi",
    "перв втор трет четвёрт пят шест седьм восьм девят",
)
TENS = (
    "жиырмасыншы отызыншы қырқыншы елуінші алпысыншы жетпісінші сексенінші тоқсаныншы",
    "yigirmanchi oʻttizinchi qirqinchi elliginchi oltmishinchi yetmishinchi saksoninchi"
    " toʻqsoninchi",
    "двадцат тридцат сороков пятидесят шестидесят семидесят восьмидесят девяност",
)
ENDINGS = ("ый", "ой", "ого", "ом", "ий", "ьего", "ьем")
# The words of a year before its last two digits, and the year 2000 as an ordinal.
CENTURIES = {
    1900: ("мың тоғыз жүз, бір мың тоғыз жүз", "ming toʻqqiz yuz, bir ming toʻqqiz yuz",
           "тысяча девятьсот"),
    2000: ("екі мың", "ikki ming", "две тысячи"),
}  # fmt: skip
NEW_CENTURY = ("екі мыңыншы", "ikki minginchi", "двухтысячный, двухтысячного, двухтысячном")
# An ordinal without a century belongs to LAST_CENTURY from MIN_YEAR on; a smaller one is not clear.
LAST_CENTURY, MIN_YEAR = 1900, 27


def with_digits(text: str) -> str:
    """Return a text in the spelling of `normalization.fold` with digits in place of such a year.

    Without the words of a century only ordinals count: other numbers may be an age.
    """
    return _year().sub(_in_digits, text)


def _in_digits(found: re.Match[str]) -> str:
    year = sum(_numbers().get(word or "", 0) for word in found.groups())
    if year >= LAST_CENTURY:
        return str(year)
    return str(LAST_CENTURY + year) if year >= MIN_YEAR else found[0]


@cache
def _year() -> re.Pattern[str]:
    cardinals, ordinals = number_words.numbers(), _ordinals()
    tens = [word for word, number in cardinals.items() if number >= 20]
    ones = [word for word, number in cardinals.items() if number < 20]
    after = f"(?: ({_any(tens)}))?(?: ({_any([*ones, *ordinals])}))?"
    alone = f"(?:({_any(tens)}) )?({_any(ordinals)})"
    return re.compile(rf"\b(?:({_any(_centuries())}){after}|{alone})\b")


def _any(words: Collection[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


@cache
def _numbers() -> dict[str, int]:
    return number_words.numbers() | _ordinals() | _centuries()


@cache
def _centuries() -> dict[str, int]:
    """Return the words of centuries with their first years."""
    lines = (*CENTURIES.items(), (2000, NEW_CENTURY))
    return {word: year for year, words in lines for line in _spelt(words) for word in line}


@cache
def _ordinals() -> dict[str, int]:
    found: dict[str, int] = {}
    for lines, first, step in ((ONES, 1, 1), (TENS, 20, 10)):
        *others, russian = (line.split() for line in lines)
        russian_words = [[stem + ending for stem in russian] for ending in ENDINGS]
        spelt = _spelt(tuple(", ".join(words) for words in (*others, *russian_words)))
        found |= {word: first + step * at for line in spelt for at, word in enumerate(line)}
    return found


def _spelt(lines: tuple[str, ...]) -> list[list[str]]:
    """Return the words of each line, and of the Kazakh and the Uzbek line in the other script."""
    spelt = in_all_scripts(lines)
    return [[normalization.fold(word) for word in line.split(", ")] for line in spelt]
