"""After the quick exit, a phone contains only what docs/explanation/for-people.md lists.

The browser is tested in tests/browser/test_phone_after_exit.py.
"""

import re
from functools import partial

import pytest

from bot.outbox.rendering import NOT_DELETED
from flows.engine import screens
from tests.app_stack import AppStack
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
