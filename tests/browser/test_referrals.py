"""Referral pages in a browser: accessibility, narrow and dark layout, and the link to the chat."""

from typing import Any

import pytest
import pytest_asyncio

from bot.editorial import referrers
from bot.editorial.referrers import Created
from bot.officers import directory
from bot.web.console import demo_officers
from tests.app_stack import AppStack
from tests.browser.officer import Officer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MARAT, NAME = "Marat Testov", "Testov association"


@pytest_asyncio.fixture(loop_scope="session")
async def invitation(stack: AppStack) -> Created:
    await demo_officers.enter(stack.rt)
    async with stack.rt.pool.connection() as session:
        lead = next(each for each in await directory.everyone(session) if each.name == MARAT)
    return await referrers.add(stack.rt, lead, NAME)


@pytest.mark.release
@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("ru", "light", 1280), ("kk-Arab", "dark", 320)],
)
async def test_referral_pages_pass_axe(
    browser: Any, stack: AppStack, invitation: Created, language: str, scheme: str, width: int
) -> None:
    lead = await Officer.at_work(browser, stack, MARAT, language, color_scheme=scheme)
    await lead.page.set_viewport_size({"width": width, "height": 900})
    await lead.page.goto(f"{stack.url}/console/referrers")
    await lead.click("form[action$='/renew'] button")
    await lead.page.wait_for_selector("input[readonly]")
    await lead.click("details summary")
    assert await lead.faults() == []
    address = await lead.page.input_value("input[readonly]")
    for path in (f"/r/{invitation.code}", "/referrals/" + address.rpartition("/")[2]):
        await lead.page.goto(f"{stack.url}{path}")
        assert await lead.faults() == [], path
    assert lead.errors == []


async def test_referral_link_opens_a_chat_that_names_the_organisation(
    browser: Any, stack: AppStack, invitation: Created
) -> None:
    page = await (await browser.new_context(locale="ru-RU")).new_page()
    page.set_default_timeout(30_000)
    await page.goto(f"{stack.url}/r/{invitation.code}")
    await page.click("form button")
    await page.locator("#list button", has_text="Русский").first.click()
    await page.wait_for_function(
        "name => document.getElementById('list').innerText.includes(name)", arg=NAME
    )
