"""Journeys of a person in Firefox and WebKit, and features that differ between browsers.

`apt-get install firefox-esr webkit2gtk-driver xvfb` installs the browsers, and `KOSH_ENGINES=1`
runs the tests. `.ci/run` does neither, since they take minutes and fail on a loaded machine.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager

import pytest
import pytest_asyncio

from tests.app_stack import AppStack
from tests.browser.other_engines import Engine, firefox, webkit
from tests.browser.phone import NEWEST, PRESSED
from tests.browser.test_counted import LIST_OF_ONE
from tests.person_client import AFTER_CONSENT, TO_CONSENT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ENGINES: Mapping[str, Callable[[], AbstractAsyncContextManager[Engine]]] = {
    "firefox": firefox,
    "webkit": webkit,
}
LAST = "[...document.querySelectorAll('#list li.kosh')].pop()"
WIDTH = "document.documentElement.scrollWidth - innerWidth"


@pytest_asyncio.fixture(loop_scope="session", params=ENGINES)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    async with ENGINES[request.param]() as found:
        yield found


class Person:
    """A person with the chat page open, in any browser."""

    def __init__(self, page: Engine) -> None:
        self.page = page

    async def answer(self, *answers: str) -> None:
        """Press the button with that key or send the text; wait for Kosh's next message."""
        for answer in answers:
            newest, values = await self.page.run(f"({NEWEST})()")
            keys = {value.partition(":")[2]: value for value in values}
            if answer in keys:
                selector = json.dumps(f"{PRESSED}[value='{keys[answer]}']")
                await self.page.run(f"document.querySelector({selector}).click()")
            else:
                await self._say(answer)
            await self.page.until(f"{LAST} && {LAST}.dataset.id !== {json.dumps(newest)}")

    async def _say(self, words: str) -> None:
        await self.page.run(
            "(() => { const field = document.getElementById('text');"
            f" field.value = {json.dumps(words)}; document.getElementById('send').click(); }})()"
        )


async def _open_chat(page: Engine, stack: AppStack, *answers: str) -> Person:
    await page.resize(390, 844)
    await page.goto(f"{stack.url}/chat")
    person = Person(page)
    await person.answer(*answers)
    return person


async def test_chat_page_answers_a_typed_question_in_firefox_and_webkit(
    engine: Engine, stack: AppStack
) -> None:
    await _open_chat(engine, stack, "Сколько стоит получить статус кандаса?")
    assert "бесплатно" in (await engine.run("document.getElementById('list').innerText")).lower()


async def test_chat_page_ticks_and_unfolds_checklist_items_in_firefox_and_webkit(
    engine: Engine, stack: AppStack
) -> None:
    await _open_chat(engine, stack, "kk_Arab", *LIST_OF_ONE)
    await engine.until("document.querySelector('#list .item')")
    assert await engine.run("document.documentElement.dir") == "rtl"
    height = "document.querySelector('#list .item').offsetHeight"
    folded = await engine.run(height)
    await engine.run("document.querySelector('#list .item summary').click()")
    assert await engine.run(height) > folded
    await engine.run("document.querySelector('#list .item .box').click()")
    line = "getComputedStyle(document.querySelector('#list .item summary')).textDecorationLine"
    assert await engine.run(line) == "line-through"
    assert await engine.run(WIDTH) <= 0


async def test_chat_page_completes_a_registration_in_firefox_and_webkit(
    engine: Engine, stack: AppStack
) -> None:
    person = await _open_chat(engine, stack, *TO_CONSENT, "yes", *AFTER_CONSENT)
    await engine.until("document.querySelectorAll('#list .row-of').length > 5")
    await person.answer("submit")

    async def is_accepted() -> bool:
        return [each["state"] for each in await stack.entries()] == ["ACCEPTED"]

    await stack.until(is_accepted)
    await person.answer("/status")
    await engine.until("document.querySelector('#list .receipt .number')")
    (entry,) = await stack.entries()
    number = "[...document.querySelectorAll('#list .receipt .number')].pop().innerText"
    assert await engine.run(number) == entry["number"]


async def test_chat_page_opens_a_case_in_firefox_and_webkit(
    engine: Engine, stack: AppStack
) -> None:
    await _open_chat(engine, stack, "kk", "officer", "general", "yes", "Testova asks")
    async with stack.rt.pool.connection() as session:
        row = await (await session.execute("SELECT count(*) FROM cases")).fetchone()
    assert row == (1,)


async def test_chat_page_fits_at_double_text_size_in_firefox_and_webkit(
    engine: Engine, stack: AppStack
) -> None:
    await _open_chat(engine, stack, "ru")
    await engine.resize(320, 740)
    await engine.run("void (document.documentElement.style.fontSize = '212.5%')")
    leave = "innerWidth - document.querySelector('.leave').getBoundingClientRect().right"
    assert await engine.run(leave) >= 0
    assert await engine.run(WIDTH) <= 0
    lines = (
        "(field => field.scrollHeight / parseFloat(getComputedStyle(field).lineHeight))"
        "(document.getElementById('text'))"
    )
    assert await engine.run(lines) < 3


async def test_chat_page_without_scripts_shows_the_menu_in_firefox(stack: AppStack) -> None:
    async with firefox(**{"javascript.enabled": False}) as page:
        await page.goto(f"{stack.url}/chat")
        await page.run("document.querySelector(\"#list button[value$=':ru']\")?.click()")
        await page.until("document.querySelectorAll('#list .main').length === 3")


async def test_chat_page_uses_dark_colours_in_firefox_when_preferred(stack: AppStack) -> None:
    async with firefox(**{"layout.css.prefers-color-scheme.content-override": 0}) as page:
        await page.goto(f"{stack.url}/chat")
        colour = await page.run("getComputedStyle(document.body).backgroundColor")
        assert colour == "rgb(17, 23, 22)"
