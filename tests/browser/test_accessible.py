"""Accessibility of the console: axe checks each page in the widest and in the narrowest layout."""

from typing import Any

import pytest

from bot.web.console import demo_officers
from flows.engine import screens
from flows.engine.text import id_of
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.browser.officer import Officer

pytestmark = [pytest.mark.browser, pytest.mark.release, pytest.mark.asyncio(loop_scope="session")]

PAGES = {
    "Aigul Testova": ("/inbox", "/inbox?queue=mine", "CASE", "/own", "/help"),
    "Marat Testov": (
        *("/now", "/statistics", "/canned", "/hours", "/content/ends"),
        *("/content/answer:permit.visa", "/content/phrases:permit.visa"),
        *("/texts", f"/texts/{id_of(screens.MENU_TEXT)}"),
    ),
    "Dana Testova": ("/officers",),
    "Saule Testova": ("/audit",),
}


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("ru", "light", 1280), ("kk-Arab", "dark", 390)],
)
async def test_console_pages_pass_the_axe_accessibility_checks(
    browser: Any,
    stack: AppStack,
    language: str,
    scheme: str,
    width: int,
) -> None:
    await demo_officers.enter(stack.rt)
    visitors = [await ask_officer(stack, "kk", "passport", "Testova asks") for _ in range(2)]
    for name, paths in PAGES.items():
        options = {"color_scheme": scheme}
        officer = await Officer.at_work(browser, stack, name, language, **options)
        await officer.page.set_viewport_size({"width": width, "height": 900})
        for path in paths:
            if path == "CASE":
                await officer.page.goto(f"{stack.url}/console/inbox")
                await officer.click("[data-key=KeyN]")
            else:
                await officer.page.goto(f"{stack.url}/console{path}")
            await officer.page.wait_for_selector("#main")
            assert await officer.faults() == [], path
        assert officer.errors == []
        await officer.page.context.close()
    for visitor in visitors:
        await close_visitor(visitor)
