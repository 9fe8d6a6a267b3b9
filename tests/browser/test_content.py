"""A fact is changed, published and withdrawn in real browsers, while a chat is open."""

from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from bot.web.console import demo_officers
from bot.web.console.labels_audit import LOGGED
from tests.app_stack import AppStack
from tests.browser.officer import Officer
from tests.console_client import ru
from tests.editorial.editors import ITEM, TEXTS, database_day
from tests.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

EDITOR, APPROVER, AUDITOR = "Marat Testov", "Timur Testov", "Saule Testova"
QUESTION = "Сколько дней граждане Турции могут быть без визы?"
MAX_SCREENS, MAX_SECONDS = 6, 300
# Minimum width of a button in px, so that a label of one long word is not broken.
MIN_WIDTH = 140


@pytest.mark.release
async def test_published_fact_appears_in_an_open_chat_until_withdrawal(
    browser: Any, stack: AppStack
) -> None:
    await demo_officers.enter(stack.rt)
    editor, approver = [
        await Officer.at_work(browser, stack, name, "ru") for name in (EDITOR, APPROVER)
    ]
    for officer in (editor, approver):
        officer.page.set_default_timeout(60_000)
    async with Visitor.at(stack.url) as person:
        await person.press("Русский")
        start = monotonic()
        screens = await _write(editor, stack)
        assert await editor.faults() == [], "the page of a draft"
        screens += await _approve(approver, stack)
        assert screens <= MAX_SCREENS, screens
        await stack.until(lambda: _is_served(stack), 60)
        assert "до 60 дней" in (await person.say(QUESTION)).text
        assert monotonic() - start < MAX_SECONDS
        await approver.page.locator("#sure summary").click()
        await approver.page.locator("#sure button").click()
        await approver.wait_for_text(ru("done_content_back"))
        await stack.until(lambda: _is_served(stack, False), 60)
        assert "до 90 дней" in (await person.say(QUESTION)).text, "the earlier sum is said again"
    await _check_audit_log(browser, stack)
    await _check_layout(browser, stack)


async def _editor_on_a_phone(browser: Any, stack: AppStack, path: str) -> Any:
    """Return a page of the console on a narrow screen, in Kazakh."""
    await demo_officers.enter(stack.rt)
    editor = await Officer.at_work(browser, stack, EDITOR, "kk")
    await editor.page.set_viewport_size({"width": 390, "height": 844})
    await editor.page.goto(f"{stack.url}/console/{path}")
    return editor.page


@pytest.mark.release
async def test_console_texts_page_filters_are_wide_enough_on_a_phone(
    browser: Any, stack: AppStack
) -> None:
    page = await _editor_on_a_phone(browser, stack, "texts")
    widths = await page.eval_on_selector_all(
        "[role=search] .field", "all => all.map(each => each.getBoundingClientRect().width)"
    )
    assert len(widths) == 3
    assert min(widths) >= MIN_WIDTH


async def test_content_list_gives_each_fact_the_width_of_a_phone(
    browser: Any, stack: AppStack
) -> None:
    page = await _editor_on_a_phone(browser, stack, "content")
    narrow = await page.eval_on_selector_all(
        ".rows li > span:first-child",
        "all => all.map(each => each.getBoundingClientRect())"
        ".filter(each => each.width < 200 && each.height > 60).length",
    )
    assert narrow == 0, "a sentence of several lines is in a narrow column"


async def _is_served(stack: AppStack, published: bool = True) -> bool:
    return bool(stack.rt.content.snapshot.bodies) is published


async def _check_audit_log(browser: Any, stack: AppStack) -> None:
    """Check that the audit log shows each step of the publication and the withdrawal."""
    auditor = await Officer.at_work(browser, stack, AUDITOR, "ru")
    await auditor.page.goto(f"{stack.url}/console/audit")
    for action in ("content.drafted", "content.published", "content.withdrawn"):
        await auditor.wait_for_text(stack.rt.languages.render(LOGGED[action], "ru"))
    await auditor.wait_for_text(ITEM)
    assert await auditor.faults() == [], "the audit log"


async def _write(editor: Officer, stack: AppStack) -> int:
    """Change the fact in every language; return the number of screens that this took."""
    today = await database_day(stack.rt)
    page = editor.page
    await page.goto(f"{stack.url}/console/content")
    assert await editor.faults() == [], "the list"
    await page.locator(f"a[href$='{ITEM}']").first.click()
    await page.wait_for_url(f"**/{ITEM}")
    for code, text in TEXTS.items():
        await page.locator(f"textarea[name=text_{code}]").fill(text)
    await page.locator("textarea[name=sources]").fill("https://www.gov.kz/example")
    for name, day in (("as_of", today), ("checked", today), ("until", today + timedelta(days=60))):
        await page.locator(f"input[name={name}]").fill(day.isoformat())
    await page.locator("form[action$='/save'] button").click()
    await editor.wait_for_text(ru("done_content_saved"))
    assert await page.locator("[data-look]").count() >= 18, "six forms on three channels"
    return 3


async def _approve(approver: Officer, stack: AppStack) -> int:
    """Open the draft from the list and publish it; return the number of screens that this took."""
    page = approver.page
    await page.goto(f"{stack.url}/console/content")
    await page.locator(f"a[href$='{ITEM}']").first.click()
    await page.locator("form[action$='/approve'] button").click()
    await approver.wait_for_text(ru("done_content_live"))
    assert await approver.faults() == []
    return 3


async def _check_layout(browser: Any, stack: AppStack) -> None:
    """Check the list of facts and the fact's page in Arabic script, dark, on a phone."""
    officer = await Officer.at_work(browser, stack, EDITOR, "kk-Arab", color_scheme="dark")
    await officer.page.set_viewport_size({"width": 390, "height": 900})
    for path in ("/console/content", f"/console/content/{ITEM}"):
        await officer.page.goto(stack.url + path)
        assert await officer.faults() == [], path
