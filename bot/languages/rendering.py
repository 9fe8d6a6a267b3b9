"""Sentences as they are shown: translated, filled in, safe in both writing directions."""

import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from functools import cache
from typing import assert_never

from babel import localedata

from bot.languages.catalogues import Messages
from flows.engine.text import Country, Label, Text, Value

PLACE = re.compile(r"\{(\w+)\}")
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
ISOLATE, END_ISOLATE = "\u2068", "\u2069"

# CLDR's own patterns are right for these; they are kept here because Babel's may change with the
# order in which locales are first used (languages.md 2).
DATES = {
    "kk": "{year} ж. {day} {month}",
    "ru": "{day} {month} {year} г.",
    "zh_Hans": "{year}年{number}月{day}日",
    "uz": "{day}-{month}, {year}",
    "en": "{day} {month} {year}",
}


class Rendering:
    """Renders sentences of one language."""

    def __init__(self, code: str, messages: Messages) -> None:
        self.code = code
        self._messages = messages
        self._cache: dict[Label, str] = {}

    def __call__(self, label: Label) -> str:
        """The sentence in this language; English where a translation is missing."""
        shown = self._cache.get(label)
        if shown is None:
            shown = self._render(label)
            if isinstance(label, Country) or not label.values:
                self._cache[label] = shown
        return shown

    def _render(self, label: Label) -> str:
        if isinstance(label, Country):
            return names(self.code).countries.get(label.code, label.code)
        template = self._messages.get((label.context, label.msgid), label.msgid)
        if not label.values:
            return template
        values = {name: self._value(value) for name, value in label.values}
        return PLACE.sub(lambda place: values.get(place[1], place[0]), template)

    def _value(self, value: Value) -> str:
        match value:
            case str():
                return f"{ISOLATE}{value}{END_ISOLATE}" if RIGHT_TO_LEFT.search(value) else value
            case int():
                return str(value)
            case date():
                return self._date(value)
            case Country() | Text():
                return self(value)
            case _:
                assert_never(value)

    def _date(self, day: date) -> str:
        month = names(self.code).months[day.month]
        pattern = DATES[self.code]
        return pattern.format(year=day.year, month=month, number=day.month, day=day.day)


class Names:
    """Names that CLDR gives: months as they stand in a date, and countries."""

    def __init__(self, code: str) -> None:
        data = deepcopy(localedata.load(code))
        self.months: Mapping[int, str] = dict(data["months"]["format"]["wide"])
        self.countries: Mapping[str, str] = dict(data["territories"])


@cache
def names(code: str) -> Names:
    return Names(code)
