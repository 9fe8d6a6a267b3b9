"""The word "stop" turns messages off on every channel, in every language and script."""

from functools import partial

import pytest

from bot.i18n import reserved_words
from flows.engine import screens
from flows.engine.language_protocol import Reserved
from tests.app_stack import AppStack
from tests.visitor import Visitor
from tests.web import telegram_chat

WORDS = {"kk": "тоқта", "ru": "стоп", "zh_Hans": "停止", "uz": "toʻxta"}


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.requirement("S-38")
@pytest.mark.row(63)
async def test_stop_word_stops_messages_in_the_web_chat(stack: AppStack, language: str) -> None:
    assert reserved_words.safety_word(WORDS[language]) is Reserved.STOP
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.press(language)
        reply = await visitor.say(WORDS[language])
        assert stack.rt.languages.render(screens.STOPPED, language) in reply.text


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.requirement("S-38")
@pytest.mark.row(63)
async def test_stop_word_stops_messages_on_telegram(stack: AppStack, language: str) -> None:
    user = await stack.telegram_user(7201)
    await telegram_chat.press(user, language)
    await telegram_chat.wait_for_reply(user, partial(user.say, WORDS[language]))
    assert stack.rt.languages.render(screens.STOPPED, language) in user.last.text
