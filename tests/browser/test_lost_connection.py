"""Tests of the chat page on a line that is lost for a time."""

from typing import Any

import pytest

from tests.app_stack import AppStack

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# JavaScript in which the event stream fails at once and the page retries as soon as it may.
WITHOUT_STREAM = """Math.random = () => 0;
const online = fetch;
fetch = (url, ...more) =>
  String(url).includes('/chat/stream') ? Promise.reject(new TypeError()) : online(url, ...more);"""
# JavaScript in which no request is answered until the page gives it up.
SILENT = """fetch = (url, { signal }) => new Promise(
  (_, fail) => signal.addEventListener('abort', () => fail(new TypeError())));"""
GIVEN_UP_MS = 20_000  # PATIENCE in chat.js
# JavaScript that returns by how many pixels the composer and its banner cover the newest message.
COVERED = """() => document.querySelector('#list > :last-child').getBoundingClientRect().bottom
  - document.querySelector('.dock').getBoundingClientRect().top"""
BANNER = "() => document.getElementById('banner').dataset.state || ''"


async def test_chat_page_warns_of_a_lost_stream_in_three_seconds(
    browser: Any, stack: AppStack
) -> None:
    page = await browser.new_page()
    await page.clock.install()
    await page.add_init_script(WITHOUT_STREAM)
    await page.goto(f"{stack.url}/chat")
    await page.clock.run_for(3100)
    assert await page.evaluate(BANNER) == "offline"


async def test_chat_page_warns_when_a_message_gets_no_answer(browser: Any, stack: AppStack) -> None:
    page = await browser.new_page()
    await page.clock.install()
    await page.add_init_script(SILENT)
    await page.goto(f"{stack.url}/chat")
    await page.fill("#text", "hello")
    await page.click("#send")
    await page.clock.run_for(GIVEN_UP_MS)
    await page.clock.run_for(3100)
    assert await page.evaluate(BANNER) == "offline"


async def test_offline_banner_does_not_cover_the_newest_message(
    browser: Any, stack: AppStack
) -> None:
    page = await browser.new_page(viewport={"width": 360, "height": 560})
    await page.clock.install()
    await page.add_init_script(WITHOUT_STREAM)
    await page.goto(f"{stack.url}/chat")
    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    await page.clock.run_for(3100)
    assert await page.evaluate(BANNER) == "offline"
    assert await page.evaluate(COVERED) <= 0
