"""Cookies and answers that the browser handles only after a quick exit."""

from typing import Any

import pytest

from bot.people import identities
from bot.web.chat_rendering import EXIT_URL
from tests.app_stack import AppStack
from tests.browser.phone import open_phone
from tests.web.journey import ANSWERS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.requirement("S-84"),
]

ANSWER = "TESTOVA"
# JavaScript that stores a cookie only when the page reads its cookies or has been left. Chromium
# does so under load, because the network process, which stores cookies, works at its own pace.
STORES_COOKIES_LATE = """
  const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
  const waiting = [];
  const store = () => waiting.splice(0).forEach(each => set.call(document, each));
  Object.defineProperty(document, 'cookie', {
    set(value) { waiting.push(value); },
    get() { store(); return get.call(document); },
  });
  addEventListener('pagehide', store);
"""


async def test_quick_exit_leaves_no_cookie_when_the_browser_stores_it_late(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    await phone.page.context.add_init_script(STORES_COOKIES_LATE)
    await phone.page.reload()
    await phone.answer("ru")
    await phone.page.click("button.leave")
    await phone.page.wait_for_url(f"**{EXIT_URL}")
    assert await phone.page.context.cookies() == []


async def test_page_that_loads_during_a_quick_exit_loses_its_messages(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", *ANSWERS[: ANSWERS.index(ANSWER)]):
        await phone.answer(answer)
    told = await phone.page.locator("#list li.kosh .bubble").last.inner_text()
    other = await phone.page.context.new_page()

    (secret,) = [each["value"] for each in await phone.page.context.cookies()]

    async def has_ended() -> bool:
        async with stack.rt.pool.connection() as transaction:
            return await identities.find(stack.rt, transaction, "web", secret) is None

    async def leave_meanwhile(route: Any) -> None:
        answer = await route.fetch()
        assert told.split("\n")[0] in await answer.text()
        await phone.page.click("button.leave")
        await phone.page.wait_for_url(f"**{EXIT_URL}")
        await stack.until(has_ended)
        await route.fulfill(response=answer)

    await other.route("**/chat", leave_meanwhile, times=1)
    await other.goto(f"{stack.url}/chat")
    await other.wait_for_selector("#list button[value$=':ru']")
    assert told not in await other.locator("#list").inner_text()
    assert await phone.page.context.cookies() == []
