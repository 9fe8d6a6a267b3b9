"""Invented households, inserted into the sandbox's tables as its API would store them."""

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

REGIONS = ("KZ-10", "KZ-11", "KZ-35", "KZ-59", "KZ-71")
TRADES = ("HEALTH", "TRADE", "IT", "AGRICULTURE", "EDUCATION", "CULTURE")
COUNTED = (
    *(("age",), ("region",), ("trade",), ("country",), ("support",)),
    *(("region", "trade"), ("region", "country"), ("region", "support")),
)
SUPPORT = ("HOUSING", "WORK", "SCHOOL", None)
COUNTRIES = ("CN", "UZ", "MN", "TR", "IR")
WEIGHTS = (50, 40, 6, 3, 1)
YEAR = 1975
ADULT = "45-59"


@dataclass
class Population:
    """Invented households as rows of the sandbox's table, with true totals to compare with.

    `by_dimensions` has the number of people by names of attributes ("age,region"), then by their
    values.
    """

    people: int = 0
    households: int = 0
    by_dimensions: dict[str, Counter[tuple[str, ...]]] = field(default_factory=dict)
    rows: list[tuple[object, ...]] = field(default_factory=list)

    def count(self, number: int, **attributes: str) -> None:
        """Add `number` people with these attributes to the totals."""
        self.people += number
        for names in COUNTED:
            if number:
                value = tuple(attributes[name] for name in names)
                self.by_dimensions.setdefault(",".join(names), Counter())[value] += number


def population(households: int, people: int, chance: random.Random) -> Population:
    """Return random households with this total number of people.

    In some households both spouses register, and name each other and the children as members.
    """
    made = Population()
    for at in range(households):
        rest = people - made.people - (households - at - 1)
        couple = rest > 1 and chance.random() < 0.7
        children = min(chance.choice((0, 1, 2, 3)), rest - 1 - couple)
        if at == households - 1:
            children = rest - 1 - couple
        _household(made, chance, couple=couple, both=chance.random() < 0.6, children=children)
    return made


def _household(
    made: Population, chance: random.Random, *, couple: bool, both: bool, children: int
) -> None:
    made.households += 1
    region, country = chance.choice(REGIONS), chance.choices(COUNTRIES, WEIGHTS)[0]
    household = UUID(int=chance.getrandbits(128)) if couple and both else None
    members = [{"relation": "CHILD", "age_band": "0-13"}] * children
    members += [{"relation": "SPOUSE", "age_band": "18+"}] if couple else []
    for _registrant in range(2 if household else 1):
        trade, support = chance.choice(TRADES), chance.choice(SUPPORT)
        answered = {"trade": trade, "support": support or "NOT_GIVEN"}
        made.count(1, age=ADULT, region=region, country=country, **answered)
        body = {"target_region": region, "occupation": trade, "residence_country": country}
        # Registrations before version 1.7 of the contract lack `support_needed`.
        body |= {"support_needed": support} if support else {}
        made.rows.append(_entry(len(made.rows), household, body, members))
    defaults = {"region": region, "country": country, "trade": "NOT_ASKED", "support": "NOT_ASKED"}
    made.count(children, age="0-13", **defaults)
    if couple and not household:
        made.count(1, age="18+", **defaults)


def _entry(
    at: int, household: UUID | None, answers: dict[str, str], members: object
) -> tuple[object, ...]:
    body = answers | {
        "birth_year": YEAR,
        "timeframe": "Y1",
        "language": "kk-Cyrl",
        "members": members,
    }
    return f"T-{at:08}", f"key-{at:012}", json.dumps(body), household


def store(database_url: str, rows: list[tuple[object, ...]]) -> None:
    """Insert the rows of a population into the sandbox's table of registrations."""
    with (
        psycopg.connect(database_url) as connection,
        connection.cursor() as cursor,
        cursor.copy(
            "COPY registry_sandbox.entries (number, created_by, changed_by, body, household, state,"
            " version, received_at, verdict, doubled) FROM STDIN"
        ) as copy,
    ):
        now = "2026-11-28 10:00:00+00"
        for number, key, body, household in rows:
            kept = (number, key, key, body, household)
            copy.write_row((*kept, "ACCEPTED", 2, now, "ACCEPTED", False))
