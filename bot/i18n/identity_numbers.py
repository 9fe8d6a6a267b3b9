"""Parsers for identity and passport numbers: format, check digit and embedded date of birth.

Place and sex, which some numbers encode, are not checked.
"""

import re
from collections.abc import Callable
from datetime import date

from bot.i18n import normalization
from flows.engine.identity_numbers import ANY_PASSPORT, PASSPORTS, SHAPES, Identity
from flows.engine.language_protocol import Refusal

# Cyrillic capitals that look like Latin ones. People type them where a document has Latin letters.
LOOK_ALIKE = str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX")
CENTURIES = {"1": 1800, "2": 1800, "3": 1900, "4": 1900, "5": 2000, "6": 2000}
# Kinds of numbers that contain a date of birth by law. In an IIN (of Kazakhstan) the date has only
# been customary since 2013.
DATED = frozenset({Identity.CN_RESIDENT, Identity.UZ_PINFL, Identity.MN_REGISTER})

MISTAKEN = {
    Identity.KZ_IIN: Refusal.IS_IIN,
    Identity.UZ_PINFL: Refusal.IS_PINFL,
    Identity.CN_RESIDENT: Refusal.IS_RESIDENT_NUMBER,
}
LIKE_A_PASSPORT = re.compile("[A-Z]{1,2}[0-9]{7,8}")
# Patterns of a country's current passport numbers. A number that matches the pattern must also have
# the right length.
SERIES = {"KZ": "N[0-9]+", "CN": "[EG][0-9]+", "UZ": "[A-Z]{2}[0-9]+", "MN": "E[0-9]+",
          "RU": "[0-9]+"}  # fmt: skip


def read_identity(typed: str, kind: Identity) -> str | Refusal:
    """Return an identity number of the given kind without spaces, in capitals, or a refusal.

    The date inside an IIN (Kazakhstan's personal number) is not checked, because the rules in force
    define only the check digit. If the number is clearly of another kind (such as a passport
    number), the refusal names this kind.
    """
    number = _normalize(typed)
    if kind is Identity.CN_RESIDENT:
        number = number.translate(LOOK_ALIKE)
    if not number:
        return Refusal.EMPTY
    if not SHAPES[kind].fits(number):
        return _wrong_kind(number, kind) or _format_refusal(number, kind)
    if not _adds_up(number, kind):
        return _wrong_kind(number, kind) or Refusal.WRONG_CHECK
    if kind in DATED and not _holds_a_day(number, kind):
        return Refusal.NO_SUCH_DAY_INSIDE
    return number


def read_passport(typed: str, country: str | None) -> str | Refusal:
    """Return a passport number, or a refusal; `country` (ISO 3166) is the issuer, if known.

    A number of an unknown pattern is accepted, since people have older and special passports. A
    number is rejected only if it matches the country's current pattern and has another length.
    """
    number = _normalize(typed)
    if country == "KZ":
        # Cyrillic keyboards have no N, so people type № or a Cyrillic letter instead.
        number = re.sub("^[№Н](?=[0-9])", "N", number)
    number = number.replace("№", "").translate(LOOK_ALIKE)
    if not number:
        return Refusal.EMPTY
    if re.fullmatch("[0-9]{12}", number):
        return Refusal.IS_IIN
    shape = PASSPORTS.get(country or "", ANY_PASSPORT)
    if shape.fits(number):
        return number
    if re.search("[А-ЯЁІҚӨҮҰҒҢӘҺЎҲ]", number):
        return Refusal.NOT_LATIN_NUMBER
    if mistaken := _wrong_kind(number, None):
        return mistaken
    if re.fullmatch(SERIES.get(country or "", "(?!)"), number):
        return Refusal.WRONG_LENGTH
    return number if ANY_PASSPORT.fits(number) else Refusal.NOT_A_PASSPORT


def birth_date(number: str, kind: Identity) -> date | None:
    """Return the date of birth in an identity number; None if it has none or an invalid one.

    If this date differs from the date that the person gave, the caller may show a hint, but must
    not reject the number.
    """
    match kind:
        case Identity.CN_RESIDENT:
            return _day(number[6:10], number[10:12], number[12:14])
        case Identity.UZ_PINFL:
            return _day_of(number[0], number[5:7], number[3:5], number[1:3])
        case Identity.KZ_IIN:
            return _day_of(number[6], number[:2], number[2:4], number[4:6])
        case Identity.MN_REGISTER:
            # For births from 2000 on, the month in a Mongolian register number is increased by 20.
            later, month = divmod(int(number[4:6]), 20)
            return _day_of("35"[later] if later < 2 else "", number[2:4], str(month), number[6:8])
        case _:
            return None


def _normalize(typed: str) -> str:
    return normalization.strip_separators(typed).upper()


def _wrong_kind(number: str, expected: Identity | None) -> Refusal | None:
    """Return the refusal that names a number's kind, if it is clearly not the kind `expected`.

    `expected` is None if a passport number was asked for. Returns None if the kind is not clear.
    """
    for kind, refusal in MISTAKEN.items():
        if kind is not expected and SHAPES[kind].fits(number) and _adds_up(number, kind):
            return refusal
    alike = expected not in (None, Identity.MN_REGISTER) and LIKE_A_PASSPORT.fullmatch(number)
    return Refusal.IS_PASSPORT if alike else None


def _format_refusal(number: str, kind: Identity) -> Refusal:
    if kind is Identity.MN_REGISTER:
        cyrillic = re.match("[А-ЯЁӨҮ]{2}", number)
        return Refusal.WRONG_LENGTH if cyrillic else Refusal.NOT_CYRILLIC
    if not re.fullmatch("[0-9]+X?" if kind is Identity.CN_RESIDENT else "[0-9]+", number):
        return Refusal.NOT_DIGITS
    # Before 1999, resident numbers had 15 digits, and old documents still show such a number.
    if kind is Identity.CN_RESIDENT and len(number) == 15:
        return Refusal.OLD_RESIDENT_NUMBER
    return Refusal.WRONG_LENGTH


def _holds_a_day(number: str, kind: Identity) -> bool:
    """Return True if the date inside an identity number exists.

    In a PINFL (Uzbek personal number), the 31st is accepted also in a month of 30 days, because
    `ids.tsv` (the test data) lists such a number as valid.
    """
    if kind is Identity.UZ_PINFL and number[1:3] == "31":
        number = f"{number[0]}30{number[3:]}"
    return birth_date(number, kind) is not None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _day_of(century: str, year: str, month: str, day: str) -> date | None:
    """Return the date in an identity number; None if its date or its century digit is invalid."""
    begins = CENTURIES.get(century)
    return None if begins is None else _day(str(begins + int(year)), month, day)


def _adds_up(number: str, kind: Identity) -> bool:
    check = CHECKS.get(kind)
    return check is None or check(number)


def _weighted_sum(number: str, weights: tuple[int, ...]) -> int:
    return sum(
        int(digit) * weight for digit, weight in zip(number[: len(weights)], weights, strict=True)
    )


def _iin(number: str) -> bool:
    """Return True if the check digit of a Kazakh IIN is right: a weighted sum modulo 11.

    If the sum gives 10, other weights are used. A number for which these also give 10 is never
    issued.
    """
    found = _weighted_sum(number, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)) % 11
    if found == 10:
        found = _weighted_sum(number, (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)) % 11
    return found == int(number[11])


def _resident(number: str) -> bool:
    """Return True if the check digit of a Chinese resident number is right (ISO 7064 MOD 11-2).

    Place codes are not checked, since the numbers of older people have codes that are no longer
    used.
    """
    weights = tuple(2**place % 11 for place in range(17, 0, -1))
    return "10X98765432"[_weighted_sum(number, weights) % 11] == number[17]


def _pinfl(number: str) -> bool:
    weights = (7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7)
    return number[0] in CENTURIES and _weighted_sum(number, weights) % 10 == int(number[13])


def _inn(number: str) -> bool:
    weights = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
    first, second = _weighted_sum(number, weights[1:]), _weighted_sum(number, weights)
    return number[10:] == f"{first % 11 % 10}{second % 11 % 10}"


def _snils(number: str) -> bool:
    return _weighted_sum(number, (9, 8, 7, 6, 5, 4, 3, 2, 1)) % 101 % 100 == int(number[9:])


def _turkish(number: str) -> bool:
    digits = [int(digit) for digit in number]
    tenth = (7 * sum(digits[0:9:2]) - sum(digits[1:8:2])) % 10
    return digits[0] != 0 and digits[9:] == [tenth, sum(digits[:10]) % 10]


CHECKS: dict[Identity, Callable[[str], bool]] = {
    Identity.KZ_IIN: _iin,
    Identity.CN_RESIDENT: _resident,
    Identity.UZ_PINFL: _pinfl,
    Identity.RU_INN: _inn,
    Identity.RU_SNILS: _snils,
    Identity.TR_IDENTITY: _turkish,
}
"""Mongolia and Kyrgyzstan have published no rule for theirs."""
