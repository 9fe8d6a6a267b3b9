"""Planning counts: each person counts once, small counts are suppressed, queries are audited.

A release is made at most once a day. It has counts by one and two dimensions and no row about a
person, so that a query reads a few hundred rows, regardless of the number of people.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from bot.db.statements import execute, fetch_all, fetch_one, fetch_value
from bot.registry.planning import DIMENSIONS, PAIRS, Cell, Dimension, Figures
from bot.registry.sandbox import planning_statements as statements
from bot.registry.sandbox.disclosure import (
    ALL,
    MIN_CHANGE,
    MIN_PEOPLE,
    Names,
    Place,
    jointly_hidden,
    key_of,
    released_count,
    suppressed_places,
)
from bot.registry.sandbox.errors import Objection

type Connection = AsyncConnection[Any]
type Table = dict[Place, tuple[int, int]]
"""Number of people and of households for each cell of a table."""


async def count_people(connection: Connection) -> dict[Names, Table]:
    """Return the exact counts of all tables.

    The key of a table names its dimensions; the second is "" in a table of one dimension.
    """
    tables: dict[Names, Table] = {(d, ""): {} for d in DIMENSIONS}
    tables |= {pair: {} for pair in PAIRS}
    for *values, people, households in await fetch_all(connection, statements.COUNTS):
        by_dimension: dict[str, str] = {
            d: value for d, value in zip(DIMENSIONS, values, strict=True) if value is not None
        }
        for (first, second), table in tables.items():
            if by_dimension.keys() <= {first, second}:
                place = by_dimension.get(first, ALL), by_dimension.get(second, ALL)
                table[place] = people, households
    return tables


async def release(connection: Connection) -> bool:
    """Release today's counts; return False if they were released already."""
    await execute(connection, statements.LOCK_RELEASES)
    number = await fetch_value(connection, statements.RELEASE)
    if number is None:
        return False
    before = await _before(connection, number - 1)
    # The computation runs in a thread, because it takes seconds with 100 countries, and the event
    # loop must serve requests in the meantime.
    tables = await asyncio.to_thread(released_tables, await count_people(connection), before)
    rows = [
        (*names, *place, *counts)
        for names, table in tables.items()
        for place, counts in table.items()
    ]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(statements.CELL_FIELDS)}
    await execute(connection, statements.KEEP_CELLS, release=number, **columns)
    return True


async def figures(connection: Connection, by: tuple[Dimension, ...], officer: str) -> Figures:
    """Return the counts of the last release, and record the query in the audit.

    Raises `Objection` (not-found) if nothing was released yet.
    """
    ordered = tuple(d for d in DIMENSIONS if d in by)
    first, second = (*ordered, "")[:2]
    last = await fetch_one(connection, statements.LAST_RELEASE)
    if last is None:
        raise Objection("not-found")
    noted = {"officer": officer, "dimensions": ",".join(ordered)}
    await execute(connection, statements.AUDIT, **noted, release=last[0])
    rows = await fetch_all(
        connection, statements.SHOWN_CELLS, release=last[0], first=first, second=second
    )
    return _figures(last, ordered, rows)


def _figures(
    last: tuple[int, datetime], by: tuple[Dimension, ...], rows: Sequence[tuple[Any, ...]]
) -> Figures:
    people, households = next(
        ((n, households) for a, b, n, households in rows if (a, b) == (ALL, ALL)), (0, 0)
    )
    cells = [
        Cell(values=(a, b)[: len(by)], people=count)
        for a, b, count, _households in rows
        if (a, b) != (ALL, ALL)
    ]
    return Figures(
        release=last[0],
        released_at=last[1],
        by=by,
        people=people,
        # If the total number of people is suppressed, the SQL returns NULL for `households`.
        households=None if households and households < MIN_PEOPLE else households,
        cells=tuple(cells),
    )


type Released = dict[Place, tuple[int, int, bool]]


async def _before(connection: Connection, number: int) -> dict[Names, Released] | None:
    if not number:
        return None
    found: dict[Names, Released] = defaultdict(dict)
    rows = await fetch_all(connection, statements.CELLS_OF_RELEASE, release=number)
    for first, second, a, b, people, households, is_hidden in rows:
        found[first, second][a, b] = people, households, is_hidden
    return found


def released_tables(
    tables: dict[Names, Table], before: dict[Names, Released] | None
) -> dict[Names, Released]:
    """Return the tables to release: for each cell and sum, its counts and whether it is suppressed.

    `before` are the tables of the last release. A count that has changed too little since then is
    released unchanged (see `released_count`). Tables of one dimension are processed first, since
    they are the margins of the tables of two dimensions.
    """
    released: dict[Names, Table] = {}
    hides: dict[Names, frozenset[Place]] = {}
    for names in sorted(tables, key=lambda each: bool(each[1])):
        was = (before or {}).get(names, {})
        if before is None:
            counts = tables[names]
        elif was:
            counts = _next_counts(tables[names], was)
        else:
            counts = _first_counts(names, tables[names], released)
        released[names] = counts
        hides[names] = suppressed_places(
            _people(counts),
            margins=_margins(names, hides),
            before={at for at, each in was.items() if each[2] and counts[at][0] == each[0]},
        )
    together = jointly_hidden({names: _people(each) for names, each in released.items()}, hides)
    return {
        names: {
            place: (*counts.get(place, (0, 0)), place in together[names])
            for place in counts.keys() | together[names]
        }
        for names, counts in released.items()
    }


def _next_counts(table: Table, was: Released) -> Table:
    """Return the counts to release for a table whose counts in the last release are `was`.

    A count that changed too little since then is released unchanged (see `released_count`).
    """
    counts: Table = {}
    for place in table.keys() | was.keys():
        now, then = table.get(place, (0, 0)), was.get(place, (0, 0, False))
        counts[place] = released_count(now[0], then[0]), released_count(now[1], then[1])
    return counts


def _first_counts(names: Names, table: Table, released: dict[Names, Table]) -> Table:
    """Return the counts to release for a table that the last release lacks.

    Exact counts would reveal small changes of the margins, which other tables do not show yet.
    Therefore a margin is taken from the tables in `released`, and all other counts are rounded down
    to a multiple of MIN_CHANGE.
    """
    known = {
        key_of(each, place): count
        for each, counts in released.items()
        for place, count in counts.items()
    }
    return {
        place: known.get(
            key_of(names, place),
            (people - people % MIN_CHANGE, households - households % MIN_CHANGE),
        )
        for place, (people, households) in table.items()
    }


def _people(table: Table) -> dict[Place, int]:
    return {place: people for place, (people, _homes) in table.items()}


def _margins(names: Names, hides: dict[Names, frozenset[Place]]) -> frozenset[Place]:
    """Return the margins of a table that are suppressed in the tables of one dimension.

    The result is empty if the table itself has one dimension.
    """
    if not names[1]:
        return frozenset()
    return hides[names[0], ""] | {(b, a) for a, b in hides[names[1], ""]}
