"""Tests of the arithmetic question that the web chat asks once an address has opened many chats."""

import os
from pathlib import Path
from typing import Any

import pytest

from bot.budgets import BUDGETS, Spending, spend
from bot.desk.bursts import MIN_EVENTS
from bot.web.console import demo_officers
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.browser.officer import Officer
from tests.web.captcha import captcha_number

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HERE = "127.0.0.1"
# Folder into which the test saves pictures of the pages; "" saves none.
PICTURES = os.environ.get("KOSH_PICTURES", "")


async def _picture(page: Any, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.mark.requirement("S-82")
@pytest.mark.parametrize(("script", "width"), [(True, 360), (False, 1280)])
async def test_rate_limit_question_page_opens_the_chat_after_a_correct_answer(
    browser: Any, stack: AppStack, script: bool, width: int
) -> None:
    for _time in range(BUDGETS[Spending.CHAT].free + 5):
        await spend(stack.rt, HERE, [Spending.CHAT])
    context = await browser.new_context(
        viewport={"width": width, "height": 740},
        java_script_enabled=script,
        locale="ru",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    page.set_default_timeout(60_000)
    await page.goto(f"{stack.url}/chat")
    await page.locator("button[value$=':ru']").click()
    await page.wait_for_selector("#answer")
    number = captcha_number(stack.rt, await page.content())
    await _picture(page, f"question-{width}")
    assert await page.locator("main label[for=answer]").count() == 1
    await page.fill("#answer", str(number))
    await page.locator(".question button").click()
    await page.wait_for_selector("#list li.kosh")
    await _picture(page, f"after-{width}")
    assert await page.locator("html").get_attribute("lang") == "ru"
    await context.close()


@pytest.mark.requirement("S-82")
async def test_rate_limit_question_page_keeps_several_lines_of_a_person(
    browser: Any, stack: AppStack
) -> None:
    for _time in range(BUDGETS[Spending.CHAT].free + 5):
        await spend(stack.rt, HERE, [Spending.CHAT])
    page = await (await browser.new_context(locale="ru", reduced_motion="reduce")).new_page()
    page.set_default_timeout(10_000)
    await page.goto(f"{stack.url}/chat")
    lines = ["Здравствуйте", "Как получить статус кандаса?"]
    waiting: list[Any] = []

    async def wait(route: Any) -> None:
        waiting.append(route)

    await page.route("**/chat/said", wait, times=1)
    for line in lines:
        await page.fill("#text", line)
        await page.press("#text", "Enter")
    await waiting[0].continue_()
    await page.wait_for_selector("#answer")
    await page.fill("#answer", str(captcha_number(stack.rt, await page.content())))
    await page.locator(".question button").click()
    own = page.locator("#list li.own .bubble p")
    await own.first.wait_for()
    assert await own.all_inner_texts() == lines


@pytest.mark.requirement("S-82")
async def test_rate_limit_question_page_keeps_a_text_typed_after_a_press(
    browser: Any, stack: AppStack
) -> None:
    for _time in range(BUDGETS[Spending.CHAT].free + 5):
        await spend(stack.rt, HERE, [Spending.CHAT])
    page = await (await browser.new_context(locale="ru", reduced_motion="reduce")).new_page()
    page.set_default_timeout(10_000)
    await page.goto(f"{stack.url}/chat")
    waiting: list[Any] = []

    async def wait(route: Any) -> None:
        waiting.append(route)

    await page.route("**/chat/pressed", wait, times=1)
    await page.locator("button[value$=':ru']").click()
    line = "Как получить статус кандаса?"
    await page.fill("#text", line)
    await page.press("#text", "Enter")
    await waiting[0].continue_()
    await page.wait_for_selector("#answer")
    await page.fill("#answer", str(captcha_number(stack.rt, await page.content())))
    await page.locator(".question button").click()
    await page.wait_for_selector("#list li.own")
    assert await page.input_value("#text") == line


@pytest.mark.release
@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [
        ("kk", "light", 1280),
        ("kk_Arab", "dark", 390),
        ("ru", "dark", 320),
        ("zh_Hans", "light", 390),
        ("uz", "light", 320),
        ("uz_Cyrl", "dark", 1280),
    ],
)
@pytest.mark.requirement("S-82")
async def test_rate_limit_question_page_passes_axe(
    browser: Any, stack: AppStack, language: str, scheme: str, width: int
) -> None:
    for _time in range(BUDGETS[Spending.CHAT].free + 5):
        await spend(stack.rt, HERE, [Spending.CHAT])
    context = await browser.new_context(
        viewport={"width": width, "height": 740}, color_scheme=scheme, reduced_motion="reduce"
    )
    visitor = Officer(await context.new_page())
    visitor.page.set_default_timeout(60_000)
    await visitor.page.goto(f"{stack.url}/chat")
    await visitor.page.locator(f"button[value$=':{language}']").click()
    await visitor.page.wait_for_selector("#answer")
    assert await visitor.faults() == []
    await context.close()


@pytest.mark.release
@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("ru", "light", 1280), ("kk-Arab", "dark", 390)],
)
async def test_console_page_of_case_bursts_passes_axe(
    browser: Any, stack: AppStack, language: str, scheme: str, width: int
) -> None:
    await demo_officers.enter(stack.rt)
    visitor = await ask_officer(stack, "ru", "general", "Testova asks")
    for _event in range(MIN_EVENTS):
        await spend(stack.rt, HERE, [Spending.CHAT])
    officer = await Officer.at_work(browser, stack, "Marat Testov", language, color_scheme=scheme)
    await officer.page.set_viewport_size({"width": width, "height": 900})
    await officer.page.goto(f"{stack.url}/console/bursts")
    await officer.page.wait_for_selector("#main form[action$='/bursts/close']", state="attached")
    await officer.page.locator("#main details.sure summary").click()
    await _picture(officer.page, f"bursts-{width}")
    assert await officer.faults() == []
    assert officer.errors == []
    await officer.page.context.close()
    await close_visitor(visitor)
