"""Test of what a browser keeps after the quick exit.

docs/explanation/for-people.md lists what may remain.
"""

from typing import Any

import pytest

from bot.web.chat_rendering import EXIT_URL
from tests.app_stack import AppStack
from tests.browser.test_chat import _phone
from tests.web.test_journeys import ANSWERS
from tests.web.test_phone_after_exit import _documented_data

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# JavaScript that returns the number of entries in each kind of storage that a site can use.
STORED = """async () => ({
  session: sessionStorage.length, local: localStorage.length,
  caches: self.caches ? (await caches.keys()).length : 0,
  databases: indexedDB.databases ? (await indexedDB.databases()).length : 0,
  workers: navigator.serviceWorker ? (await navigator.serviceWorker.getRegistrations()).length : 0,
})"""
ANSWER = "TESTOVA"


@pytest.mark.requirement("S-37", "S-61", "S-84")
async def test_browser_keeps_only_documented_data_after_a_quick_exit(
    browser: Any, stack: AppStack
) -> None:
    history, files = _documented_data("Browser")
    assert "visited pages" in history and "saved" in files
    phone = await _phone(browser, stack)
    cached: list[str] = []
    phone.page.on(
        "response",
        lambda each: (
            cached.append(each.url)
            if each.request.method == "GET"
            and "/static/" not in each.url
            and each.headers.get("cache-control") != "no-store"
            else None
        ),
    )
    for answer in ("ru", *ANSWERS[: ANSWERS.index(ANSWER) + 1]):
        await phone.answer(answer)
    address = phone.page.url
    assert address == f"{stack.url}/chat", "the address opens nothing"
    await phone.page.click("button.leave")
    await phone.page.wait_for_url(f"**{EXIT_URL}")
    assert "kosh" not in (await phone.page.title()).lower()

    async def without_cookies() -> bool:
        # The response that deletes the cookie may arrive after the browser has left the page.
        return not await phone.page.context.cookies()

    await stack.until(without_cookies, 60)
    stored = await phone.page.evaluate(STORED)
    assert stored == dict.fromkeys(stored, 0)
    assert [each for each in cached if "/chat" in each] == []
    await phone.page.go_back()
    assert ANSWER not in await phone.page.content()
    await phone.page.goto(address)
    await phone.page.wait_for_selector("#list li.kosh")
    assert ANSWER not in await phone.page.content()
    assert await phone.page.context.cookies() == []
