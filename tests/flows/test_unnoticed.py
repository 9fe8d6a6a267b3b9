"""Tests of engine behaviour that no other test covers.

The tests detect mutations that survived all other tests (docs/decisions/0035-altered-flows.md).
"""

from collections.abc import Callable

import pytest

from flows import FLOWS
from flows.engine import pin_screens, safety, screens
from flows.engine.events import PinTried, SetPin, Started
from flows.engine.text import _
from tests.flows.chat import WORDS, Chat, chat_at


def test_pin_is_unchanged_when_a_change_is_abandoned() -> None:
    chat = Chat.start("ru", "preregistration").until(screens.MENU).answers("pin").says("204611")
    chat.answers("pin").says("204611").takes(PinTried(True)).presses("menu")
    assert chat.effects_of(SetPin) == [SetPin("204611")]
    assert chat.says("/status").question_key == pin_screens.PIN


def test_start_command_with_a_flow_name_works_like_a_start_link() -> None:
    for flow in FLOWS:
        written, linked = Chat.start().says(f"/start {flow}"), Chat.start().takes(Started(flow))
        assert (written.question_key, written.text) == (linked.question_key, linked.text), flow
    assert Chat.start().says("/start checklist").question_key != screens.MENU


def test_submitted_form_opens_the_menu_after_the_person_refused_a_handoff() -> None:
    chat = chat_at("surname").says("/person").until("consent_handoff").presses("refuse")
    assert chat.question_key == "surname"
    assert chat.until("review").presses("submit").question_key == screens.MENU


def test_typed_label_keep_this_answer_is_reported_as_outdated_in_the_menu() -> None:
    chat = Chat.start().says(WORDS.render(screens.KEEP, "ru"))
    assert chat.shows(screens.OLD_BUTTON)
    assert chat.question_key == screens.MENU


@pytest.mark.parametrize("pin", ["2046", "20461173"])
def test_pin_of_minimum_and_maximum_length_is_accepted(pin: str) -> None:
    chat = Chat.start("ru", "preregistration").until(screens.MENU).answers("pin").says(pin)
    assert chat.effects_of(SetPin) == [SetPin(pin)]


def test_menu_status_option_opens_the_registration() -> None:
    chat = Chat.start("ru", "preregistration").until(screens.MENU)
    assert chat.presses("status").question_key == screens.REGISTERED


def test_danger_is_answered_after_a_quick_exit() -> None:
    chat = chat_at("surname").says("/exit")
    assert chat.question_key == ""
    assert chat.says("мне угрожают").shows(safety.READ_ALONE)
    assert chat.presses("?urgent").question_key == "consent_handoff"


def _registered_chat() -> Chat:
    return chat_at("review").presses("submit")


def _chat_with_list() -> Chat:
    return Chat.start("ru", "checklist").presses("kandas_status", "CN", "alone", "yes", "origin")


SCREENS: dict[str, Callable[[], Chat]] = {
    "language": lambda: Chat.start("ru").presses("language"),
    "status": lambda: _registered_chat().says("/status"),
    "withdraw": lambda: _registered_chat().says("/status").presses("withdraw"),
    "edit": lambda: chat_at("review").presses("edit"),
    "delete": lambda: chat_at("surname").says("/delete"),
    "pin": lambda: _registered_chat().says("/menu").answers("pin"),
    "announcements": lambda: Chat.start("ru", "announcements"),
    "list": _chat_with_list,
    "keep": lambda: _chat_with_list().presses("keep"),
    "mine": lambda: _chat_with_list().presses("keep", "yes"),
    "tick": lambda: _chat_with_list().presses("keep", "yes", "tick"),
}


@pytest.mark.parametrize("name", SCREENS)
def test_screens_each_have_a_button_to_the_officer_flow(name: str) -> None:
    chat = SCREENS[name]()
    assert chat.question_key.startswith("~")
    chat.presses("!person")
    assert (chat.conversation.flow, chat.question_key) == ("officer", "topic")


@pytest.mark.parametrize("screen", ["/delete", "/status", "/language"])
def test_screens_offer_no_officer_button_while_an_officer_holds_the_case(screen: str) -> None:
    chat = _registered_chat().presses("officer", "general", "yes").says("Testova asks", screen)
    assert chat.question_key.startswith("~")
    assert "!person" not in chat.keys


def test_menu_and_language_screen_have_no_extra_officer_button() -> None:
    assert "!person" not in Chat().takes(Started()).keys
    chat = Chat.start("ru")
    assert "!person" not in chat.keys
    assert "officer" in chat.keys


def test_ambiguous_country_is_asked_about_when_an_answer_is_edited() -> None:
    chat = chat_at("review").edits("citizenship").says("Корея")
    assert chat.shows(_("Which one do you mean?"))
    assert chat.says("2").stored_answers()["citizenship"] == "KR"
