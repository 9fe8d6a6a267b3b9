"""The console's planning page in a browser: a map and tables with counts of registered people.

The tests check narrow, dark and right-to-left layout.
"""

import random
from typing import Any

import pytest

from bot.web.console import demo_officers
from flows.knowledge.regions import REGIONS
from tests.app_stack import AppStack
from tests.browser.officer import Officer
from tests.console_client import ru
from tests.officer_names import MARAT
from tests.registry.population import population, store

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SEED = 27
PATHS = ("/planning", "/planning?first=trade&second=country", "/planning?first=age")
# JavaScript that returns the texts of the map that are wider than a tile (100 units).
TOO_WIDE = """() => [...document.querySelectorAll('.map text')]
  .filter(each => each.getBBox().width > 100).map(each => each.textContent)"""


@pytest.fixture
async def desk(stack: AppStack) -> AppStack:
    await demo_officers.enter(stack.rt)
    store(stack.sandbox_database, population(260, 700, random.Random(SEED)).rows)
    return stack


@pytest.mark.release
@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [
        ("ru", "light", 1280),
        ("kk", "dark", 320),
        ("kk-Arab", "dark", 320),
        ("zh", "light", 390),
    ],
)
async def test_console_planning_pages_pass_axe(
    browser: Any, desk: AppStack, language: str, scheme: str, width: int
) -> None:
    lead = await Officer.at_work(browser, desk, MARAT, language, color_scheme=scheme)
    await lead.page.set_viewport_size({"width": width, "height": 900})
    for path in PATHS:
        await lead.page.goto(f"{desk.url}/console{path}")
        await lead.page.wait_for_selector("table")
        assert await lead.faults() == [], path
    await lead.page.goto(f"{desk.url}/console/planning")
    assert await lead.page.locator(".map rect").count() == len(REGIONS)
    assert await lead.page.evaluate(TOO_WIDE) == []
    assert lead.errors == []


@pytest.mark.release
async def test_planning_page_shows_a_table_for_two_dimensions(browser: Any, desk: AppStack) -> None:
    lead = await Officer.at_work(browser, desk, MARAT)
    await lead.page.goto(f"{desk.url}/console/planning")
    await lead.page.select_option("select[name=second]", "country")
    await lead.click("form[action$='/planning'] button")
    await lead.page.wait_for_selector("table.shaded")
    await lead.wait_for_text(ru("planning_hidden"))
    assert await lead.page.locator(".map").count() == 0
    assert lead.errors == []
