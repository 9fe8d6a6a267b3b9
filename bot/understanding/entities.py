"""Extracts values that a message mentions: countries, region, family size.

The person is asked to confirm the values. Ambiguous mentions are therefore left out. Stems are in
the coarse spelling of `skeleton`, to which all scripts except Chinese are converted.
"""

import re
from dataclasses import asdict, dataclass

from bot.understanding import skeleton
from bot.understanding.entity_stems import (
    AGE_WORDS,
    CHINESE_COUNTRIES,
    CHINESE_DIGITS,
    CHINESE_REGIONS,
    CITIZEN_WORDS,
    COUNTRIES,
    FAMILY_WORDS,
    FROM,
    FROM_ENDING,
    IN,
    IN_ENDING,
    INNER,
    INNER_MONGOLIA,
    INNER_MONGOLIA_SHORT,
    LIVING_WORDS,
    NUMBERS,
    PERSON_WORDS,
    REGIONS,
    TOWNS,
)

MAX_FAMILY = 30
# A stem of at most this length must be a whole word, for example an abbreviation of a region.
ABBREVIATION = 3
# Maximum distance in words between a number and its noun. In "three grown people" it is 2.
GAP = 2

HAN_NUMBER = "([0-9]{1,2}|[一二两三四五六七八九十]{1,2})"
HAN_FAMILY = re.compile(f"(?:一家|全家|家里|我家|我们家)有?{HAN_NUMBER} ?(?:口|个人|人)")
HAN_LIVING = "[住生活定居]"


@dataclass(frozen=True, slots=True)
class Entities:
    """The values that a message mentions; None for a value that it does not mention.

    Countries are ISO 3166-1 codes; the region is a key of `flows.knowledge.regions`.
    """

    country_of_origin: str | None = None
    country_of_residence: str | None = None
    region: str | None = None
    family_size: int | None = None

    def as_dict(self) -> dict[str, str | int]:
        """Return the mentioned values by name, without those that are None."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def extract(text: str) -> Entities:
    """Return the countries, region and family size that a message mentions."""
    words = skeleton.fold(text).words
    han = "".join(word for word in words if skeleton.IS_HAN.match(word) or word.isdecimal())
    han = han.replace(INNER_MONGOLIA, INNER_MONGOLIA_SHORT)  # It contains the name of Mongolia.
    origins, residence = _countries(words)
    origins += _han_countries(han, "(?:来自|从){}|{}(?:籍|来的|人|国籍)|是{}的$")
    living = _han_countries(
        han,
        f"(?:在|住){{}}.{{0,6}}{HAN_LIVING}|(?:住在|人在|定居){{}}|^我?们?(?:现在|目前)?在{{}}$",
    )
    # Kazakhstan is the destination: people who ask about moving there come from elsewhere. If there
    # are two other countries, one may be that of a relative, or of an earlier citizenship.
    elsewhere = set(origins) - {"KZ"}
    return Entities(
        country_of_origin=elsewhere.pop() if len(elsewhere) == 1 else None,
        country_of_residence=residence or next(iter(living), None),
        region=_region(words) or _han_region(han),
        family_size=_family(words) or _han_family(han),
    )


def _countries(words: tuple[str, ...]) -> tuple[list[str], str | None]:
    """Return the countries of origin (ISO 3166-1) and the first country of residence."""
    living = any(word.startswith(LIVING_WORDS) for word in words)
    origins: list[str] = []
    residence = None
    for before, word, after in zip(("", *words), words, (*words[1:], ""), strict=False):
        code, ending = _country(word)
        if not code:
            continue
        if code == "MN" and before.startswith(INNER):
            code = "CN"
        is_citizen = before.startswith(CITIZEN_WORDS) or after.startswith(CITIZEN_WORDS)
        if is_citizen or before in FROM or FROM_ENDING.search(ending):
            origins.append(code)
        elif living and (before in IN or IN_ENDING.search(ending)):
            residence = residence or code
    return origins, residence


def _country(word: str) -> tuple[str, str]:
    """Return the country named by the beginning of a word, and the rest (ending) of the word.

    The word may name the country or one of its towns. Both results are empty for any other word.
    """
    for stem, code in (*COUNTRIES, *TOWNS):
        if word.startswith(stem):
            return code, word[len(stem) :]
    return "", ""


def is_place(word: str) -> bool:
    """Return True if a word in coarse spelling begins with the name of a country or of its town."""
    return _country(word)[0] != ""


def is_origin(word: str) -> bool:
    """Return True for a word such as "from Nukus", which has the ending for "from"."""
    return FROM_ENDING.search(_country(word)[1]) is not None


def _region(words: tuple[str, ...]) -> str | None:
    """Return the region of the first known stem in a text, or None.

    A stem may consist of two words.
    """
    line = f" {' '.join(words)} "
    found = [
        (place, region) for stem, region in REGIONS if (place := line.find(_word_start(stem))) >= 0
    ]
    return min(found)[1] if found else None


def _word_start(stem: str) -> str:
    """Return the stem with a space before it, so that it is found only at the start of a word.

    An abbreviation also gets a space after it, so that it is found only as a whole word.
    """
    return f" {stem} " if len(stem) <= ABBREVIATION else f" {stem}"


def _han_region(han: str) -> str | None:
    return next((region for name, region in CHINESE_REGIONS if name in han), None)


def _family(words: tuple[str, ...]) -> int | None:
    """Return the family size; None unless the message mentions the family and counts people.

    The number of people is at most GAP words before the word for people, or the next word after it.
    An age, such as "5 years", is not such a number.
    """
    if not any(word.startswith(FAMILY_WORDS) for word in words):
        return None
    for place, word in enumerate(words):
        if not word.startswith(PERSON_WORDS):
            continue
        before = range(place - 1, max(place - GAP, 0) - 1, -1)
        for near in (*before, place + 1):
            number = _number(near, words)
            if number is not None and 1 <= number <= MAX_FAMILY:
                return number
    return None


def _number(place: int, words: tuple[str, ...]) -> int | None:
    """Return the number at a place among the words; None for no number and for an age."""
    word, after = (*words, "", "")[place : place + 2]
    if after.startswith(AGE_WORDS):
        return None
    if word.isdecimal() and len(word) < 3:
        return int(word)
    return NUMBERS.get(word)


def _han_countries(han: str, pattern: str) -> list[str]:
    return [
        code
        for name, code in CHINESE_COUNTRIES
        if name in han and re.search(pattern.replace("{}", name), han)
    ]


def _han_family(han: str) -> int | None:
    found = HAN_FAMILY.search(han)
    if found is None:
        return None
    written = found[1]
    number = int(written) if written.isdecimal() else _from_han(written)
    return number if 1 <= number <= MAX_FAMILY else None


def _from_han(written: str) -> int:
    tens, ten, ones = written.rpartition("十")
    if not ten:
        return CHINESE_DIGITS.get(written, 0)
    return 10 * CHINESE_DIGITS.get(tens, 1) + CHINESE_DIGITS.get(ones, 0)
