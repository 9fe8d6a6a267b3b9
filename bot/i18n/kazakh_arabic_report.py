"""Measures the rules of `kazakh_arabic` against CLDR's Kazakh names in Arabic script.

Every name that CLDR has in both scripts is compared word by word. Two words are paired if their
consonants agree. Names of foreign places, languages and measures are excluded, because Xinjiang has
its own spelling of these loanwords. Spelling errors of CLDR count as missed; CLDR_ERRORS lists the
known errors.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

from babel import localedata

from bot.i18n import kazakh_arabic

FOREIGN = frozenset(
    {"territories", "languages", "scripts", "variants", "time_zones", "meta_zones"}
    | {"currency_names", "currency_names_plural", "currency_symbols", "eras"}
)
MEASURES, TIME = frozenset({"unit_patterns", "unit_display_names"}), "duration"
CYRILLIC, ARABIC = re.compile("[\u0400-\u04ff]+"), kazakh_arabic.ARABIC
VOWELS = dict.fromkeys(map(ord, "اەوۇىيۋء"))
LONG = 4

# A pair in which CLDR contradicts itself (kk_Arab, dayPeriods, `stand-alone`, noon). Abbreviated it
# is ءتالتۇس, where the sign makes the whole word front: тәлтүс. In full, CLDR splits the name and
# puts the sign at түс only: تال ءتۇس.
CLDR_ERRORS: Mapping[tuple[str, str], str] = {("талтүс", "ءتالتۇس"): "تال ءتۇس"}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Pairs of words (Cyrillic, CLDR's Arabic), and those that the rules convert differently."""

    pairs: tuple[tuple[str, str], ...]
    missed: tuple[tuple[str, str], ...]

    @property
    def share(self) -> float:
        return 1 - len(self.missed) / len(self.pairs)


@cache
def with_cldr() -> Mapping[str, Agreement]:
    """Return how far the conversion rules agree with CLDR, for four sets of words.

    The sets are: months, weekdays, words of at least LONG letters, and all words, for which only
    the hamza is compared.
    """
    found = {path: pair for path, pair in _names() if not _is_foreign(path)}
    months = {pair for path, pair in found.items() if path[0] == "months" and "wide" in path}
    weekdays = {pair for path, pair in found.items() if path[0] == "days" and "wide" in path}
    words = {pair for pair in found.values() if len(pair[0]) >= LONG}
    return {
        "months": _agreement(months),
        "weekdays": _agreement(weekdays),
        "words": _agreement(words),
        "sign": _agreement(set(found.values()), only_sign=True),
    }


def _is_foreign(path: tuple[str, ...]) -> bool:
    measure = path[0] in MEASURES and not path[1].startswith(TIME)
    return measure or path[0] in FOREIGN


def _agreement(pairs: set[tuple[str, str]], only_sign: bool = False) -> Agreement:
    def written(arabic: str) -> object:
        return arabic.startswith(kazakh_arabic.SIGN) if only_sign else arabic

    missed = [
        each for each in pairs if written(kazakh_arabic.to_arabic(each[0])) != written(each[1])
    ]
    return Agreement(tuple(sorted(pairs)), tuple(sorted(missed)))


def _names() -> Iterator[tuple[tuple[str, ...], tuple[str, str]]]:
    """Yield pairs of one word in both scripts, in lower case, with the path of the name in CLDR."""
    # Babel resolves its aliases in place when they are used. Resolve all of them first, so that the
    # data does not change while it is read.
    kk, arabic = (_resolved(deepcopy(localedata.load(code))) for code in ("kk", "kk_Arab"))
    for path, one, other in _strings(kk, arabic):
        words = [word.lower() for word in CYRILLIC.findall(one)], ARABIC.findall(other)
        if len(words[0]) == len(words[1]):
            for place, pair in enumerate(zip(*words, strict=True)):
                if _consonants(kazakh_arabic.to_arabic(pair[0])) == _consonants(pair[1]):
                    yield (*path, str(place)), pair


def _resolved(names: Any) -> localedata.LocaleDataDict:
    return localedata.LocaleDataDict(names)


def _strings(
    one: object, other: object, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    match one, other:
        case Mapping(), Mapping():
            for key in one.keys() & other.keys():
                yield from _strings(one[key], other[key], (*path, str(key)))
        case str(), str():
            yield path, one, other
        case _:
            pass


def _consonants(word: str) -> str:
    return word.translate(VOWELS)
