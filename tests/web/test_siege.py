"""Many hostile clients of the web chat: a network address can block no other address."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot import embedded
from bot.config.settings import Settings
from bot.web.chat_session import NAME_HEADER
from bot.web.console import demo_officers
from flows.engine import screens
from tests.app_stack import AppStack, running_stack
from tests.console_client import Console
from tests.person_client import TO_CONSENT
from tests.visitor import Visitor
from tests.web import telegram_chat, whatsapp_chat
from tests.web.console_sign_in import NAME, add_passkey, enrol, sign_in_with_passkey

VISITS = 200


@pytest.fixture
async def small_valkey_stack(
    chosen: Settings, admin_url: str, tmp_path: Path
) -> AsyncIterator[AppStack]:
    """Yield an application with its own Valkey server, whose memory is limited to 4 MB."""
    with embedded.valkey(tmp_path / "valkey", maxmemory="4mb") as url:
        settings = chosen.model_copy(update={"redis_url": SecretStr(url)})
        async with running_stack(settings, admin_url) as stack:
            yield stack


def _valkey(stack: AppStack) -> Redis:
    assert stack.rt.settings.redis_url is not None
    return Redis.from_url(stack.rt.settings.redis_url.get_secret_value())


@asynccontextmanager
async def _fill_valkey(stack: AppStack) -> AsyncIterator[None]:
    """Keep Valkey's memory full in the block, so that it rejects writes."""
    full = asyncio.Event()

    async def fill() -> None:
        async with _valkey(stack) as client:
            for number in count():
                for size in (100_000, 1_000, 10):
                    with suppress(RedisError):
                        await client.set(f"filler:{number}:{size}", b"x" * size)
                        break
                else:
                    full.set()

    filling = asyncio.create_task(fill())
    try:
        await full.wait()
        yield
    finally:
        filling.cancel()


@pytest.mark.requirement("S-81")
async def test_chat_page_visit_without_a_cookie_stores_nothing(
    small_valkey_stack: AppStack,
) -> None:
    async with _valkey(small_valkey_stack) as client:
        before = {str(key) for key in await client.keys("*")}
        for _visit in range(VISITS):
            async with small_valkey_stack.http.get(f"{small_valkey_stack.url}/chat") as answer:
                assert answer.status == 200
        keys = {str(key) for key in await client.keys("*")} - before
        assert [key for key in keys if not key.startswith("b'rate:")] == []


@pytest.mark.requirement("S-81")
async def test_web_chat_answers_when_valkey_is_full(small_valkey_stack: AppStack) -> None:
    render = small_valkey_stack.rt.languages.render
    async with Visitor.at(small_valkey_stack.url) as started:
        await started.wait(1)
        await started.press("ru")
        async with _fill_valkey(small_valkey_stack):
            assert render(screens.MENU_TEXT, "ru") in (await started.say("меню")).text
            async with Visitor.at(small_valkey_stack.url) as fresh:
                await _use_without_valkey(small_valkey_stack, fresh)


async def _use_without_valkey(stack: AppStack, fresh: Visitor) -> None:
    render = stack.rt.languages.render
    assert render(screens.MENU_TEXT, "ru") in (await fresh.press("ru")).text
    assert render(screens.STOPPED, "ru") in (await fresh.say("стоп")).text
    assert render(screens.NOTHING_KEPT, "ru") in (await fresh.say("/mydata")).text
    assert render(screens.MENU_TEXT, "ru") not in (await fresh.say("человек")).text
    assert fresh.newest.buttons
    status, body = await fresh.send("said", text="выход")
    assert (status, body["leave"]) == (202, "/away")


@pytest.mark.requirement("S-81")
async def test_telegram_answers_when_valkey_is_full(small_valkey_stack: AppStack) -> None:
    secret, render = (
        small_valkey_stack.rt.settings.telegram_secret,
        small_valkey_stack.rt.languages.render,
    )
    assert secret
    await small_valkey_stack.telegram.set_webhook(
        f"{small_valkey_stack.url}/webhooks/telegram", secret.get_secret_value()
    )
    user = small_valkey_stack.telegram.user(7301, first_name="Test")
    async with _fill_valkey(small_valkey_stack):
        await user.start("")
        await user.wait_for_message(1)
        await telegram_chat.press(user, "ru")
        assert render(screens.MENU_TEXT, "ru") in user.last.text
        for word, screen in (("стоп", screens.STOPPED), ("меню", screens.MENU_TEXT)):
            await telegram_chat.wait_for_reply(user, partial(user.say, word))
            assert render(screen, "ru") in user.last.text
        await telegram_chat.wait_for_reply(user, partial(user.say, "человек"))
        assert user.last.buttons
        await user.say("выход")
        phrase = render(screens.EXIT_TEXT, "ru")
        await user.wait(lambda chat: [each.text for each in chat if not each.deleted] == [phrase])


@pytest.mark.requirement("S-55", "S-81")
async def test_passkey_sign_in_succeeds_when_valkey_is_full(small_valkey_stack: AppStack) -> None:
    await demo_officers.enter(small_valkey_stack.rt)
    async with (
        Console.at(small_valkey_stack.url) as console,
        Console.at(small_valkey_stack.url) as elsewhere,
    ):
        await enrol(small_valkey_stack, console, NAME)
        device = await add_passkey(small_valkey_stack, console)
        async with _fill_valkey(small_valkey_stack):
            assert (await sign_in_with_passkey(elsewhere, device)).path == "/console/inbox"


@pytest.mark.requirement("S-81")
async def test_whatsapp_answers_when_valkey_is_full(small_valkey_stack: AppStack) -> None:
    render, user = (
        small_valkey_stack.rt.languages.render,
        await whatsapp_chat.new_user(small_valkey_stack, "77010007302"),
    )
    async with _fill_valkey(small_valkey_stack):
        await whatsapp_chat.wait_for_reply(user, partial(user.say, "👋"))
        assert render(screens.MENU_TEXT, "ru") in (await whatsapp_chat.press(user, "ru")).text
        for word, screen in (("стоп", screens.STOPPED), ("меню", screens.MENU_TEXT)):
            assert (
                render(screen, "ru")
                in (await whatsapp_chat.wait_for_reply(user, partial(user.say, word))).text
            )
        answer = await whatsapp_chat.wait_for_reply(user, partial(user.say, "человек"))
        assert answer.buttons or answer.rows


@pytest.mark.requirement("S-75", "S-81")
async def test_status_page_reports_a_full_valkey(small_valkey_stack: AppStack) -> None:
    async with (
        _fill_valkey(small_valkey_stack),
        small_valkey_stack.http.get(f"{small_valkey_stack.url}/status.json") as answer,
    ):
        status = await answer.json()
    assert status["overall"] == "slow"
    assert "valkey" in status["incidents"]


@pytest.mark.requirement("S-61", "S-85")
async def test_chat_id_from_before_consent_gives_no_access_after_it(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.give_answers(*TO_CONSENT)
        before = visitor.chat
        await visitor.press("yes")
        question = visitor.newest.text
        (cookie,) = [each for each in visitor.session.cookie_jar if each.key == "kosh"]
        assert cookie.value != before
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as attacker:
            for headers in ({"X-Kosh-Chat": before}, {"Cookie": f"kosh={before}"}):
                headers["X-Requested-With"] = "kosh"
                url = f"{stack.url}/chat"
                async with attacker.get(url, headers=headers, params={"chat": before}) as page:
                    assert question.split("\n")[0] not in await page.text()
                    assert cookie.value not in page.headers.get("Set-Cookie", "")
                fields = {"chat": before, "id": "a-new-id", "text": "/mydata"}
                async with attacker.post(f"{url}/said", data=fields, headers=headers) as response:
                    assert cookie.value not in str(response.headers)
        assert (await visitor.say("TESTOVA")).text != question


@pytest.mark.requirement("S-85")
async def test_chat_id_in_a_url_gives_no_access_to_an_anonymous_chat(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.press("ru")
        params = {"chat": visitor.chat}
        for headers in ({}, {"X-Requested-With": "kosh"}):
            async with (
                aiohttp.ClientSession() as other,
                other.get(f"{stack.url}/chat", params=params, headers=headers) as page,
            ):
                assert visitor.newest.paragraphs[-1] not in await page.text()
        named = {NAME_HEADER: "x" * 32}
        address = f"{stack.url}/chat/stream"
        async with stack.http.get(address, params=params, headers=named) as stream:
            assert await stream.content.readuntil(b"\n\n") == b": open\n\n"
            await visitor.say("/menu")
            received = b""
            with suppress(TimeoutError):
                async with asyncio.timeout(0.3):
                    while part := await stream.content.readany():
                        received += part
            # A stream without a chat's id contains only heartbeats and, in a demo, events of the
            # registry.
            assert b"event: say" not in received


@pytest.mark.requirement("S-85")
async def test_chat_consent_repeated_after_a_lost_response_sets_the_same_cookie(
    stack: AppStack,
) -> None:
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.give_answers(*TO_CONSENT)
        yes = next(each for each in visitor.newest.buttons.values() if each.endswith(":yes"))
        form = {"chat": visitor.chat, "id": "the-same-id", "payload": yes, "last": ""}
        cookies = []
        for _lost in range(2):
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
                url, headers = f"{stack.url}/chat/pressed", {"X-Requested-With": "kosh"}
                async with session.post(url, data=form, headers=headers) as answer:
                    assert answer.status == 202
                    cookies.append(answer.cookies["kosh"].value)
        assert cookies[0] == cookies[1]
        await stack.ahead("11 minutes")
        async with stack.http.post(url, data=form, headers=headers) as late:
            assert "kosh" not in late.cookies
