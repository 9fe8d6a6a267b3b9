"""Tests in a browser: a secure page whose link was used, and the file field of the chat page."""

from typing import Any

import pytest

from tests.app_stack import AppStack
from tests.person_client import Guest
from tests.release_only import release_only
from tests.sample_files import photo

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_secure_page_message_about_a_used_link_is_wider_than_300_px(
    browser: Any, stack: AppStack
) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 760})
    answer = await page.goto(f"{stack.url}/p/used")
    assert answer.status == 410
    widths = await page.locator(".gate p").evaluate_all(
        "all => all.map(p => p.getBoundingClientRect().width)"
    )
    assert min(widths) > 300


@pytest.mark.parametrize(
    "scripts", release_only([True, False], keep=(True,)), ids=["scripts", "no scripts"]
)
async def test_chat_page_uploads_a_photo_and_shows_the_answer(
    browser: Any, stack: AppStack, scripts: bool
) -> None:
    guest = Guest(stack.rt)
    await guest.register()

    async def is_accepted() -> bool:
        talk = await guest.conversation()
        return bool(talk and talk.registration and talk.registration.state == "accepted")

    await stack.until(is_accepted)
    await guest.press("!status")
    await guest.go("papers", "yes")
    context = await browser.new_context(java_script_enabled=scripts)
    await context.add_cookies([{"name": "kosh", "value": guest.name, "url": stack.url}])
    page = await context.new_page()
    await page.goto(f"{stack.url}/chat")
    form = page.locator("form.file:has(fieldset:not([disabled]))").last
    await form.locator("input[type=file]").set_input_files(
        {"name": "page.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    await form.locator("button").click()
    await page.get_by_text("Получено в читаемом виде: 1.").wait_for(timeout=60_000)
