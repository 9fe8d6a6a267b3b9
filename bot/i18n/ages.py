"""Reads a typed age, such as "4", "4 years" or "2 years 3 months", in every language and script."""

import re
from functools import cache
from itertools import pairwise

from bot.i18n import normalization, number_words
from bot.i18n.parsers import HAN_NUMBER, read_number
from bot.i18n.word_lists import folded_words

MAX_AGE = 120
MONTHS_PER_YEAR = 12

# check: a native speaker must check each line
# The first line of each is Kazakh, the second one is Uzbek; each also matches in its other script.
YEARS = (
    "жас жаста жасқа жасында жасар жыл",
    "yosh yoshda yoshga yoshli yoshdan yashar yil",
    "год года лет годик годика годиков г л",
    "岁 歲 周岁 岁了 歲了 岁半 歲半",
    "jas jasta zhas zhasta year years yo",
)
MONTHS = (
    "ай айда айлық",
    "oy oylik",
    "месяц месяца месяцев мес",
    "个月 個月 个月大",
    "ai ay month months",
)
# Words that may occur beside an age. Words that change the age, such as "almost", are left out.
BESIDE = ("қазір жасы", "hozir yoshi", "уже и возраст", "今年 满 年龄", "old and age")
# Words that may also occur beside the age of somebody else.
OTHERS = (
    "ол оған ұлым қызым балам ұлыма қызыма балама",
    "u unga oʻgʻlim qizim bolam oʻgʻlimga qizimga bolamga",
    "ему ей сыну дочери дочке ребёнку ребенку мужу жене маме папе отцу матери",
    "他 她 他是 她是 他今年 她今年 孩子 儿子 女儿",
    "he she is",
)
# Words that may occur beside the person's own age, in addition to those of BESIDE.
OWN = (
    "мен менің маған жасым жастамын",
    "men mening menga yoshim yoshdaman",
    "мне я мой исполнилось сейчас",
    "我 我是 我今年 本人 我的年龄 我今年是",
    "i iʼm am my",
)
# The ending of a number in "I am 65", in Kazakh (both scripts) and Uzbek (both scripts).
OWN_ENDING = re.compile(r"(?<=\w)-?(?:[тд][еа]м[ыі]н|daman|даман|[تد][اە]مىن)\b")
# A smaller number word without a word for years may count people: "я одна" means "I am alone".
MIN_ALONE = 11
# A number has at most one decimal: "05.2010" is a month and a year.
PART = re.compile(r"[0-9]+(?:[.,][0-9](?![0-9]))?|[^\W\d_]+(?:[ʻʼ][^\W\d_]+)*")
BETWEEN = re.compile(r"[\s.,()]*")
# A sign, or two Chinese digits in a row, which mean "2 or 3" and not 23.
NOT_EXACT = re.compile("[<>≤≥~≈±]|[一二三四五六七八九两]{2}")


def read_age(typed: str, *, is_own: bool = False) -> int | None:
    """Return the age in whole years, or None for a text that is no age of at most MAX_AGE years.

    A single number without a unit counts as years. Years before months are one age; two numbers in
    another order, such as "8 years, 10 years", are the ages of two people. With `is_own`, the age
    may be the person's own, as in "I am 30".
    """
    parts, months_of = _parts(typed), _units()
    known = months_of.keys() | _beside(is_own=is_own)
    numbers = [
        (float(part.replace(",", ".")), months_of.get(after))
        for part, after in pairwise((*parts, ""))
        if part[0].isdecimal()
    ]
    is_known = all(part in known for part in parts if not part[0].isdecimal())
    units = [months for _number, months in numbers]
    is_one_age = len(units) == 1 or units == [MONTHS_PER_YEAR, 1]
    if not (numbers and is_known and is_one_age):
        return None
    months = sum(number * (unit or MONTHS_PER_YEAR) for number, unit in numbers)
    # A number of many digits is infinite as a float, which `int` cannot convert.
    is_age = months < (MAX_AGE + 1) * MONTHS_PER_YEAR
    return int(months // MONTHS_PER_YEAR) if is_age else None


def _parts(typed: str) -> list[str]:
    """Return the numbers and words of a text; nothing for a text such as "14-15" or "两三岁"."""
    if NOT_EXACT.search(typed):
        return []
    text = normalization.fold(typed.replace("两", "二"))
    spelt = number_words.with_digits(OWN_ENDING.sub(" жастамын", text))
    parts = PART.findall(spelt)
    has_unit = any(part.startswith(tuple(_units())) for part in parts)
    is_large = any(int(part) >= MIN_ALONE for part in parts if part.isdecimal() and len(part) < 4)
    if has_unit or is_large:
        text = spelt
    text = HAN_NUMBER.sub(lambda found: f"{read_number(found[0], 0, MAX_AGE)}", text)
    return PART.findall(text) if BETWEEN.fullmatch(PART.sub("", text)) else []


@cache
def _units() -> dict[str, int]:
    """Return the number of months of each unit of time, by its words."""
    months, years = folded_words(MONTHS), folded_words(YEARS)
    return dict.fromkeys(months, 1) | dict.fromkeys(years, MONTHS_PER_YEAR)


@cache
def _beside(*, is_own: bool) -> frozenset[str]:
    return folded_words(BESIDE) | folded_words(OWN if is_own else OTHERS)
