"""People on two channels are linked as a family, in every language.

The notices about the link name no details, because a lock screen would display them.
"""

import re
from functools import partial

import pytest

from flows.engine import household_screens, screens
from flows.engine.text import Text
from tests.app_stack import AppStack
from tests.emulators.telegram import User
from tests.emulators.whatsapp import User as WhatsAppUser
from tests.release_only import release_only
from tests.visitor import Visitor
from tests.web.test_joined_channels import _without_marks
from tests.web.test_journeys import ANSWERS, LANGUAGES, _next, _over_telegram, _press
from tests.web.test_whatsapp_journey import _at_language, _user, _walk
from tests.web.test_whatsapp_journey import _keys as _keys_of
from tests.web.test_whatsapp_journey import _next as _next_bubble
from tests.web.test_whatsapp_journey import _press as _press_bubble

CODE = re.compile(r"[2-9A-Z]{5}-[2-9A-Z]{5}")


def _render(stack: AppStack, text: Text, language: str) -> str:
    return stack.rt.languages.render(text, language)


async def _wait_until_accepted(stack: AppStack, count: int) -> None:
    async def is_accepted() -> bool:
        return [each["state"] for each in await stack.entries()] == ["ACCEPTED"] * count

    await stack.until(is_accepted)


async def _request_code(stack: AppStack, user: User, language: str) -> str:
    """Register over Telegram and request a family code; open the notice and return the code."""
    await _over_telegram(user, language)
    await _wait_until_accepted(stack, 1)
    update = _render(stack, screens.UPDATE, language)
    await user.wait(lambda chat: chat[-1].text.startswith(update))
    await _next(user, partial(user.say, "/status"))
    for key in ("household", "invite", "yes"):
        await _press(user, key)
    await user.wait(lambda chat: chat[-1].text.startswith(update))
    assert not CODE.search(_without_marks(user.last.text)), "the code waits behind a button"
    await _next(user, partial(user.say, "/status"))
    found = CODE.search(_without_marks(user.last.text))
    assert found is not None, user.last.text
    return found[0]


async def _join(stack: AppStack, other: WhatsAppUser, code: str, language: str) -> None:
    """Register over WhatsApp, enter the family code and consent to the link."""
    await _at_language(other, language)
    await _walk(stack, other, ANSWERS)
    await _wait_until_accepted(stack, 2)
    await other.wait(lambda chat: "!status" in _keys_of(other.last))
    await _next_bubble(other, lambda: other.say("/status"))
    await other.wait(lambda chat: "household" in _keys_of(other.last))
    for key in ("household", "enter"):
        await _press_bubble(other, key)
    await _next_bubble(other, lambda: other.say(code.lower()))
    await _press_bubble(other, "yes")


@pytest.mark.parametrize("language", release_only(LANGUAGES, keep=("kk_Arab",)))
async def test_family_is_linked_from_telegram_to_whatsapp(stack: AppStack, language: str) -> None:
    await stack.receive_telegram()
    user = stack.telegram.user(8300, first_name="Test")
    code = await _request_code(stack, user, language)
    other = await _user(stack, "77010000312")
    await _join(stack, other, code, language)
    update = _render(stack, screens.UPDATE, language)
    await other.wait(lambda chat: other.last.text.startswith(update))
    await _next_bubble(other, lambda: other.say("/status"))
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
        for answer in ANSWERS:
            keys = _loads(visitor)
            while answer not in keys and ">" in keys:
                await visitor.press(">")
                keys = _loads(visitor)
            await (visitor.press(answer) if answer in keys else visitor.say(answer))
        await _wait_until_accepted(stack, 1)

        async def has_number() -> bool:
            await visitor.say("/status")
            return "household" in _loads(visitor)

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


def _loads(visitor: Visitor) -> set[str]:
    return {each.partition(":")[2] for each in visitor.newest.buttons.values()}
