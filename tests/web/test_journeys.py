"""Whole conversations up to an accepted registration, on every channel in every language."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import aiohttp
import pytest
from psycopg import OperationalError

from bot.conversations import receive
from bot.conversations.effects import AfterCommit
from bot.runtime import Runtime
from bot.worker import telegram_polling
from flows.engine.screens import EXIT_TEXT
from tests.app_stack import AppStack
from tests.emulators.telegram import User
from tests.release_only import release_only
from tests.visitor import Visitor

LANGUAGES = ("kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl")
# The answers of a person from Uzbekistan who registers with spouse and child: keys of buttons, and
# texts for questions without buttons.
ANSWERS = (
    "preregistration", "family", "yes", "move", "UZ", "origin", "long", "no", "yes", "none",
    "seen", "yes", "yes", "TESTOVA", "GULNAR", "1990", "UZ", "pavlodar", "year",
    "add", "spouse", "adult", "yes", "add", "child", "under14", "done",
    "self", "no", "no", "submit",
)  # fmt: skip


async def _receipt(stack: AppStack, language: str) -> str:
    entry = await _only(stack)
    body = entry["body"]
    tags = {
        "kk": "kk-Cyrl",
        "kk_Arab": "kk-Arab",
        "ru": "ru",
        "zh_Hans": "zh-Hans",
        "uz": "uz-Latn",
        "uz_Cyrl": "uz-Cyrl",
    }
    assert body["language"] == tags[language]
    assert body["purpose"] == "MOVE"
    assert body["citizenship"] == "UZ"
    assert body["target_region"] == "KZ-55"
    assert body["surname"] == "TESTOVA"
    assert body["birth_year"] == 1990
    assert [each["relation"] for each in body["members"]] == ["SPOUSE", "CHILD"]
    return str(entry["number"])


async def _only(stack: AppStack) -> dict[str, Any]:
    async def is_accepted() -> bool:
        entries = await stack.entries()
        return [each["state"] for each in entries] == ["ACCEPTED"]

    await stack.until(is_accepted)
    (entry,) = await stack.entries()
    return entry


@pytest.mark.parametrize("language", release_only(LANGUAGES, keep=("kk_Arab", "zh_Hans")))
async def test_web_chat_conversation_ends_with_a_registration_number(
    stack: AppStack, language: str
) -> None:
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.press(language)
        for answer in ANSWERS:
            keys = {each.partition(":")[2] for each in visitor.newest.buttons.values()}
            while answer not in keys and ">" in keys:
                await visitor.press(">")
                keys = {each.partition(":")[2] for each in visitor.newest.buttons.values()}
            await (visitor.press(answer) if answer in keys else visitor.say(answer))
        number = await _receipt(stack, language)
        await visitor.press("!status") if "!status" in visitor.newest.buttons.values() else None
        while number not in visitor.newest.text or "KS-" not in visitor.newest.text:
            count = len(visitor.bubbles)
            status, _answer = await visitor.send("said", text="/status")
            assert status == 202
            await visitor.wait(count + 1)
        assert number in visitor.newest.text
    assert stack.telegram.journal.calls("sendMessage") == []


async def _over_telegram(user: User, language: str) -> None:
    await user.start("")
    await user.wait_for_message(1)
    await _press(user, language)
    for answer in ANSWERS:
        keys = _keys(user)
        while answer not in keys and ">" in keys:
            await _press(user, ">")
            keys = _keys(user)
        if answer in keys:
            await _press(user, answer)
        else:
            await _next(user, partial(user.say, answer))


async def _register(stack: AppStack, number: int) -> User:
    """Register a person over Telegram with all ANSWERS; updates come by webhook."""
    await stack.receive_telegram()
    user = stack.telegram.user(number, first_name="Test")
    await _over_telegram(user, "ru")
    return user


def _keys(user: User) -> set[str]:
    rows = user.last.buttons
    return {button.data.partition(":")[2] for row in rows for button in row if button.data}


async def _press(user: User, key: str) -> None:
    data = next(
        button.data
        for row in user.last.buttons
        for button in row
        if button.data and button.data.partition(":")[2] == key
    )
    await _next(user, lambda: user.press(data))


async def _next(user: User, action: Callable[[], Awaitable[object]]) -> None:
    """Await `action`, then wait until the bot's newest message has changed or is a new one."""
    before = user.last
    await action()
    await user.wait(lambda chat: user.last != before)


@pytest.mark.parametrize("answered", [0, ANSWERS.index("1990")])
async def test_web_chat_answers_an_unexpected_file(stack: AppStack, answered: int) -> None:
    """Send a file when no question asks for one, before and after consent."""
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.press("ru")
        for answer in ANSWERS[:answered]:
            offered = {each.partition(":")[2] for each in visitor.newest.buttons.values()}
            await (visitor.press if answer in offered else visitor.say)(answer)
        count = len(visitor.bubbles)
        form = aiohttp.FormData({"chat": visitor.chat})
        form.add_field("file", b"not even a picture", filename="page.jpg")
        async with visitor.session.post(
            f"{stack.url}/chat/file", data=form, headers={"X-Requested-With": "kosh"}
        ) as response:
            assert response.status == 202
        bubble = await visitor.wait(count + 1)
        assert "Пожалуйста, не присылайте" in str(bubble.paragraphs)


@pytest.mark.parametrize("language", release_only(LANGUAGES, keep=("kk", "ru")))
async def test_telegram_webhook_conversation_ends_with_a_registration_number(
    stack: AppStack, language: str
) -> None:
    secret = stack.rt.settings.telegram_secret
    assert secret
    url = f"{stack.url}/webhooks/telegram"
    await stack.telegram.set_webhook(url, secret.get_secret_value())
    user = stack.telegram.user(7001, first_name="Test")
    await _over_telegram(user, language)
    number = await _receipt(stack, language)
    await _next(user, lambda: user.say("/status"))
    await user.wait(lambda chat: any(number in message.text for message in chat))
    assert stack.telegram.journal.mistakes() == []


@pytest.mark.parametrize("language", release_only(LANGUAGES, keep=("uz",)))
async def test_telegram_polling_conversation_ends_with_a_registration_number(
    stack: AppStack, language: str
) -> None:
    polling = asyncio.create_task(telegram_polling.poll(stack.rt))
    user = stack.telegram.user(7002, first_name="Test")
    await _over_telegram(user, language)
    number = await _receipt(stack, language)
    await _next(user, lambda: user.say("/status"))
    await user.wait(lambda chat: any(number in message.text for message in chat))
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    assert stack.telegram.journal.mistakes() == []


async def test_telegram_polling_continues_when_a_reply_cannot_be_sent(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[object] = []
    deliver = receive.deliver

    async def fails_once(rt: Runtime, delivery: AfterCommit | None) -> None:
        if not failed:
            failed.append(delivery)
            raise OperationalError
        await deliver(rt, delivery)

    monkeypatch.setattr(receive, "deliver", fails_once)
    polling = asyncio.create_task(telegram_polling.poll(stack.rt))
    user = stack.telegram.user(7012, first_name="Test")
    await user.start("")
    await user.wait_for_message(1)
    await _press(user, "ru")
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    assert failed == [None]


@pytest.mark.requirement("S-37")
async def test_quick_exit_empties_the_telegram_chat(stack: AppStack) -> None:
    """Check that the messages of person and bot are deleted, also those before consent."""
    user = await _register(stack, 7013)
    await _receipt(stack, "ru")
    for text in ("/menu", "Что такое кандас?", "выход"):
        await _next(user, partial(user.say, text))
    phrase = stack.rt.languages.render(EXIT_TEXT, "ru")
    await user.wait(lambda chat: [each.text for each in chat if not each.deleted] == [phrase])


@pytest.mark.requirement("S-35")
async def test_typed_names_are_deleted_from_the_telegram_chat(stack: AppStack) -> None:
    user = await _register(stack, 7003)
    await user.wait(
        lambda chat: all(message.deleted for message in chat if message.text == "TESTOVA")
    )
