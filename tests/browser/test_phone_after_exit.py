"""Test of what a browser keeps after the quick exit.

docs/explanation/for-people.md lists what may remain.
"""

from typing import Any

import pytest

from bot.budgets import BUDGETS, Spending, spend
from bot.people import identities
from bot.web.chat_rendering import EXIT_URL
from tests.app_stack import AppStack
from tests.browser.phone import Phone, open_phone
from tests.web import secure_page
from tests.web.documented_data import documented_data
from tests.web.journey import ANSWERS

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
    history, files = documented_data("Browser")
    assert "visited pages" in history and "saved" in files
    phone = await open_phone(browser, stack)
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


@pytest.mark.requirement("S-37", "S-61", "S-84")
async def test_quick_exit_ends_the_chat_when_its_request_is_lost(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", *ANSWERS[: ANSWERS.index(ANSWER) + 1]):
        await phone.answer(answer)
    context = phone.page.context
    (secret,) = [each["value"] for each in await context.cookies()]

    async def lose(route: Any) -> None:
        await route.abort("internetdisconnected")

    await context.route("**/chat/pressed", lose)
    await phone.page.click("button.leave")
    await phone.page.wait_for_url(f"**{EXIT_URL}")
    assert await context.cookies() == []

    async def has_ended() -> bool:
        async with stack.rt.pool.connection() as transaction:
            return await identities.find(stack.rt, transaction, "web", secret) is None

    await stack.until(has_ended)


@pytest.mark.requirement("S-37", "S-84")
async def test_quick_exit_without_a_connection_ends_the_chat_later(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", *ANSWERS[: ANSWERS.index(ANSWER) + 1]):
        await phone.answer(answer)
    context, address = phone.page.context, phone.page.url

    async def lose(route: Any) -> None:
        await route.abort("internetdisconnected")

    await context.route("**/*", lose)
    async with phone.page.expect_event("requestfailed", lambda each: EXIT_URL in each.url):
        await phone.page.click("button.leave")
    await context.unroute("**/*")
    page = await context.new_page()
    await page.goto(address)
    assert page.url.endswith(EXIT_URL)
    assert await context.cookies() == []
    await page.goto(address)
    await page.wait_for_selector("#list li.kosh")
    assert ANSWER not in await page.content()


async def test_page_does_nothing_more_after_a_quick_exit(browser: Any, stack: AppStack) -> None:
    phone = await open_phone(browser, stack)
    await phone.answer("ru")
    page, failures, requested = phone.page, list[str](), list[str]()

    async def stay(route: Any) -> None:
        await route.fulfill(status=204)

    await page.route(f"**{EXIT_URL}", stay)
    async with page.expect_event("requestfailed", lambda each: EXIT_URL in each.url):
        await page.click("button.leave")
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("request", lambda each: requested.append(each.url))
    for name in ("scroll", "offline", "online"):
        await page.evaluate("name => { dispatchEvent(new Event(name)); }", name)
    await page.evaluate("() => { document.dispatchEvent(new Event('visibilitychange')); }")
    assert (failures, requested, await page.title()) == ([], [], "")


@pytest.mark.requirement("S-84")
async def test_typed_exit_word_does_not_wait_for_an_earlier_message(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", *ANSWERS[: ANSWERS.index(ANSWER)]):
        await phone.answer(answer)

    async def hang(_route: Any) -> None:
        """Leave the request without an answer."""

    await phone.page.context.route("**/chat/said", hang)
    for words in (ANSWER, "Выход!"):
        await phone.page.fill("#text", words)
        await phone.page.press("#text", "Enter")
    await phone.page.wait_for_url(f"**{EXIT_URL}")
    assert await phone.page.context.cookies() == []


@pytest.mark.requirement("S-84")
@pytest.mark.parametrize("by_word", [False, True], ids=["button", "word"])
async def test_quick_exit_also_closes_the_chat_in_other_tabs(
    browser: Any, stack: AppStack, by_word: bool
) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", *ANSWERS[: ANSWERS.index(ANSWER)]):
        await phone.answer(answer)
    other = await phone.page.context.new_page()
    await other.goto(phone.page.url)
    await other.wait_for_selector("#list li.kosh")
    if by_word:
        await phone.page.fill("#text", "выход")
        await phone.page.press("#text", "Enter")
    else:
        await phone.page.click("button.leave")
    for page in (phone.page, other):
        await page.wait_for_url(f"**{EXIT_URL}", timeout=10_000)
    assert await phone.page.context.cookies() == []


@pytest.mark.requirement("S-84")
async def test_quick_exit_of_a_visit_ends_it_when_its_request_is_lost(
    browser: Any, stack: AppStack
) -> None:
    user = stack.telegram.user(7117, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    page = (await open_phone(browser, stack)).page
    await page.goto(await secure_page.new_link(stack, user))
    await page.click("form button")
    await page.wait_for_selector("#list li.kosh")
    (secret,) = [each["value"] for each in await page.context.cookies()]

    async def lose(route: Any) -> None:
        await route.abort("internetdisconnected")

    await page.context.route("**/chat/pressed", lose)
    await page.click("button.leave")
    await page.wait_for_url(f"**{EXIT_URL}")

    async def has_ended() -> bool:
        async with stack.rt.pool.connection() as transaction:
            return await identities.find(stack.rt, transaction, "web", secret) is None

    await stack.until(has_ended)


# JavaScript that acts like a browser whose user blocks all cookies.
WITHOUT_STORAGE = """
  const blocked = () => { throw new DOMException('blocked', 'SecurityError'); };
  Object.defineProperty(window, 'sessionStorage', { get: blocked });
  window.BroadcastChannel = class { constructor() { blocked(); } };
"""


@pytest.mark.requirement("S-84")
async def test_chat_page_answers_and_exits_when_the_browser_blocks_storage(
    browser: Any, stack: AppStack
) -> None:
    context = await browser.new_context(reduced_motion="reduce")
    await context.add_init_script(WITHOUT_STORAGE)
    phone = Phone(await context.new_page())
    phone.page.set_default_timeout(10_000)
    await phone.page.goto(f"{stack.url}/chat")
    await phone.answer("ru")
    await phone.page.click("button.leave")
    await phone.page.wait_for_url(f"**{EXIT_URL}")
    assert phone.errors == []


@pytest.mark.requirement("S-37", "S-84")
async def test_quick_exit_on_the_page_of_a_question_ends_the_anonymous_chat(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", *ANSWERS[: ANSWERS.index("seen") + 1]):
        await phone.answer(answer)
    told = await phone.page.locator("#list li.kosh .bubble").last.inner_text()
    for _time in range(BUDGETS[Spending.PERSON].free + 5):
        await spend(stack.rt, "127.0.0.1", [Spending.PERSON])
    await phone.page.locator("#list fieldset:not([disabled]) button[value$=':yes']").click()
    await phone.page.wait_for_selector("#answer")
    await phone.page.click("button.leave")
    await phone.page.wait_for_url(f"**{EXIT_URL}")
    await phone.page.goto(f"{stack.url}/chat")
    async with phone.page.expect_response("**/chat/stream**"):
        await phone.page.reload()
    assert told not in await phone.page.locator("#list").inner_text()


@pytest.mark.requirement("S-84")
@pytest.mark.parametrize("from_question", [True, False], ids=["question", "chat"])
async def test_quick_exit_closes_question_page_and_chat_in_other_tabs(
    browser: Any, stack: AppStack, from_question: bool
) -> None:
    phone = await open_phone(browser, stack)
    for answer in ("ru", *ANSWERS[: ANSWERS.index("seen") + 1]):
        await phone.answer(answer)
    other = await phone.page.context.new_page()
    await other.goto(phone.page.url)
    await other.wait_for_selector("#list li.kosh")
    for _time in range(BUDGETS[Spending.PERSON].free + 5):
        await spend(stack.rt, "127.0.0.1", [Spending.PERSON])
    await phone.page.locator("#list fieldset:not([disabled]) button[value$=':yes']").click()
    await phone.page.wait_for_selector("#answer")
    await (phone.page if from_question else other).click("button.leave")
    for page in (phone.page, other):
        await page.wait_for_url(f"**{EXIT_URL}", timeout=10_000)


@pytest.mark.requirement("S-37", "S-84")
async def test_back_after_a_quick_exit_on_the_page_of_a_question_posts_nothing(
    browser: Any, stack: AppStack
) -> None:
    phone = await open_phone(browser, stack)
    await phone.answer("ru")
    for _time in range(BUDGETS[Spending.CHAT].free + 5):
        await spend(stack.rt, "127.0.0.1", [Spending.CHAT])
    await phone.page.context.clear_cookies()
    await phone.page.evaluate("sessionStorage.clear()")
    await phone.page.reload()
    await phone.page.fill("#text", ANSWER)
    await phone.page.press("#text", "Enter")
    await phone.page.wait_for_selector("#answer")
    await phone.page.fill("#answer", "0")
    async with phone.page.expect_navigation():
        await phone.page.click(".question button")
    await phone.page.wait_for_selector("#answer")
    await phone.page.click("button.leave")
    await phone.page.wait_for_url(f"**{EXIT_URL}")
    posts: list[str] = []
    phone.page.on("request", lambda each: posts.append(each.url) if each.method == "POST" else None)
    for _time in range(2):
        await phone.page.go_back()
        await phone.page.wait_for_selector("#list li.kosh")
        await phone.page.reload()
        await phone.page.wait_for_selector("#list li.kosh")
        assert ANSWER not in await phone.page.content()
    assert posts == []
