"""Amounts of support, as multiples of the monthly calculation index (MCI) of each year."""

from collections.abc import Mapping
from dataclasses import dataclass

# Value of one MCI (monthly calculation index) in tenge, by year. The law sets it for each year.
MCI: Mapping[int, int] = {2025: 3932, 2026: 4325}
YEAR = 2026
RELOCATION = 70
RENT_LEAST, RENT_MOST, RENT_MONTHS = 15, 30, 12
CERTIFICATE = 1625

# Number of places for kandas in the regional quota, by year and region. A region that is not listed
# has no places.
PLACES: Mapping[int, Mapping[str, int]] = {
    2025: {
        "pavlodar": 1056,
        "akmola": 285,
        "east_kazakhstan": 269,
        "abai": 244,
        "north_kazakhstan": 175,
        "kostanay": 150,
        "atyrau": 100,
        "west_kazakhstan": 30,
    },
    2026: {
        "pavlodar": 977,
        "akmola": 285,
        "abai": 264,
        "east_kazakhstan": 200,
        "north_kazakhstan": 200,
        "kostanay": 200,
        "atyrau": 125,
        "west_kazakhstan": 30,
    },
}


@dataclass(frozen=True, slots=True)
class Amounts:
    """Amounts of support for a family, in tenge; none of them is promised."""

    relocation: int
    rent_least: int
    rent_most: int
    certificate: int


def amounts(people: int, year: int = YEAR) -> Amounts:
    """Return the amounts of support for a family of `people` persons.

    `relocation` is paid once for the whole family. `rent_least` and `rent_most` are the limits of
    the payment for rent per month. `certificate` is the maximum value of the housing certificate.
    """
    mci = MCI[year]
    return Amounts(RELOCATION * mci * people, RENT_LEAST * mci, RENT_MOST * mci, CERTIFICATE * mci)
