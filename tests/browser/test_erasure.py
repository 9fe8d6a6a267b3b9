"""The chat page after a person has deleted their data."""

from typing import Any

import pytest

from tests.app_stack import AppStack
from tests.browser.phone import open_phone
from tests.web.journey import ANSWERS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ANSWER = "TESTOVA"


async def test_chat_page_loses_the_persons_words_after_an_erasure(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", *ANSWERS[: ANSWERS.index(ANSWER) + 1], "/delete", "yes"):
        await phone.answer(answer)
    await phone.page.locator("#list li.own").last.wait_for(state="detached")
    words = await phone.page.locator("#list").inner_text()
    assert "удалено" in words
    assert "мессенджер" not in words
    assert not phone.errors
