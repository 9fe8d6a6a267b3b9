"""Planning figures: numbers of registered people by attributes, with small counts hidden.

The numbers are exact before suppression. Comparing tables or days reveals no hidden count.
"""

import csv
import json
import random
from io import StringIO
from itertools import combinations
from typing import Any

import psycopg
import pytest
from aiohttp import ClientSession

from bot.registry.client import Registry
from bot.registry.planning import DIMENSIONS, PAIRS
from bot.registry.sandbox import planning
from bot.registry.sandbox.disclosure import (
    ALL,
    MIN_CHANGE,
    MIN_PEOPLE,
    Key,
    Names,
    key_of,
    suppressed_places,
)
from tests.app_stack import serving
from tests.benchmarks import families
from tests.benchmarks.attacks import Known, Published
from tests.registry.conftest import Sandbox, sandbox_app
from tests.registry.example import new_key, pre_registration
from tests.registry.population import Population, population, store
from tests.release_only import release_only

type Shown = dict[tuple[str, ...], int | None]

SEED = 27


async def _shown(sandbox: Sandbox, *by: str) -> tuple[Any, Shown]:
    query = "&".join(f"by={each}" for each in by)
    answer = await sandbox.call(
        "GET", f"/v1/planning?{query}", headers={"Acting-Officer": "planner-1"}
    )
    assert answer.status == 200, answer.body
    found = json.loads(answer.body)
    return found, {tuple(cell["values"]): cell["people"] for cell in found["cells"]}


def _next_day(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE registry_sandbox.planning_releases SET at = at - interval '1 day'"
        )


async def _truth(database_url: str) -> Any:
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        return await planning.count_people(connection)


def _invented(database_url: str, households: int, people: int) -> Population:
    made = population(households, people, random.Random(SEED))
    store(database_url, made.rows)
    return made


async def test_planning_counts_are_correct_before_small_cells_are_hidden(
    sandbox: Sandbox, database_url: str
) -> None:
    made = _invented(database_url, 7_000, 20_000)
    assert (made.people, made.households) == (20_000, 7_000)
    tables = await _truth(database_url)
    assert tables["age", ""][ALL, ALL] == (20_000, 7_000)
    for name, counts in made.by_dimensions.items():
        first, _comma, second = name.partition(",")
        found = {
            place if second else place[:1]: people
            for place, (people, _homes) in tables[first, second].items()
            if place[0] != ALL and (place[1] != ALL) == bool(second)
        }
        assert found == counts, name


async def _attacked(sandbox: Sandbox, first: str, second: str) -> Shown:
    """Return the hidden counts of a table that follow from the totals of its rows and columns."""
    _found, known = await _shown(sandbox, first, second)
    lines: list[tuple[int, set[tuple[str, ...]]]] = []
    for axis, name in enumerate((first, second)):
        for (value,), total in (await _shown(sandbox, name))[1].items():
            margin = tuple(value if at == axis else ALL for at in (0, 1))
            assert known[margin] in (None, total)
            if total is not None:
                line = {place for place in known if place[axis] == value and ALL not in place}
                lines.append((total, line))
    learned: Shown = {}
    for _round in known:
        for total, line in lines:
            unknown = [each for each in line if known[each] is None and each not in learned]
            if len(unknown) == 1:
                rest = (known[each] or learned.get(each) or 0 for each in line - set(unknown))
                learned[unknown[0]] = total - sum(rest)
    return learned


async def test_planning_hidden_counts_cannot_be_derived_from_totals(
    sandbox: Sandbox, database_url: str
) -> None:
    _invented(database_url, 260, 700)
    some = False
    for first, second in combinations(("age", "region", "trade", "country", "support"), 2):
        assert await _attacked(sandbox, first, second) == {}
        some |= None in (await _shown(sandbox, first, second))[1].values()
    assert some, "the invented people have small groups"
    for (first, second), table in (await _truth(database_url)).items():
        by = (first, second) if second else (first,)
        found, shown = await _shown(sandbox, *by)
        assert found["people"] == 700
        for place, people in shown.items():
            true, _homes = table.get(place if second else (place[0], ALL), (0, 0))
            assert people in (None, true)
            assert true >= MIN_PEOPLE or people is None


async def test_planning_counts_of_the_next_day_hide_a_single_new_person(
    sandbox: Sandbox, registry: Registry, database_url: str
) -> None:
    _invented(database_url, 260, 700)
    queries = [*((d,) for d in DIMENSIONS), *PAIRS]
    first = [(await _shown(sandbox, *by))[1] for by in queries]
    await registry.create(pre_registration(residence_country="TR", members=()), key=new_key())
    assert [(await _shown(sandbox, *by))[1] for by in queries] == first, "the same day"
    _next_day(database_url)
    found, _now = await _shown(sandbox, "region")
    assert found["release"] == 2
    for by, before in zip(queries, first, strict=True):
        now = (await _shown(sandbox, *by))[1]
        assert {place: each for place, each in now.items() if each != 0} == before
    assert (await _truth(database_url))["age", ""][ALL, ALL][0] == 701


def test_planning_tables_of_a_new_dimension_reveal_no_recent_change() -> None:
    made = families.invented(260, 700, 1, random.Random(SEED))
    old = {names: each for names, each in families.counted(made).items() if "support" not in names}
    before = planning.released_tables(old, None)
    made += families.invented(1, 3, 1, random.Random(SEED))
    after = planning.released_tables(families.counted(made), before)
    last = _by_key(before)
    added = _by_key({names: each for names, each in after.items() if "support" in names})
    margins = added.keys() & last.keys()
    assert {key: added[key] for key in margins} == {key: last[key] for key in margins}
    rest = [count for key in added.keys() - margins for count in added[key]]
    assert {count % MIN_CHANGE for count in rest if count} == {0}


def _by_key(tables: dict[Names, planning.Released]) -> dict[Key, tuple[int, int]]:
    """Return the released counts of people and households by `key_of`.

    Cells of different tables that count the same people have the same key.
    """
    return {
        key_of(names, place): (people, households)
        for names, table in tables.items()
        for place, (people, households, _is_hidden) in table.items()
    }


async def test_planning_counts_exclude_erased_people(sandbox: Sandbox, database_url: str) -> None:
    _invented(database_url, 260, 700)
    before = (await _shown(sandbox, "age"))[0]["people"]
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE registry_sandbox.entries SET state = 'WITHDRAWN', body = NULL"
            " WHERE number < 'T-00000150'"
        )
    true = (await _truth(database_url))["age", ""][ALL, ALL][0]
    assert true <= before - MIN_CHANGE
    _next_day(database_url)
    assert (await _shown(sandbox, "age"))[0]["people"] == true


async def test_planning_figures_of_an_empty_registry_are_zero(
    sandbox: Sandbox,
) -> None:
    found, _cells = await _shown(sandbox, "age")
    assert (found["people"], found["households"]) == (0, 0)


async def test_planning_figures_hide_the_totals_of_few_people_and_households(
    sandbox: Sandbox, database_url: str
) -> None:
    _invented(database_url, 1, 3)
    for by in ([each] for each in DIMENSIONS):
        found, _cells = await _shown(sandbox, *by)
        assert (found["people"], found["households"]) == (None, None)


async def test_planning_query_requires_an_officer_and_is_audited(
    sandbox: Sandbox, database_url: str
) -> None:
    assert (await sandbox.call("GET", "/v1/planning?by=age")).status == 422
    await _shown(sandbox, "region", "age")
    with psycopg.connect(database_url) as connection:
        audited = connection.execute(
            "SELECT officer, dimensions, release FROM registry_sandbox.planning_queries"
        ).fetchall()
    assert audited == [("planner-1", "age,region", 1)]


async def test_planning_page_and_csv_show_no_hidden_count(
    sandbox: Sandbox, database_url: str
) -> None:
    _invented(database_url, 260, 700)
    async with sandbox.session.get(f"{sandbox.url}/planning?by=country") as page:
        assert page.status == 200
        assert "700 people" in " ".join((await page.text()).split())
    async with sandbox.session.get(f"{sandbox.url}/planning.csv?by=country&by=trade") as sheet:
        rows = list(csv.DictReader(StringIO(await sheet.text())))
    shown = (await _shown(sandbox, "trade", "country"))[1]
    cells = {(row["trade"], row["country"]): row["people"] for row in rows}
    assert cells == {
        place: "" if people is None else str(people) for place, people in shown.items()
    }
    assert "" in cells.values()


@pytest.mark.parametrize("seed", range(20))
def test_planning_never_hides_only_one_cell_of_a_row_or_column(seed: int) -> None:
    chance = random.Random(seed)
    cells = {(a, b): chance.choice((1, 3, 6, 20, 80)) for a in "ABCD" for b in "wxyz"}
    counts = dict(cells)
    for (a, b), count in cells.items():
        for margin in ((a, ALL), (ALL, b), (ALL, ALL)):
            counts[margin] = counts.get(margin, 0) + count
    hide = suppressed_places(counts)
    assert {place for place, count in counts.items() if count < MIN_PEOPLE} <= hide
    for axis, values in enumerate(("ABCD", "wxyz")):
        for value in values:
            line = [place for place in hide if place[axis] == value]
            assert len(line) != 1, f"the margin of {value} gives its one hidden cell away"


@pytest.mark.parametrize("seed", release_only(range(20), keep=range(4)))
@pytest.mark.parametrize(("households", "people"), [(20, 60), (100, 290), (260, 700)])
def test_planning_hidden_counts_cannot_be_derived_from_all_tables_together(
    households: int, people: int, seed: int
) -> None:
    """Check that all released tables together reveal no hidden count.

    Sums could determine a hidden count (`determined`). Hidden counts would also be known to be 1 if
    `n` of them, each at least 1, add up to `n` (`forced`).
    """
    made = families.invented(households, people, 1, random.Random(seed))
    released = planning.released_tables(families.counted(made), None)
    tables: Published = {
        names if names[1] else names[:1]: {
            place if names[1] else place[:1]: None if is_hidden else count
            for place, (count, _homes, is_hidden) in table.items()
            if place != (ALL, ALL)
        }
        for names, table in released.items()
    }
    known = Known.of(people, tables)
    assert known.hidden
    assert known.determined() == {}
    assert known.forced() == {}


async def test_planning_figures_of_a_demo_show_invented_people(database_url: str) -> None:
    async with ClientSession() as session:
        for _start in range(2):
            app = sandbox_app(database_url, None, with_people=True)
            async with serving(app) as url:
                sandbox = Sandbox(url, session)
                assert await sandbox.entries() == []
                for by in DIMENSIONS:
                    found, shown = await _shown(sandbox, by)
                    assert found["people"] > 240
                    assert sum(bool(people) for people in shown.values()) >= 3, by
    with psycopg.connect(database_url) as connection:
        cursor = connection.execute("SELECT count(*) FROM registry_sandbox.entries")
        assert cursor.fetchone() == (240,)
