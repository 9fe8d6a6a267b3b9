"""Machine translation in a case.

An external service may translate officers' drafts. Only a local one may translate messages of
people.
"""

import re
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.config.settings import Settings
from bot.desk import answering
from bot.web.console import demo_officers, labels
from flows.engine.text import Text
from tests.app_stack import AppStack, running_stack
from tests.console_client import Console
from tests.emulators.translation import KEY, Translation, translation
from tests.emulators.whatsapp import User
from tests.officer_names import AIGUL
from tests.web import whatsapp_chat

DRAFT, TRANSLATION = "Please bring the passport of each child", "Принесите паспорт каждого ребёнка"
MESSAGE = "Men Qozogʻistonga qachon koʻchib bora olaman, qaysi hujjatlar kerak boʻladi?"


@pytest.fixture
async def server() -> AsyncIterator[Translation]:
    async with translation() as server:
        server.text = TRANSLATION
        yield server


def with_translation(chosen: Settings, server: Translation) -> Settings:
    return chosen.model_copy(
        update={
            "translation": "libretranslate",
            "translation_url": server.url,
            "translation_key": SecretStr(KEY),
        }
    )


@pytest.fixture
async def stack(chosen: Settings, admin_url: str, server: Translation) -> AsyncIterator[AppStack]:
    async with running_stack(with_translation(chosen, server), admin_url) as stack:
        yield stack


async def ask_on_whatsapp(stack: AppStack, words: str) -> User:
    """Return a person on WhatsApp who reads Russian and has asked an officer this question."""
    await demo_officers.enter(stack.rt)
    user = await whatsapp_chat.consented_user(stack, "77010000951")
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/person"))
    await whatsapp_chat.press(user, "general")
    await whatsapp_chat.press(user, "yes")
    await whatsapp_chat.wait_for_reply(user, lambda: user.say(words))
    return user


async def translate_draft(console: Console) -> None:
    """As an officer, press the button that translates the draft of a reply."""
    form = console.screen.form("/reply")
    fields = form.fields | {"words": DRAFT}
    await console.post(form.action.replace("/reply", "/translate"), fields)


def render(stack: AppStack, text: Text, language: str = "ru") -> str:
    return stack.rt.languages.render(text, language)


async def test_case_reply_translated_by_machine_is_marked_when_sent(
    stack: AppStack, server: Translation
) -> None:
    user = await ask_on_whatsapp(stack, "Здравствуйте")
    async with Console.signed_in(stack.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        await translate_draft(console)
        assert server.asked == [(DRAFT, "ru")]
        assert TRANSLATION in console.screen.html
        assert DRAFT in console.screen.html
        count = len(user.received)
        await console.submit("/reply", words=f"{TRANSLATION}, пожалуйста.")
        await user.wait(lambda _chat: len(user.received) > count and "пожалуйста" in user.last.text)
    assert render(stack, answering.TRANSLATED) in user.last.text
    assert DRAFT not in user.last.text
    assert server.mistakes == []


async def test_case_reply_stays_marked_as_translated_when_a_fact_is_inserted(
    stack: AppStack, server: Translation
) -> None:
    user = await ask_on_whatsapp(stack, "Здравствуйте")
    async with Console.signed_in(stack.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        await translate_draft(console)
        form = console.screen.form("/reply")
        await console.post(
            form.action.replace("/reply", "/facts"),
            form.fields | {"words": TRANSLATION, "search": "виза"},
        )
        chosen = console.screen.form("/preview")
        fact = re.search(r'name="fact" value="([^"]+)"', console.screen.html)
        assert fact is not None
        await console.post(chosen.action, chosen.fields | {"words": TRANSLATION, "fact": fact[1]})
        assert render(stack, answering.TRANSLATED) in console.screen.html
        count = len(user.received)
        await console.submit("/reply", words=TRANSLATION)
        await user.wait(lambda _chat: len(user.received) > count and TRANSLATION in user.last.text)
    assert render(stack, answering.TRANSLATED) in user.last.text


async def test_case_reply_draft_is_kept_when_translation_fails(
    stack: AppStack, server: Translation
) -> None:
    server.fault = "500"
    await ask_on_whatsapp(stack, "Здравствуйте")
    async with Console.signed_in(stack.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        await translate_draft(console)
        assert DRAFT in console.screen.html
        assert TRANSLATION not in console.screen.html
        assert 'name="machine"' not in console.screen.html


async def test_case_message_is_translated_by_a_local_service_on_request(
    stack: AppStack, server: Translation
) -> None:
    await ask_on_whatsapp(stack, MESSAGE)
    async with Console.signed_in(stack.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        form = next(each for each in console.screen.forms if "/translate/" in each.action)
        await console.send(form)
        assert [text for text, _target in server.asked] == [MESSAGE]
        assert TRANSLATION in console.screen.html
        assert "Qozog" in console.screen.html
        assert render(stack, labels.WORDS["machine"]) in console.screen.html


def test_case_messages_are_never_sent_to_a_remote_translator(chosen: Settings) -> None:
    elsewhere = {"translation": "deepl", "translation_url": "https://api.deepl.example"}
    assert not chosen.translates_people
    assert not chosen.model_copy(update=elsewhere).translates_people
    local = {"translation": "libretranslate", "translation_url": "http://127.0.0.1:5000"}
    assert chosen.model_copy(update=local).translates_people
