"""Rate limits of the web chat by network address.

Above a limit, the visitor must answer a question, which people can do and simple programs cannot.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp
import pytest

from bot.budgets import BUDGETS, Spending, Waits, spend
from bot.desk.bursts import MIN_EVENTS
from bot.runtime import Runtime
from bot.web import chat_budget, chat_question
from bot.web.console import demo_officers
from bot.web.health import ASKS
from flows.engine import safety, screens
from flows.knowledge.contacts import UNIFIED
from tests.app_stack import AppStack
from tests.console_client import Console, ru
from tests.person_client import AFTER_CONSENT, TO_CONSENT
from tests.release_only import release_only
from tests.visitor import Visitor
from tests.web.captcha import captcha_number

# The header by which a proxy reports the client's address. The server trusts it, because the test
# connects from the loopback interface.
SHARED_ADDRESS = {"X-Forwarded-For": "192.0.2.77"}
FORMS = ("kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl")


def _fields(page: str) -> dict[str, str]:
    main = page[page.index('class="question"') :]
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', main)
    return {name: unescape(value) for name, value in found}


async def _exhaust_budget(rt: Runtime, of: Spending, host: str = "192.0.2.77") -> None:
    for _time in range(BUDGETS[of].free + 5):
        await spend(rt, host, [of])


@pytest.fixture
def redis_url(redis_url: str) -> str:
    """Return the URL of a Valkey database that only this file uses, because a test reads all keys.

    Tests in other processes use the same server and write keys with the same names.
    """
    return urlsplit(redis_url)._replace(path="/1").geturl()


@pytest.fixture
async def person(stack: AppStack) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a browser without JavaScript with a network address (SHARED_ADDRESS) of many people."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(
        headers=SHARED_ADDRESS | {"Accept-Language": "ru"}, cookie_jar=jar
    ) as at:
        yield at


async def _post(
    stack: AppStack, person: aiohttp.ClientSession, what: str = "said", **fields: str
) -> tuple[int, str]:
    form = {"id": uuid4().hex, **fields}
    async with person.post(f"{stack.url}/chat/{what}", data=form) as answer:
        return answer.status, await answer.text()


async def _count(stack: AppStack, table: str) -> int:
    async with stack.rt.pool.connection() as session:
        # Only this file passes table names, so the query needs no escaping.
        cursor = await session.execute(f"SELECT count(*) FROM {table}")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.release
@pytest.mark.requirement("S-82")
async def test_cases_opened_from_one_network_address_are_limited(stack: AppStack) -> None:
    tries = BUDGETS[Spending.CASE].free + 4

    async def ask() -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar, headers=SHARED_ADDRESS) as browser:
            bot = AutomatedClient(stack, browser)
            for payload in ("ru", "!person", "general", "yes"):
                await bot.press(payload)
            await bot.say("buy cheap watches")

    for _time in range(tries):
        await ask()
    assert BUDGETS[Spending.CASE].free <= await _count(stack, "cases") < tries


class AutomatedClient:
    """A client that uses the chat page without JavaScript and cannot answer its questions."""

    def __init__(self, stack: AppStack, browser: aiohttp.ClientSession) -> None:
        self.stack, self.browser = stack, browser
        self.chat, self.page = "", ""

    async def press(self, key: str) -> None:
        if not self.page:
            async with self.browser.get(f"{self.stack.url}/chat") as answer:
                self._read(await answer.text())
        loads = [
            unescape(each) for each in re.findall(r'name="payload" value="([^"]*)"', self.page)
        ]
        load = next((each for each in loads if key in (each, each.partition(":")[2])), key)
        _status, page = await _post(
            self.stack, self.browser, "pressed", chat=self.chat, payload=load
        )
        self._read(page)

    async def say(self, text: str) -> None:
        _status, page = await _post(self.stack, self.browser, chat=self.chat, text=text)
        self._read(page)

    def _read(self, page: str) -> None:
        found = re.search(r'data-chat="([^"]*)"', page)
        if found is not None:
            self.page, self.chat = page, unescape(found[1])


@pytest.mark.release
@pytest.mark.requirement("S-82")
async def test_registrations_from_one_network_address_are_limited(stack: AppStack) -> None:
    await _exhaust_budget(stack.rt, Spending.SUBMISSION)
    async with Visitor.at(stack.url) as visitor:
        visitor.session.headers.update(SHARED_ADDRESS)
        await visitor.wait(1)
        await visitor.give_answers(*TO_CONSENT)
        await visitor.press("yes")
        await visitor.give_answers(*AFTER_CONSENT)
        send = next(each for each in visitor.newest.buttons.values() if each.endswith("submit"))
        status, body = await visitor.send("pressed", payload=send)
        assert (status, body) == (429, {"error": "E_BUDGET", "as_page": True})
        assert await _count(stack, "registrations") == 0


@pytest.mark.requirement("S-82")
@pytest.mark.parametrize("language", release_only(FORMS, keep=("kk_Arab", "ru")))
async def test_rate_limit_question_opens_a_web_chat_when_answered(
    stack: AppStack, person: aiohttp.ClientSession, language: str
) -> None:
    await _exhaust_budget(stack.rt, Spending.CHAT)
    person.headers["Accept-Language"] = {"kk_Arab": "kk-CN", "uz_Cyrl": "uz-Cyrl"}.get(
        language, language.replace("_", "-")
    )
    status, page = await _post(stack, person, text="меню")
    assert status == 429
    number = captcha_number(stack.rt, page, language)
    fields = _fields(page)
    assert fields["text"] == "меню"
    assert str(number) not in "".join(fields[each] for each in ("text", "payload", "last"))
    status, page = await _post(stack, person, **fields, answer=f" {number} ")
    assert status == 200
    assert 'data-chat="' in page


async def test_repeated_post_of_the_script_is_not_refused(
    stack: AppStack, person: aiohttp.ClientSession
) -> None:
    async with person.get(f"{stack.url}/chat") as answer:
        chat = re.search(r'data-chat="([^"]*)"', await answer.text())
    assert chat is not None
    person.headers["X-Requested-With"] = "kosh"
    form = {"chat": unescape(chat[1]), "id": uuid4().hex, "text": "меню"}
    assert (await _post(stack, person, **form))[0] == 202
    await _exhaust_budget(stack.rt, Spending.CHAT)
    assert (await _post(stack, person, **form))[0] == 202
    assert (await _post(stack, person, text="меню"))[0] == 429


@pytest.mark.requirement("S-82")
async def test_rate_limit_question_allows_one_attempt_from_its_own_address(
    stack: AppStack, person: aiohttp.ClientSession
) -> None:
    await _exhaust_budget(stack.rt, Spending.CHAT)
    _status, page = await _post(stack, person, text="меню")
    number, fields = captcha_number(stack.rt, page), _fields(page)
    wrong = str(number + 1 if number < 99 else number - 1)
    status, again = await _post(stack, person, **fields, answer=wrong)
    assert status == 429
    assert stack.rt.languages.render(chat_budget.WRONG, "ru") in unescape(again)
    status, _page = await _post(stack, person, **fields, answer=str(number))
    assert status == 429
    _status, page = await _post(stack, person, text="меню")
    fields = _fields(page) | {"answer": str(captcha_number(stack.rt, page))}
    await _exhaust_budget(stack.rt, Spending.CHAT, "192.0.2.78")
    person.headers["X-Forwarded-For"] = "192.0.2.78"
    assert (await _post(stack, person, **fields))[0] == 429


@pytest.mark.requirement("S-82")
async def test_rate_limit_question_cannot_be_guessed_or_forged(stack: AppStack) -> None:
    numbers = {chat_question.new_number() for _time in range(5000)}
    assert len(numbers) == 72
    rt = stack.rt
    sealed = chat_question.seal(rt, 47, "192.0.2.1")
    assert not await chat_question.is_right(rt, sealed, "48", "192.0.2.1")
    assert not await chat_question.is_right(rt, sealed, "47", "192.0.2.1")
    for forged in ("", "47", "99999999999.x.y", sealed.replace(sealed[-2:], "zz"), f"x{sealed}"):
        assert not await chat_question.is_right(rt, forged, "47", "192.0.2.1")
    sealed = chat_question.seal(rt, 47, "192.0.2.1")
    assert await chat_question.is_right(rt, sealed, "٤٧", "192.0.2.1")


@pytest.mark.requirement("S-82")
async def test_web_chat_above_its_rate_limit_shows_contacts_and_when_to_retry(
    stack: AppStack, person: aiohttp.ClientSession
) -> None:
    for _time in range(BUDGETS[Spending.CHAT].limit + 5):
        await spend(stack.rt, "192.0.2.77", [Spending.CHAT], answered=True)
    async with person.post(f"{stack.url}/chat/said", data={"text": "меню"}) as first:
        page = await first.text()
    fields = _fields(page) | {"answer": str(captcha_number(stack.rt, page))}
    async with person.post(f"{stack.url}/chat/said", data=fields) as answer:
        page = unescape(await answer.text())
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) > 0
    minutes = chat_budget._wait_lines(Waits(1))[0]
    assert stack.rt.languages.render(minutes, "ru") in page
    assert "1414" in page
    assert "Telegram" in page
    assert stack.rt.languages.render(UNIFIED.text, "ru") in page


@pytest.mark.requirement("S-82", "S-37")
async def test_requests_for_help_stop_and_exit_are_answered_above_the_rate_limit(
    stack: AppStack, person: aiohttp.ClientSession
) -> None:
    await _exhaust_budget(stack.rt, Spending.CHAT)
    render = stack.rt.languages.render
    for text, line in (
        ("меня хотят убить", safety.READ_ALONE),
        ("стоп", screens.STOPPED),
        ("человек", UNIFIED.text),
    ):
        _status, page = await _post(stack, person, text=text)
        assert render(line, "ru") in unescape(page), text
        if line != UNIFIED.text:
            assert page.index('role="alert"') < page.index('class="question"')
    for text, is_shown in (("меня хотят убить", True), ("стоп", False), ("", False)):
        _status, page = await _post(stack, person, "pressed", payload="!menu", text=text)
        assert (render(safety.READ_ALONE, "ru") in unescape(page)) is is_shown, text
        assert render(screens.STOPPED, "ru") not in unescape(page)
    _status, page = await _post(stack, person, "pressed", payload="!exit")
    assert 'class="question"' not in page
    _status, page = await _post(stack, person, text="меню")
    assert 'role="alert"' not in page


@pytest.mark.requirement("S-82", "S-81")
async def test_first_message_above_the_rate_limit_of_the_web_chat_stores_nothing(
    stack: AppStack, person: aiohttp.ClientSession
) -> None:
    await _exhaust_budget(stack.rt, Spending.CHAT)
    client = stack.rt.valkey._client

    async def stored_keys() -> set[Any]:
        return {key for key in await client.keys("*") if key[:4] in (b"ask:", b"chat")}

    before = await stored_keys()
    for _time in range(20):
        status, _page = await _post(stack, person, text="меню")
        assert status == 429
    assert await stored_keys() - before == set()


@pytest.mark.requirement("S-82")
async def test_rate_limit_question_is_not_shown_to_ten_simultaneous_visitors(
    stack: AppStack,
) -> None:
    async def visit() -> None:
        async with Visitor.at(stack.url) as visitor:
            await visitor.wait(1)
            await visitor.give_answers(*TO_CONSENT[:3])

    await asyncio.gather(*(visit() for _person in range(10)))


@pytest.mark.requirement("S-75", "S-82")
async def test_status_page_reports_that_the_web_chat_reached_its_rate_limit(
    stack: AppStack,
) -> None:
    settings = stack.rt.settings.model_copy(update={"web_chats_hourly": 1})
    object.__setattr__(stack.rt, "settings", settings)
    for number in range(3):
        await spend(stack.rt, f"192.0.2.{number}", [Spending.CHAT])
    async with stack.http.get(f"{stack.url}/status.json") as answer:
        status = await answer.json()
    assert (status["overall"], status["incidents"]) == ("slow", ["budget"])
    async with stack.http.get(f"{stack.url}/status?lang=ru") as answer:
        page = unescape(await answer.text())
    assert stack.rt.languages.render(ASKS, "ru") in page


@pytest.mark.requirement("S-82", "S-53")
async def test_lead_can_close_all_cases_of_a_burst_from_one_network_address(
    stack: AppStack,
) -> None:
    async with aiohttp.ClientSession(
        headers=SHARED_ADDRESS, cookie_jar=aiohttp.CookieJar(unsafe=True)
    ) as browser:
        bot = AutomatedClient(stack, browser)
        for payload in ("ru", "!person", "general", "yes"):
            await bot.press(payload)
        await bot.say("buy cheap watches")
    for _event in range(MIN_EVENTS):
        await spend(stack.rt, "192.0.2.77", [Spending.CHAT])
    await demo_officers.enter(stack.rt)
    async with Console.signed_in(stack.url, "Marat Testov") as console:
        await console.get("/console/bursts")
        assert ru("burst_sources") in console.screen.text
        assert "192.0.2" not in console.screen.html
        form = console.screen.form("/bursts/close")
        await console.send(form, reason="program")
        assert ru("done_burst_closed") in console.screen.text
        assert await _states(stack) == ["resolved"]
        await console.send(console.screen.form("/bursts/reopen"))
        assert ru("done_burst_reopened") in console.screen.text
        assert await _states(stack) == ["queued"]


async def _states(stack: AppStack) -> list[str]:
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT state FROM cases")
        return [row[0] for row in await cursor.fetchall()]
