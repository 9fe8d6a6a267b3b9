"""The chat page of a person whose chat this browser can no longer open."""

from typing import Any

import pytest

from bot.web.chat_rendering import LABELS
from tests.app_stack import AppStack
from tests.browser.phone import Phone, open_phone
from tests.browser.upload_page import page_that_asks_for_a_photo
from tests.person_client import Guest
from tests.sample_files import photo

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# The cookie of the chat, and the label of the text that explains its end.
COOKIES = {"kosh": "chat_ended", "kosh-visit": "visit_ended"}

QUESTION = "#list .steps"


async def _open_without_cookie(browser: Any, stack: AppStack, cookie: str) -> Phone:
    """Open the chat of a person who has consented, then delete its cookie."""
    guest = Guest(stack.rt)
    await guest.consent()
    phone = await open_phone(browser, stack)
    context = phone.page.context
    await context.add_cookies([{"name": cookie, "value": guest.name, "url": stack.url}])
    async with phone.page.expect_response("**/chat/stream**"):
        await phone.page.reload()
    await phone.page.locator(QUESTION).wait_for()
    await context.clear_cookies()
    return phone


@pytest.mark.parametrize("cookie", COOKIES)
async def test_chat_page_explains_that_its_chat_cannot_be_opened(
    browser: Any, stack: AppStack, cookie: str
) -> None:
    phone = await _open_without_cookie(browser, stack, cookie)
    await phone.page.evaluate("() => dispatchEvent(new Event('online'))")
    text = stack.rt.languages.render(LABELS[COOKIES[cookie]], "ru")
    await phone.page.locator("#banner", has_text=text).wait_for()
    assert await phone.page.locator(QUESTION).count() == 0
    assert phone.errors == []


async def test_chat_page_explains_why_an_answer_reached_a_new_chat(
    browser: Any, stack: AppStack
) -> None:
    phone = await _open_without_cookie(browser, stack, "kosh-visit")
    await phone.page.fill("#text", "TESTOVA")
    await phone.page.press("#text", "Enter")
    text = stack.rt.languages.render(LABELS["visit_ended"], "ru")
    await phone.page.locator("#banner", has_text=text).wait_for()
    await phone.page.locator("#list .tongue").first.wait_for()
    assert "TESTOVA" not in await phone.page.locator("#list").inner_text()
    assert await phone.page.locator(QUESTION).count() == 0
    await phone.answer("ru")
    assert await phone.page.locator("#banner").inner_text() == ""
    assert phone.errors == []


async def test_chat_page_says_that_a_file_for_an_ended_chat_did_not_arrive(
    browser: Any, stack: AppStack
) -> None:
    page = await page_that_asks_for_a_photo(browser, stack)
    await page.context.clear_cookies()
    field = page.locator("form.file input[type=file]").last
    await field.set_input_files({"name": "page.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    text = stack.rt.languages.render(LABELS["chat_ended"], "ru")
    await page.locator("#banner", has_text=text).wait_for()
    await page.locator("#list .own[data-state=failed]", has_text="page.jpg").wait_for()
