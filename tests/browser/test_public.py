"""The public pages in a browser: narrow, wide, dark and right-to-left layout, without scripts."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.app_stack import AppStack
from tests.browser.officer import Officer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Folder into which the test saves pictures of the pages; "" saves none.
PICTURES = os.environ.get("KOSH_PICTURES", "")
PAGES = {
    "home": "/",
    "info": "/info",
    "topic": "/info/kandas.documents",
    "papers": "/info/papers/CN/kandas_status",
    "contacts": "/info/contacts/CN",
    "announcements": "/info/announcements",
    "privacy": "/privacy",
    "press": "/press",
    "status": "/status",
}
VIEWS = [
    pytest.param("kk", 390, "light", marks=pytest.mark.release),
    ("kk_Arab", 320, "dark"),
    pytest.param("kk_Arab", 390, "light", marks=pytest.mark.release),
    pytest.param("ru", 390, "light", marks=pytest.mark.release),
    pytest.param("zh_Hans", 1280, "dark", marks=pytest.mark.release),
    pytest.param("zh_Hans", 390, "light", marks=pytest.mark.release),
    pytest.param("ru", 1280, "light", marks=pytest.mark.release),
    ("uz", 320, "light"),
]


@pytest.mark.release
@pytest.mark.parametrize(("language", "width", "scheme"), VIEWS)
async def test_public_pages_pass_axe_and_fit_the_screen_width(
    browser: Any, stack: AppStack, language: str, width: int, scheme: str
) -> None:
    size = {"width": width, "height": 844}
    context = await browser.new_context(viewport=size, color_scheme=scheme)
    officer = Officer(await context.new_page())
    officer.page.set_default_timeout(60_000)
    for name, path in PAGES.items():
        await officer.page.goto(f"{stack.url}{path}?lang={language}")
        if PICTURES:
            file = Path(PICTURES) / f"pages2-{name}-{language}-{width}-{scheme}.png"
            await officer.page.screenshot(path=file, full_page=True)
        assert await officer.faults() == [], path
    assert officer.errors == []
    assert await context.cookies() == []
    await context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
async def test_home_page_is_small_and_requests_no_third_party(
    browser: Any, stack: AppStack, scripts: bool
) -> None:
    size = {"width": 390, "height": 844}
    context = await browser.new_context(java_script_enabled=scripts, locale="ru", viewport=size)
    page = await context.new_page()
    page.set_default_timeout(60_000)
    answers: list[Any] = []

    def record_response(answer: Any) -> None:
        answers.append(answer)

    page.on("response", record_response)
    await page.goto(f"{stack.url}/", wait_until="load")
    bodies = [await each.body() for each in answers]
    assert sum(map(len, bodies)) <= 60_000
    assert {each.url.startswith(stack.url) for each in answers} == {True}
    assert await page.locator("html").get_attribute("lang") == "ru"
    await page.click(".languages a[lang=kk-Arab]")
    await page.wait_for_selector("html[dir=rtl]")
    await page.locator("main a[href='/chat']").first.click()
    await page.wait_for_selector("#list li.kosh")
    await context.close()


async def test_info_index_scrolls_to_an_anchor_of_the_former_single_page(
    browser: Any, stack: AppStack
) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(60_000)
    await page.goto(f"{stack.url}/info?lang=ru#documents.apostille")
    entry = page.locator("[id='documents.apostille'] a")
    top = await entry.evaluate("each => each.getBoundingClientRect().top")
    assert 0 <= top < 844
    await entry.click()
    await page.wait_for_url("**/info/documents.apostille?lang=ru")
