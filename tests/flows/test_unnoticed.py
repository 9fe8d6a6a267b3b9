"""What could be altered in the engine without any other conversation noticing (decision 35)."""

from collections.abc import Callable

import pytest

from flows import FLOWS
from flows.engine import pin_screens, safety, screens
from flows.engine.events import PinTried, SetPin, Started
from flows.engine.text import _
from tests.flows.chat import WORDS, Chat, at


def test_who_knows_the_pin_and_leaves_the_choice_of_a_new_one_keeps_it() -> None:
    chat = Chat.begun("ru", "preregistration").until(screens.MENU).answers("pin").says("204611")
    chat.answers("pin").says("204611").takes(PinTried(True)).presses("menu")
    assert chat.done(SetPin) == [SetPin("204611")]
    assert chat.says("/status").at == pin_screens.PIN


def test_start_with_a_word_written_out_leads_where_the_link_does() -> None:
    for flow in FLOWS:
        written, linked = Chat.begun().says(f"/start {flow}"), Chat.begun().takes(Started(flow))
        assert (written.at, written.text) == (linked.at, linked.text), flow
    assert Chat.begun().says("/start checklist").at != screens.MENU


def test_a_form_that_was_left_for_a_person_and_come_back_to_ends_in_the_menu() -> None:
    chat = at("surname").says("/person").until("consent_handoff").presses("refuse")
    assert chat.at == "surname"
    assert chat.until("review").presses("submit").at == screens.MENU


def test_keep_this_answer_written_where_nothing_was_answered_is_an_old_button() -> None:
    chat = Chat.begun().says(WORDS.render(screens.KEEP, "ru"))
    assert chat.shows(screens.OLD_BUTTON)
    assert chat.at == screens.MENU


@pytest.mark.parametrize("pin", ["2046", "20461173"])
def test_the_shortest_and_the_longest_pin_are_taken(pin: str) -> None:
    chat = Chat.begun("ru", "preregistration").until(screens.MENU).answers("pin").says(pin)
    assert chat.done(SetPin) == [SetPin(pin)]


def test_my_registration_in_the_menu_opens_it() -> None:
    chat = Chat.begun("ru", "preregistration").until(screens.MENU)
    assert chat.presses("status").at == screens.REGISTERED


def test_danger_is_answered_also_where_nothing_is_asked() -> None:
    chat = at("surname").says("/exit")
    assert chat.at == ""
    assert chat.says("мне угрожают").shows(safety.READ_ALONE)
    assert chat.presses("?urgent").at == "consent_handoff"


def _registered() -> Chat:
    return at("review").presses("submit")


def _listed() -> Chat:
    return Chat.begun("ru", "checklist").presses("kandas_status", "CN", "alone", "yes", "origin")


SCREENS: dict[str, Callable[[], Chat]] = {
    "language": lambda: Chat.begun("ru").presses("language"),
    "status": lambda: _registered().says("/status"),
    "withdraw": lambda: _registered().says("/status").presses("withdraw"),
    "edit": lambda: at("review").presses("edit"),
    "delete": lambda: at("surname").says("/delete"),
    "pin": lambda: _registered().says("/menu").answers("pin"),
    "announcements": lambda: Chat.begun("ru", "announcements"),
    "list": _listed,
    "keep": lambda: _listed().presses("keep"),
    "mine": lambda: _listed().presses("keep", "yes"),
    "tick": lambda: _listed().presses("keep", "yes", "tick"),
}


@pytest.mark.parametrize("name", SCREENS)
def test_every_screen_beside_the_flows_reaches_a_person_by_one_button(name: str) -> None:
    chat = SCREENS[name]()
    assert chat.at.startswith("~")
    chat.presses("!person")
    assert (chat.conversation.flow, chat.at) == ("officer", "topic")


@pytest.mark.parametrize("screen", ["/delete", "/status", "/language"])
def test_who_is_with_a_person_is_not_offered_one(screen: str) -> None:
    chat = _registered().presses("officer", "general", "yes").says("Testova asks", screen)
    assert chat.at.startswith("~")
    assert "!person" not in chat.keys


def test_the_menu_and_the_first_screen_need_no_second_way() -> None:
    assert "!person" not in Chat().takes(Started()).keys
    chat = Chat.begun("ru")
    assert "!person" not in chat.keys
    assert "officer" in chat.keys


def test_several_countries_become_the_options_also_where_an_answer_is_changed() -> None:
    chat = at("review").edits("citizenship").says("Корея")
    assert chat.shows(_("Which one do you mean?"))
    assert chat.says("2").told()["citizenship"] == "KR"
