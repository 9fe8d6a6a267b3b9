"""Tests of the chat in a frame of a ministry's page: allowed origins, own cookie, quick exit.

One page is at localhost and the other at 127.0.0.1, which browsers treat as different sites.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from bot.config.settings import Settings
from bot.web.chat_rendering import EXIT_URL
from tests.app_stack import AppStack, running_stack
from tests.browser.phone import Phone
from tests.person_client import AFTER_CONSENT, TO_CONSENT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FRAME = (
    "<!doctype html><title>Consulate</title>"
    '<iframe src="{url}/chat" title="Kosh" width="380" height="700"></iframe>'
)
COOKIE = "kosh-framed"
LAST = "() => [...document.querySelectorAll('#list li.kosh .bubble')].pop().innerText"


class FramedPhone(Phone):
    """The chat's page in a frame."""

    def __init__(self, frame: Any) -> None:
        self.page = frame


class EmbeddingSite:
    """A server of another site, whose page shows the chat at `address` in a frame."""

    def __init__(self) -> None:
        self.address = ""
        self.port = 0

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    async def page(self, _request: web.Request) -> web.Response:
        return web.Response(text=FRAME.format(url=self.address), content_type="text/html")


@asynccontextmanager
async def _serve(embedding_site: EmbeddingSite) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_get("/", embedding_site.page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    embedding_site.port = runner.addresses[0][1]
    yield
    await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="session")
async def embedding_site() -> AsyncIterator[EmbeddingSite]:
    served = EmbeddingSite()
    async with _serve(served):
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def stack(
    chosen: Settings, admin_url: str, embedding_site: EmbeddingSite
) -> AsyncIterator[AppStack]:
    settings = chosen.model_copy(update={"embed_origins": (embedding_site.origin,)})
    async with running_stack(settings, admin_url) as found:
        embedding_site.address = found.url
        yield found


async def _chat(page: Any, stack: AppStack) -> FramedPhone:
    """Return the chat in the frame of the ministry's page, once it shows its first message."""
    await page.wait_for_selector("iframe")
    frame = await (await page.query_selector("iframe")).content_frame()
    await frame.wait_for_url(f"{stack.url}/chat**")
    await frame.wait_for_selector("#list li.kosh")
    return FramedPhone(frame)


async def _visitor(browser: Any, url: str, **options: Any) -> Any:
    context = await browser.new_context(reduced_motion="reduce", **options)
    page = await context.new_page()
    page.set_default_timeout(20_000)
    await page.goto(url)
    return page


@pytest.mark.release
async def test_framed_chat_continues_after_a_reload_by_a_partitioned_cookie(
    browser: Any, stack: AppStack, embedding_site: EmbeddingSite
) -> None:
    page = await _visitor(browser, embedding_site.origin)
    chat = await _chat(page, stack)
    for answer in (*TO_CONSENT, "yes", *AFTER_CONSENT[:2]):
        await chat.answer(answer)
    (cookie,) = await page.context.cookies()
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == (COOKIE, True, True)
    assert (cookie["sameSite"], cookie["partitionKey"]) == ("None", "http://localhost")
    question = await chat.page.evaluate(LAST)
    await page.reload()
    assert await (await _chat(page, stack)).page.evaluate(LAST) == question
    # The browser does not send the frame's cookie to the chat page outside the frame, so that page
    # belongs to another visitor.
    own = await page.context.new_page()
    await own.goto(f"{stack.url}/chat")
    assert await own.evaluate(LAST) != question


@pytest.mark.release
async def test_framed_chat_quick_exit_also_leaves_the_embedding_page(
    browser: Any, stack: AppStack, embedding_site: EmbeddingSite
) -> None:
    page = await _visitor(browser, embedding_site.origin)
    chat = await _chat(page, stack)
    for answer in (*TO_CONSENT, "yes"):
        await chat.answer(answer)
    await chat.page.click("button.leave")
    await page.wait_for_url(f"{stack.url}{EXIT_URL}")

    async def without_cookies() -> bool:
        return not await page.context.cookies()

    await stack.until(without_cookies)
    await page.goto(embedding_site.origin)
    again = await _chat(page, stack)
    assert await again.page.locator("#list li").count() == 1


@pytest.mark.release
async def test_framed_chat_without_scripts_answers_and_exits_in_its_frame(
    browser: Any, stack: AppStack, embedding_site: EmbeddingSite
) -> None:
    page = await _visitor(browser, embedding_site.origin, java_script_enabled=False)
    frame = page.frame_locator("iframe")
    await frame.locator("#list button[value$=':ru']").click()
    await frame.locator("#list .main").first.wait_for()
    await frame.locator("button.leave").click()
    await frame.locator("main h1").wait_for()
    assert page.url.startswith(embedding_site.origin)


async def test_framed_chat_is_blocked_on_a_page_of_an_unlisted_origin(
    browser: Any, stack: AppStack, embedding_site: EmbeddingSite
) -> None:
    page = await _visitor(browser, f"http://127.0.0.1:{embedding_site.port}")
    frame = await (await page.query_selector("iframe")).content_frame()
    await frame.wait_for_load_state()
    assert frame.url.startswith("chrome-error:")
    assert await page.frame_locator("iframe").locator("#list").count() == 0
