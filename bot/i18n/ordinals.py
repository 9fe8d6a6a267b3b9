"""Reads a position among options, such as "the second one", in every language and script."""

import re
from functools import cache

from bot.i18n import kazakh_arabic, normalization, uzbek_cyrillic

# check: a native speaker must check each line
# The words for "last", "first", "second" and so on, one line for each language. Each word may have
# one of the endings that follow for its language. Kazakh and Uzbek words are also recognized in the
# other script of the language.
KAZAKH = "соңғы бірінші екінші үшінші төртінші бесінші алтыншы жетінші сегізінші тоғызыншы оныншы"
UZBEK = (
    "oxirgi birinchi ikkinchi uchinchi toʻrtinchi beshinchi oltinchi yettinchi sakkizinchi"
    " toʻqqizinchi oʻninchi"
)
RUSSIAN = "последн перв втор трет четвёрт пят шест седьм восьм девят десят"
ENGLISH = "last first second third fourth fifth sixth seventh eighth ninth tenth"
KAZAKH_ENDINGS = ("", "сі", "сы", "ні", "ны", "сін", "сын")
UZBEK_ENDINGS = ("", "si", "sini", "ni")
RUSSIAN_ENDINGS = (*("ый", "ий", "ой", "ая", "яя", "ое", "ее"), *("ую", "юю", "ья", "ье", "ью"))
# Words that may occur beside a position.
BESIDE = (
    "ең нұсқа нұсқасы нұсқаны таңдаймын eng variant variantni tanlayman самый самое самую вариант"
    " пункт выбираю я the one option"
)
# A position in digits with a sign or a word that shows that it is no count and no age.
FIGURE = re.compile(
    "(?:номер |вариант |пункт |нұсқа |variant |option |[选選] ?)([0-9]{1,2})"
    "|([0-9]{1,2})(?: ?-?(?:ші|шы|й|я|ый|ой|ая|ое|chi|nchi|чи|нчи|st|nd|rd|th)"
    "| (?:вариант|нұсқа|variant))"
)
# A position in Chinese: "the second one", "I choose two", "the last one".
HAN = re.compile("(?:我?[选選])?第([0-9]{1,2}|[一二三四五六七八九十])[个個项項条條种種]?")
HAN_CHOSEN = re.compile("我?[选選]([一二三四五六七八九十])")
HAN_LAST = re.compile("(?:我?[选選])?最[后後](?:一[个個项項条條种種])?")
HAN_DIGITS = "一二三四五六七八九十"


def read_position(typed: str, count: int) -> int | None:
    """Return the position, from 1 to `count`, that a whole text names by an ordinal, or None.

    A number alone names none, because it may be an answer itself, such as an age.
    """
    text = normalization.fold(typed)
    position = count if HAN_LAST.fullmatch(text) else _in_figures(text) or _in_words(text, count)
    return position if position is not None and 1 <= position <= count else None


def _in_figures(text: str) -> int | None:
    found = FIGURE.fullmatch(text) or HAN.fullmatch(text) or HAN_CHOSEN.fullmatch(text)
    figure = next(filter(None, found.groups()), "") if found else ""
    return int(figure) if figure.isdecimal() else HAN_DIGITS.find(figure) + 1 if figure else None


def _in_words(text: str, count: int) -> int | None:
    words = [word for word in normalization.bare(text).split() if word not in _beside()]
    position = _ordinals().get(words[0]) if len(words) == 1 else None
    return count if position == 0 else position


@cache
def _beside() -> frozenset[str]:
    spelt = f"{BESIDE} {kazakh_arabic.to_arabic(BESIDE)} {uzbek_cyrillic.to_cyrillic(BESIDE)}"
    return frozenset(normalization.bare(word) for word in spelt.split())


@cache
def _ordinals() -> dict[str, int]:
    """Map each ordinal, as `normalization.bare` spells it, to its position; the last one to 0."""
    lines = ((KAZAKH, KAZAKH_ENDINGS), (UZBEK, UZBEK_ENDINGS), (RUSSIAN, RUSSIAN_ENDINGS))
    return {
        normalization.bare(spelt(stem + ending)): position
        for line, endings in (*lines, (ENGLISH, ("",)))
        for position, stem in enumerate(line.split())
        for ending in endings
        for spelt in (str, kazakh_arabic.to_arabic, uzbek_cyrillic.to_cyrillic)
    }
