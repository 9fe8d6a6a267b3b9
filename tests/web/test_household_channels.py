"""People on two channels are linked as a family, in every language.

The notices about the link name no details, because a lock screen would display them.
"""

import re
from functools import partial

import pytest

from flows.engine import household_screens, screens
from flows.engine.text import Text
from tests.app_stack import AppStack
from tests.direction_marks import without_marks
from tests.emulators.telegram import User
from tests.emulators.whatsapp import User as WhatsAppUser
from tests.release_only import release_only
from tests.visitor import Visitor
from tests.web import telegram_chat, whatsapp_chat
from tests.web.journey import ANSWERS, LANGUAGES

CODE = re.compile(r"[2-9A-Z]{5}-[2-9A-Z]{5}")


def _render(stack: AppStack, text: Text, language: str) -> str:
    return stack.rt.languages.render(text, language)


async def _wait_until_accepted(stack: AppStack, count: int) -> None:
    async def is_accepted() -> bool:
        return [each["state"] for each in await stack.entries()] == ["ACCEPTED"] * count

    await stack.until(is_accepted)


async def _request_code(stack: AppStack, user: User, language: str) -> str:
    """Register over Telegram and request a family code; open the notice and return the code."""
    await telegram_chat.give_all_answers(user, language)
    await _wait_until_accepted(stack, 1)
    update = _render(stack, screens.UPDATE, language)
    await user.wait(lambda chat: chat[-1].text.startswith(update))
    await telegram_chat.wait_for_reply(user, partial(user.say, "/status"))
    for key in ("household", "invite", "yes"):
        await telegram_chat.press(user, key)
    await user.wait(lambda chat: chat[-1].text.startswith(update))
    assert not CODE.search(without_marks(user.last.text)), "the code waits behind a button"
    await telegram_chat.wait_for_reply(user, partial(user.say, "/status"))
    found = CODE.search(without_marks(user.last.text))
    assert found is not None, user.last.text
    return found[0]


async def _join(stack: AppStack, other: WhatsAppUser, code: str, language: str) -> None:
    """Register over WhatsApp, enter the family code and consent to the link."""
    await whatsapp_chat.choose_language(other, language)
    await whatsapp_chat.give_answers(stack, other, ANSWERS)
    await _wait_until_accepted(stack, 2)
    await other.wait(lambda chat: "!status" in whatsapp_chat.keys(other.last))
    await whatsapp_chat.wait_for_reply(other, lambda: other.say("/status"))
    await other.wait(lambda chat: "household" in whatsapp_chat.keys(other.last))
    for key in ("household", "enter"):
        await whatsapp_chat.press(other, key)
    await whatsapp_chat.wait_for_reply(other, lambda: other.say(code.lower()))
    await whatsapp_chat.press(other, "yes")


@pytest.mark.parametrize("language", release_only(LANGUAGES, keep=("kk_Arab",)))
async def test_family_is_linked_from_telegram_to_whatsapp(stack: AppStack, language: str) -> None:
    await stack.receive_telegram()
    user = stack.telegram.user(8300, first_name="Test")
    code = await _request_code(stack, user, language)
    other = await whatsapp_chat.new_user(stack, "77010000312")
    await _join(stack, other, code, language)
    update = _render(stack, screens.UPDATE, language)
    await other.wait(lambda chat: other.last.text.startswith(update))
    await whatsapp_chat.wait_for_reply(other, lambda: other.say("/status"))
    linked = _render(stack, household_screens.LINKED, language)
    await other.wait(lambda chat: linked in other.last.text)
    assert stack.rt.registry is not None
    for entry in await stack.entries():
        assert (await stack.rt.registry.household(entry["number"])).registrations == 2
    assert stack.whatsapp.journal.mistakes() == []
    assert stack.telegram.journal.mistakes() == []


@pytest.mark.release
async def test_code_to_join_a_family_can_be_entered_in_the_web_chat(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.press("ru")
        await visitor.give_answers(*ANSWERS)
        await _wait_until_accepted(stack, 1)

        async def has_number() -> bool:
            await visitor.say("/status")
            return "household" in visitor.keys

        await stack.until(has_number)
        await visitor.press("household")
        await visitor.press("enter")
        bubble = await visitor.say("22222-22222")
        assert "yes" in {each.partition(":")[2] for each in bubble.buttons.values()}
        await visitor.press("yes")

        async def is_refused() -> bool:
            await visitor.say("/status")
            wrong = household_screens.REFUSED["unknown_code"]
            return _render(stack, wrong, "ru") in visitor.newest.text

        await stack.until(is_refused)
