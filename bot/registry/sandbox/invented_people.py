"""Invented registrations for the demo, so that its planning page has figures."""

import json
from datetime import timedelta
from random import Random
from typing import Any

from psycopg import AsyncConnection
from sqlalchemy import JSON, Text, cast, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from bot.db.statements import arrays, execute, statement
from bot.registry.contract import NUMBER_ALPHABET
from bot.registry.sandbox.tables import Entry

KEY_PREFIX = "invented-"
"""Beginning of the idempotency keys; the sandbox's page leaves these registrations out."""

_REGISTRANTS = 240
_SEED = 2026
# Weights of the random answers, by dimension of the planning figures (a question by which people
# are counted). None means that the person did not answer.
_ANSWERS: dict[str, dict[str | None, int]] = {
    "residence_country": {"CN": 45, "UZ": 25, "MN": 18, "TR": 7, "IR": 5},
    "language": {"kk-Cyrl": 40, "kk-Arab": 30, "ru": 10, "uz-Latn": 12, "zh-Hans": 8},
    "target_region": {"KZ-19": 30, "KZ-75": 22, "KZ-71": 14, "KZ-63": 12, "KZ-61": 12, None: 10},
    "timeframe": {"M6": 25, "Y1": 45, "LATER": 20, "UNDECIDED": 10},
    "occupation": {
        "TRADE": 24,
        "AGRICULTURE": 24,
        "EDUCATION": 18,
        "HEALTH": 16,
        "IT": 10,
        None: 8,
    },
    "support_needed": {"HOUSING": 35, "WORK": 25, "LANGUAGE": 20, "SCHOOL": 12, None: 8},
}
_BIRTH_YEARS = (1955, 2007)
_FAMILIES: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("SPOUSE", "18+"),),
    (("SPOUSE", "18+"), ("CHILD", "0-13")),
    (("SPOUSE", "18+"), ("CHILD", "0-13"), ("CHILD", "14-15")),
)
_ROWS = arrays(number=Text, key=Text, body=Text)
_ENTER = statement(
    insert(Entry)
    .from_select(
        ["number", "created_by", "changed_by", "body", "state", "version", "received_at", "verdict",
         "doubled"],
        select(
            _ROWS.c.number, _ROWS.c.key, _ROWS.c.key, cast(_ROWS.c.body, JSON), literal("ACCEPTED"),
            literal(2), func.now() - timedelta(days=8), literal("ACCEPTED"), literal(False),
        ),
    )
    .on_conflict_do_nothing()
)  # fmt: skip


async def enter(connection: AsyncConnection[Any]) -> None:
    """Insert the invented registrations, the same in each installation, unless they exist."""
    chance = Random(_SEED)
    bodies = [json.dumps(_body(chance)) for _each in range(_REGISTRANTS)]
    numbers = [_number(at) for at in range(_REGISTRANTS)]
    keys = [f"{KEY_PREFIX}{at:08}" for at in range(_REGISTRANTS)]
    await execute(connection, _ENTER, number=numbers, key=keys, body=bodies)


def _body(chance: Random) -> dict[str, Any]:
    """Return the members of a pre-registration that the planning figures count."""
    answers: dict[str, Any] = {
        name: chance.choices([*choices], [*choices.values()])[0]
        for name, choices in _ANSWERS.items()
    }
    family = chance.choice(_FAMILIES)
    members = [{"relation": relation, "age_band": band} for relation, band in family]
    return answers | {"birth_year": chance.randint(*_BIRTH_YEARS), "members": members}


def _number(at: int) -> str:
    base = len(NUMBER_ALPHABET)
    return f"KS-2026-2222-22{NUMBER_ALPHABET[at // base]}{NUMBER_ALPHABET[at % base]}"
