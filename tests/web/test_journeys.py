"""Whole conversations up to an accepted registration, on every channel in every language."""

import asyncio
from functools import partial

import aiohttp
import pytest
from psycopg import OperationalError

from bot.conversations import receive
from bot.conversations.effects import AfterCommit
from bot.runtime import Runtime
from bot.worker import telegram_polling
from flows.engine.screens import EXIT_TEXT
from tests.app_stack import AppStack
from tests.release_only import release_only
from tests.visitor import Visitor
from tests.web import telegram_chat
from tests.web.journey import ANSWERS, LANGUAGES, registration_number


@pytest.mark.parametrize("language", release_only(LANGUAGES, keep=("kk_Arab", "zh_Hans")))
async def test_web_chat_conversation_ends_with_a_registration_number(
    stack: AppStack, language: str
) -> None:
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.press(language)
        await visitor.give_answers(*ANSWERS)
        number = await registration_number(stack, language)
        await visitor.press("!status") if "!status" in visitor.newest.buttons.values() else None
        while number not in visitor.newest.text or "KS-" not in visitor.newest.text:
            count = len(visitor.bubbles)
            status, _answer = await visitor.send("said", text="/status")
            assert status == 202
            await visitor.wait(count + 1)
        assert number in visitor.newest.text
    assert stack.telegram.journal.calls("sendMessage") == []


@pytest.mark.parametrize("answered", [0, ANSWERS.index("1990")])
async def test_web_chat_answers_an_unexpected_file(stack: AppStack, answered: int) -> None:
    """Send a file when no question asks for one, before and after consent."""
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.press("ru")
        await visitor.give_answers(*ANSWERS[:answered])
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
    await telegram_chat.give_all_answers(user, language)
    number = await registration_number(stack, language)
    await telegram_chat.wait_for_reply(user, lambda: user.say("/status"))
    await user.wait(lambda chat: any(number in message.text for message in chat))
    assert stack.telegram.journal.mistakes() == []


@pytest.mark.parametrize("language", release_only(LANGUAGES, keep=("uz",)))
async def test_telegram_polling_conversation_ends_with_a_registration_number(
    stack: AppStack, language: str
) -> None:
    polling = asyncio.create_task(telegram_polling.poll(stack.rt))
    user = stack.telegram.user(7002, first_name="Test")
    await telegram_chat.give_all_answers(user, language)
    number = await registration_number(stack, language)
    await telegram_chat.wait_for_reply(user, lambda: user.say("/status"))
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
    await telegram_chat.press(user, "ru")
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    assert failed == [None]


@pytest.mark.requirement("S-37")
async def test_quick_exit_empties_the_telegram_chat(stack: AppStack) -> None:
    """Check that the messages of person and bot are deleted, also those before consent."""
    user = await telegram_chat.register(stack, 7013)
    await registration_number(stack, "ru")
    for text in ("/menu", "Что такое кандас?", "выход"):
        await telegram_chat.wait_for_reply(user, partial(user.say, text))
    phrase = stack.rt.languages.render(EXIT_TEXT, "ru")
    await user.wait(lambda chat: [each.text for each in chat if not each.deleted] == [phrase])


@pytest.mark.requirement("S-35")
async def test_typed_names_are_deleted_from_the_telegram_chat(stack: AppStack) -> None:
    user = await telegram_chat.register(stack, 7003)
    await user.wait(
        lambda chat: all(message.deleted for message in chat if message.text == "TESTOVA")
    )
