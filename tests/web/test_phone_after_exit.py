"""After the quick exit, a phone contains only what docs/explanation/for-people.md lists.

The browser is tested in tests/browser/test_phone_after_exit.py.
"""

import re
from functools import partial
from pathlib import Path

import pytest

from bot.outbox.rendering import NOT_DELETED
from flows.engine import screens
from tests.app_stack import AppStack
from tests.web.test_journeys import ANSWERS, _only, _register
from tests.web.test_page import _answer_on_page
from tests.web.test_whatsapp_journey import _at_language, _user, _walk
from tests.web.test_whatsapp_journey import _next as _next_of_whatsapp
from tests.web.test_whatsapp_journey import _press as _press_of_whatsapp

NUMBER = "+7 (701) 234-56-78"
# Number of final digits of a phone number to search for: it may appear without its country code.
MIN_DIGITS = 9
CONTACT_QUESTION = len(ANSWERS) - ANSWERS[::-1].index("self") - 1
LIST = Path(__file__).parents[2] / "docs/explanation/for-people.md"
# Bot API methods that leave traces in a chat other than messages: Kosh must not call them.
LEAVING_METHODS = (
    "pinChatMessage",
    "setChatMenuButton",
    "setMessageReaction",
    "createForumTopic",
    "setChatDescription",
)


def _documented_data(channel: str) -> list[str]:
    """Return the data that may remain in a channel's chat, from the table of for-people.md."""
    rows = [line.split("|") for line in LIST.read_text("utf-8").splitlines() if "|" in line]
    return [row[2].strip() for row in rows if row[1].strip() == channel]


@pytest.mark.requirement("S-37", "S-84")
async def test_telegram_chat_keeps_only_documented_data_after_a_quick_exit(stack: AppStack) -> None:
    chat, phrase, old = _documented_data("Telegram")
    assert "list of commands" in chat and "useful phrase" in phrase and "48 hours" in old
    user = await _register(stack, 7041)
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
    (listed,) = _documented_data("WhatsApp")
    assert "whole chat" in listed and "names" in listed and "phone number" in listed
    user = await _user(stack, "77010007042")
    await _at_language(user, "ru")
    await _walk(stack, user, ANSWERS[:CONTACT_QUESTION])
    await _press_of_whatsapp(user, "phone")
    assert user.last.link is not None
    link = stack.url + "/p/" + user.last.link[1].rsplit("/p/", 1)[1]
    await _next_of_whatsapp(user, partial(_answer_on_page, link, stack, NUMBER))
    await _walk(stack, user, ANSWERS[CONTACT_QUESTION + 1 :])
    assert "+77012345678" in repr(await _only(stack))
    before = len(user.received)
    await _next_of_whatsapp(user, partial(user.say, "выход"))
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
