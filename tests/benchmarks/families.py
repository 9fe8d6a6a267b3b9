"""Invented families who register, and the correct planning figures about them."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.i18n import tag
from bot.registrations.registry_codes import CODES, LANGUAGES
from bot.registry.planning import DIMENSIONS, PAIRS
from bot.registry.sandbox.disclosure import ALL, Place
from flows.knowledge import regions

SPOKEN = ("kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl")
COUNTRIES = ("CN", "UZ", "MN", "TR", "RU", "KG", "IR", "AF")
# Relative number of families from each of COUNTRIES. Few come from the last ones, so that some
# counts are small and must be hidden.
WEIGHTS = (470, 380, 60, 40, 30, 14, 5, 1)
REGIONS = (*(region.key for region in regions.REGIONS), "undecided")
TIMEFRAMES = ("half_year", "year", "later", "undecided")
TRADES = tuple(CODES["occupation"])
SUPPORT = tuple(CODES["support_needed"])
CHILDREN = ("under14", "14to15", "16to17")
GROUP = {"18-29": range(18, 30), "30-44": range(30, 45), "45-59": range(45, 60)}
SPOUSE = "18+"
MAX_PEOPLE = 20

type Table = dict[Place, tuple[int, int]]


@dataclass(slots=True)
class Registrant:
    """A person who registers.

    `trade` and `support` are None if the person adds no details; `support` is also None if they
    skip its question.
    """

    surname: str
    birth_year: int
    trade: str | None
    support: str | None
    referrer: int | None
    agrees: bool
    erased: bool = False

    @property
    def age(self) -> str:
        """Return the person's age band as in the planning tables."""
        years = datetime.now(UTC).year - self.birth_year
        return next((name for name, band in GROUP.items() if years in band), "60+")


@dataclass(slots=True)
class Family:
    """A household. One or both of a couple register, and name the spouse and the children."""

    language: str
    country: str
    region: str
    timeframe: str
    couple: bool
    children: tuple[str, ...]
    registrants: list[Registrant] = field(default_factory=list)

    @property
    def open(self) -> list[Registrant]:
        """Return the registrants who do not erase their data, in the order of registration."""
        return [each for each in self.registrants if not each.erased]

    @property
    def size(self) -> int:
        """Return the number of family members, including those who later erase their data."""
        return 1 + self.couple + len(self.children)


def invented(households: int, people: int, referrers: int, chance: random.Random) -> list[Family]:
    """Return households with `people` members in all; about two in five have two registrants.

    Raises ValueError if the last household would have more than MAX_PEOPLE.
    """
    made: list[Family] = []
    left = people
    for at in range(households):
        rest = left - (households - at - 1)
        couple = rest > 1 and chance.random() < 0.7
        children = min(chance.choice((0, 1, 1, 2, 3)), rest - 1 - couple)
        if at == households - 1:
            children = rest - 1 - couple
            if rest > MAX_PEOPLE:
                raise ValueError(f"{people} people are too many for {households} households")
        made.append(_family(chance, at, couple, children, referrers))
        left -= made[-1].size
    return made


def _family(chance: random.Random, at: int, couple: bool, children: int, referrers: int) -> Family:
    family = Family(
        language=chance.choice(SPOKEN),
        country=chance.choices(COUNTRIES, WEIGHTS)[0],
        region=chance.choices(REGIONS, range(1, len(REGIONS) + 1))[0],
        timeframe=chance.choice(TIMEFRAMES),
        couple=couple,
        children=tuple(chance.choice(CHILDREN) for _child in range(children)),
    )
    invited = chance.randrange(referrers) if chance.random() < 0.4 else None
    for place in range(2 if couple and chance.random() < 0.6 else 1):
        year = datetime.now(UTC).year - chance.randrange(20, 75)
        trade = chance.choice(TRADES) if chance.random() < 0.5 else None
        name = f"TESTOV{'EA'[place]}{_letters(at)}"
        support = chance.choice(SUPPORT) if trade and chance.random() < 0.7 else None
        agrees = chance.random() < 0.8
        family.registrants.append(Registrant(name, year, trade, support, invited, agrees))
    return family


def _letters(number: int) -> str:
    """Return a number in letters, since a name has no digits."""
    return "".join("ABCDEFGHIK"[int(digit)] for digit in f"{number:05}")


def counted(families: Sequence[Family]) -> dict[tuple[str, str], Table]:
    """Return the true planning figures: numbers of people and households.

    There is a table for each dimension, such as age or region, and for each pair of dimensions.
    """
    people = [each for family in families for each in _people(family)]
    tables: dict[tuple[str, str], Table] = {}
    for first, second in [*((each, "") for each in DIMENSIONS), *PAIRS]:
        persons, households = Counter[Place](), Counter[Place]()
        for values, is_first in people:
            a, b = values[first], values.get(second, ALL)
            for place in {(a, b), (a, ALL), (ALL, b), (ALL, ALL)}:
                persons[place] += 1
                households[place] += is_first
        tables[first, second] = {at: (persons[at], households[at]) for at in persons}
    return tables


def _people(family: Family) -> Iterator[tuple[dict[str, str], bool]]:
    """Yield each person's value by dimension, and True for exactly one person per household."""
    fields = {
        "region": CODES["target_region"][family.region] or "UNDECIDED",
        "timeframe": CODES["timeframe"][family.timeframe] or "",
        "country": family.country,
        "language": LANGUAGES.get(family.language, tag(family.language)),
    }
    here = family.open
    for each in here:
        trade = CODES["occupation"][each.trade] if each.trade else None
        support = CODES["support_needed"][each.support] if each.support else None
        answered = {"trade": trade or "NOT_GIVEN", "support": support or "NOT_GIVEN"}
        yield fields | answered | {"age": each.age}, each is here[0]
    named = [CODES["age_band"][band] or "" for band in family.children] if here else []
    # A spouse who is registered is not counted here again. A spouse who did not register, or who
    # erased the registration, is still a family member, because the registered spouse named them.
    named += [SPOUSE] if family.couple and len(here) == 1 else []
    for band in named:
        yield fields | {"age": band, "trade": "NOT_ASKED", "support": "NOT_ASKED"}, False
