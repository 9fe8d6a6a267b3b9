"""The emulators' page in a real browser: typing, pressing and choosing, in both directions."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.browser.test_chat import Phone
from tests.channels.test_emulators_page import PNG, Browser, shown

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def page() -> AsyncIterator[Browser]:
    async with shown() as opened:
        yield opened


async def opened(browser: Any, page: Browser) -> Phone:
    """Return the page in a window of its own."""
    window = await browser.new_page(viewport={"width": 1280, "height": 900})
    phone = Phone(window)
    await window.goto(page.url)
    return phone


async def test_emulators_page_works_with_both_phones(browser: Any, page: Browser) -> None:
    shown = await opened(browser, page)
    window = shown.page
    await window.click(".telegram [data-act=start]")
    await window.wait_for_selector(".telegram .kosh b")
    button = window.locator(".telegram .kosh .buttons button")
    assert await button.evaluate("one => getComputedStyle(one).direction") == "rtl"
    await button.click()

    await window.fill(".whatsapp textarea", "سالەم")
    await window.press(".whatsapp textarea", "Enter")
    mine = window.locator(".whatsapp .mine .text")
    assert await mine.evaluate("one => getComputedStyle(one).direction") == "rtl"
    await window.click(".whatsapp .kosh .buttons button")
    row = window.locator("dialog .rows button")
    assert await row.evaluate("one => one === document.activeElement")
    await window.keyboard.press("Enter")
    await page.kosh.heard.until(lambda: "whatsapp chose r1" in page.kosh.got, 60)
    assert await window.locator("#count").inner_text() == "1"

    photo = {"name": "photo.png", "mimeType": "image/png", "buffer": PNG}
    await window.set_input_files(".whatsapp [data-as=photo]", photo)
    await window.wait_for_selector(".whatsapp .mine img")
    assert page.kosh.got.count("telegram pressed kk") == 1
    assert shown.errors == []


async def test_emulators_page_does_not_redraw_unchanged_elements(
    browser: Any, page: Browser
) -> None:
    window = (await opened(browser, page)).page
    await window.fill(".whatsapp textarea", "1")
    await window.press(".whatsapp textarea", "Enter")
    opener = window.locator(".whatsapp .kosh .buttons button")
    await opener.focus()
    await window.evaluate("document.activeElement.dataset.kept = 'yes'")
    assert await page.do("/whatsapp/say", {"text": "2"}) == 204
    await window.wait_for_selector(".whatsapp .kosh:nth-child(4)")
    assert await window.evaluate("document.activeElement.dataset.kept") == "yes"
