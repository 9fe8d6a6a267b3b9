"""Planning: count people once, release the counts with small ones hidden, audit each query.

A release is made at most once a day. It has counts of one and two dimensions and no row about a
person, so that a query reads a few hundred rows, however many people there are.
"""

from collections import defaultdict
from datetime import datetime
from itertools import combinations
from typing import Any, get_args

from psycopg import AsyncConnection

from bot.registry.planning import Cell, Dimension, Figures
from bot.registry.sandbox.disclosure import ALL, MIN_PEOPLE, Place, held, hidden
from bot.registry.sandbox.errors import Objection

type Connection = AsyncConnection[Any]
type Table = dict[Place, tuple[int, int]]
"""People and households of each place of a table."""

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension.__value__)
PAIRS = tuple(combinations(DIMENSIONS, 2))

TABLES = """
CREATE TABLE IF NOT EXISTS registry_sandbox.planning_releases (
  id INTEGER PRIMARY KEY, at TIMESTAMPTZ NOT NULL);
CREATE TABLE IF NOT EXISTS registry_sandbox.planning_cells (
  release INTEGER NOT NULL REFERENCES registry_sandbox.planning_releases ON DELETE CASCADE,
  first TEXT NOT NULL, second TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL,
  people INTEGER NOT NULL, households INTEGER NOT NULL, is_hidden BOOLEAN NOT NULL,
  PRIMARY KEY (release, first, second, a, b));
CREATE TABLE IF NOT EXISTS registry_sandbox.planning_queries (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  officer TEXT NOT NULL, dimensions TEXT NOT NULL, release INTEGER NOT NULL);
"""
# Each registrant is one person. Members count once for a household: children of an age band as
# often as the registrant who names most of them; other adults as far as they did not register.
_PEOPLE = """
WITH open AS (
  SELECT number, coalesce(household::text, number) AS family, received_at, body
  FROM registry_sandbox.entries
  WHERE state NOT IN ('WITHDRAWN', 'DUPLICATE', 'REJECTED') AND body IS NOT NULL
), registrants AS (
  SELECT number, family,
    CASE WHEN years < 30 THEN '18-29' WHEN years < 45 THEN '30-44'
      WHEN years < 60 THEN '45-59' ELSE '60+' END AS age,
    coalesce(body->>'target_region', 'UNDECIDED') AS region,
    coalesce(body->>'timeframe', 'UNDECIDED') AS timeframe,
    coalesce(body->>'occupation', 'NOT_GIVEN') AS trade,
    body->>'residence_country' AS country, body->>'language' AS language,
    row_number() OVER (PARTITION BY family ORDER BY received_at, number) AS place,
    count(*) OVER (PARTITION BY family) AS registered
  FROM open, LATERAL (SELECT extract(year FROM now()) - (body->>'birth_year')::int AS years) AS y
), declared AS (
  SELECT family, number, member->>'age_band' AS age, count(*) AS n
  FROM open, LATERAL json_array_elements(body->'members') AS member GROUP BY 1, 2, 3
), most AS (SELECT family, age, max(n) AS n FROM declared GROUP BY 1, 2),
people AS (
  SELECT age, region, timeframe, trade, country, language, 1 AS n,
    (place = 1)::int AS households FROM registrants
  UNION ALL
  SELECT most.age, region, timeframe, 'NOT_ASKED', country, language,
    CASE WHEN most.age = '18+' THEN greatest(0, 1 + most.n - registered) ELSE most.n END, 0
  FROM most JOIN registrants USING (family) WHERE place = 1
)
"""
_SETS = ", ".join(f"({', '.join(each)})" for each in (*((d,) for d in DIMENSIONS), *PAIRS))
_VALUES = ", ".join(f"CASE WHEN grouping({d}) = 0 THEN {d} END" for d in DIMENSIONS)
# The names of dimensions are constants of this module; nothing that was sent is in the text.
_COUNTS = (
    f"{_PEOPLE} SELECT {_VALUES}, sum(n)::int, sum(households)::int"  # noqa: S608
    f" FROM people GROUP BY GROUPING SETS ({_SETS}, ()) HAVING sum(n) > 0"
)


async def truth(connection: Connection) -> dict[tuple[str, str], Table]:
    """Return every table of counts before anything is hidden; the second name may be ""."""
    tables: dict[tuple[str, str], Table] = {(d, ""): {} for d in DIMENSIONS}
    tables |= {pair: {} for pair in PAIRS}
    cursor = await connection.execute(_COUNTS)
    for *values, people, households in await cursor.fetchall():
        given: dict[str, str] = {
            d: value for d, value in zip(DIMENSIONS, values, strict=True) if value is not None
        }
        for (first, second), table in tables.items():
            if given.keys() <= {first, second}:
                place = given.get(first, ALL), given.get(second, ALL)
                table[place] = people, households
    return tables


async def release(connection: Connection) -> bool:
    """Release today's counts; False if today has a release already."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('planning release'))")
    made = await connection.execute(
        "INSERT INTO registry_sandbox.planning_releases SELECT coalesce(max(id), 0) + 1, now()"
        " FROM registry_sandbox.planning_releases"
        " HAVING coalesce(max(at)::date < now()::date, true) RETURNING id"
    )
    row = await made.fetchone()
    if row is None:
        return False
    before = await _before(connection, row[0] - 1)
    rows = [
        (row[0], *names, *place, *counts)
        for names, table in _released(await truth(connection), before).items()
        for place, counts in table.items()
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO registry_sandbox.planning_cells VALUES (%s,%s,%s,%s,%s,%s,%s,%s)", rows
        )
    return True


async def figures(connection: Connection, by: tuple[Dimension, ...], officer: str) -> Figures:
    """Return the counts of the last release, and note the query; raises `Objection` (not-found)."""
    ordered = tuple(d for d in DIMENSIONS if d in by)
    first, second = (*ordered, "")[:2]
    found = await connection.execute(
        "SELECT id, at FROM registry_sandbox.planning_releases ORDER BY id DESC LIMIT 1"
    )
    last = await found.fetchone()
    if last is None:
        raise Objection("not-found")
    await connection.execute(
        "INSERT INTO registry_sandbox.planning_queries (officer, dimensions, release)"
        " VALUES (%s, %s, %s)",
        (officer, ",".join(ordered), last[0]),
    )
    rows = await connection.execute(
        "SELECT a, b, CASE WHEN NOT is_hidden THEN people END,"
        " CASE WHEN NOT is_hidden THEN households END FROM registry_sandbox.planning_cells"
        " WHERE release = %s AND first = %s AND second = %s ORDER BY a, b",
        (last[0], first, second),
    )
    return _figures(last, ordered, await rows.fetchall())


def _figures(
    last: tuple[int, datetime], by: tuple[Dimension, ...], rows: list[tuple[Any, ...]]
) -> Figures:
    total = next(((people, homes) for a, b, people, homes in rows if (a, b) == (ALL, ALL)), (0, 0))
    cells = [
        Cell(values=(a, b)[: len(by)], people=people)
        for a, b, people, _homes in rows
        if (a, b) != (ALL, ALL)
    ]
    return Figures(
        release=last[0],
        released_at=last[1],
        by=by,
        people=total[0],
        households=None if (total[1] or 0) < MIN_PEOPLE else total[1],
        cells=tuple(cells),
    )


type Released = dict[Place, tuple[int, int, bool]]


async def _before(connection: Connection, number: int) -> dict[tuple[str, str], Released] | None:
    if not number:
        return None
    found: dict[tuple[str, str], Released] = defaultdict(dict)
    cursor = await connection.execute(
        "SELECT first, second, a, b, people, households, is_hidden"
        " FROM registry_sandbox.planning_cells WHERE release = %s",
        (number,),
    )
    for first, second, a, b, *rest in await cursor.fetchall():
        found[first, second][a, b] = rest[0], rest[1], rest[2]
    return found


def _released(
    tables: dict[tuple[str, str], Table], before: dict[tuple[str, str], Released] | None
) -> dict[tuple[str, str], Released]:
    """Return the tables with held counts; singles come first, since they are margins of pairs."""
    done: dict[tuple[str, str], Released] = {}
    for names in sorted(tables, key=lambda each: bool(each[1])):
        was = (before or {}).get(names, {})
        places = tables[names].keys() | was.keys()
        counts: dict[Place, tuple[int, int]] = {}
        for place in places:
            now, then = tables[names].get(place, (0, 0)), was.get(place, (0, 0, False))
            moved = held(now[0], then[0]), held(now[1], then[1])
            counts[place] = now if before is None else moved
        hide = hidden(
            {place: people for place, (people, _homes) in counts.items()},
            margins=_margins(names, done),
            before={at for at, each in was.items() if each[2] and counts[at][0] == each[0]},
        )
        done[names] = {place: (*counts[place], place in hide) for place in counts}
    return done


def _margins(names: tuple[str, str], done: dict[tuple[str, str], Released]) -> set[Place]:
    """Return the margins of a pair that are hidden as counts of one dimension."""
    if not names[1]:
        return set()
    rows = {place for place, each in done[names[0], ""].items() if each[2]}
    columns = {(b, a) for (a, b), each in done[names[1], ""].items() if each[2]}
    return rows | columns
