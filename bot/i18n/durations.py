"""Reads a typed duration, such as "5 years" or "in half a year", in every language and script."""

import re
from functools import cache

from bot.i18n import normalization, number_words
from bot.i18n.ages import NOT_EXACT
from bot.i18n.parsers import HAN_NUMBER, read_number
from bot.i18n.word_lists import folded_words, in_all_scripts

DAY, WEEK, MONTH, YEAR = 1, 7, 30, 360
MAX_FIGURES, MAX_HAN = 2, 99

# check: a native speaker must check each line
# Words for each unit, with its number of days. The first line of each is Kazakh, the second one is
# Uzbek; each also matches in its other script.
UNITS: dict[int, tuple[str, ...]] = {
    DAY: ("күн күннен", "kun kundan", "день дня дней", "天 日"),
    WEEK: (
        "апта аптадан",
        "hafta haftadan",
        "неделя недели недель неделю",
        "周 星期 个星期 个礼拜",
    ),
    MONTH: ("ай айдан", "oy oydan", "месяц месяца месяцев мес", "个月 個月"),
    YEAR: ("жыл жылдан", "yil yildan", "год года лет", "年"),
}
# Words that mean one unit if no number is typed, and phrases for half a year.
ALONE = "неделя неделю месяц год"
HALF_YEAR = ("жарты жыл", "yarim yil", "полгода", "半年")
# Words that may occur beside a duration. Words that change it, such as "almost", are left out.
BESIDE = (
    "әлі тағы бар қалды кейін соң",
    "hali yana bor qoldi keyin soʻng",
    "ещё еще осталось через есть",
)
HAN_BESIDE = re.compile("还有|还剩|还能用|[以之]?[后後]")
PART = re.compile(r"[0-9]+|[^\W\d_]+")
BETWEEN = re.compile(r"[\s.,]*")


def read_days(typed: str) -> int | None:
    """Return the number of days that a whole text names, or None; a month counts as 30 days.

    A number without a unit names none, because it may be the number of a button.
    """
    parts = [] if NOT_EXACT.search(typed) else _parts(typed)
    known = [part for part in parts if part not in folded_words(BESIDE)]
    if len(known) == 1 and known[0] in ALONE.split():
        known = ["1", *known]
    if len(known) != 2 or not known[0].isdecimal() or len(known[0]) > MAX_FIGURES:
        return None
    days = _units().get(known[1])
    return None if days is None else int(known[0]) * days


def _parts(typed: str) -> list[str]:
    """Return the numbers, in digits, and the words of a text; nothing if it has other signs."""
    text = normalization.fold(typed.replace("两", "二"))
    for phrase in in_all_scripts(HALF_YEAR):
        text = text.replace(normalization.fold(phrase), " 6 месяцев ")
    text = HAN_BESIDE.sub(" ", number_words.with_digits(text))
    text = HAN_NUMBER.sub(lambda found: f" {read_number(found[0], 0, MAX_HAN)} ", text)
    return PART.findall(text) if BETWEEN.fullmatch(PART.sub("", text)) else []


@cache
def _units() -> dict[str, int]:
    """Map each word for a unit to its number of days."""
    return {word: days for days, lines in UNITS.items() for word in folded_words(lines)}
