"""Formats, examples and masking of identity numbers and passport numbers.

This module defines the format of stored numbers. The parsers in `Words` validate check digits.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Identity(StrEnum):
    """A kind of identity number that a state assigns to each person."""

    KZ_IIN = "kz.iin"
    CN_RESIDENT = "cn.ric"
    UZ_PINFL = "uz.pinfl"
    RU_INN = "ru.inn12"
    RU_SNILS = "ru.snils"
    TR_IDENTITY = "tr.tckn"
    MN_REGISTER = "mn.rd"
    KG_PIN = "kg.pin"


@dataclass(frozen=True, slots=True)
class Shape:
    """The format of a number, as a regular expression.

    `example` has this format and cannot be the number of a person.
    """

    pattern: str
    example: str

    def fits(self, number: str) -> bool:
        return re.fullmatch(self.pattern, number) is not None


SHAPES: dict[Identity, Shape] = {
    Identity.KZ_IIN: Shape("[0-9]{12}", "123456789012"),
    Identity.CN_RESIDENT: Shape("[0-9]{17}[0-9X]", "12345678901234567X"),
    Identity.UZ_PINFL: Shape("[0-9]{14}", "12345678901234"),
    Identity.RU_INN: Shape("[0-9]{12}", "123456789012"),
    Identity.RU_SNILS: Shape("[0-9]{11}", "12345678901"),
    Identity.TR_IDENTITY: Shape("[0-9]{11}", "12345678901"),
    Identity.MN_REGISTER: Shape("[А-ЯЁӨҮ]{2}[0-9]{8}", "АА12345678"),
    Identity.KG_PIN: Shape("[0-9]{14}", "12345678901234"),
}

# Formats of passport numbers by issuing country. Other countries, and older series, use
# ANY_PASSPORT.
PASSPORTS: dict[str, Shape] = {
    "KZ": Shape("N[0-9]{8}", "N00000000"),
    "CN": Shape("[EG][0-9]{8}|E[A-Z][0-9]{7}", "E00000000"),
    "UZ": Shape("[A-Z]{2}[0-9]{7}", "AA0000000"),
    "MN": Shape("E[0-9]{7,8}", "E0000000"),
    # The Russian passport for travel abroad has 9 digits, the domestic one 10.
    "RU": Shape("[0-9]{9,10}", "000000000"),
}
ANY_PASSPORT = Shape("(?=(?:[A-Z]*[0-9]){3})[A-Z0-9]{6,9}", "AA0000000")

# The machine-readable zone of a document: two lines of 44 or 36 characters, or three of 30 (ICAO
# 9303).
ZONE = Shape(
    "[A-Z0-9<]{44}\n[A-Z0-9<]{44}|[A-Z0-9<]{36}\n[A-Z0-9<]{36}|(?:[A-Z0-9<]{30}\n){2}[A-Z0-9<]{30}",
    "P<XXXTESTOVA<<GULNAR<<<<<<<<<<<<<<<<<<<<<<<<\nX000000000XXX0000000X0000000<<<<<<<<<<<<<<00",
)


def zone_number(zone: str) -> str:
    """Return the document number of a machine-readable zone in the format of `ZONE`."""
    first, second, *third = zone.split("\n")
    return (first[5:14] if third else second[:9]).rstrip("<")


def masked(number: str, shown: int) -> str:
    """Return a number with only its last `shown` characters visible; its length is hidden too."""
    return f"••••{number[-shown:]}"
