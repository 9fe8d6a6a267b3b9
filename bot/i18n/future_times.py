"""Reads a coming year, season or month, such as "in spring" or "until 2030", in every script."""

import re
from datetime import date, timedelta
from functools import cache

from bot.i18n import normalization, parsers
from bot.i18n.word_lists import folded_words

MAX_YEARS = 30
# check: a native speaker must check each line
# Words by the first month of their season. The first line of each is Kazakh, the second one is
# Uzbek; each also matches in its other script.
SEASONS: dict[int, tuple[str, ...]] = {
    3: (
        "көктем көктемде көктемге",
        "bahor bahorda bahorga",
        "весна весной весне весны",
        "春天 春季",
    ),
    6: ("жаз жазда жазға", "yoz yozda yozga", "лето летом лету лета", "夏天 夏季 暑假"),
    9: ("күз күзде күзге", "kuz kuzda kuzga", "осень осенью осени", "秋天 秋季"),
    12: ("қыс қыста қысқа", "qish qishda qishga", "зима зимой зиме зимы", "冬天 冬季"),
}
THIS_YEAR = ("биыл", "bu_yil", "в_этом_году", "今年")
NEXT_YEAR = (
    "келесі_жылы келер_жылы келесі_жыл",
    "kelasi_yil kelasi_yili kelgusi_yil",
    "в_следующем_году на_следующий_год следующий_год",
    "明年",
)
# Words that may occur beside a time. Words that deny it are left out.
BESIDE = (
    "дейін жылға жылы жылдың жыл шейін",
    "gacha yilgacha yilda yilning yil",
    "в во до на к с год года году по",
    "年 到 底 在 年底",
)
HAN_WORD = re.compile(
    "|".join(("春[天季]", "夏[天季]", "暑假", "秋[天季]", "冬[天季]", "今年", "明年"))
)


def read_days_until(typed: str, today: date) -> tuple[int, int] | None:
    """Return the days from today to the begin and the end of a time that a whole text names.

    A season or month without a year is the next one. Returns None for any other text, and for a
    time that is over.
    """
    text = normalization.fold(HAN_WORD.sub(lambda found: f" {found[0]} ", typed))
    for phrase, later in _phrases().items():
        text = re.sub(rf"(?<!\w){phrase}(?!\w)", str(today.year + later), text)
    words = [word for word in parsers.date_words(text) if word not in folded_words(BESIDE)]
    years = [int(word) for word in words if len(word) == 4 and word.isdecimal()]
    months = [month for word in words if (month := _first_month(word))]
    if len(years) + len(months) != len(words) or not words or len(years) > 1 or len(months) > 1:
        return None
    begin, end = _span(years, months, today)
    is_near = end.year - today.year <= MAX_YEARS
    return (max((begin - today).days, 0), (end - today).days) if end > today and is_near else None


def _span(years: list[int], months: list[tuple[int, int]], today: date) -> tuple[date, date]:
    month, count = months[0] if months else (1, 12)
    year = years[0] if years else today.year
    begin, end = date(year, month, 1), _first_day(year, month + count)
    if not years and end <= today:
        begin, end = date(year + 1, month, 1), _first_day(year + 1, month + count)
    return begin, end - timedelta(1)


def _first_day(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def _first_month(word: str) -> tuple[int, int] | None:
    """Return the first month and the number of months of the season or month that a word names."""
    for month, lines in SEASONS.items():
        if word in folded_words(lines):
            return month, 3
    found = parsers.month_or_unit(word)
    return (found, 1) if isinstance(found, int) else None


@cache
def _phrases() -> dict[str, int]:
    """Map each phrase for this or the next year to the number of years from now."""
    return {
        re.escape(phrase.replace("_", " ")): years
        for years, lines in enumerate((THIS_YEAR, NEXT_YEAR))
        for phrase in folded_words(lines)
    }
