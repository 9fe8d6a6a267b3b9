"""After the quick exit, a phone contains only what docs/explanation/for-people.md lists.

The browser is tested in tests/browser/test_phone_after_exit.py.
"""

import re
from functools import partial

import aiohttp
import pytest

from bot.outbox.rendering import NOT_DELETED
from bot.web.chat_rendering import EXIT
from bot.web.chat_session import VISIT
from flows.engine import pin_screens, screens
from tests.app_stack import AppStack
from tests.emulators.telegram import User
from tests.visitor import Visitor
from tests.web import secure_page, telegram_chat, whatsapp_chat
from tests.web.documented_data import documented_data
from tests.web.journey import ANSWERS, accepted_entry

NUMBER = "+7 (701) 234-56-78"
# Number of final digits of a phone number to search for: it may appear without its country code.
MIN_DIGITS = 9
CONTACT_QUESTION = len(ANSWERS) - ANSWERS[::-1].index("self") - 1
# Bot API methods that leave traces in a chat other than messages: Kosh must not call them.
LEAVING_METHODS = (
    "pinChatMessage",
    "setChatMenuButton",
    "setMessageReaction",
    "createForumTopic",
    "setChatDescription",
)


@pytest.mark.requirement("S-37", "S-84")
async def test_telegram_chat_keeps_only_documented_data_after_a_quick_exit(stack: AppStack) -> None:
    chat, phrase, old = documented_data("Telegram")
    assert "list of commands" in chat and "useful phrase" in phrase and "48 hours" in old
    user = await telegram_chat.register(stack, 7041)
    update = stack.rt.languages.render(screens.UPDATE, "ru")
    await user.wait(lambda chat: any(update in each.text for each in chat))
    exit_text = stack.rt.languages.render(screens.EXIT_TEXT, "ru")
    await user.say("выход")
    await user.wait(lambda chat: [each.text for each in chat if not each.deleted] == [exit_text])
    (remaining,) = [each for each in user.chat if not each.deleted]
    assert (remaining.buttons, remaining.reply_to) == ((), None)
    assert user.keyboard == []
    journal = stack.telegram.journal
    assert {name: len(journal.calls(name)) for name in LEAVING_METHODS} == dict.fromkeys(
        LEAVING_METHODS, 0
    )
    menus = journal.calls("setMyCommands")
    assert not any("chat" in str(call.params.get("scope", "")) for call in menus)


async def _visit(stack: AppStack, number: int) -> tuple[User, aiohttp.ClientSession]:
    """Open the secure page from Telegram; return the Telegram user and the browser."""
    user = stack.telegram.user(number, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    browser = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
    status, page = await secure_page.enter(Visitor(browser, stack.url), link)
    assert status == 200
    endpoint, form = secure_page.answer_form(page, "TESTOVA")
    async with browser.post(f"{stack.url}/chat/{endpoint}", data=form) as answer:
        assert answer.status == 200
    return user, browser


async def test_quick_exit_in_telegram_ends_the_visit_to_the_secure_page(stack: AppStack) -> None:
    user, browser = await _visit(stack, 7051)
    exit_text = stack.rt.languages.render(screens.EXIT_TEXT, "ru")
    async with browser:
        await user.say("выход")
        await user.wait(lambda chat: [e.text for e in chat if not e.deleted] == [exit_text])
        form = {"chat": VISIT, "id": "later", "text": "/mydata"}
        async with browser.post(f"{stack.url}/chat/said", data=form) as answer:
            page = await answer.text()
    label = stack.rt.languages.render(pin_screens.MY_DATA, "ru")
    assert "TESTOVA" not in page and label not in page
    assert [each.text for each in user.chat if not each.deleted] == [exit_text]


async def test_quick_exit_on_the_secure_page_empties_the_telegram_chat(stack: AppStack) -> None:
    user, browser = await _visit(stack, 7052)
    assert any(not each.deleted for each in user.chat)
    async with browser:
        form = {"chat": VISIT, "id": "leave", "payload": EXIT}
        async with browser.post(f"{stack.url}/chat/pressed", data=form) as answer:
            assert answer.status == 200
        await user.wait(lambda chat: all(each.deleted for each in chat))


async def test_unopened_link_is_invalid_after_a_quick_exit(stack: AppStack) -> None:
    user = stack.telegram.user(7053, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    exit_text = stack.rt.languages.render(screens.EXIT_TEXT, "ru")
    await user.say("выход")
    await user.wait(lambda chat: [e.text for e in chat if not e.deleted] == [exit_text])
    async with aiohttp.ClientSession() as browser:
        status, _page = await secure_page.enter(Visitor(browser, stack.url), link)
    assert status == 410


@pytest.mark.requirement("S-37", "S-84")
async def test_whatsapp_chat_keeps_only_documented_data_after_a_quick_exit(stack: AppStack) -> None:
    (listed,) = documented_data("WhatsApp")
    assert "whole chat" in listed and "names" in listed and "phone number" in listed
    user = await whatsapp_chat.new_user(stack, "77010007042")
    await whatsapp_chat.choose_language(user, "ru")
    await whatsapp_chat.give_answers(stack, user, ANSWERS[:CONTACT_QUESTION])
    await whatsapp_chat.press(user, "phone")
    assert user.last.link is not None
    link = secure_page.link_to(stack, user.last.link[1])
    await whatsapp_chat.wait_for_reply(
        user, partial(secure_page.answer_on_page, link, stack, NUMBER)
    )
    await whatsapp_chat.give_answers(stack, user, ANSWERS[CONTACT_QUESTION + 1 :])
    assert "+77012345678" in repr(await accepted_entry(stack))
    before = len(user.received)
    await whatsapp_chat.wait_for_reply(user, partial(user.say, "выход"))
    notice = stack.rt.languages.render(NOT_DELETED, "ru")
    await user.wait(lambda _chat: any(notice in each.text for each in user.received[before:]))
    for secret in ("TESTOVA", "GULNAR"):
        assert not any(secret in each.text for each in user.screen)
    for number in (NUMBER, user.phone):
        digits = re.sub(r"\D", "", number)[-MIN_DIGITS:]
        assert not any(digits in re.sub(r"\D", "", each.text) for each in user.screen)
    exit_text = stack.rt.languages.render(screens.EXIT_TEXT, "ru")
    after = [each for each in user.received[before:] if notice not in each.text]
    assert all(exit_text in each.text for each in after), (
        "the exit leaves the phrase and nothing else"
    )
    assert not any(each.buttons or each.rows for each in user.received[before:])
