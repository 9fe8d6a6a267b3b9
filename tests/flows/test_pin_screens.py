"""A person's PIN is required before answers are shown; no person is locked out permanently."""

from dataclasses import replace

import pytest

from flows.engine import pin_screens, screens
from flows.engine.effects import Submit
from flows.engine.events import (
    DeleteInput,
    Event,
    Export,
    Forget,
    Page,
    PinLifted,
    PinTried,
    Relay,
    Resolved,
    Resumed,
    SetPin,
    Started,
    TryPin,
)
from flows.engine.registration import Acknowledged
from flows.replies import understanding
from tests.flows.chat import LANGUAGES, Chat, chat_at
from tests.flows.recognizer import FakeRecognizer, sure

pytestmark = pytest.mark.requirement("S-43")
SENT = screens.REGISTRATION["sent"]


def registered_chat(language: str = "ru") -> Chat:
    return Chat.start(language, "preregistration").until(screens.MENU)


def locked_chat(language: str = "ru") -> Chat:
    return registered_chat(language).answers("pin").says("204611")


def test_pin_is_offered_but_not_required_after_a_registration() -> None:
    chat = registered_chat()
    assert chat.shows(screens.PIN_OFFERED)
    assert chat.says("/status").question_key == screens.REGISTERED


@pytest.mark.parametrize("language", LANGUAGES)
def test_new_pin_is_stored_and_its_message_is_deleted_from_the_chat(language: str) -> None:
    chat = locked_chat(language)
    assert chat.effects_of(SetPin) == [SetPin("204611")]
    assert DeleteInput() in chat.last_effects
    assert chat.shows(pin_screens.CHOSEN)
    assert "204611" not in chat.text


@pytest.mark.parametrize("digits", ["1234", "4321", "0000", "7890", "٢٢٢٢"])
def test_new_pin_that_is_easy_to_guess_is_rejected_and_asked_again(digits: str) -> None:
    chat = registered_chat().answers("pin").says(digits)
    assert chat.shows(pin_screens.TOO_EASY)
    assert chat.effects_of(SetPin) == []
    assert chat.says("1235").effects_of(SetPin) == [SetPin("1235")]


@pytest.mark.parametrize("way", ["/status", "/mydata"])
def test_pin_is_required_before_data_is_shown(way: str) -> None:
    chat = locked_chat().says(way)
    assert chat.question_key == pin_screens.PIN
    assert not chat.shows(SENT)
    assert chat.effects_of(Export) == []
    chat.says("204611")
    assert chat.effects_of(TryPin) == [TryPin("204611")]
    chat.takes(PinTried(True))
    assert (chat.question_key == screens.REGISTERED) == (way == "/status")
    assert len(chat.effects_of(Export)) == (way == "/mydata")


def test_pin_is_required_at_every_status_request() -> None:
    chat = locked_chat().says("/status", "204611").takes(PinTried(True))
    assert chat.says("/status").question_key == pin_screens.PIN


@pytest.mark.parametrize("digits", ["٢٠٤٦١١", "２０４６１１", " 204 611 "])
def test_pin_accepts_digits_of_any_script(digits: str) -> None:
    assert locked_chat().says("/status", digits).effects_of(TryPin) == [TryPin("204611")]


@pytest.mark.parametrize("typed", ["123", "123456789", "12a4", "²²²²", "none"])
def test_pin_screen_refuses_input_that_is_not_a_pin(typed: str) -> None:
    chat = locked_chat().says("/status", typed)
    assert chat.shows(pin_screens.NOT_A_PIN)
    assert chat.question_key == pin_screens.PIN
    assert chat.effects_of(TryPin) == []


def test_pin_screen_shows_remaining_attempts_and_then_locks() -> None:
    chat = locked_chat().says("/status", "1111").takes(PinTried(False, 4))
    assert chat.shows(pin_screens.WRONG, left=4)
    assert chat.question_key == pin_screens.PIN
    chat.says("2222").takes(PinTried(False, 0))
    assert chat.shows(pin_screens.SHUT)
    assert chat.question_key == screens.MENU
    assert chat.says("/person").question_key != screens.MENU


def test_pin_screen_explains_a_forgotten_pin_and_allows_erasure() -> None:
    chat = locked_chat().says("/status").presses("lost")
    assert chat.shows(pin_screens.LOST)
    chat.says("/status", "/delete").presses("yes")
    assert chat.effects_of(Forget)
    assert not chat.conversation.has_pin


@pytest.mark.parametrize("word", ["/menu", "/person", "/language", "/exit", "/stop", "/start"])
def test_pin_screen_can_be_left_by_every_command(word: str) -> None:
    chat = locked_chat().says("/status", word)
    assert chat.conversation.after_pin == ""
    assert chat.question_key != pin_screens.PIN


def test_pin_change_and_removal_need_the_current_pin() -> None:
    chat = locked_chat().answers("pin")
    assert "none" not in chat.keys
    chat.says("204611").takes(PinTried(True))
    assert chat.shows(pin_screens.CHOOSE)
    chat.presses("none")
    assert chat.effects_of(SetPin) == [SetPin("204611"), SetPin(None)]
    assert chat.says("/status").question_key == screens.REGISTERED


def test_pin_is_entered_on_the_mandatory_secure_page() -> None:
    chat = locked_chat()
    chat.page = Page.ALWAYS
    chat.says("/status")
    assert chat.shows(screens.ON_PAGE)
    assert chat.shows(screens.PAGE_WAITS)
    assert not chat.shows(screens.PAGE_SKIPS)
    chat.says("204611")
    assert chat.effects_of(TryPin) == []
    chat.page = Page.NEVER
    chat.takes(Resumed()).says("204611")
    assert chat.effects_of(TryPin) == [TryPin("204611")]


def test_stored_data_is_shown_on_the_mandatory_secure_page() -> None:
    chat = chat_at("review")
    chat.page = Page.ALWAYS
    chat.says("/mydata")
    assert chat.effects_of(Export) == []
    assert chat.shows(screens.SHOWN_ON_PAGE)
    assert chat.says("zzz").shows(screens.SHOWN_ON_PAGE)
    assert not chat.shows(pin_screens.NOT_A_PIN)
    chat.page = Page.NEVER
    assert chat.takes(Resumed()).effects_of(Export) == [Export()]
    assert chat.question_key == "review"


def test_link_to_stored_data_is_renewed_while_an_officer_has_the_case() -> None:
    chat = chat_at("review").presses("!person").presses("general", "yes").says("Testova asks")
    chat.page = Page.ALWAYS
    chat.says("/mydata")
    assert chat.shows(screens.SHOWN_ON_PAGE)
    assert "«новая ссылка»" in chat.text
    assert chat.says("новая ссылка").shows(screens.SHOWN_ON_PAGE)
    assert chat.effects_of(Relay) == []


def test_private_answer_in_the_messenger_is_rejected_and_not_checked() -> None:
    chat = chat_at("surname")
    chat.page = Page.ALWAYS
    chat.says("Тестова1")
    assert chat.shows(screens.NOT_HERE)
    assert chat.effects_of(DeleteInput) == [DeleteInput()]
    assert "латин" not in chat.text


def test_button_to_share_a_phone_number_is_removed_when_the_question_ends() -> None:
    chat = chat_at("phone", contact="phone")
    assert not chat.says("zzz").last_messages[0].ends_contact
    assert [say.ends_contact for say in chat.says("/menu").last_messages] == [True]
    assert not chat.says("/help").last_messages[0].ends_contact


def test_pin_removed_by_an_officer_is_reported_and_no_longer_asked() -> None:
    chat = locked_chat().takes(PinLifted())
    assert chat.shows(pin_screens.LIFTED)
    assert chat.says("/status").question_key == screens.REGISTERED


def test_pin_is_not_in_any_repr() -> None:
    assert "204611" not in repr((SetPin("204611"), TryPin("204611")))


def test_pin_is_not_offered_again_after_an_amendment() -> None:
    chat = locked_chat().says("/status", "204611").takes(PinTried(True)).presses("amend")
    chat.until("review").presses("submit")
    assert chat.effects_of(Submit)[1:]
    assert not chat.shows(screens.PIN_OFFERED)


def _chat_with_reopened_registration(how: str) -> Chat:
    """Return a chat at the menu; after the PIN, its registration was reopened or withdrawn."""
    chat = locked_chat().takes(Acknowledged("received", "KZ-1")).says("/status", "204611")
    chat.takes(PinTried(True)).presses(how)
    if how == "withdraw":
        chat.presses("yes").takes(Acknowledged("withdrawn", "KZ-1"))
    return chat.says("/menu")


@pytest.mark.parametrize("how", ["amend", "withdraw"])
def test_pin_is_required_before_a_reopened_registration_is_shown(how: str) -> None:
    chat = _chat_with_reopened_registration(how).presses("preregistration")
    assert chat.question_key == pin_screens.PIN
    assert "TESTOVA" not in chat.text
    assert chat.presses("menu").question_key == screens.MENU
    chat.presses("preregistration").says("204611").takes(PinTried(True)).until("review")
    assert "TESTOVA" in chat.text


@pytest.mark.parametrize(
    "event", [Started("preregistration"), Resolved("preregistration")], ids=["link", "officer"]
)
def test_pin_is_required_when_a_link_or_officer_opens_the_registration(event: Event) -> None:
    chat = _chat_with_reopened_registration("amend").takes(event)
    assert chat.question_key == pin_screens.PIN
    assert "TESTOVA" not in chat.text


def test_correct_pin_opens_the_menu_while_no_registrations_are_accepted() -> None:
    chat = _chat_with_reopened_registration("amend").presses("preregistration")
    chat.flows = {name: flow for name, flow in chat.flows.items() if not flow.registers}
    chat.says("204611").takes(PinTried(True))
    assert chat.question_key == screens.MENU
    assert "TESTOVA" not in chat.text


def test_pin_is_required_when_a_typed_request_opens_the_registration() -> None:
    chat = _chat_with_reopened_registration("amend")
    chat.understanding = understanding(FakeRecognizer({"Register": sure("registry.register")}))
    chat.says("Register")
    assert chat.question_key == pin_screens.PIN
    assert "TESTOVA" not in chat.text


def test_pin_is_not_asked_for_a_registration_without_stored_answers() -> None:
    chat = _chat_with_reopened_registration("withdraw")
    chat.conversation = replace(chat.conversation, forms={})
    assert chat.presses("preregistration").question_key != pin_screens.PIN


def _reopened_chat(pin: bool) -> Chat:
    """Return a chat at the review of a form, reopened after a quick exit; `pin`: a PIN is set."""
    chat = chat_at("review")
    chat.conversation = replace(chat.conversation, has_pin=pin)
    chat.presses("!exit").says("/start").presses("preregistration")
    assert chat.question_key == "review"
    return chat


@pytest.mark.requirement("S-84")
def test_quick_exit_masks_names_in_the_review_and_in_questions() -> None:
    chat = _reopened_chat(pin=False)
    assert chat.shows(screens.HIDDEN)
    assert "TESTOVA" not in chat.text
    chat.edits("surname")
    assert chat.shows(screens.EARLIER)
    assert "TESTOVA" not in chat.text


@pytest.mark.requirement("S-84")
def test_names_masked_by_a_quick_exit_are_shown_again_after_the_pin() -> None:
    chat = _reopened_chat(pin=True).says("/mydata", "2046")
    assert chat.effects_of(TryPin) == [TryPin("2046")]
    assert "TESTOVA" not in chat.takes(PinTried(False, 4)).says("/menu").text
    assert chat.conversation.is_masked
    chat.says("/mydata").takes(PinTried(True)).presses("preregistration")
    assert "TESTOVA" in chat.text
    assert "TESTOVA" in chat.edits("surname").text


@pytest.mark.requirement("S-84")
def test_names_masked_by_a_quick_exit_are_shown_on_the_secure_page() -> None:
    chat = _reopened_chat(pin=False)
    assert "TESTOVA" in chat.takes(Resumed()).text
    assert "TESTOVA" in chat.edits("surname").text
