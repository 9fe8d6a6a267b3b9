"""The Telegram emulator follows Telegram's rules, as seen by aiogram and by plain HTTP."""

import asyncio
import json
import sys
from collections import deque
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from tests.emulators.telegram import (
    TOKEN,
    Broken,
    Cut,
    Delivery,
    DeliveryTiming,
    Emulator,
    Flooded,
    Limits,
    Silent,
    Slow,
    User,
)

if TYPE_CHECKING:
    from aiogram import Bot

SECRET = "a-secret_of-the-test"
FAST = DeliveryTiming(scale=0.001, patience=5)


@pytest_asyncio.fixture
async def telegram() -> AsyncIterator[Emulator]:
    async with Emulator(limits=False, pace=FAST) as emulator:
        yield emulator


@pytest_asyncio.fixture
async def bot(telegram: Emulator) -> "AsyncIterator[Bot]":
    """Yield an aiogram bot; import aiogram here, because its slow import would delay collection."""
    from aiogram import Bot
    from aiogram.client.default import DefaultBotProperties
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    session = AiohttpSession(api=TelegramAPIServer.from_base(telegram.url))
    client = Bot(TOKEN, session=session, default=DefaultBotProperties(parse_mode="HTML"))
    yield client
    await session.close()


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def gulnar(telegram: Emulator) -> User:
    return telegram.user(501, language_code="kk", first_name="Testova", started=True)


async def call(telegram: Emulator, method: str, **params: Any) -> dict[str, Any]:
    """Make one call with a JSON body; return the parsed response."""
    url = f"{telegram.url}/bot{telegram.token}/{method}"
    async with aiohttp.ClientSession() as session, session.post(url, json=params) as response:
        answer: dict[str, Any] = await response.json()
        assert answer["ok"] == (response.status == 200)
        return answer


class Hook:
    """A bot's webhook server: it records requests and answers with queued statuses, or 200."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[dict[str, Any]] = []
        self.headers: list[str | None] = []
        self.answers: deque[web.Response] = deque()
        self.open = asyncio.Event()
        self.open.set()
        self.inside = 0
        self.most_inside = 0
        self._full = asyncio.Condition()

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(await request.json())
        self.headers.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        self.inside += 1
        self.most_inside = max(self.inside, self.most_inside)
        async with self._full:
            self._full.notify_all()
        await self.open.wait()
        self.inside -= 1
        return self.answers.popleft() if self.answers else web.Response()

    async def until_got(self, number: int) -> None:
        async with asyncio.timeout(60), self._full:
            await self._full.wait_for(lambda: len(self.got) >= number)

    @property
    def texts(self) -> list[str]:
        return [
            one["message"]["text"] if "message" in one else one["callback_query"]["data"]
            for one in self.got
        ]


@pytest_asyncio.fixture
async def hook(telegram: Emulator) -> AsyncIterator[Hook]:
    receiver = Hook()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    await telegram.set_webhook(receiver.url, SECRET)
    yield receiver
    receiver.open.set()
    await call(telegram, "deleteWebhook")
    await runner.cleanup()


def inline(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


def button(text: str = "Иә", **action: Any) -> dict[str, Any]:
    return {"text": text, **(action or {"callback_data": "y"})}


# Calls of a bot, through aiogram ---------------------------------------------------------------


async def test_telegram_emulator_runs_a_conversation_through_aiogram(
    telegram: Emulator, bot: "Bot", gulnar: User
) -> None:
    await gulnar.start("from_page")
    [update] = await bot.get_updates()
    assert update.message and update.message.text == "/start from_page"
    assert update.message.from_user and update.message.from_user.language_code == "kk"
    assert update.message.entities and update.message.entities[0].type == "bot_command"

    from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

    keyboard = InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text="Қазақша", callback_data="l:kk")]]
    )
    sent = await bot.send_message(
        501,
        "<b>Сәлем</b>, 🧿 <a href='https://example.kz/a?b=1&amp;c=2'>мұнда</a>",
        reply_markup=keyboard,
    )
    assert sent.text == "Сәлем, 🧿 мұнда"
    assert [one.type for one in sent.entities or []] == ["bold", "text_link"]
    assert sent.entities
    assert sent.entities[1].url == "https://example.kz/a?b=1&c=2"

    press = await gulnar.press("Қазақша")
    [update] = await bot.get_updates(offset=update.update_id + 1)
    assert update.callback_query and update.callback_query.data == "l:kk"
    assert (
        update.callback_query.message
        and update.callback_query.message.message_id == sent.message_id
    )
    await bot.answer_callback_query(update.callback_query.id, text="Жарайды", show_alert=True)
    assert (press.text, press.alert) == ("Жарайды", True)

    await bot.edit_message_text("Тіл: қазақша", chat_id=501, message_id=sent.message_id)
    assert (gulnar.last.text, gulnar.last.buttons, bool(gulnar.last.edited)) == (
        "Тіл: қазақша",
        (),
        True,
    )
    await bot.delete_message(501, sent.message_id)
    assert gulnar.received == []
    assert telegram.journal.mistakes() == []


async def test_telegram_emulator_stores_a_bot_profile_for_each_language(bot: "Bot") -> None:
    from aiogram.types import BotCommand

    await bot.set_my_commands([BotCommand(command="help", description="Көмек")], language_code="kk")
    await bot.set_my_name("Көш", language_code="kk")
    await bot.set_my_description("Ұзақ", language_code="kk")
    await bot.set_my_short_description("Қысқа", language_code="kk")

    assert [one.command for one in await bot.get_my_commands(language_code="kk")] == ["help"]
    assert await bot.get_my_commands(language_code="ru") == []
    assert (await bot.get_my_name(language_code="kk")).name == "Көш"
    assert (await bot.get_my_description(language_code="kk")).description == "Ұзақ"
    assert (await bot.get_my_short_description(language_code="kk")).short_description == "Қысқа"
    assert (await bot.get_me()).first_name == "Kosh"

    await bot.delete_my_commands(language_code="kk")
    assert await bot.get_my_commands(language_code="kk") == []


async def test_telegram_emulator_sends_and_receives_files(bot: "Bot", gulnar: User) -> None:
    from aiogram.types import BufferedInputFile

    sent = await bot.send_document(
        501, BufferedInputFile(b"col;col\n", "mydata.csv"), caption="Міне", protect_content=True
    )
    assert sent.document and sent.document.file_name == "mydata.csv" and sent.caption == "Міне"
    assert gulnar.last.protected

    await gulnar.send_document(b"%PDF-1.7 x", "passport.pdf")
    await gulnar.send_photo(caption="Міне")
    document, photo = [one.message for one in await bot.get_updates()]
    assert document and document.document and document.document.mime_type == "application/pdf"
    file = await bot.get_file(document.document.file_id)
    content = await bot.download_file(file.file_path or "")
    assert content and content.read() == b"%PDF-1.7 x"
    assert photo and photo.photo and photo.caption == "Міне"
    assert await bot.send_document(501, document.document.file_id)


async def test_telegram_emulator_message_kinds_are_readable_by_aiogram(
    bot: "Bot", gulnar: User
) -> None:
    for kind in ("photo", "voice", "audio", "video", "video_note", "animation", "sticker"):
        await gulnar.send(kind)
    await gulnar.send_location()
    await gulnar.send_venue()
    await gulnar.send_poll()
    await gulnar.send_dice()
    await gulnar.send_contact(own=True)
    await gulnar.send_contact(own=False)
    await gulnar.send_photo(album="7")
    messages = [one.message for one in await bot.get_updates() if one.message]

    assert [one.content_type for one in messages] == [
        *("photo", "voice", "audio", "video", "video_note", "animation", "sticker"),
        *("location", "venue", "poll", "dice", "contact", "contact", "photo"),
    ]
    assert messages[11].contact and messages[11].contact.user_id == 501
    assert messages[12].contact and messages[12].contact.user_id is None
    assert messages[13].media_group_id == "7"


async def test_telegram_emulator_contact_button_shares_the_users_number(
    bot: "Bot", gulnar: User
) -> None:
    from aiogram.types import KeyboardButton, ReplyKeyboardMarkup

    ask = ReplyKeyboardMarkup(
        keyboard=[[KeyboardButton(text="Нөмірім", request_contact=True)]], one_time_keyboard=True
    )
    await bot.send_message(501, "Нөмір?", reply_markup=ask)
    assert gulnar.keyboard == ["Нөмірім"]

    await gulnar.tap("Нөмірім")
    [update] = await bot.get_updates()
    assert update.message and update.message.contact and update.message.contact.user_id == 501
    assert gulnar.keyboard == []


# Encodings of a call ----------------------------------------------------------------------------


async def test_telegram_emulator_reads_calls_as_json_form_multipart_or_query(
    telegram: Emulator, http: aiohttp.ClientSession, gulnar: User
) -> None:
    url = f"{telegram.url}/bot{TOKEN}/sendmessage"
    markup = inline([button()])
    text = {"chat_id": "501", "text": "Иә ма?", "reply_markup": json.dumps(markup)}
    multipart = aiohttp.MultipartWriter("form-data")
    for name, value in text.items():
        multipart.append(value).set_content_disposition("form-data", name=name)

    await http.post(url, json={"chat_id": 501, "text": "Иә ма?", "reply_markup": markup})
    await http.post(url, json=text)
    await http.post(url, data=text)
    await http.post(url, data=multipart)
    await http.get(url, params=text)

    assert [(one.text, one.labels) for one in gulnar.received] == [("Иә ма?", ["Иә"])] * 5


@pytest.mark.parametrize(
    ("path", "code", "description"),
    [
        ("/bot7000000001:WRONG/getMe", 401, "Unauthorized"),
        ("/botnonsense/getMe", 401, "Unauthorized: invalid token specified"),
        (f"/bot{TOKEN}/sendRocket", 404, "Not Found: method not found"),
        (f"/bot{TOKEN}/sendPhoto", 404, "Not Found: method not found"),
        ("/elsewhere", 404, "Not Found"),
        (f"/file/bot{TOKEN}/photos/none.jpg", 404, "Not Found"),
        ("/file/bot7000000001:WRONG/photos/none.jpg", 401, "Unauthorized"),
    ],
)
async def test_telegram_emulator_returns_an_error_for_a_wrong_token_or_method(
    telegram: Emulator, http: aiohttp.ClientSession, path: str, code: int, description: str
) -> None:
    async with http.get(telegram.url + path) as response:
        answer = await response.json()
    assert response.status == code
    assert answer == {"ok": False, "error_code": code, "description": description}


# Refused calls -----------------------------------------------------------------------------------

TEXT = {"chat_id": 501, "text": "Иә ма?"}
ROW_OF_NINE = [button(str(n)) for n in range(9)]
TOO_MANY = [[button(str(n)) for n in range(8)] for _ in range(13)]


def with_button(**action: Any) -> dict[str, Any]:
    return TEXT | {"reply_markup": inline([button("Иә", **action)])}


def html(text: str) -> dict[str, Any]:
    return {"chat_id": 501, "text": text, "parse_mode": "HTML"}


@pytest.mark.parametrize(
    ("method", "params", "reason"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": 501}, "message text is empty"),
        ("sendMessage", {"chat_id": 501, "text": ""}, "message text is empty"),
        ("sendMessage", {"chat_id": 501, "text": " \n "}, "text must be non-empty"),
        ("sendMessage", {"chat_id": 501, "text": "\u200b"}, "text must be non-empty"),
        ("sendMessage", html("<b> </b>"), "text must be non-empty"),
        ("sendMessage", {"chat_id": 501, "text": "ә" * 4097}, "message is too long"),
        ("sendMessage", {"chat_id": 501, "text": "🧿" * 2049}, "message is too long"),
        ("sendMessage", {"chat_id": 501, "text": "x" * 32769}, "text is too long"),
        ("sendMessage", {"chat_id": 404, "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": "@somebody", "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": 501, "text": 5}, "EMULATOR: sendMessage.text must be String"),
        ("sendMessage", {"chat_id": True, "text": "x"}, "EMULATOR: sendMessage.chat_id must be"),
        ("sendMessage", {"chat_id": 501, "text": None}, "EMULATOR: null given for text"),
        ("sendMessage", TEXT | {"colour": "red"}, "EMULATOR: unknown parameter colour"),
        ("sendMessage", TEXT | {"message_thread_id": 3}, "message thread not found"),
        ("sendMessage", TEXT | {"message_effect_id": "3"}, "message_effect_id isn't emulated"),
        ("sendMessage", TEXT | {"protect_content": 1}, "protect_content must be Boolean"),
        ("sendMessage", TEXT | {"link_preview_options": {"off": True}}, "unknown field off"),
        ("sendMessage", TEXT | {"link_preview_options": "{"}, "can't parse link preview options"),
        ("sendMessage", TEXT | {"parse_mode": "BBCode"}, "unsupported parse_mode"),
        ("sendMessage", TEXT | {"parse_mode": "MarkdownV2"}, "EMULATOR: Markdown isn't emulated"),
        ("sendMessage", TEXT | {"reply_parameters": {"message_id": 9}}, "to be replied not found"),
        (
            "sendMessage",
            TEXT | {"entities": [{"type": "bold", "offset": 5, "length": 9}]},
            "an entity ends after its text",
        ),
        ("sendMessage", html("a < b"), 'can\'t parse entities: Unsupported start tag "" at byte'),
        ("sendMessage", html("ә<br>"), 'Unsupported start tag "br" at byte offset 2'),
        ("sendMessage", html("<b>x"), 'Can\'t find end tag corresponding to start tag "b"'),
        ("sendMessage", html("x</b>"), "Unexpected end tag at byte offset 1"),
        ("sendMessage", html("<b><i>x</b></i>"), 'expected "</i>", found "</b>"'),
        ("sendMessage", html("<b>x</b"), "Unclosed end tag at byte offset 4"),
        ("sendMessage", html("<a href='x>y</a>"), 'Unclosed start tag "a" at byte offset 0'),
        ("sendMessage", html("<span class='x'>y</span>"), 'must have class "tg-spoiler"'),
        ("sendMessage", html("<a href='javascript:x'>y</a>"), "is invalid: Wrong HTTP URL"),
        ("sendMessage", with_button(callback_data="ә" * 33), "BUTTON_DATA_INVALID"),
        ("sendMessage", with_button(callback_data=""), "BUTTON_DATA_INVALID"),
        ("sendMessage", with_button(url="example"), "is invalid: Wrong HTTP URL"),
        ("sendMessage", with_button(url="http://localhost/"), "is invalid: Wrong HTTP URL"),
        ("sendMessage", with_button(web_app={"url": "http://a.kz"}), "Only HTTPS links"),
        ("sendMessage", with_button(callback_data="y", url="https://a.kz"), "has 2 actions"),
        ("sendMessage", with_button(copy_text={"text": "x" * 257}), "BUTTON_COPY_TEXT_INVALID"),
        ("sendMessage", with_button(style="loud", callback_data="y"), "invalid button style"),
        (
            "sendMessage",
            TEXT | {"reply_markup": inline([{"text": "x"}])},
            "Text buttons are unallowed in the inline keyboard",
        ),
        ("sendMessage", TEXT | {"reply_markup": inline([button("")])}, "text must be non-empty"),
        ("sendMessage", TEXT | {"reply_markup": inline([button(" ")])}, "text must be non-empty"),
        (
            "sendMessage",
            TEXT | {"reply_markup": inline([{"callback_data": "y"}])},
            'can\'t find field "text" in InlineKeyboardButton',
        ),
        ("sendMessage", TEXT | {"reply_markup": inline(ROW_OF_NINE)}, "more than 8 buttons"),
        ("sendMessage", TEXT | {"reply_markup": inline(*TOO_MANY)}, "reply markup is too long"),
        ("sendMessage", TEXT | {"reply_markup": inline([])}, "a row without buttons"),
        ("sendMessage", TEXT | {"reply_markup": {"keys": []}}, "is none of InlineKeyboardMarkup"),
        (
            "sendMessage",
            TEXT | {"reply_markup": {"force_reply": True, "input_field_placeholder": "x" * 65}},
            "input_field_placeholder must be 1-64 characters",
        ),
        ("sendDocument", {"chat_id": 501}, "there is no document in the request"),
        ("sendDocument", {"chat_id": 501, "document": "BQAC"}, "wrong file identifier"),
        (
            "sendDocument",
            {"chat_id": 501, "document": "BQAC", "caption": "x" * 1025},
            "message caption is too long",
        ),
        ("sendChatAction", {"chat_id": 501, "action": "dancing"}, "wrong parameter action"),
        ("answerCallbackQuery", {"callback_query_id": "5"}, "query is too old"),
        (
            "answerCallbackQuery",
            {"callback_query_id": "5", "text": "x" * 201},
            "MESSAGE_TOO_LONG",
        ),
        ("deleteMessage", {"chat_id": 501}, "message identifier is not specified"),
        ("deleteMessage", {"chat_id": 501, "message_id": 99}, "message to delete not found"),
        ("deleteMessages", {"chat_id": 501, "message_ids": []}, "must be 1-100 identifiers"),
        (
            "deleteMessages",
            {"chat_id": 501, "message_ids": list(range(1, 102))},
            "must be 1-100 identifiers",
        ),
        ("deleteMessages", {"chat_id": 501, "message_ids": ["1"]}, "must be Integer"),
        (
            "editMessageText",
            {"chat_id": 501, "message_id": 99, "text": "x"},
            "message to edit not found",
        ),
        ("editMessageText", {"chat_id": 501, "message_id": 99}, "message text is empty"),
        ("editMessageText", {"text": "x"}, "message identifier is not specified"),
        (
            "editMessageReplyMarkup",
            {"chat_id": 501, "message_id": 1, "reply_markup": {"keyboard": [[{"text": "x"}]]}},
            "inline keyboard expected",
        ),
        ("setMyName", {"name": "x" * 65}, "name must be 0-64 characters, not 65"),
        ("setMyDescription", {"description": "x" * 513}, "must be 0-512 characters"),
        ("setMyShortDescription", {"short_description": "x" * 121}, "must be 0-120 characters"),
        ("setMyName", {"name": "x", "language_code": "zh-hans"}, "invalid language code"),
        ("getMyName", {"language_code": "KK"}, "invalid language code"),
        ("setMyCommands", {"commands": [{"command": "Help", "description": "x"}]}, "COMMAND_INV"),
        ("setMyCommands", {"commands": [{"command": "help"}]}, 'can\'t find field "description"'),
        (
            "setMyCommands",
            {"commands": [{"command": "x" * 33, "description": "x"}]},
            "BotCommand.command must be 1-32 characters",
        ),
        (
            "setMyCommands",
            {"commands": [{"command": "x", "description": "x" * 257}]},
            "BotCommand.description must be 1-256 characters",
        ),
        (
            "setMyCommands",
            {"commands": [{"command": f"c{n}", "description": "x"} for n in range(101)]},
            "BOT_COMMANDS_TOO_MUCH",
        ),
        ("setMyCommands", {"commands": [], "scope": {"type": "moon"}}, "is none of BotCommandSc"),
        ("getMyCommands", {"scope": {"type": "chat", "chat_id": 404}}, "chat not found"),
        ("getFile", {"file_id": "BQAC"}, "invalid file_id"),
        ("leaveChat", {"chat_id": 501}, "can't be changed in private chats"),
        ("getUpdates", {"limit": 101}, "limit must be 1-100 value, not 101"),
        ("getUpdates", {"allowed_updates": ["mesage"]}, "unknown allowed_updates: mesage"),
        ("getUpdates", {"offset": "soon"}, "getUpdates.offset must be Integer"),
        ("setWebhook", {"url": "ftp://a.kz"}, "invalid webhook URL specified"),
        ("setWebhook", {"url": "https://a.kz", "secret_token": "ш"}, "unallowed characters"),
        ("setWebhook", {"url": "https://a.kz", "secret_token": "x" * 257}, "secret token is too"),
        ("setWebhook", {"url": "https://a.kz", "max_connections": 101}, "must be 1-100"),
    ],
)
async def test_telegram_emulator_refuses_invalid_calls(
    telegram: Emulator, gulnar: User, method: str, params: dict[str, Any], reason: str
) -> None:
    answer = await call(telegram, method, **params)
    assert (answer["ok"], answer["error_code"]) == (False, 400)
    assert answer["description"].startswith("Bad Request: ")
    assert reason in answer["description"]
    assert gulnar.chat == []


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"text": "ә" * 4096}, "ә" * 4096),
        ({"text": "🧿" * 2048}, "🧿" * 2048),
        ({"text": "  иә\r\n\tма \n"}, "иә\n ма"),
        ({"text": "\u2067توتە\u2069 \u202bx\u202c"}, "\u2067توتە\u2069 x"),
        ({"text": "<b>" + "x" * 4096 + "</b>", "parse_mode": "html"}, "x" * 4096),
        (
            {"text": "&lt;a&gt; &amp;amp; &nbsp; &#1241;&#x4d9;&quot;", "parse_mode": "HTML"},
            '<a> &amp; &nbsp; әә"',
        ),
        (
            {
                "text": "<B>иә</> <pre><code class='language-py'>x</code></pre>",
                "parse_mode": "HTML",
            },
            "иә x",
        ),
        ({"text": "x", "reply_markup": inline([button("x" * 300, callback_data="x" * 64)])}, "x"),
        ({"text": "x", "reply_markup": inline(*TOO_MANY[:12], ROW_OF_NINE[:4])}, "x"),
        ({"text": "x", "reply_markup": {"inline_keyboard": []}}, "x"),
        ({"text": "x", "reply_markup": {"remove_keyboard": True}}, "x"),
        ({"text": "x", "link_preview_options": {"is_disabled": True}}, "x"),
    ],
)
async def test_telegram_emulator_accepts_calls_within_the_limits(
    telegram: Emulator, gulnar: User, params: dict[str, Any], text: str
) -> None:
    answer = await call(telegram, "sendMessage", chat_id=501, **params)
    assert answer["ok"], answer
    assert gulnar.last.text == text


async def test_telegram_emulator_counts_entity_offsets_in_utf16_after_trimming(
    telegram: Emulator, gulnar: User
) -> None:
    answer = await call(telegram, "sendMessage", **html("\n🧿 <b>иә <i>ма</i></b>  "))
    assert answer["result"]["entities"] == [
        {"offset": 3, "length": 5, "type": "bold"},
        {"offset": 6, "length": 2, "type": "italic"},
    ]


async def test_telegram_emulator_accepts_edits_only_of_bot_messages_that_change(
    telegram: Emulator, gulnar: User
) -> None:
    message = await gulnar.say("сәлем")
    sent = await call(telegram, "sendMessage", **TEXT, reply_markup=inline([button()]))
    edit = {"chat_id": 501, "message_id": sent["result"]["message_id"], "text": "Иә ма?"}
    same = await call(telegram, "editMessageText", **edit, reply_markup=inline([button()]))
    assert same["description"].startswith("Bad Request: message is not modified: specified new")
    assert (await call(telegram, "editMessageText", **edit))["ok"]
    foreign = await call(telegram, "editMessageText", **edit | {"message_id": message.id})
    assert foreign["description"] == "Bad Request: message can't be edited"

    below = {"keyboard": [[{"text": "x"}]]}
    sent = await call(telegram, "sendMessage", **TEXT, reply_markup=below)
    edit["message_id"] = sent["result"]["message_id"]
    stuck = await call(telegram, "editMessageText", **edit | {"text": "y"})
    assert stuck["description"] == "Bad Request: message can't be edited"


async def test_telegram_emulator_refuses_to_delete_messages_after_48_hours(
    telegram: Emulator, gulnar: User
) -> None:
    old = await gulnar.say("ескі")
    telegram.advance(48 * 3600 + 1)
    new = await gulnar.say("жаңа")
    both = {"chat_id": 501, "message_ids": [old.id, new.id, 99]}
    refused = await call(telegram, "deleteMessages", **both)
    assert refused["description"] == "Bad Request: message can't be deleted for everyone"
    assert (await call(telegram, "deleteMessages", chat_id=501, message_ids=[new.id, 99]))["ok"]
    assert [one.deleted for one in gulnar.chat] == [False, True]


async def test_telegram_emulator_accepts_one_timely_callback_answer(
    telegram: Emulator, gulnar: User
) -> None:
    await call(telegram, "sendMessage", **with_button(callback_data="y"))
    first, late = await gulnar.press("Иә"), await gulnar.press("y")
    assert (await call(telegram, "answerCallbackQuery", callback_query_id=first.id))["ok"]
    again = await call(telegram, "answerCallbackQuery", callback_query_id=first.id)
    telegram.advance(16)
    too_late = await call(telegram, "answerCallbackQuery", callback_query_id=late.id)
    assert again["description"] == too_late["description"]
    assert "query is too old and response timeout expired" in again["description"]


async def test_telegram_emulator_refuses_to_fetch_big_files(
    telegram: Emulator, gulnar: User
) -> None:
    await gulnar.send_document(size=(20 << 20) + 1)
    [update] = (await call(telegram, "getUpdates"))["result"]
    answer = await call(telegram, "getFile", file_id=update["message"]["document"]["file_id"])
    assert answer["description"] == "Bad Request: file is too big"


# Permission to write to a person ----------------------------------------------------------------


async def test_telegram_emulator_rejects_messages_while_the_bot_is_blocked(
    telegram: Emulator, bot: "Bot", gulnar: User
) -> None:
    from aiogram.exceptions import TelegramForbiddenError

    await gulnar.block()
    with pytest.raises(TelegramForbiddenError, match="Forbidden: bot was blocked by the user"):
        await bot.send_message(501, "x")
    with pytest.raises(PermissionError):
        await gulnar.say("x")
    await gulnar.unblock()
    await bot.send_message(501, "x")
    blocked, unblocked = [one.my_chat_member for one in await bot.get_updates()]
    assert blocked and (blocked.old_chat_member.status, blocked.new_chat_member.status) == (
        "member",
        "kicked",
    )
    assert unblocked and unblocked.new_chat_member.status == "member"


async def test_telegram_emulator_refuses_unknown_and_deactivated_users(
    telegram: Emulator, gulnar: User
) -> None:
    telegram.user(502)
    answer = await call(telegram, "sendMessage", chat_id=502, text="x")
    assert answer["error_code"] == 403
    assert answer["description"] == "Forbidden: bot can't initiate conversation with a user"
    gulnar.person.deactivated = True
    answer = await call(telegram, "sendMessage", **TEXT)
    assert answer["description"] == "Forbidden: user is deactivated"


async def test_telegram_emulator_group_delivers_commands_and_can_be_left(
    telegram: Emulator, bot: "Bot", gulnar: User
) -> None:
    from aiogram.exceptions import TelegramForbiddenError

    group = await gulnar.add_bot_to_group("Ауыл")
    await gulnar.say("жай сөз", group)
    await gulnar.say("/start@kosh_emulated_bot", group)
    added, joined, command = await bot.get_updates()
    assert added.my_chat_member and added.my_chat_member.chat.type == "supergroup"
    assert joined.message and joined.message.new_chat_members
    assert command.message and command.message.text == "/start@kosh_emulated_bot"

    ask = {"keyboard": [[{"text": "x", "request_contact": True}]]}
    answer = await call(telegram, "sendMessage", chat_id=group.id, text="x", reply_markup=ask)
    assert answer["description"] == (
        "Bad Request: Phone number can be requested in private chats only"
    )
    await bot.leave_chat(group.id)
    with pytest.raises(TelegramForbiddenError, match="bot is not a member of the supergroup chat"):
        await bot.send_message(group.id, "x")


async def test_telegram_emulator_accepts_a_press_on_a_message_deleted_meanwhile(
    telegram: Emulator, gulnar: User
) -> None:
    await call(telegram, "sendMessage", **with_button(callback_data="y"))
    seen = gulnar.last
    await call(telegram, "deleteMessage", chat_id=501, message_id=seen.id)
    with pytest.raises(LookupError, match="no button"):
        await gulnar.press("Иә")
    await gulnar.press("Иә", seen)
    [update] = (await call(telegram, "getUpdates"))["result"]
    assert update["callback_query"]["data"] == "y"
    assert update["callback_query"]["message"]["date"] == 0


async def test_telegram_emulator_delivers_an_edit_of_a_message(
    telegram: Emulator, gulnar: User
) -> None:
    await gulnar.say("бір")
    await gulnar.edit_last("екі")
    _, edited = (await call(telegram, "getUpdates"))["result"]
    assert edited["edited_message"]["text"] == "екі"
    with pytest.raises(AssertionError, match="Testova: екі"):
        await gulnar.wait_for_message(1, seconds=0.01)


# Delivery of updates by long polling ------------------------------------------------------------


async def poll(telegram: Emulator, **params: Any) -> list[str]:
    answer = await call(telegram, "getUpdates", **params)
    return [update["message"]["text"] for update in answer["result"]]


async def test_telegram_emulator_get_updates_offset_confirms_earlier_updates(
    telegram: Emulator, gulnar: User
) -> None:
    for text in "абв":
        await gulnar.say(text)
    first, second, third = telegram.journal.updates()
    assert (second, third) == (first + 1, first + 2)
    assert await poll(telegram) == ["а", "б", "в"]
    assert await poll(telegram, limit=2) == ["а", "б"]
    assert await poll(telegram, offset=second) == ["б", "в"]
    assert await poll(telegram) == ["б", "в"]
    assert telegram.journal.acknowledged() == {first}
    assert await poll(telegram, offset=-1) == ["в"]
    assert await poll(telegram, offset=third + 1) == []
    assert telegram.journal.acknowledged() == {first, second, third}


async def test_telegram_emulator_long_poll_returns_on_the_first_update(
    telegram: Emulator, gulnar: User
) -> None:
    waiting = asyncio.create_task(poll(telegram, timeout=50))
    await asyncio.sleep(0)
    await gulnar.say("сәлем")
    async with asyncio.timeout(60):
        assert await waiting == ["сәлем"]


async def test_telegram_emulator_second_long_poll_ends_the_first(
    telegram: Emulator, gulnar: User
) -> None:
    first = asyncio.create_task(call(telegram, "getUpdates", timeout=50))
    second = asyncio.create_task(call(telegram, "getUpdates", timeout=50))
    done, _ = await asyncio.wait({first, second}, timeout=60, return_when="FIRST_COMPLETED")
    answer = done.pop().result()
    assert answer["error_code"] == 409
    assert "make sure that only one bot instance is running" in answer["description"]
    await gulnar.say("сәлем")
    answers = [await first, await second]
    assert sorted(one["ok"] for one in answers) == [False, True]


async def test_telegram_emulator_delivers_only_allowed_updates(
    telegram: Emulator, gulnar: User
) -> None:
    await call(telegram, "getUpdates", allowed_updates=["message"])
    await gulnar.block()
    await gulnar.unblock()
    await gulnar.say("сәлем")
    assert await poll(telegram) == ["сәлем"]
    assert (await call(telegram, "getWebhookInfo"))["result"]["allowed_updates"] == ["message"]


async def test_telegram_emulator_updates_expire(telegram: Emulator, gulnar: User) -> None:
    await call(telegram, "sendMessage", **with_button(callback_data="y"))
    await gulnar.press("Иә")
    await gulnar.say("сәлем")
    telegram.advance(151)
    assert await poll(telegram) == ["сәлем"]
    telegram.advance(24 * 3600)
    assert await poll(telegram) == []
    assert telegram.journal.acknowledged() == set()


async def test_telegram_emulator_polling_and_webhook_are_exclusive(
    telegram: Emulator, hook: Hook
) -> None:
    answer = await call(telegram, "getUpdates")
    assert answer["error_code"] == 409
    assert answer["description"].startswith("Conflict: can't use getUpdates method while webhook")
    assert (await call(telegram, "getWebhookInfo"))["result"]["url"] == hook.url
    assert (await call(telegram, "deleteWebhook"))["result"] is True
    assert (await call(telegram, "getUpdates"))["result"] == []


# Delivery of updates to the webhook -------------------------------------------------------------


async def test_telegram_emulator_webhook_gets_waiting_updates_with_the_secret(
    telegram: Emulator, hook: Hook, bot: "Bot", gulnar: User
) -> None:
    await bot.delete_webhook()
    await gulnar.say("бір")
    await bot.set_webhook(hook.url, secret_token=SECRET, max_connections=7)
    await gulnar.say("екі")
    await telegram.until_taken()
    assert hook.texts == ["бір", "екі"]
    assert hook.headers == [SECRET, SECRET]
    assert telegram.journal.acknowledged() == set(telegram.journal.updates())
    await bot.set_webhook(hook.url, drop_pending_updates=True)
    assert (await bot.get_webhook_info()).pending_update_count == 0


async def test_telegram_emulator_delivers_button_presses_before_waiting_texts(
    telegram: Emulator, hook: Hook, gulnar: User
) -> None:
    await call(telegram, "sendMessage", **with_button(callback_data="press"))
    hook.open.clear()
    for text in ("бір", "екі", "үш"):
        await gulnar.say(text)
    await gulnar.press("Иә")
    await hook.until_got(2)
    assert hook.texts == ["бір", "press"]
    hook.open.set()
    await telegram.until_taken()
    assert hook.texts == ["бір", "press", "екі", "үш"]


async def test_telegram_emulator_opens_at_most_max_connections_to_the_webhook(
    telegram: Emulator, hook: Hook
) -> None:
    await telegram.set_webhook(hook.url, SECRET, connections=3)
    hook.open.clear()
    for number in range(9):
        await telegram.user(600 + number).say("сәлем")
    await hook.until_got(3)
    hook.open.set()
    await telegram.until_taken()
    assert (len(hook.got), hook.most_inside) == (9, 3)


async def test_telegram_emulator_retries_a_delivery_with_backoff(
    telegram: Emulator, hook: Hook, gulnar: User
) -> None:
    hook.answers.extend(web.Response(status=code) for code in (500, 302, 404, 503))
    await gulnar.say("бір")
    await gulnar.say("екі")
    await telegram.until_taken()

    assert hook.texts == ["бір"] * 5 + ["екі"]
    tries = telegram.journal.deliveries(telegram.journal.updates()[0])
    assert [(one.attempt, one.status) for one in tries] == [
        (1, 500),
        (2, 302),
        (3, 404),
        (4, 503),
        (5, 200),
    ]
    gaps = [later.at - earlier.at for earlier, later in pairwise(tries)]
    assert all(gap >= wait * FAST.scale for gap, wait in zip(gaps, (0, 2, 4, 8), strict=True))
    info = (await call(telegram, "getWebhookInfo"))["result"]
    assert info["last_error_message"] == "Wrong response from the webhook: 503"


async def test_telegram_emulator_obeys_the_retry_after_header_of_a_webhook(
    telegram: Emulator, hook: Hook, gulnar: User
) -> None:
    hook.answers.append(web.Response(status=503, headers={"Retry-After": "90"}))
    await gulnar.say("бір")
    await telegram.until_taken()
    first, second = telegram.journal.deliveries()
    assert second.at - first.at >= 90 * FAST.scale


async def test_telegram_emulator_drops_an_update_that_expires_before_its_retry(
    telegram: Emulator, hook: Hook, gulnar: User
) -> None:
    await call(telegram, "sendMessage", **with_button(callback_data="press"))
    hook.answers.append(web.Response(status=503, headers={"Retry-After": "151"}))
    await gulnar.press("Иә")
    await telegram.until_taken()
    assert [(one.attempt, one.status) for one in telegram.journal.deliveries()] == [
        (1, 503),
        (-1, 0),
    ]
    assert telegram.journal.acknowledged() == set()


async def test_telegram_emulator_failing_chats_delay_others_on_one_connection(
    telegram: Emulator, hook: Hook
) -> None:
    await telegram.set_webhook(hook.url, SECRET, connections=1)
    later = {"Retry-After": "100"}
    hook.answers.extend(web.Response(status=503, headers=later) for _ in range(2))
    for number, text in enumerate("абв"):
        await telegram.user(600 + number).say(text)
    await telegram.until_taken()
    assert hook.texts in (["а", "б", "а", "б", "в"], ["а", "б", "а", "в", "б"])


async def test_telegram_emulator_keeps_updates_when_the_webhook_is_unreachable(
    telegram: Emulator, gulnar: User
) -> None:
    await telegram.set_webhook("http://127.0.0.1:9/hook")
    await gulnar.say("сәлем")
    deliveries = telegram.journal.deliveries
    await telegram.journal.written.until(lambda: any(one.attempt == 3 for one in deliveries()), 60)
    assert {one.status for one in deliveries()} == {0}
    info = (await call(telegram, "getWebhookInfo"))["result"]
    assert (info["pending_update_count"], info["last_error_message"]) == (
        1,
        "Webhook connection closed",
    )


async def test_telegram_emulator_performs_a_call_in_a_webhook_answer(
    telegram: Emulator, hook: Hook, gulnar: User
) -> None:
    hook.answers.append(web.json_response({"method": "sendMessage", **TEXT}))
    form = "method=sendChatAction&chat_id=501&action=typing"
    hook.answers.append(web.Response(text=form, content_type="application/x-www-form-urlencoded"))
    hook.answers.append(web.json_response({"method": "getMe"}))
    for text in ("бір", "екі", "үш"):
        await gulnar.say(text)
    await telegram.until_taken()
    assert gulnar.last.text == "Иә ма?"
    assert gulnar.place.action == "typing"
    assert telegram.journal.calls("getMe") == []


@pytest.mark.parametrize("together", [False, True])
async def test_telegram_emulator_can_deliver_updates_twice(
    telegram: Emulator, hook: Hook, gulnar: User, together: bool
) -> None:
    telegram.delivery_options.copies, telegram.delivery_options.together = 2, together
    hook.open.clear()
    await gulnar.say("бір")
    await gulnar.say("екі")
    await hook.until_got(2 if together else 1)
    hook.open.set()
    await telegram.until_taken()
    assert hook.texts == ["бір", "бір", "екі", "екі"]
    assert hook.most_inside == (2 if together else 1)


async def test_telegram_emulator_can_deliver_updates_out_of_order(
    telegram: Emulator, hook: Hook, gulnar: User
) -> None:
    telegram.delivery_options.shuffled = True
    hook.open.clear()
    texts = [str(number) for number in range(40)]
    for text in texts:
        await gulnar.say(text)
    await hook.until_got(40)
    assert hook.inside == 40
    hook.open.set()
    await telegram.until_taken()
    assert hook.texts != texts
    assert sorted(hook.texts, key=int) == texts


# Rate limits and scripted faults ----------------------------------------------------------------


async def test_telegram_emulator_applies_the_rate_limit_of_a_chat() -> None:
    async with Emulator(limits=Limits(chat_burst=2)) as telegram:
        gulnar = telegram.user(501, started=True)
        for _ in range(2):
            assert (await call(telegram, "sendMessage", **TEXT))["ok"]
        answer = await call(telegram, "sendMessage", **TEXT)
        assert answer == {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 1",
            "parameters": {"retry_after": 1},
        }
        telegram.advance(1)
        assert (await call(telegram, "sendMessage", **TEXT))["ok"]
        assert len(gulnar.received) == 3


async def test_telegram_emulator_applies_the_rate_limit_of_the_bot() -> None:
    async with Emulator(limits=Limits(bot_rate=0.1, bot_burst=3)) as telegram:
        people = [telegram.user(number, started=True) for number in range(501, 505)]
        answers = [await call(telegram, "sendMessage", chat_id=one.id, text="x") for one in people]
        assert [one["ok"] for one in answers] == [True, True, True, False]
        assert answers[3]["parameters"] == {"retry_after": 10}


async def test_telegram_emulator_limits_group_messages_and_set_webhook_calls() -> None:
    async with Emulator() as telegram:
        group = await telegram.user(501).add_bot_to_group()
        for _ in range(20):
            assert (await call(telegram, "sendMessage", chat_id=group.id, text="x"))["ok"]
        answer = await call(telegram, "sendMessage", chat_id=group.id, text="x")
        assert answer["parameters"]["retry_after"] in (2, 3)
        assert (await call(telegram, "setWebhook", url="http://127.0.0.1:9/"))["ok"]
        again = await call(telegram, "setWebhook", url="http://127.0.0.1:9/x")
        assert again["parameters"] == {"retry_after": 1}


async def test_telegram_emulator_scripted_rate_limit_error_reaches_aiogram(
    telegram: Emulator, bot: "Bot", gulnar: User
) -> None:
    from aiogram.exceptions import TelegramRetryAfter

    telegram.fail(Flooded(7), times=2, method="sendMessage")
    await bot.get_me()
    for _ in range(2):
        with pytest.raises(TelegramRetryAfter) as caught:
            await bot.send_message(501, "x")
        assert caught.value.retry_after == 7
    await bot.send_message(501, "x")
    assert [one.status for one in telegram.journal.calls("sendMessage")] == [429, 429, 200]


async def test_telegram_emulator_broken_gateway_answers_in_html(
    telegram: Emulator, http: aiohttp.ClientSession, gulnar: User
) -> None:
    telegram.fail(Broken(502))
    telegram.fail(Broken(500, delivered=True))
    url = f"{telegram.url}/bot{TOKEN}/sendMessage"
    for status in (502, 500):
        async with http.post(url, json=TEXT) as response:
            assert (response.status, response.content_type) == (status, "text/html")
    assert len(gulnar.received) == 1


@pytest.mark.parametrize("delivered", [False, True])
@pytest.mark.parametrize("fault", [Silent, Cut])
async def test_telegram_emulator_can_deliver_a_message_and_drop_the_response(
    telegram: Emulator,
    http: aiohttp.ClientSession,
    gulnar: User,
    fault: type[Silent | Cut],
    delivered: bool,
) -> None:
    telegram.fail(fault(delivered=delivered))
    timeout = aiohttp.ClientTimeout(total=0.2)
    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        await http.post(f"{telegram.url}/bot{TOKEN}/sendMessage", json=TEXT, timeout=timeout)
    assert len(gulnar.received) == delivered
    assert telegram.journal.sent(501) == [TEXT] * delivered


async def test_telegram_emulator_delays_a_response(telegram: Emulator, gulnar: User) -> None:
    telegram.fail(Slow(0.05))
    started = asyncio.get_running_loop().time()
    assert (await call(telegram, "sendMessage", **TEXT))["ok"]
    assert asyncio.get_running_loop().time() - started >= 0.05


# The journal, and the emulator as its own process -----------------------------------------------


async def test_telegram_emulator_writes_its_journal_to_a_jsonl_file(tmp_path: Path) -> None:
    log = tmp_path / "journal.jsonl"
    async with Emulator(limits=False, log=log) as telegram:
        gulnar = telegram.user(501)
        await gulnar.say("сәлем")
        await call(telegram, "sendMessage", **TEXT)
        await call(telegram, "sendMessage", chat_id=501, text="")
        await call(telegram, "getUpdates", offset=telegram.journal.updates()[0] + 1)
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [entry["kind"] for entry in entries] == ["update", "call", "call", "delivery", "call"]
    update, sent, refused, delivery, _ = entries
    assert update["update"]["message"]["text"] == "сәлем"
    assert (sent["params"], sent["status"], sent["sent"]) == (TEXT, 200, gulnar.last.id)
    assert (refused["status"], refused["answer"]["ok"], refused["sent"]) == (400, False, None)
    assert (delivery["update_id"], delivery["status"]) == (update["update_id"], 200)
    assert [one.kind for one in telegram.journal.entries if isinstance(one, Delivery)]


@pytest_asyncio.fixture
async def process(hook: Hook, tmp_path: Path) -> AsyncIterator[str]:
    arguments = ["--webhook", hook.url, "--secret", SECRET, "--log", str(tmp_path / "log.jsonl")]
    program = [sys.executable, "-m", "tests.emulators.telegram", "--no-limits", *arguments]
    root = Path(__file__).parents[2]
    child = await asyncio.create_subprocess_exec(*program, cwd=root, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    async with asyncio.timeout(60):
        yield (await child.stdout.readline()).decode().strip()
    child.terminate()
    assert await asyncio.wait_for(child.wait(), 60) == 0


async def test_telegram_emulator_process_is_controlled_over_http(
    process: str, http: aiohttp.ClientSession, hook: Hook, tmp_path: Path
) -> None:
    async def control(verb: str, *bodies: dict[str, Any]) -> Any:
        async with http.post(f"{process}/_control/{verb}", json=list(bodies)) as response:
            return await response.json()

    async def look(what: str) -> Any:
        async with http.get(f"{process}/_control/{what}") as response:
            return await response.json(content_type=None)

    people = [{"id": number, "language_code": "kk"} for number in range(700, 900)]
    assert await control("user", *people) == list(range(700, 900))
    await control("say", *({"user": number, "text": "сәлем"} for number in range(700, 900)))
    assert await control("taken", {"seconds": 10}) == [True]
    assert sorted(one["message"]["from"]["id"] for one in hook.got) == list(range(700, 900))
    assert set(hook.headers) == {SECRET}

    url = f"{process}/bot{TOKEN}/sendMessage"
    await http.post(url, json=with_button(callback_data="y") | {"chat_id": 700})
    [seen] = await control("wait", {"user": 700, "number": 1})
    assert (seen["text"], seen["buttons"][0][0]["data"]) == ("Иә ма?", "y")
    await control("press", {"user": 700, "what": "Иә"})
    await hook.until_got(201)
    assert hook.got[-1]["callback_query"]["data"] == "y"
    assert "no button" in (await control("press", {"user": 700, "what": "Жоқ"}))["error"]

    await control("faults", {"fault": "flooded", "retry_after": 9, "method": "sendMessage"})
    async with http.post(url, json=TEXT | {"chat_id": 700}) as response:
        assert response.headers["Retry-After"] == "9"
    assert (await control("delivery_options", {"copies": 2}))[0]["copies"] == 2
    assert [one["text"] for one in await look("chat/700")] == ["сәлем", "Иә ма?"]
    stats = await look("stats")
    assert (stats["people"], stats["counts"]["sendMessage 429"]) == (200, 1)
    async with http.get(f"{process}/_control/journal?since=0") as response:
        lines = (await response.text()).splitlines()
    assert lines == (tmp_path / "log.jsonl").read_text().splitlines()
