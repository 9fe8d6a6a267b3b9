"""A person subscribes to hints (notices of new messages by e-mail or SMS) and unsubscribes.

The steps are a warning, consent, the e-mail address or phone number, and a confirmation code.
"""

from dataclasses import replace

import pytest

from flows.engine import hint_screens, screens
from flows.engine.events import Attached, ConsentGiven, DeleteInput, Joined, Page, Pressed
from flows.engine.hints import (
    ConfirmContact,
    ContactChecked,
    ContactLeft,
    LeaveContact,
    RemoveContact,
)
from flows.engine.model_events import ConsentWithdrawn
from flows.replies import understanding
from tests.flows.chat import LANGUAGES, Chat, chat_at
from tests.flows.recognizer import FakeRecognizer

ON = understanding(
    FakeRecognizer({}),
    hint_ways=("email", "sms"),
    sms_countries=("KZ", "US"),
    transcriber="Example",
)
OFF = understanding(FakeRecognizer({}))
ADDRESSES = {"email": "testova@example.org", "sms": "+77010000000"}
MENU = Pressed("!menu")


def registered_chat(language: str = "ru", page: Page = Page.NEVER) -> Chat:
    """Return a registered person at the menu."""
    chat = chat_at("education", language)
    chat.understanding, chat.page = ON, page
    return chat.takes(MENU)


def chat_at_hints(language: str = "ru", page: Page = Page.NEVER) -> Chat:
    """Return a registered person who opened the screen of hints (notices) from the menu."""
    chat = registered_chat(language, page)
    while "hints" not in chat.keys:
        chat.presses(">")
    return chat.presses("hints")


def chat_at_code(way: str = "email") -> Chat:
    return chat_at_hints().presses(way).says(ADDRESSES[way]).takes(ContactLeft(is_accepted=True))


def chat_with_hints() -> Chat:
    return chat_at_code().says("123456").takes(ContactChecked("email"))


def option_keys(chat: Chat) -> set[str]:
    asked = chat.conversation.asked
    return {each.key for each in asked.options} if asked else set()


def test_email_or_sms_notices_are_not_in_the_menu_when_switched_off() -> None:
    chat = chat_at("education")
    chat.understanding = OFF
    assert "hints" not in option_keys(chat.takes(MENU))


def test_email_or_sms_notices_are_offered_only_to_people_with_stored_data() -> None:
    chat = Chat.start("ru", understanding=ON)
    assert "hints" not in option_keys(chat)
    assert "hints" in option_keys(registered_chat())
    masked = registered_chat()
    masked.conversation = replace(masked.conversation, is_masked=True)
    assert "hints" not in option_keys(masked.takes(MENU))


@pytest.mark.parametrize("language", LANGUAGES)
def test_email_or_sms_notices_screen_shows_a_warning_before_the_consent(language: str) -> None:
    chat = chat_at_hints(language)
    assert [each[0].msgid for each in chat.last_messages[0].paragraphs] == [
        hint_screens.WARNING.msgid,
        hint_screens.EXPLANATION.msgid,
        hint_screens.CONSENT.msgid,
    ]
    assert {"email", "sms", "leave"} <= set(chat.keys)
    assert not [
        each for each in chat.effects_of(ConsentGiven) if each.purpose == hint_screens.PURPOSE
    ]


def test_email_notices_are_not_offered_when_only_sms_is_configured() -> None:
    chat = registered_chat()
    chat.understanding = understanding(FakeRecognizer({}), hint_ways=("sms",))
    while "hints" not in chat.takes(MENU).keys and "hints" not in chat.presses(">").keys:
        pass
    assert "email" not in chat.presses("hints").keys


@pytest.mark.parametrize("way", ["email", "sms"])
def test_address_for_notices_is_stored_and_deleted_from_the_chat(way: str) -> None:
    chat = chat_at_hints().presses(way)
    given = chat.effects_of(ConsentGiven)[-1]
    assert (given.purpose, given.text) == (hint_screens.PURPOSE, hint_screens.CONSENT)
    assert chat.effects_of(LeaveContact) == []
    chat.says(ADDRESSES[way])
    assert chat.effects_of(LeaveContact) == [LeaveContact(way, ADDRESSES[way])]
    assert DeleteInput() in chat.last_effects
    assert ADDRESSES[way] not in repr((chat.conversation, chat.last_effects))


@pytest.mark.parametrize(
    ("way", "typed"),
    [
        ("email", "testova"),
        ("email", "a@b.example, c@d.example"),
        ("email", "Testova <testova@example.org>"),
        ("email", f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 63}"),
        ("sms", "7010000000"),
        ("sms", "number"),
        ("sms", "+77172740000"),
        ("sms", "+8613800138000"),
        ("sms", "+79161234567"),
    ],
)
def test_address_for_notices_is_asked_again_when_invalid(way: str, typed: str) -> None:
    chat = chat_at_hints().presses(way).says(typed)
    assert chat.effects_of(LeaveContact) == []
    assert chat.shows(hint_screens.TYPED[f"~hint_{way}"])
    assert chat.question_key == f"~hint_{way}"


@pytest.mark.parametrize("number", ["+77010000000", "+12015550123"])
def test_address_for_notices_can_be_a_mobile_number_of_a_listed_country(number: str) -> None:
    chat = chat_at_hints().presses("sms").says(number)
    assert chat.effects_of(LeaveContact) == [LeaveContact("sms", number)]


def test_sentence_typed_instead_of_an_address_for_notices_is_not_stored() -> None:
    chat = chat_at_hints().presses("email").says("why do you ask this")
    assert not chat.shows(hint_screens.NOT_AN_EMAIL)
    assert chat.effects_of(LeaveContact) == []


def test_address_for_notices_is_refused_after_too_many_codes() -> None:
    chat = (
        chat_at_hints().presses("sms").says(ADDRESSES["sms"]).takes(ContactLeft(is_accepted=False))
    )
    assert chat.shows(hint_screens.TOO_MANY)
    assert chat.question_key == screens.MENU


@pytest.mark.parametrize("typed", ["123456", "١٢٣٤٥٦", "123 456"])
def test_address_for_notices_is_confirmed_by_a_code(typed: str) -> None:
    chat = chat_at_code()
    assert chat.shows(hint_screens.ENTER_CODE)
    chat.says(typed)
    assert chat.effects_of(ConfirmContact) == [ConfirmContact("123456")]
    chat.takes(ContactChecked("email"))
    assert chat.shows(hint_screens.CONFIRMED)
    assert (chat.conversation.hint_way, chat.conversation.hint_step) == ("email", "")


def test_text_that_is_no_code_does_not_count_as_a_confirmation_attempt() -> None:
    chat = chat_at_code().says("12345")
    assert chat.shows(hint_screens.NOT_A_CODE)
    assert chat.effects_of(ConfirmContact) == []


def test_address_code_is_requested_again_while_attempts_are_left() -> None:
    chat = chat_at_code().says("000000").takes(ContactChecked("", 4))
    assert chat.shows(hint_screens.WRONG_CODE, left=4)
    assert chat.question_key == hint_screens.CODE
    chat.says("000001").takes(ContactChecked("", 0))
    assert chat.shows(hint_screens.ENDED_CODE)
    assert chat.conversation.hint_way == ""
    withdrawn = ConsentWithdrawn(hint_screens.PURPOSE, hint_screens.ENDED_CODE, "ru")
    assert chat.effects_of(ConsentWithdrawn) == [withdrawn]


def test_consent_to_notices_is_withdrawn_when_the_person_enters_no_address() -> None:
    chat = chat_at_hints().presses("email")
    assert chat.presses("leave").effects_of(ConsentWithdrawn)
    assert chat.effects_of(RemoveContact) == [RemoveContact()]
    assert not chat_at_hints().presses("leave").effects_of(ConsentWithdrawn)


@pytest.mark.parametrize("way", ["leave", "menu", "exit"])
def test_entry_of_an_address_for_notices_ends_when_the_person_leaves_it(way: str) -> None:
    chat = chat_at_hints().presses("email")
    chat = chat.presses("leave") if way == "leave" else chat.says(f"/{way}")
    assert chat.conversation.hint_step == ""
    assert [each.purpose for each in chat.effects_of(ConsentWithdrawn)] == [hint_screens.PURPOSE]
    assert not chat.says(ADDRESSES["email"]).effects_of(LeaveContact)


def test_email_or_sms_notices_can_be_ended_from_the_menu() -> None:
    chat = chat_with_hints().takes(MENU)
    while "hints" not in chat.keys:
        chat.presses(">")
    chat.presses("hints")
    assert chat.shows(hint_screens.IS_ON)
    chat.presses("remove")
    assert chat.shows(hint_screens.ENDED)
    assert chat.effects_of(RemoveContact) == [RemoveContact()]
    assert [each.purpose for each in chat.effects_of(ConsentWithdrawn)] == [hint_screens.PURPOSE]
    assert chat.conversation.hint_way == ""


def test_email_or_sms_notices_are_ended_by_the_stop_word() -> None:
    chat = chat_with_hints().says("стоп")
    assert chat.effects_of(RemoveContact) == [RemoveContact()]
    assert chat.conversation.hint_way == ""


@pytest.mark.parametrize("word", ["stop", "exit"])
def test_address_for_notices_is_removed_by_stop_and_exit_commands(word: str) -> None:
    for chat in (chat_with_hints(), chat_at_code()):
        chat.says(f"/{word}")
        assert chat.effects_of(RemoveContact) == [RemoveContact()]
        assert (chat.conversation.hint_way, chat.conversation.hint_step) == ("", "")


def test_address_for_notices_can_be_removed_when_notices_are_switched_off() -> None:
    chat = chat_with_hints()
    chat.understanding = OFF
    assert "hints" in option_keys(chat.takes(MENU))


def test_address_for_notices_is_asked_on_the_mandatory_secure_page() -> None:
    chat = chat_at_hints(page=Page.ALWAYS).presses("email")
    assert chat.shows(screens.ON_PAGE)
    chat.says(ADDRESSES["email"])
    assert chat.shows(screens.NOT_HERE)
    assert chat.effects_of(LeaveContact) == []
    assert DeleteInput() in chat.last_effects


def test_entry_of_an_address_for_notices_rejects_a_voice_message() -> None:
    chat = chat_at_hints().presses("email").takes(Attached("voice", "voice-1", 1000))
    assert chat.shows(screens.CANNOT_HEAR)


def test_entry_of_an_address_for_notices_ends_when_an_officer_joins() -> None:
    chat = chat_at_hints().presses("email").takes(Joined()).says("for the officer")
    assert chat.effects_of(LeaveContact) == []
    assert chat.conversation.hint_step == ""
