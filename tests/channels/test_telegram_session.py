"""aiogram's session over the shared HTTP connections: requests, responses and errors."""

import json
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from structlog.testing import capture_logs

from bot.channels import (
    BlockedByUser,
    CannotEdit,
    ChannelSuspended,
    Refused,
    SendError,
    Throttled,
    Unreachable,
)
from bot.channels.telegram import errors, session
from bot.channels.telegram.errors import InvalidRequest
from bot.channels.telegram.session import JsonSession, encode
from tests.emulators.telegram import TOKEN, Emulator

CHAT, TEXT = 987654321, "Testova"
SECRETS = (TOKEN.partition(":")[2], str(CHAT), TEXT)


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


class Platform:
    """A server that gives the same answer to every call and records the calls."""

    def __init__(self) -> None:
        self.url = ""
        self.status, self.body = 200, b'{"ok":true,"result":true}'
        self.bodies: list[bytes] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        return web.Response(status=self.status, body=self.body)


@pytest_asyncio.fixture
async def platform() -> AsyncIterator[Platform]:
    opened = Platform()
    app = web.Application()
    app.router.add_post("/{path:.*}", opened.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    opened.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield opened
    await runner.cleanup()


def create_bot(http: aiohttp.ClientSession, api: str) -> Any:
    from aiogram import Bot

    return Bot(TOKEN, JsonSession(http, api))


# Requests that aiogram's session writes


def methods() -> list[Any]:
    from aiogram import methods, types

    press = types.InlineKeyboardButton(text="Иә", callback_data="1:yes")
    app = types.WebAppInfo(url="https://kosh.example/p/x")
    page = types.InlineKeyboardButton(text="Бет", web_app=app)
    under = types.InlineKeyboardMarkup(inline_keyboard=[[press, press], [page]])
    contact = types.KeyboardButton(text="Нөмір", request_contact=True)
    below = types.ReplyKeyboardMarkup(keyboard=[[contact]], resize_keyboard=True)
    hidden = types.LinkPreviewOptions(is_disabled=True)
    bold = types.MessageEntity(type="bold", offset=0, length=1)
    return [
        methods.SendMessage(
            chat_id=5, text="a", reply_markup=under, link_preview_options=hidden, entities=[bold]
        ),
        methods.SendMessage(chat_id=5, text="a", reply_markup=below, protect_content=None),
        methods.SendMessage(chat_id=5, text="", protect_content=True, allow_paid_broadcast=False),
        methods.EditMessageText(chat_id=5, message_id=7, text="a", reply_markup=under),
        methods.DeleteMessages(chat_id=5, message_ids=[1, 2]),
        methods.AnswerCallbackQuery(callback_query_id="4"),
        methods.LeaveChat(chat_id=-100),
        methods.DeleteWebhook(),
        methods.SetWebhook(url="https://kosh.example", allowed_updates=["message"]),
        methods.SetMyCommands(
            commands=[types.BotCommand(command="menu", description="Мәзір")],
            scope=types.BotCommandScopeDefault(),
            language_code="",
        ),
        methods.GetFile(file_id="A"),
    ]


@pytest.mark.parametrize("number", range(11))
async def test_telegram_session_sends_the_same_request_as_aiograms_session(
    http: aiohttp.ClientSession, number: int
) -> None:
    method = methods()[number]
    bot = create_bot(http, "http://127.0.0.1:9")
    files: dict[str, Any] = {}
    aiogram_fields = {
        name: value
        for name, each in method.model_dump(warnings=False).items()
        if (value := bot.session.prepare_value(each, bot, files, _dumps_json=False)) is not None
    }
    assert json.loads(encode(method)) == aiogram_fields
    assert not files


async def test_telegram_session_sends_a_file_as_multipart_form(http: aiohttp.ClientSession) -> None:
    from aiogram.types import BufferedInputFile

    async with Emulator(limits=False) as telegram:
        user = telegram.user(501, started=True)
        bot = create_bot(http, telegram.url)
        file = BufferedInputFile(b"%PDF-1.7", "list.pdf")
        sent = await bot.send_document(501, file, caption="Тізім")
        assert sent == session.MessageRef(user.received[-1].id)
        assert len(user.received) == 1
        shown = user.received[-1].content
        assert (shown["document"]["file_name"], user.last.text) == ("list.pdf", "Тізім")
        assert telegram.journal.mistakes() == []


# Responses that aiogram's session reads


async def test_telegram_session_parses_only_the_id_of_a_sent_message(
    http: aiohttp.ClientSession, platform: Platform
) -> None:
    platform.body = b'{"ok":true,"result":{"message_id":7,"chat":"of next year","date":null}}'
    sent = await create_bot(http, platform.url).send_message(5, "a")
    assert sent == session.MessageRef(7)


async def test_telegram_session_returns_raw_updates_that_aiogram_cannot_parse(
    http: aiohttp.ClientSession, platform: Platform
) -> None:
    platform.body = b'{"ok":true,"result":[{"update_id":1,"message":7},{"update_id":2}]}'
    read = await create_bot(http, platform.url).get_updates()
    assert [*map(bytes, read)] == [b'{"update_id":1,"message":7}', b'{"update_id":2}']


async def test_telegram_session_parses_other_responses_with_aiogram_types(
    http: aiohttp.ClientSession, platform: Platform
) -> None:
    platform.body = (
        b'{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"Kosh","of_next_year":[]}}'
    )
    me = await create_bot(http, platform.url).get_me()
    assert (me.id, me.first_name) == (1, "Kosh")


# Error responses


def refused(description: str = "", code: int = 400, **parameters: Any) -> bytes:
    fields = {"ok": False, "error_code": code, "description": description}
    return json.dumps(fields | {"parameters": parameters} if parameters else fields).encode()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, refused("Too Many Requests", 429, retry_after=7), Throttled),
        (429, refused("Too Many Requests", 429, retry_after=0.5), Throttled),
        (429, refused("Too Many Requests", 429), Throttled),
        (403, refused("Forbidden: bot was blocked by the user", 403), BlockedByUser),
        (400, refused("Bad Request: chat not found"), BlockedByUser),
        (400, refused("Bad Request: message to edit not found"), CannotEdit),
        (400, refused("Bad Request: text is too long"), InvalidRequest),
        (400, refused("Bad Request: BUTTON_DATA_INVALID"), InvalidRequest),
        (400, refused("Bad Request: moved", migrate_to_chat_id=-1001), InvalidRequest),
        (413, refused("Request Entity Too Large", 413), Refused),
        (401, refused("Unauthorized", 401), ChannelSuspended),
        (404, refused("Not Found", 404), ChannelSuspended),
        (409, refused("Conflict", 409), ChannelSuspended),
        (500, refused("Internal Server Error", 500), Unreachable),
        (500, b'{"ok":false}', Unreachable),
        (502, b'{"ok":false,"description":null}', Unreachable),
        (200, refused(), Unreachable),
        (200, b'{"ok":true}', Unreachable),
        (200, b'{"ok":true,"result":"Testova"}', Unreachable),
        (200, b"<html>Testova</html>", Unreachable),
        (400, b"\xff", Unreachable),
    ],
)
async def test_telegram_session_maps_error_responses_without_leaking_secrets(
    http: aiohttp.ClientSession,
    platform: Platform,
    status: int,
    body: bytes,
    error: type[SendError],
) -> None:
    platform.status, platform.body = status, body
    with pytest.raises(SendError) as raised:
        await create_bot(http, platform.url).send_message(CHAT, TEXT)
    assert type(raised.value) is error
    assert raised.value.__context__ is raised.value.__cause__ is None
    shown = "".join(traceback.format_exception(raised.value)) + repr(vars(raised.value))
    assert not any(secret in shown for secret in SECRETS)


@pytest.mark.parametrize(
    ("parameters", "delay"),
    [({"retry_after": 7}, 7), ({"retry_after": 0.5}, 1), ({}, errors.DEFAULT_PAUSE_SECONDS)],
)
async def test_telegram_session_reads_the_delay_of_retry_after(
    http: aiohttp.ClientSession, platform: Platform, parameters: dict[str, Any], delay: float
) -> None:
    platform.status, platform.body = 429, refused("Too Many Requests", 429, **parameters)
    with pytest.raises(Throttled) as raised:
        await create_bot(http, platform.url).send_message(5, "a")
    assert raised.value.delay == delay


async def test_telegram_session_raises_no_alert_for_a_rejected_deletion(
    http: aiohttp.ClientSession, platform: Platform
) -> None:
    platform.status, platform.body = 400, refused("Bad Request: message can't be deleted")
    with capture_logs() as lines, pytest.raises(Refused) as raised:
        await create_bot(http, platform.url).delete_messages(5, [1])
    assert type(raised.value) is Refused
    assert lines == []


Call = Callable[[Any], Awaitable[Any]]


@pytest.mark.parametrize(
    "call",
    [
        lambda bot: bot.get_my_commands(),
        lambda bot: bot.get_file("A"),
        lambda bot: bot.get_webhook_info(),
        lambda bot: bot.get_updates(),
    ],
)
async def test_telegram_session_hides_the_content_of_a_malformed_response(
    http: aiohttp.ClientSession, platform: Platform, call: Call
) -> None:
    platform.body = b'{"ok":true,"result":"Testova"}'
    with pytest.raises(Unreachable) as raised:
        await call(create_bot(http, platform.url))
    assert raised.value.__context__ is None


async def test_telegram_session_keeps_the_shared_connections_when_closed(
    http: aiohttp.ClientSession, platform: Platform
) -> None:
    bot = create_bot(http, platform.url)
    await bot.session.close()
    assert await bot.delete_webhook() is True
