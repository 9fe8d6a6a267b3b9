"""An officer inserts a verified fact into a reply, on a wide screen and on a phone."""

from typing import Any

import pytest

from bot.web.console import demo_officers
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.browser.officer import Officer
from tests.console_client import ru

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.release
async def test_fact_can_be_inserted_into_a_reply_on_wide_and_narrow_screens(
    browser: Any, stack: AppStack
) -> None:
    await demo_officers.enter(stack.rt)
    visitor = await ask_officer(stack, "kk", "general", "Testova asks")
    async with stack.rt.pool.connection() as session:
        await session.execute("UPDATE cases SET country = 'CN'")
    officer = await Officer.at_work(browser, stack, "Aigul Testova", "ru")
    page = officer.page
    page.set_default_timeout(60_000)
    await page.goto(stack.url + "/console/inbox")
    await page.locator("form[action$='/next'] button").first.click()
    await page.wait_for_url("**/cases/**")
    await page.locator("#withheld summary").click()
    for width in (1280, 390):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await officer.faults() == [], ("case", width)
    await page.locator("#words").fill("Сәлеметсіз бе.")
    await page.locator("button[formaction*='/facts']").click()
    await officer.wait_for_text(ru("facts_found"))
    for width in (1280, 390):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await officer.faults() == [], ("facts", width)
    await page.locator("button[name=fact]").first.click()
    await officer.wait_for_text("Сәлеметсіз бе.")
    await close_visitor(visitor)
