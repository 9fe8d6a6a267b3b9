"""The console shows the registry's planning figures (counts of registered people) unchanged.

The console and the registry each record every query.
"""

import csv
import io
import random
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from aiohttp import web
from pyarrow import parquet

from bot.registry.client import Registry
from bot.web import spreadsheets
from bot.web.console import demo_officers, planning_map
from flows.knowledge.regions import REGIONS
from flows.preregistration.after_consent import SUPPORT_NEEDED
from tests.app_stack import AppStack
from tests.console_client import Console, ru
from tests.officer_names import AIGUL, MARAT, SAULE
from tests.registry.population import population, store

SEED = 27


@pytest.fixture
async def desk(stack: AppStack) -> AppStack:
    await demo_officers.enter(stack.rt)
    store(stack.sandbox_database, population(260, 700, random.Random(SEED)).rows)
    return stack


def _rows(stack: AppStack, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.sandbox_database) as connection:
        return connection.execute(query.encode()).fetchall()


async def _audit_rows(stack: AppStack) -> list[tuple[Any, ...]]:
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT actor, detail FROM audit_entries WHERE action = 'planning.read' ORDER BY seq"
        )
        return await cursor.fetchall()


async def _csv(console: Console, query: str) -> list[list[str]]:
    screen = await console.get(f"/console/planning.csv?{query}")
    assert screen.status == 200
    return list(csv.reader(io.StringIO(screen.html.removeprefix("\ufeff"))))


async def test_planning_csv_has_the_counts_that_the_registry_released(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        rows = await _csv(lead, "first=trade&second=country")
    released = _rows(
        desk,
        "SELECT a, b, CASE WHEN is_hidden THEN '' ELSE people::text END"
        " FROM registry_sandbox.planning_cells"
        " WHERE first = 'trade' AND second = 'country' AND (a, b) <> ('*', '*') ORDER BY a, b",
    )
    assert [row[2] for row in rows[1:]] == [people for _a, _b, people in released]
    assert "" in {row[2] for row in rows}
    assert not any("*" in row for row in rows)


async def test_planning_parquet_file_has_codes_and_null_for_hidden_counts(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        assert (
            "/console/planning.parquet?first=region" in (await lead.get("/console/planning")).html
        )
        url = f"{desk.url}/console/planning.parquet?first=trade&second=country"
        async with lead.session.get(url) as answer:
            assert answer.content_type == "application/vnd.apache.parquet"
            table = parquet.read_table(io.BytesIO(await answer.read()))
    released = _rows(
        desk,
        "SELECT a, b, CASE WHEN is_hidden THEN NULL ELSE people END"
        " FROM registry_sandbox.planning_cells"
        " WHERE first = 'trade' AND second = 'country' AND (a, b) <> ('*', '*')",
    )
    assert table.schema.names == ["trade", "country", "people"]
    columns = table.to_pydict()
    found = zip(columns["trade"], columns["country"], columns["people"], strict=True)
    assert sorted(found, key=str) == sorted(released, key=str)
    assert None in columns["people"]


async def test_planning_page_offers_no_parquet_file_when_pyarrow_is_missing(
    desk: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "has_parquet", lambda: False)
    async with Console.signed_in(desk.url, MARAT) as lead:
        assert "planning.parquet" not in (await lead.get("/console/planning")).html
        assert (await lead.get("/console/planning.parquet")).status == 404
    assert len(await _audit_rows(desk)) == 1


async def test_planning_page_explains_hidden_counts(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        one = await lead.get("/console/planning?first=region")
        two = await lead.get("/console/planning?first=trade&second=country")
    assert "700" in one.text
    for screen in (one, two):
        assert ru("planning_hidden_hint") in screen.text
    assert one.html.count('<rect class="shade-') == len(REGIONS)
    assert ru("planning_hidden") in two.text.partition(ru("planning_hidden_hint"))[2]


async def test_planning_page_and_csv_show_the_kinds_of_support_in_words(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        page = await lead.get("/console/planning?first=support")
        rows = await _csv(lead, "first=support&second=region")
    words = desk.rt.languages
    named = {words.render(each.label, "ru") for each in SUPPORT_NEEDED.among[:3]}
    named |= {ru("planning_not_given"), ru("planning_not_asked")}
    column = rows[0].index(words.render(SUPPORT_NEEDED.label, "ru"))
    assert {row[column] for row in rows[1:]} >= named
    assert all(name in page.text for name in named)


async def test_planning_query_is_audited_by_the_console_and_by_the_registry(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        await lead.get("/console/planning?first=region&second=age")
        await _csv(lead, "first=language")
    async with Console.signed_in(desk.url, SAULE) as auditor:
        screen = await auditor.get("/console/audit?kind=planning.")
    console_entries = await _audit_rows(desk)
    registry_entries = _rows(
        desk, "SELECT officer, dimensions FROM registry_sandbox.planning_queries ORDER BY id"
    )
    assert console_entries == registry_entries
    assert [detail for _actor, detail in console_entries] == ["age,region", "language"]
    assert ru("planning") in screen.text


async def test_planning_pages_are_forbidden_to_officers(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as officer:
        for path in ("planning", "planning.csv", "planning.xlsx", "planning.parquet"):
            assert (await officer.get(f"/console/{path}")).status == 403
        assert "/console/planning" not in (await officer.get("/console/inbox")).html
    assert await _audit_rows(desk) == []


async def test_planning_page_reports_that_the_registry_is_down(desk: AppStack) -> None:
    await desk.fault(name="down")
    async with Console.signed_in(desk.url, MARAT) as lead:
        screen = await lead.get("/console/planning")
        assert ru("planning_away") in screen.text
        assert (await lead.get("/console/planning.xlsx")).status == 503
    assert len(await _audit_rows(desk)) == 2


async def test_planning_page_reports_that_no_registry_is_configured(desk: AppStack) -> None:
    object.__setattr__(desk.rt, "registry", None)
    async with Console.signed_in(desk.url, MARAT) as lead:
        assert ru("planning_off") in (await lead.get("/console/planning")).text
    assert await _audit_rows(desk) == []


NEXT_YEAR = {
    "release": 1,
    "released_at": "2027-12-01T00:00:00Z",
    "by": ["region"],
    "people": 20,
    "households": None,
    "basis": "registered",
    "cells": [{"values": ["KZ-99"], "people": 20, "share": 1.0}],
}


@pytest.mark.parametrize(
    ("answer", "status", "expected"),
    [
        (NEXT_YEAR, 200, "KZ-99"),
        ({**NEXT_YEAR, "by": ["trade"]}, 200, "E_REGISTRY_CONTRACT"),
        ({**NEXT_YEAR, "cells": [{"values": [], "people": 7}]}, 200, "E_REGISTRY_CONTRACT"),
        ({"detail": "Not Found"}, 404, "E_REGISTRY_CONTRACT"),
    ],
)
async def test_planning_page_shows_unknown_regions_and_registry_response_errors(
    desk: AppStack, answer: dict[str, Any], status: int, expected: str
) -> None:
    app = web.Application()
    token = {"access_token": "a-token-of-the-tests", "token_type": "Bearer", "expires_in": 600}
    app.router.add_post("/oauth/token", _respond_with(token))
    app.router.add_get("/v1/planning", _respond_with(answer, status))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    object.__setattr__(desk.rt, "registry", Registry(desk.http, url, "kosh", "secret"))
    async with Console.signed_in(desk.url, MARAT) as lead:
        screen = await lead.get("/console/planning")
        assert expected in screen.text
    await runner.cleanup()


def _respond_with(
    answer: dict[str, Any], status: int = 200
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def send(_request: web.Request) -> web.Response:
        return web.json_response(answer, status=status)

    return send


def test_planning_map_has_a_tile_for_each_region() -> None:
    placed = [region for row in planning_map.PLACES for region in row if region]
    assert sorted(placed) == sorted(each.iso for each in REGIONS)
