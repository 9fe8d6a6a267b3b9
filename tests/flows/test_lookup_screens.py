"""A person looks up a registration by its number and PIN, and sees only its status."""

import pytest

from flows.engine import lookup_screens, pin_screens, registration_history, safety, screens
from flows.engine.events import DeleteInput, Page
from flows.engine.registration import LookUpStatus, StatusLookedUp
from flows.engine.state import Conversation
from tests.flows.chat import LANGUAGES, Chat, chat_at

NUMBER, TYPED_PIN = "KS-2026-ABCD-EFGH", "204611"


def chat_at_number(language: str = "ru") -> Chat:
    return Chat.start(language).says("/status").presses("number")


@pytest.mark.parametrize("language", LANGUAGES)
def test_status_lookup_by_number_and_pin_deletes_both_from_the_chat(language: str) -> None:
    chat = Chat.start(language).says("/status")
    assert chat.shows(screens.NO_REGISTRATION)
    assert chat.presses("number").shows(lookup_screens.ENTER_NUMBER)
    chat.says(NUMBER.lower())
    assert chat.shows(lookup_screens.ENTER_PIN)
    assert [*chat.last_effects] == [DeleteInput()]
    chat.says(TYPED_PIN)
    assert [*chat.last_effects] == [DeleteInput(), LookUpStatus(NUMBER, TYPED_PIN)]
    chat.takes(StatusLookedUp("received"))
    assert chat.shows(lookup_screens.FOUND, state=registration_history.STATES["received"])
    assert chat.question_key == screens.MENU
    assert NUMBER not in chat.text


def test_status_lookup_shows_a_duplicate_registration_as_received() -> None:
    shown = [
        chat_at_number().takes(StatusLookedUp(state)).text for state in ("received", "duplicate")
    ]
    assert shown[0] == shown[1]


def test_status_lookup_gives_the_same_answer_for_every_failure() -> None:
    chat = chat_at_number().says(NUMBER, TYPED_PIN).takes(StatusLookedUp())
    assert chat.shows(lookup_screens.NOT_FOUND)
    assert chat.question_key == lookup_screens.OFFER


def test_status_lookup_of_an_anonymous_chat_leads_to_the_website() -> None:
    chat = Chat.start("ru")
    chat.page = Page.ALWAYS
    chat.says("/status").presses("number")
    assert chat.shows(lookup_screens.ON_OUR_PAGE)
    chat.says(TYPED_PIN)
    assert chat.effects_of(LookUpStatus) == []


def test_status_lookup_of_a_person_with_stored_data_uses_the_secure_page() -> None:
    chat = chat_at("surname")
    chat.page = Page.ALWAYS
    chat.says("/status").presses("number")
    assert chat.shows(screens.ON_PAGE)
    assert chat.says(NUMBER).shows(screens.NOT_HERE)
    chat.page = Page.NEVER
    chat.says(NUMBER, TYPED_PIN)
    assert chat.effects_of(LookUpStatus) == [LookUpStatus(NUMBER, TYPED_PIN)]
    assert chat.takes(StatusLookedUp("accepted")).question_key == "surname"


@pytest.mark.parametrize("word", ["/menu", "/person", "/language", "/exit", "/stop", "/start"])
def test_status_lookup_can_be_left_by_every_command(word: str) -> None:
    chat = chat_at_number().says(NUMBER, word)
    assert chat.conversation.looked_up is None
    assert chat.says(TYPED_PIN).effects_of(LookUpStatus) == []


def test_status_lookup_ends_when_its_leave_button_is_pressed() -> None:
    chat = chat_at_number().presses("leave")
    assert chat.question_key == screens.MENU
    assert chat.conversation == Conversation(
        language="ru", asked=chat.conversation.asked, nonce=chat.conversation.nonce
    )


@pytest.mark.parametrize("typed", ["my number", "KS", "KS-2026 ABCD", "x" * 41])
def test_status_lookup_rejects_text_that_is_no_registration_number(typed: str) -> None:
    assert chat_at_number().says(typed).question_key == lookup_screens.NUMBER


def test_status_lookup_rejects_text_that_is_no_pin() -> None:
    chat = chat_at_number().says(NUMBER, "123")
    assert chat.shows(pin_screens.NOT_A_PIN)
    assert chat.question_key == lookup_screens.PIN


def test_status_lookup_gives_the_safety_answer_to_words_of_danger() -> None:
    assert chat_at_number().says("мне угрожают").shows(safety.READ_ALONE)


def test_registration_number_and_pin_are_not_in_the_status_lookup_repr() -> None:
    shown = repr(LookUpStatus(NUMBER, TYPED_PIN))
    assert NUMBER not in shown
    assert TYPED_PIN not in shown
