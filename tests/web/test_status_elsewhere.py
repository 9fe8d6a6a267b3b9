"""A person looks up a registration's status in another chat, by its number and a PIN.

In WhatsApp, a link leads to the lookup on the website.
"""

from functools import partial

import pytest

from flows.engine import lookup_screens, registration_history, screens
from flows.engine.registration import LookUpStatus
from flows.engine.text import Text, _
from tests.app_stack import AppStack
from tests.person_client import Guest
from tests.release_only import release_only
from tests.visitor import Visitor
from tests.web import telegram_chat, whatsapp_chat
from tests.web.journey import LANGUAGES

PIN = "204611"


async def register(stack: AppStack) -> str:
    """Register a person with a PIN in another chat; return the registration's number."""
    guest = Guest(stack.rt)
    await guest.register()
    await guest.go("/menu", "pin", PIN)

    async def is_accepted() -> bool:
        conversation = await guest.conversation()
        registration = conversation.registration if conversation else None
        return registration is not None and registration.state == "accepted"

    await stack.until(is_accepted)
    (entry,) = await stack.entries()
    return str(entry["number"])


def _state(stack: AppStack, language: str) -> str:
    state = registration_history.STATES["accepted"]
    return stack.rt.languages.render(_(lookup_screens.FOUND.msgid, state=state), language)


def _render(stack: AppStack, text: Text, language: str = "ru") -> str:
    return stack.rt.languages.render(text, language)


async def _ask_on_web(visitor: Visitor, number: str, pin: str = PIN) -> str:
    await visitor.say("/status")
    await visitor.press("number")
    await visitor.say(number)
    return (await visitor.say(pin)).text


@pytest.mark.parametrize("language", release_only(LANGUAGES, keep=("kk", "kk_Arab")))
async def test_registration_status_is_shown_in_another_web_chat(
    stack: AppStack, language: str
) -> None:
    number = await register(stack)
    async with Visitor.at(stack.url) as visitor:
        await visitor.press(language)
        reply = await _ask_on_web(visitor, number.lower())
        assert _state(stack, language) in reply
        assert "TESTOVA" not in reply
        assert number not in reply
        assert _render(stack, lookup_screens.NOT_FOUND, language) in await _ask_on_web(
            visitor, number, "999999"
        )
        assert list(visitor.session.cookie_jar) == []


async def test_registration_status_lookup_on_telegram_deletes_number_and_pin(
    stack: AppStack,
) -> None:
    number = await register(stack)
    user = await stack.telegram_user(8101)
    await telegram_chat.press(user, "ru")
    await telegram_chat.wait_for_reply(user, partial(user.say, "/status"))
    await telegram_chat.press(user, "number")
    await telegram_chat.wait_for_reply(user, partial(user.say, number))
    await telegram_chat.wait_for_reply(user, partial(user.say, PIN))
    await user.wait(lambda chat: _state(stack, "ru") in user.last.text)
    await user.wait(lambda chat: {each.text for each in chat if each.deleted} == {number, PIN})
    assert stack.telegram.journal.mistakes() == []


async def test_registration_status_lookup_on_whatsapp_leads_to_the_website(stack: AppStack) -> None:
    number = await register(stack)
    user = await whatsapp_chat.new_user(stack, "77010000301")
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("👋"))
    await whatsapp_chat.press(user, "ru")
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/status"))
    reply = await whatsapp_chat.press(user, "number")
    assert _render(stack, lookup_screens.ON_OUR_PAGE) in reply.text
    assert reply.link is not None
    assert reply.link[1].endswith("/chat")
    async with Visitor.at(stack.url) as visitor:
        await visitor.press("ru")
        assert _state(stack, "ru") in await _ask_on_web(visitor, number)
    assert stack.whatsapp.journal.mistakes() == []


@pytest.mark.release
async def test_status_lookup_in_the_chat_gives_every_failure_the_same_reply(
    stack: AppStack,
) -> None:
    """Try a wrong PIN, a wrong number, and then the right ones, as a person with an unsent form."""
    number = await register(stack)
    guest = Guest(stack.rt)
    await guest.consent()
    answers = []
    for lookup in (LookUpStatus(number, "999999"), LookUpStatus("KS-2026-ZZZZ-ZZZZ", PIN)):
        await guest.go("/status", "number", lookup.number, lookup.pin)
        conversation = await guest.conversation()
        assert conversation is not None
        assert conversation.asked is not None
        answers.append(conversation.asked.key)
    assert answers == [lookup_screens.OFFER] * 2
    await guest.go("/status", "number", number, PIN)
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.asked is not None
    assert conversation.asked.key not in (lookup_screens.OFFER, screens.MENU)
