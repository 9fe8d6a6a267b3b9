"""After a form's submission: status, changes, withdrawal; the handoff of a chat to an officer."""

from dataclasses import replace

import pytest

from flows import FLOWS
from flows.engine import safety, screens
from flows.engine.effects import OpenCase, Submit
from flows.engine.events import (
    CancelCase,
    Forget,
    Joined,
    Pressed,
    QuickExit,
    Rated,
    Relay,
    Resolved,
    Started,
    Stopped,
    Unreadable,
    Withdraw,
)
from flows.engine.recognition import Danger
from flows.engine.registration import Acknowledged, RegistrationStatus
from flows.engine.text import _, button
from flows.knowledge.intents.cautions import KEEP
from flows.preregistration import CLOSED
from flows.preregistration.before_consent import PASSPORT_ENDS
from tests.flows.chat import WORDS, Chat, chat_at
from tests.flows.recognizer import danger
from tests.flows.test_hearing import understanding_of

FORM = "preregistration"


# The registration's status, changes and withdrawal


def submitted_chat() -> Chat:
    return chat_at("review").presses("submit")


@pytest.mark.requirement("S-36")
def test_registry_status_notification_does_not_reveal_the_status() -> None:
    chat = submitted_chat().takes(Acknowledged("received", "KZ-1"))
    assert chat.shows(screens.UPDATE)
    (message,) = chat.last_messages
    assert message.service
    assert all(not line.values for paragraph in message.paragraphs for line in paragraph)
    chat.presses("!status")
    assert chat.shows(screens.REGISTRATION["received"], number="KZ-1")
    assert chat.last_messages[0].protect


@pytest.mark.requirement("S-38")
def test_registry_status_is_shown_only_on_request_after_the_stop_command() -> None:
    chat = submitted_chat().says("стоп").takes(Acknowledged("accepted", "KZ-1"))
    assert chat.last_messages == ()
    chat.says("/status")
    assert chat.shows(screens.REGISTRATION["accepted"], number="KZ-1")


def test_later_registry_status_changes_are_notified_only_with_consent() -> None:
    chat = submitted_chat().takes(Acknowledged("received", "KZ-1"))
    assert chat.shows(screens.UPDATE)
    assert chat.takes(Acknowledged("accepted", "KZ-1")).last_messages == ()
    subscriber = chat_at("review", write_first="yes").presses("submit")
    for state in ("received", "accepted"):
        assert subscriber.takes(Acknowledged(state, "KZ-1")).shows(screens.UPDATE)


@pytest.mark.parametrize("write_first", ["yes", "no"])
def test_report_before_the_response_is_notified_only_with_consent(write_first: str) -> None:
    chat = chat_at("review", write_first=write_first).presses("submit")
    chat.takes(Acknowledged("rejected", "KZ-1", before_response=True))
    assert chat.shows(screens.UPDATE) == (write_first == "yes")
    assert chat.takes(Acknowledged("received", "KZ-1", is_response=True)).shows(screens.UPDATE)
    assert chat.says("/status").shows(screens.REGISTRATION["received"], number="KZ-1")


def test_registry_response_is_notified_when_the_status_is_as_before() -> None:
    chat = submitted_chat()
    for _submission in range(2):
        chat.takes(Acknowledged("received", "KZ-1", is_response=True))
        assert chat.shows(screens.UPDATE)


def test_registry_status_is_notified_when_consent_is_given_after_stop() -> None:
    chat = chat_at("surname").says("стоп").presses(FORM)
    chat.until("review", write_first="yes").presses("submit")
    assert chat.takes(Acknowledged("received", "KZ-1")).shows(screens.UPDATE)
    assert chat.takes(Acknowledged("accepted", "KZ-1")).shows(screens.UPDATE)


def test_registry_status_is_not_notified_when_stop_is_sent_after_consent() -> None:
    chat = chat_at("review", write_first="yes").says("стоп").presses(FORM, "submit")
    assert chat.takes(Acknowledged("received", "KZ-1")).last_messages == ()
    chat.says("/status").presses("amend", "submit")
    assert chat.takes(Acknowledged("received", "KZ-1")).last_messages == ()


def test_sent_registration_promises_no_message_after_the_stop_command() -> None:
    chat = chat_at("review").says("стоп").presses(FORM, "submit")
    assert not chat.shows(screens.REGISTRATION["sent"])
    assert chat.shows(screens.REGISTRATION["on_its_way"])
    chat.says("/status")
    assert not chat.shows(screens.REGISTRATION["sent"])
    assert chat.shows(screens.REGISTRATION["on_its_way"])


@pytest.mark.parametrize("state", screens.REGISTRATION)
def test_registration_states_all_have_texts(state: str) -> None:
    chat = submitted_chat().takes(Acknowledged(state, "KZ-1")).says("/status")
    assert chat.shows(screens.REGISTRATION[state])


def test_status_screen_accepts_an_unknown_registration_state() -> None:
    submitted_chat().takes(Acknowledged("on_hold", "KZ-1")).says("/status")


def test_registration_amendment_submits_the_form_with_the_changes() -> None:
    chat = submitted_chat().takes(Acknowledged("received", "KZ-1")).presses("!status", "amend")
    assert chat.question_key == "review"
    chat.edits("birth_year").says("1991").presses("submit")
    first, second = chat.effects_of(Submit)
    assert {**first.answers, "birth_year": "1991"} == second.answers
    known = chat.conversation.registration
    assert known is not None
    assert (known.state, known.number, known.question) == ("sent", "KZ-1", None)


def test_submitted_form_shows_its_status_until_amended() -> None:
    chat = submitted_chat()
    chat.says("/menu").presses(FORM)
    assert chat.question_key == screens.REGISTERED
    assert len(chat.effects_of(Submit)) == 1


def test_registration_withdrawal_is_confirmed_and_sent_once() -> None:
    chat = submitted_chat().takes(Acknowledged("received", "KZ-1")).says("/status")
    chat.presses("withdraw").says("нет")
    assert chat.effects_of(Withdraw) == []
    chat.presses("withdraw")
    tap = Pressed(f"{chat.nonce}:yes")
    chat.takes(tap).takes(tap)
    assert len(chat.effects_of(Withdraw)) == 1
    chat.takes(Acknowledged("withdrawn", "KZ-1")).presses("!status")
    assert chat.shows(screens.REGISTRATION["withdrawn"])


def test_withdrawn_registration_can_be_submitted_again() -> None:
    chat = submitted_chat().says("/status").presses("withdraw", "yes")
    chat.takes(Acknowledged("withdrawn", "KZ-1")).says("/menu").presses(FORM)
    chat.until("review").presses("submit")
    assert len(chat.effects_of(Submit)) == 2


def test_withdrawn_registration_can_be_submitted_again_by_a_link() -> None:
    chat = submitted_chat().says("/status").presses("withdraw", "yes")
    chat.takes(Acknowledged("withdrawn", "KZ-1")).takes(Started(FORM))
    assert chat.question_key == "consent_registration"


def test_form_opens_the_status_while_a_withdrawal_is_in_progress() -> None:
    chat = submitted_chat().takes(Acknowledged("received", "KZ-1")).says("/status")
    chat.presses("amend").says("/status").presses("withdraw", "yes").says("/menu").presses(FORM)
    assert chat.shows(screens.REGISTRATION["withdrawing"])
    assert len(chat.effects_of(Submit)) == 1


def test_back_command_after_a_withdrawal_does_not_open_the_review() -> None:
    chat = submitted_chat().takes(Acknowledged("received", "KZ-1")).says("/status")
    chat.presses("amend").says("/status").presses("withdraw", "yes")
    chat.takes(Acknowledged("withdrawn", "KZ-1")).says("назад")
    assert chat.question_key == screens.MENU
    chat.presses(FORM)
    assert chat.question_key == "consent_registration"


def test_change_asks_for_consent_again_when_the_registry_withdraws() -> None:
    chat = submitted_chat().takes(Acknowledged("received", "KZ-1")).says("/status")
    chat.presses("amend")
    submit = Pressed(f"{chat.nonce}:submit")
    chat.takes(Acknowledged("withdrawn", "KZ-1")).takes(submit)
    assert len(chat.effects_of(Submit)) == 1
    assert chat.question_key == "consent_registration"
    chat.presses("yes").until("review").presses("submit")
    assert len(chat.effects_of(Submit)) == 2


def test_confirmed_withdrawal_does_nothing_when_registry_withdrew_before() -> None:
    chat = submitted_chat().takes(Acknowledged("received", "KZ-1")).says("/status")
    chat.presses("withdraw")
    late = Pressed(f"{chat.nonce}:yes")
    chat.takes(Acknowledged("withdrawn", "KZ-1")).takes(late)
    assert chat.effects_of(Withdraw) == []
    assert chat.shows(screens.REGISTRATION["withdrawn"])


def test_submitted_form_begins_empty_when_its_registration_was_deleted() -> None:
    chat = submitted_chat()
    chat.conversation = replace(chat.conversation, registration=None)
    chat.says("/menu").presses(FORM)
    assert chat.stored_answers() == {}
    assert len(chat.effects_of(Submit)) == 1


def test_status_command_reports_that_there_is_no_registration() -> None:
    assert Chat.start("ru").says("/status").shows(screens.NO_REGISTRATION)


# Talking with an officer


def chat_with_officer() -> Chat:
    chat = chat_at("given_name").presses("!person")
    return chat.presses("general", "yes").says("Testova asks")


def test_handoff_relays_texts_to_the_officer_instead_of_the_form() -> None:
    chat = chat_with_officer()
    stored = chat.stored_answers()
    assert chat.shows(screens.WAITING)
    chat.says("Иванова", "1990", "да")
    assert chat.effects_of(Relay) == [Relay("Иванова"), Relay("1990"), Relay("да")]
    assert chat.last_messages == ()
    assert chat.stored_answers() == stored


def test_form_continues_after_the_officer_resolves_the_case() -> None:
    chat = chat_with_officer().takes(Joined())
    assert chat.shows(screens.JOINED)
    chat.takes(Resolved())
    assert chat.shows(screens.OFFICER_DONE)
    assert chat.question_key == "given_name"
    assert not chat.conversation.with_officer


@pytest.mark.parametrize(
    ("where", "question_key"),
    [("", "given_name"), ("menu", screens.MENU), ("papers", "consent_papers")],
)
def test_case_resolution_opens_the_flow_or_menu_chosen_by_the_officer(
    where: str, question_key: str
) -> None:
    chat = chat_with_officer().takes(Joined())
    registered = RegistrationStatus("accepted", "KZ-1")
    chat.conversation = replace(chat.conversation, registration=registered)
    chat.takes(Resolved(where))
    assert chat.shows(screens.OFFICER_DONE)
    assert chat.question_key == question_key


def test_case_closed_without_being_read_asks_for_no_feedback() -> None:
    chat = chat_with_officer().takes(Resolved(was_read=False))
    assert chat.shows(screens.CLOSED_UNREAD)
    assert not chat.shows(screens.HELPED)


def test_checklist_box_is_ignored_while_an_officer_holds_the_case() -> None:
    chat = chat_with_officer().takes(Joined())
    before = chat.conversation.forms
    chat.takes(Pressed("#tick.identity"))
    assert chat.shows(screens.WAITING)
    assert chat.conversation.forms == before


def test_case_feedback_is_asked_without_leaving_the_form() -> None:
    chat = chat_with_officer().takes(Joined()).takes(Resolved())
    asked = chat.conversation.asked
    assert chat.shows(screens.HELPED)
    assert [each.payload for each in chat.last_messages[0].buttons] == [
        "*yes",
        "*partly",
        "*no",
        "!exit",
    ]
    chat.takes(Pressed("*partly"))
    assert chat.effects_of(Rated) == [Rated("partly")]
    assert chat.shows(screens.RATED)
    assert chat.conversation.asked == asked
    chat.takes(Pressed("*anything"))
    assert chat.effects_of(Rated) == [Rated("partly")]


@pytest.mark.parametrize("asks", ["/menu", "Назад к помощнику"])
def test_handoff_can_be_cancelled_after_a_confirmation(asks: str) -> None:
    chat = chat_with_officer().says(asks)
    assert chat.shows(screens.LEAVE_TEXT)
    assert chat.effects_of(CancelCase) == []
    chat.presses("yes")
    assert chat.effects_of(CancelCase) == [CancelCase()]
    assert chat.shows(screens.LEFT)
    assert chat.question_key == "given_name"
    assert chat.says("TESTOVA").stored_answers()["given_name"] == "TESTOVA"


@pytest.mark.parametrize("answers", [("no",), ()])
def test_handoff_continues_when_the_cancellation_is_declined(answers: tuple[str, ...]) -> None:
    chat = chat_with_officer().takes(Joined()).takes(Pressed("!menu")).presses(*answers)
    assert chat.shows(screens.WAITING) is bool(answers)
    chat.says("Testova asks on", "да")
    assert chat.effects_of(Relay) == [Relay("Testova asks on"), Relay("да")]
    assert chat.effects_of(CancelCase) == []


@pytest.mark.parametrize("word", ["меню", "Главное меню", "/menu"])
@pytest.mark.requirement("S-88")
def test_menu_word_during_a_handoff_asks_whether_to_leave_the_officer(word: str) -> None:
    chat = chat_with_officer().says(word)
    assert chat.question_key == screens.LEAVE
    assert chat.effects_of(Relay) == []


@pytest.mark.parametrize("asks", ["/menu", "/delete"])
@pytest.mark.parametrize("word", ["нет", "назад"])
@pytest.mark.requirement("S-88")
def test_typed_no_or_back_that_closes_a_screen_is_not_relayed(asks: str, word: str) -> None:
    chat = chat_with_officer().says(asks, word)
    assert chat.effects_of(Relay) == []
    assert chat.shows(screens.WAITING)
    assert chat.says(word).effects_of(Relay) == [Relay(word)]


def test_handoff_cancellation_after_resolve_does_nothing() -> None:
    chat = chat_with_officer().presses("!menu")
    leave = Pressed(f"{chat.nonce}:yes")
    chat.takes(Resolved()).takes(leave)
    assert chat.effects_of(CancelCase) == []
    assert chat.question_key == "given_name"


def test_start_command_does_not_end_the_handoff() -> None:
    chat = chat_with_officer().takes(Started("preregistration"))
    assert chat.conversation.with_officer
    assert chat.shows(screens.WAITING)


def test_form_button_is_ignored_while_an_officer_holds_the_case() -> None:
    chat = chat_at("purpose")
    tap = Pressed(f"{chat.nonce}:move")
    stored = chat.stored_answers()
    chat.takes(Joined()).takes(tap)
    assert chat.stored_answers() == stored


@pytest.mark.parametrize("screen", ["/menu", "/status"])
def test_typed_no_that_answers_an_open_screen_is_not_relayed_to_an_officer(screen: str) -> None:
    chat = (
        submitted_chat()
        .says("/menu")
        .presses("officer", "general", "yes")
        .says("Testova asks", screen)
    )
    relayed = len(chat.effects_of(Relay))
    assert chat.says("нет").shows(screens.WAITING)
    assert len(chat.effects_of(Relay)) == relayed


@pytest.mark.parametrize("command", ["/skip", "/back"])
def test_form_commands_are_ignored_while_an_officer_holds_the_case(command: str) -> None:
    chat = chat_at("given_name")
    form = chat.form()
    chat.takes(Joined()).says(command)
    assert chat.form() == form


def test_case_request_button_pressed_twice_opens_one_case() -> None:
    chat = Chat.start("ru", "officer").until("words")
    tap = Pressed(f"{chat.nonce}:-")
    chat.takes(tap).takes(tap)
    assert len(chat.effects_of(OpenCase)) == 1
    assert chat.shows(screens.WAITING)
    assert not chat.shows(screens.CHANGED)


def test_delete_command_works_while_an_officer_holds_the_case() -> None:
    chat = chat_with_officer().says("удалить")
    assert chat.shows(screens.DELETE_AGAIN)
    assert chat_with_officer().says("удалить").presses("yes").effects_of(Forget) == [Forget()]
    assert chat.says("удалить").effects_of(Forget) == [Forget()]


@pytest.mark.parametrize("asks", ["/delete", "/menu", "/status"])
def test_handoff_relays_yes_and_numbers_on_every_open_screen(asks: str) -> None:
    chat = (
        submitted_chat()
        .says("/menu")
        .presses("officer", "general", "yes")
        .says("Testova asks", asks)
    )
    chat.says("да", "1")
    assert chat.effects_of(Relay)[-2:] == [Relay("да"), Relay("1")]
    assert chat.effects_of(Forget) == []
    assert chat.effects_of(Withdraw) == []
    assert chat.effects_of(CancelCase) == []


def test_buttons_of_an_open_screen_stay_valid_after_an_unreadable_message() -> None:
    chat = chat_with_officer().says("/delete")
    erase = Pressed(f"{chat.nonce}:yes")
    assert chat.takes(Unreadable("voice")).takes(erase).effects_of(Forget) == [Forget()]


@pytest.mark.parametrize("screen", ["/delete", "/status"])
def test_text_relayed_to_an_officer_closes_the_open_screen(screen: str) -> None:
    chat = (
        submitted_chat()
        .says("/menu")
        .presses("officer", "general", "yes")
        .says("Testova asks", screen)
    )
    chat.says("подождите", "2", "да")
    assert chat.effects_of(Relay)[-3:] == [Relay("подождите"), Relay("2"), Relay("да")]
    assert chat.effects_of(Forget) == [] == chat.effects_of(Withdraw)


def test_exit_and_back_labels_can_be_typed_while_an_officer_holds_the_case() -> None:
    exited = chat_with_officer().says(WORDS.render(button("Close and clear"), "ru"))
    assert exited.effects_of(QuickExit)
    back = chat_with_officer().says(WORDS.render(button("Back to assistant"), "ru"))
    assert back.question_key == screens.LEAVE


def test_safety_words_are_executed_while_an_officer_holds_the_case() -> None:
    assert chat_with_officer().says("стоп").effects_of(Stopped)
    assert chat_with_officer().says("выход").effects_of(QuickExit)
    assert chat_with_officer().says("удалить").question_key == screens.DELETE


@pytest.mark.row(64)
def test_danger_opens_a_case_only_after_the_urgent_button_and_consent() -> None:
    chat = chat_at("residence_region").says("мне \u200bугрожают")
    assert chat.shows(safety.READ_ALONE)
    assert "угрожают" not in chat.text
    assert chat.question_key == "residence_region"
    assert chat.effects_of(OpenCase) == []
    chat.presses("?urgent")
    assert chat.question_key == "consent_handoff"
    chat.presses("yes", "-")
    (case,) = chat.effects_of(OpenCase)
    assert (case.topic, case.urgent) == ("danger", True)


def test_danger_handoff_does_not_store_the_text_of_the_message() -> None:
    chat = chat_at("residence_region").says("мне угрожают").presses("?urgent")
    assert "words" not in chat.stored_answers("officer")
    chat.presses("refuse")
    assert chat.stored_answers("officer") == {}
    assert chat.effects_of(OpenCase) == []


def test_danger_in_the_handoff_message_makes_the_case_urgent() -> None:
    chat = Chat.start("ru", "officer").until("words").says("мне угрожают")
    (case,) = chat.effects_of(OpenCase)
    assert (case.words, case.urgent) == ("мне угрожают", True)


@pytest.mark.parametrize(
    ("level", "urgent"),
    [(Danger.SUSPECTED, False), (Danger.LIKELY, True), (Danger.CLEAR, True)],
)
def test_likely_danger_marks_a_case_and_a_relayed_message_urgent(
    level: Danger, urgent: bool
) -> None:
    known = understanding_of({"zzz": danger("danger.deported", level)})
    chat = Chat.start("ru", "officer", understanding=known).until("words").says("zzz")
    (case,) = chat.effects_of(OpenCase)
    assert case.urgent is urgent
    chat = chat_with_officer()
    chat.understanding = known
    assert chat.says("zzz").effects_of(Relay)[-1] == Relay("zzz", urgent=urgent)


@pytest.mark.parametrize("answers", [(), ("general",)])
def test_danger_typed_at_a_handoff_question_sets_the_topic_to_danger(
    answers: tuple[str, ...],
) -> None:
    chat = Chat.start("ru", "officer").presses(*answers).says("мне угрожают").presses("?urgent")
    assert chat.question_key == "consent_handoff"
    assert chat.stored_answers("officer")["topic"] == "danger"


def test_danger_in_a_relayed_message_marks_it_urgent() -> None:
    chat = chat_with_officer().says("Testova", "мне угрожают")
    assert chat.effects_of(Relay)[-2:] == [Relay("Testova"), Relay("мне угрожают", urgent=True)]


@pytest.mark.parametrize("opens", ["/person", "/menu"], ids=["word", "menu"])
def test_handoff_asks_for_the_topic_again_after_an_abandoned_request(opens: str) -> None:
    chat = Chat.start("ru").says("/person").presses("danger").says("/menu", opens)
    if opens == "/menu":
        chat.presses("officer")
    assert chat.question_key == "topic"
    chat.until("words").says("Testova asks")
    (case,) = chat.effects_of(OpenCase)
    assert (case.topic, case.urgent) == ("general", False)


def test_handoff_does_not_keep_the_topic_of_an_abandoned_offer() -> None:
    chat = chat_at("passport").presses("short")
    assert chat.name == "gate_passport"
    chat.presses("person")
    assert chat.stored_answers("officer") == {"topic": "passport"}
    assert chat.says("/menu", "/person").question_key == "topic"


def test_passport_offer_warns_until_the_migration_service_asks_in_writing() -> None:
    written = {"kk": "жазбаша", "ru": "письменно", "uz": "yozma", "zh_Hans": "书面"}
    for code, word in written.items():
        assert word in WORDS.render(PASSPORT_ENDS.text, code)
        assert word in WORDS.render(KEEP, code), "the same condition as in the warning"


def test_handoff_rejects_a_too_long_message() -> None:
    chat = chat_with_officer()
    relayed = chat.effects_of(Relay)
    chat.says("я" * 4001)
    assert chat.effects_of(Relay) == relayed
    assert chat.shows(_("That is too long. Please keep it under {most} characters."), most=4000)


# While Kosh accepts no registrations, the form cannot be submitted


def test_stored_answers_are_kept_while_no_registrations_are_accepted() -> None:
    chat = chat_at("birth_year")
    stored = chat.stored_answers()
    chat.flows = {**FLOWS, FORM: CLOSED}
    chat.says("1990")
    chat.flows = FLOWS
    assert chat.stored_answers() == stored


def test_amend_button_shows_the_menu_while_no_registrations_are_accepted() -> None:
    chat = submitted_chat()
    chat.flows = {**FLOWS, FORM: CLOSED}
    chat.says("/status").presses("amend")
    assert chat.question_key == screens.MENU
