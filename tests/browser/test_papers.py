"""Tests in a browser: a secure page whose link was used, and the file field of the chat page."""

from pathlib import Path
from typing import Any

import pytest

from tests.app_stack import AppStack
from tests.browser.upload_page import page_that_asks_for_a_photo
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
    page = await page_that_asks_for_a_photo(browser, stack, java_script_enabled=scripts)
    form = page.locator("form.file:has(fieldset:not([disabled]))").last
    field = form.locator("input[type=file]")
    await field.set_input_files({"name": "page.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    if not scripts:
        assert await field.evaluate("each => getComputedStyle(each).opacity") == "1"
        await form.locator("button").click()
    await page.get_by_text("Получено в читаемом виде: 1.").wait_for(timeout=60_000)


async def test_chat_page_sends_the_same_photo_again_after_a_failure(
    browser: Any, stack: AppStack, tmp_path: Path
) -> None:
    page = await page_that_asks_for_a_photo(browser, stack)
    await page.fill("#text", "помощь")
    await page.press("#text", "Enter")
    await page.wait_for_selector("li.new form.file")
    (tmp_path / "page.jpg").write_bytes(photo())
    devices = await page.context.new_cdp_session(page)

    async def choose() -> None:
        """Choose the file like a person: the page gets an event only if the choice changes."""
        root = (await devices.send("DOM.getDocument"))["root"]["nodeId"]
        found = {"nodeId": root, "selector": "li.new form.file input"}
        node = (await devices.send("DOM.querySelector", found))["nodeId"]
        files = {"nodeId": node, "files": [str(tmp_path / "page.jpg")]}
        await devices.send("DOM.setFileInputFiles", files)

    async def lose(route: Any) -> None:
        await route.abort("internetdisconnected")

    await page.route("**/chat/file", lose)
    await choose()
    await page.wait_for_selector("li.own[data-state=failed]")
    await page.unroute("**/chat/file")
    await choose()
    await page.get_by_text("Получено в читаемом виде: 1.").wait_for(timeout=10_000)
