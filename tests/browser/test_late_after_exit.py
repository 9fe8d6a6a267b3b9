"""Cookies and answers that the browser handles only after a quick exit."""

from typing import Any

import pytest

from bot.web.chat_rendering import EXIT_URL
from tests.app_stack import AppStack
from tests.browser.phone import open_phone

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.requirement("S-84"),
]

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
