"""Journeys of an officer, an editor and an operator in Firefox and WebKit.

`tests/browser/test_other_engines.py` describes the installation of the browsers. `KOSH_ENGINES=1`
runs these tests.
"""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.web.console import demo_officers
from tests.app_stack import AppStack
from tests.browser.announcing import TEXTS
from tests.browser.console_scene import ask_officer, close_visitor
from tests.browser.other_engines import Engine
from tests.browser.test_other_engines import ENGINES, WIDTH
from tests.officer_names import AIGUL, DANA, MARAT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ANSWER = "Проверим документы и ответим сегодня."
HAS_TEXT = "document.getElementById('main').innerText.includes({})"


@pytest_asyncio.fixture(loop_scope="session", params=ENGINES)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    async with ENGINES[request.param]() as found:
        yield found


class Colleague:
    """A member of the staff in the console, in any browser."""

    def __init__(self, page: Engine, stack: AppStack) -> None:
        self.page, self.stack = page, stack

    async def sign_in(self, name: str) -> None:
        await self.page.resize(1280, 900)
        await self.page.goto(f"{self.stack.url}/console/sign-in?language=ru")
        named = f"b => b.innerText.includes({json.dumps(name)})"
        button = f"[...document.querySelectorAll('.crew button')].find({named})"
        await self.page.run(f"{button}.click()")
        await self.page.until("document.querySelector('.rail') && document.getElementById('main')")

    async def goto(self, path: str) -> None:
        await self.page.goto(f"{self.stack.url}/console{path}")

    async def click(self, selector: str) -> None:
        found = f"document.querySelector({json.dumps(selector)})"
        await self.page.until(found)
        await self.page.run(f"{found}.click()")

    async def fill(self, selector: str, words: str) -> None:
        found = f"document.querySelector({json.dumps(selector)})"
        await self.page.until(found)
        await self.page.run(
            f"(() => {{ {found}.value = {json.dumps(words)};"
            f" {found}.dispatchEvent(new Event('input', {{ bubbles: true }})); }})()"
        )

    async def wait_for_text(self, words: str) -> None:
        await self.page.until(HAS_TEXT.format(json.dumps(words)))


async def test_console_answers_and_closes_a_case_in_firefox_and_webkit(
    engine: Engine, stack: AppStack
) -> None:
    await demo_officers.enter(stack.rt)
    visitor = await ask_officer(stack, "ru", "general", "Testova asks")
    officer = Colleague(engine, stack)
    await officer.sign_in(AIGUL)
    await officer.goto("/inbox")
    await officer.click("[data-key=KeyN]")
    await officer.wait_for_text("Testova asks")
    await officer.fill("#words", ANSWER)
    await officer.click("form.writing .primary")
    await engine.until(
        f"document.getElementById('thread').innerText.includes({json.dumps(ANSWER)})"
    )

    async def has_arrived() -> bool:
        return any(ANSWER in each.text for each in visitor.bubbles)

    await stack.until(has_arrived)
    await officer.click("#resolve summary")
    await officer.click("#resolve .primary")
    assert await engine.run(WIDTH) <= 0

    async def is_closed() -> bool:
        async with stack.rt.pool.connection() as session:
            row = await (await session.execute("SELECT state FROM cases")).fetchone()
        return row == ("resolved",)

    await stack.until(is_closed)
    await close_visitor(visitor)


async def test_console_writes_and_tests_a_broadcast_in_firefox_and_webkit(
    engine: Engine, stack: AppStack
) -> None:
    await demo_officers.enter(stack.rt)
    editor = Colleague(engine, stack)
    await editor.sign_in(MARAT)
    await editor.goto("/broadcasts")
    await editor.click("a.button.primary")
    await editor.click("input[name=purpose][value=news]")
    await engine.run("void (document.querySelector('select[name=topic]').selectedIndex = 1)")
    await editor.fill("textarea[name=why]", "День открытых дверей")
    await editor.click("form .primary")
    await engine.until("location.pathname.endsWith('/write/audience')")
    await editor.click("form.card .primary")
    await engine.until("location.pathname.endsWith('/write/text')")
    for code, words in TEXTS.items():
        await editor.fill(f"textarea[name=text_{code}]", words)
    await editor.click("button[name=stay]")
    await engine.until("document.querySelector('.derived :lang(kk-Arab)')")
    derived = await engine.run("document.querySelector('.derived :lang(kk-Arab)').innerText")
    assert "وتانداستار" in derived
    await editor.click("form .primary")
    await engine.until("location.pathname.endsWith('/write/test')")
    assert await engine.run("document.querySelectorAll('[data-look] .bubble').length") > 6
    assert await engine.run(WIDTH) <= 0


async def test_console_adds_an_officer_in_firefox_and_webkit(
    engine: Engine, stack: AppStack
) -> None:
    await demo_officers.enter(stack.rt)
    operator = Colleague(engine, stack)
    await operator.sign_in(DANA)
    await operator.goto("/officers")
    await operator.click("main > details.card:last-of-type summary")
    await operator.fill("main > details.card:last-of-type input[name=name]", "Erlan Testov")
    await operator.click("main > details.card:last-of-type form button.primary")
    await operator.wait_for_text("Erlan Testov")
    link = "document.querySelector('.invited input').value"
    assert "/console/welcome?token=" in await engine.run(link)
    await operator.click("a[href$='/console/help#officers']")
    await engine.until("document.querySelector('#officers:target')")
    await engine.goto(f"{stack.url}/status")
    assert await engine.run("document.querySelectorAll('main li, main dt, main tr').length") > 0
    assert await engine.run(WIDTH) <= 0
