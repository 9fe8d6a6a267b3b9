"""Formats of dates and numbers, and names of months and countries.

Names come from CLDR through Babel, with corrections. Patterns are defined here, because Babel's
patterns may vary with the order in which locales are first used. No direction marks are added.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import date
from functools import cache

from babel import localedata

from bot.i18n import arabic_sentences, normalization, uzbek_cyrillic

# Non-breaking spaces keep day and month on one line, and also the year and the word for year.
DATES = {
    "kk": "{year}\u00a0ж. {day}\u00a0{month}",
    # The month is a number here, as people in Xinjiang write dates.
    "kk_Arab": "{year}-جىلى {number}-ايدىڭ {day}-كۇنى",
    "ru": "{day}\u00a0{month} {year}\u00a0г.",
    "zh_Hans": "{year}年{number}月{day}日",
    "uz": "{year}-yil {day}-{month}",
    "uz_Cyrl": "{year}\u00a0йил {day}\u00a0{month}",
    "en": "{day} {month} {year}",
}
# Thousands separators. All other languages use a non-breaking space.
GROUPS = {"kk_Arab": ",", "zh_Hans": ",", "en": ","}
# Country names that replace CLDR's, which are not in use or mix several kinds of apostrophes.
COUNTRIES = {
    "ru": {"KG": "Кыргызстан"},
    "uz": {"MN": "Moʻgʻuliston"},
    "uz_Cyrl": {"MN": "Мўғулистон"},
}


def day(when: date, code: str) -> str:
    """Return a date as text in the language `code`, with the pattern of DATES."""
    month = names(code).months[when.month]
    return DATES[code].format(year=when.year, month=month, number=when.month, day=when.day)


def number(figure: int, code: str) -> str:
    """Return a whole number in digits 0-9 with thousands separators."""
    return f"{figure:,}".replace(",", GROUPS.get(code, "\u00a0"))


class Names:
    """CLDR's names: months as used in dates, days of the week, countries by ISO code."""

    def __init__(self, code: str) -> None:
        data = deepcopy(localedata.load(code))
        self.months: Mapping[int, str] = dict(data["months"]["format"]["wide"])
        # The keys are 0 (Monday) to 6.
        self.weekdays: Mapping[int, str] = dict(data["days"]["format"]["wide"])
        self.countries: Mapping[str, str] = dict(data["territories"])

    def spelt(self, spell: Callable[[str], str]) -> "Names":
        """Replace each name in this object by the result of `spell`; return this object."""
        self.months = {month: spell(name) for month, name in self.months.items()}
        self.weekdays = {day: spell(name) for day, name in self.weekdays.items()}
        self.countries = {code: spell(name) for code, name in self.countries.items()}
        return self


@cache
def names(code: str) -> Names:
    """Return the names that the assistant displays in the language `code`: CLDR's, corrected."""
    match code:
        case "kk_Arab":
            found = Names("kk").spelt(arabic_sentences.to_arabic)
        case "uz":
            found = Names("uz").spelt(normalization.apostrophes)
        case "uz_Cyrl":
            # CLDR's Uzbek names of months in Cyrillic lack the ь of official spelling and of the
            # catalogues, as in октябрь.
            found = Names(code)
            found.months = Names("uz").spelt(uzbek_cyrillic.to_cyrillic).months
        case _:
            found = Names(code)
    found.countries = {**found.countries, **COUNTRIES.get(code, {})}
    return found
