"""The page with both messengers' emulators, in a browser and in both text directions.

On this page, developers type, press buttons and choose from lists as a person would.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.browser.officer import Officer
from tests.browser.phone import Phone
from tests.channels.test_emulators_page import PNG, Browser, shown
from tests.emulators import page as emulators

PAGE = Path(emulators.__file__).parent

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def page() -> AsyncIterator[Browser]:
    async with shown() as opened:
        yield opened


async def open_page(browser: Any, page: Browser) -> Phone:
    """Open the emulators' page in a new browser context."""
    window = await browser.new_page(viewport={"width": 1280, "height": 900})
    phone = Phone(window)
    await window.goto(page.url)
    return phone


@pytest.mark.release
async def test_emulators_page_sends_and_receives_on_both_phones(
    browser: Any, page: Browser
) -> None:
    phones = await open_page(browser, page)
    window = phones.page
    await window.click(".telegram [data-act=start]")
    await window.wait_for_selector(".telegram .kosh b")
    button = window.locator(".telegram .kosh .buttons button")
    assert await button.evaluate("one => getComputedStyle(one).direction") == "rtl"
    await button.click()

    await window.fill(".whatsapp textarea", "سالەم")
    await window.press(".whatsapp textarea", "Enter")
    own_texts = window.locator(".whatsapp .mine .text")
    assert await own_texts.evaluate("one => getComputedStyle(one).direction") == "rtl"
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
    assert phones.errors == []


@pytest.mark.release
async def test_emulators_page_does_not_redraw_unchanged_elements(
    browser: Any, page: Browser
) -> None:
    window = (await open_page(browser, page)).page
    await window.fill(".whatsapp textarea", "1")
    await window.press(".whatsapp textarea", "Enter")
    opener = window.locator(".whatsapp .kosh .buttons button")
    await opener.focus()
    await window.evaluate("document.activeElement.dataset.kept = 'yes'")
    assert await page.do("/whatsapp/say", {"text": "2"}) == 204
    await window.wait_for_selector(".whatsapp .kosh:nth-child(4)")
    assert await window.evaluate("document.activeElement.dataset.kept") == "yes"


@pytest.mark.release
async def test_emulators_page_speaks_the_viewers_language(browser: Any, page: Browser) -> None:
    languages = json.loads((PAGE / "words.json").read_text("utf-8"))
    for locale, code in (("ru-RU", "ru"), ("zh-CN", "zh_Hans"), ("kk-CN", "kk_Arab")):
        context = await browser.new_context(locale=locale)
        window = await context.new_page()
        await window.goto(page.url)
        words = languages[code]["words"]
        await window.wait_for_function("title => document.title === title", arg=words["title"])
        assert await window.locator("h1").inner_text() == words["title"]
        assert await window.evaluate("document.documentElement.dir") == languages[code]["dir"]
        assert (
            await window.locator(".telegram textarea").get_attribute("placeholder")
            == (words["message"])
        )
        assert await window.locator(".tour li").count() == 4
    assert len({tuple(each["words"]) for each in languages.values()}) == 1


@pytest.mark.release
async def test_emulators_page_new_person_button_resets_both_phones(
    browser: Any, page: Browser
) -> None:
    phones = await open_page(browser, page)
    window = phones.page
    assert await window.locator("button", has_text="New person").count() == 1
    await window.click("#ask")
    for phone in ("telegram", "whatsapp"):
        await window.wait_for_selector(f".{phone} .mine")
    await window.click(".renew button")
    for phone in ("telegram", "whatsapp"):
        await window.wait_for_selector(f".{phone} .mine", state="detached")
    console = await window.locator("[data-path='/console/broadcasts']").get_attribute("href")
    assert console.endswith("/console/broadcasts")
    assert phones.errors == []


@pytest.mark.release
async def test_emulators_page_is_accessible(browser: Any, page: Browser) -> None:
    for scheme, width in (("light", 1280), ("dark", 390)):
        context = await browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 860}
        )
        officer = Officer(await context.new_page())
        await officer.page.goto(page.url)
        await officer.page.click("#ask")
        await officer.page.wait_for_selector(".whatsapp .kosh")
        assert (found := await officer.faults()) == [], "\n".join(found)
