"""Reads a typed year of birth, alone, in a date or in a sentence, in every language and script."""

import re
from datetime import date
from functools import cache

from bot.i18n import ages, normalization, parsers, spelled_years
from bot.i18n.word_lists import bare_words
from flows.engine.language_protocol import Refusal

# check: a native speaker must check each line
# Words that may occur beside the year. The first line of each is Kazakh, the second one is Uzbek;
# each also matches in its other script.
BORN = (
    "мен туған туғанмын туғам туылған туылғанмын туылдым дүниеге келдім келгенмін",
    "men tugʻilganman tugʻildim tugʻilgan",
    "я во в на м родился родилась рожден рождена рождения год году года",
    "i was am born in on m man",
)
# Words for a correction or a guess.
CORRECTED = (
    "жоқ қате қателестім шамамен көктемде жазда күзде қыста туылғам жылым",
    "yoʻq notoʻgʻri xato adashdim taxminan bahorda yozda kuzda qishda yilim",
    "нет неправильно неверно ошибка ошибся ошиблась примерно приблизительно около где то кажется"
    " весной летом осенью зимой",
    "no wrong sorry about",
)
HAN = re.compile(
    "我|是|于|在|出?生人?|的|[农農阴陰公]历|[农農阴陰公]曆|正月|冬月|腊月|春天|夏天|秋天|冬天"
    "|不对|不是|错了|应该|大[概约]|左右|好像"
)
# A year of the Republic of China, which old documents have.
MINGUO = re.compile("民[国國] ?([0-9]{1,3}) ?年?")
MINGUO_BEGINS = 1911


def read_year(typed: str, language: str, today: date) -> int | Refusal:
    """Return a past year, typed alone, in a full date, or in a sentence like "I was born in 1990".

    The refusals are those of `read_date`. An age is refused like a year of two digits, because the
    year does not follow from it.
    """
    figures, *rest = parsers.date_words(typed) or [""]
    is_year = figures.isdecimal() and len(figures) != 8
    if is_year and all(parsers.month_or_unit(word) == "year" for word in rest):
        return parsers.past_year(figures, today)
    found = parsers.read_date(typed, language, today)
    if isinstance(found, date):
        return found.year
    if found is not Refusal.NOT_A_DATE:
        return found
    if shorter := _with_digits(typed) or _without_words(typed):
        return read_year(shorter, language, today)
    if year := _year_with_a_month(typed):
        return parsers.past_year(year, today)
    is_age = ages.read_age(typed, is_own=True) is not None
    return Refusal.TWO_DIGIT_YEAR if is_age else found


def _with_digits(typed: str) -> str:
    """Return a text with digits in place of a year in words; "" if it has none."""
    text = normalization.fold(typed)
    spelt = spelled_years.with_digits(text)
    return spelt if spelt != text else ""


def _without_words(typed: str) -> str:
    """Return a text without the words that may occur beside a year; "" if it has none of them."""
    text = parsers.HAN_NUMBER.sub(parsers.han_digits, normalization.fold(typed))
    if len(text) > parsers.MAX_DATE:
        return ""
    left = MINGUO.sub(lambda found: f"{MINGUO_BEGINS + int(found[1])}年", text)
    left = parsers.WORD.sub(
        lambda found: "" if normalization.bare(found[0]) in _words() else found[0],
        HAN.sub(" ", left),
    )
    return left if left != text and any(map(str.isdecimal, left)) else ""


def _year_with_a_month(typed: str) -> str:
    """Return the year in a text with one month and no day, such as "March 1990", or ""."""
    words = parsers.date_words(typed)
    years = [word for word in words if len(word) == 4 and word.isdecimal()]
    others = [word for word in words if word not in years]
    months = [word for word in others if word.isdecimal() or parsers.month_or_unit(word)]
    is_month = others == months and sum(map(str.isdecimal, others)) <= 1
    return years[0] if len(years) == 1 and is_month else ""


@cache
def _words() -> frozenset[str]:
    return bare_words(BORN) | bare_words(CORRECTED)
