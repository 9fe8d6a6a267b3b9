"""After sending: the registry's word, amending, withdrawing; and talking with an officer."""

import pytest

from flows import FLOWS
from flows.engine import safety, screens
from flows.engine.events import (
    Acknowledged,
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
from flows.engine.flow import OpenCase, Submit
from flows.engine.state import RegistrationStatus
from flows.engine.text import _, button
from flows.preregistration import CLOSED
from tests.flows.chat import WORDS, Chat, at

FORM = "preregistration"


# After sending


def sent() -> Chat:
    return at("review").presses("submit")


@pytest.mark.requirement("S-36")
def test_the_registrys_word_reaches_the_person_without_telling_it_to_a_passer_by() -> None:
    chat = sent().takes(Acknowledged("received", "KZ-1"))
    assert chat.shows(screens.UPDATE)
    (told,) = chat.says_now
    assert told.service
    assert all(not line.values for paragraph in told.paragraphs for line in paragraph)
    chat.presses("!status")
    assert chat.shows(screens.REGISTRATION["received"], number="KZ-1")
    assert chat.says_now[0].protect


@pytest.mark.requirement("S-38")
def test_who_stopped_is_not_written_to_but_finds_the_status() -> None:
    chat = sent().says("стоп").takes(Acknowledged("accepted", "KZ-1"))
    assert chat.says_now == ()
    chat.says("/status")
    assert chat.shows(screens.REGISTRATION["accepted"], number="KZ-1")


def test_the_first_word_of_the_registry_is_told_and_later_ones_only_who_wished_it() -> None:
    chat = sent().takes(Acknowledged("received", "KZ-1"))
    assert chat.shows(screens.UPDATE)
    assert chat.takes(Acknowledged("accepted", "KZ-1")).says_now == ()
    eager = at("review", write_first="yes").presses("submit")
    for state in ("received", "accepted"):
        assert eager.takes(Acknowledged(state, "KZ-1")).shows(screens.UPDATE)


@pytest.mark.parametrize("state", screens.REGISTRATION)
def test_every_state_of_a_registration_has_its_words(state: str) -> None:
    chat = sent().takes(Acknowledged(state, "KZ-1")).says("/status")
    assert chat.shows(screens.REGISTRATION[state])


def test_a_state_that_is_not_known_here_has_words_too() -> None:
    sent().takes(Acknowledged("on_hold", "KZ-1")).says("/status")


def test_amending_sends_again_with_what_changed() -> None:
    chat = sent().takes(Acknowledged("received", "KZ-1")).presses("!status", "amend")
    assert chat.at == "review"
    chat.edits("birth_year").says("1991").presses("submit")
    first, second = chat.done(Submit)
    assert {**first.answers, "birth_year": "1991"} == second.answers
    assert chat.conversation.registration == RegistrationStatus("sent", "KZ-1")


def test_a_sent_form_is_not_open_until_it_is_amended() -> None:
    chat = sent()
    chat.says("/menu").presses(FORM)
    assert chat.at == screens.REGISTERED
    assert len(chat.done(Submit)) == 1


def test_withdrawing_asks_and_is_done_once() -> None:
    chat = sent().takes(Acknowledged("received", "KZ-1")).says("/status")
    chat.presses("withdraw").says("нет")
    assert chat.done(Withdraw) == []
    chat.presses("withdraw")
    tap = Pressed(f"{chat.nonce}:yes")
    chat.takes(tap).takes(tap)
    assert len(chat.done(Withdraw)) == 1
    chat.takes(Acknowledged("withdrawn", "KZ-1")).presses("!status")
    assert chat.shows(screens.REGISTRATION["withdrawn"])


def test_who_withdrew_can_register_again() -> None:
    chat = sent().says("/status").presses("withdraw", "yes")
    chat.takes(Acknowledged("withdrawn", "KZ-1")).says("/menu").presses(FORM)
    chat.until("review").presses("submit")
    assert len(chat.done(Submit)) == 2


def test_who_withdrew_can_register_again_by_a_link() -> None:
    chat = sent().says("/status").presses("withdraw", "yes")
    chat.takes(Acknowledged("withdrawn", "KZ-1")).takes(Started(FORM))
    assert chat.at == "consent_registration"


def test_status_without_a_registration() -> None:
    assert Chat.begun("ru").says("/status").shows(screens.NO_REGISTRATION)


# With an officer


def handed_over() -> Chat:
    chat = at("given_name").presses("!person")
    return chat.presses("general", "yes").says("Testova asks")


def test_words_go_to_the_officer_and_the_form_is_silent() -> None:
    chat = handed_over()
    told = chat.told()
    assert chat.shows(screens.WAITING)
    chat.says("Иванова", "1990", "да")
    assert chat.done(Relay) == [Relay("Иванова"), Relay("1990"), Relay("да")]
    assert chat.says_now == ()
    assert chat.told() == told


def test_an_officer_joins_and_gives_the_form_back() -> None:
    chat = handed_over().takes(Joined())
    assert chat.shows(screens.JOINED)
    chat.takes(Resolved())
    assert chat.shows(screens.OFFICER_DONE)
    assert chat.at == "given_name"
    assert not chat.conversation.with_officer


@pytest.mark.parametrize(
    ("where", "at"), [("", "given_name"), ("menu", screens.MENU), ("papers", "consent_papers")]
)
def test_the_bot_goes_on_where_the_officer_says(where: str, at: str) -> None:
    chat = handed_over().takes(Joined()).takes(Resolved(where))
    assert chat.shows(screens.OFFICER_DONE)
    assert chat.at == at


def test_whether_it_helped_is_asked_beside_the_form() -> None:
    chat = handed_over().takes(Joined()).takes(Resolved())
    asked = chat.conversation.asked
    assert chat.shows(screens.HELPED)
    assert [each.payload for each in chat.says_now[0].buttons] == [
        "*yes",
        "*partly",
        "*no",
        "!exit",
    ]
    chat.takes(Pressed("*partly"))
    assert chat.done(Rated) == [Rated("partly")]
    assert chat.shows(screens.RATED)
    assert chat.conversation.asked == asked
    chat.takes(Pressed("*anything"))
    assert chat.done(Rated) == [Rated("partly")]


@pytest.mark.parametrize("asks", ["/menu", "Назад к помощнику"])
def test_the_person_can_leave_the_officer_and_is_asked_before(asks: str) -> None:
    chat = handed_over().says(asks)
    assert chat.shows(screens.LEAVE_TEXT)
    assert chat.done(CancelCase) == []
    chat.presses("yes")
    assert chat.done(CancelCase) == [CancelCase()]
    assert chat.shows(screens.LEFT)
    assert chat.at == "given_name"
    assert chat.says("TESTOVA").told()["given_name"] == "TESTOVA"


@pytest.mark.parametrize("answers", [("no",), ()])
def test_who_does_not_leave_goes_on_with_the_officer(answers: tuple[str, ...]) -> None:
    chat = handed_over().takes(Joined()).takes(Pressed("!menu")).presses(*answers)
    assert chat.shows(screens.WAITING) is bool(answers)
    chat.says("Testova asks on", "да")
    assert chat.done(Relay) == [Relay("Testova asks on"), Relay("да")]
    assert chat.done(CancelCase) == []


def test_an_answer_that_comes_after_the_officer_has_finished_closes_nothing() -> None:
    chat = handed_over().presses("!menu")
    leave = Pressed(f"{chat.nonce}:yes")
    chat.takes(Resolved()).takes(leave)
    assert chat.done(CancelCase) == []
    assert chat.at == "given_name"


def test_a_new_start_does_not_leave_the_officer() -> None:
    chat = handed_over().takes(Started("preregistration"))
    assert chat.conversation.with_officer
    assert chat.shows(screens.WAITING)


def test_a_button_of_the_form_is_silent_while_an_officer_holds_it() -> None:
    chat = at("purpose")
    tap = Pressed(f"{chat.nonce}:move")
    told = chat.told()
    chat.takes(Joined()).takes(tap)
    assert chat.told() == told


@pytest.mark.parametrize("command", ["/skip", "/back"])
def test_commands_of_the_form_are_silent_while_an_officer_holds_it(command: str) -> None:
    chat = at("given_name")
    form = chat.form()
    chat.takes(Joined()).says(command)
    assert chat.form() == form


def test_a_double_tap_that_opens_a_case_opens_one_and_says_so() -> None:
    chat = Chat.begun("ru", "officer").until("words")
    tap = Pressed(f"{chat.nonce}:-")
    chat.takes(tap).takes(tap)
    assert len(chat.done(OpenCase)) == 1
    assert chat.shows(screens.WAITING)
    assert not chat.shows(screens.CHANGED)


def test_deleting_in_writing_works_while_an_officer_holds_the_case() -> None:
    chat = handed_over().says("удалить")
    assert chat.shows(screens.DELETE_AGAIN)
    assert handed_over().says("удалить").presses("yes").done(Forget) == [Forget()]
    assert chat.says("удалить").done(Forget) == [Forget()]


@pytest.mark.parametrize("asks", ["/delete", "/menu", "/status"])
def test_a_yes_or_a_number_is_for_the_officer_whatever_screen_is_open(asks: str) -> None:
    chat = sent().says("/menu").presses("officer", "general", "yes").says("Testova asks", asks)
    chat.says("да", "1")
    assert chat.done(Relay)[-2:] == [Relay("да"), Relay("1")]
    assert chat.done(Forget) == []
    assert chat.done(Withdraw) == []
    assert chat.done(CancelCase) == []


def test_a_button_of_an_open_screen_works_though_something_came_between() -> None:
    chat = handed_over().says("/delete")
    erase = Pressed(f"{chat.nonce}:yes")
    assert chat.takes(Unreadable("voice")).takes(erase).done(Forget) == [Forget()]


@pytest.mark.parametrize("screen", ["/delete", "/status"])
def test_words_to_the_officer_close_the_screen_that_was_open(screen: str) -> None:
    chat = sent().says("/menu").presses("officer", "general", "yes").says("Testova asks", screen)
    chat.says("подождите", "2", "да")
    assert chat.done(Relay)[-3:] == [Relay("подождите"), Relay("2"), Relay("да")]
    assert chat.done(Forget) == [] == chat.done(Withdraw)


def test_labels_of_controls_may_be_written_to_leave_the_officer() -> None:
    left = handed_over().says(WORDS.render(button("Close and clear"), "ru"))
    assert left.done(QuickExit)
    back = handed_over().says(WORDS.render(button("Back to assistant"), "ru"))
    assert back.at == screens.LEAVE


def test_safety_words_win_over_the_officer() -> None:
    assert handed_over().says("стоп").done(Stopped)
    assert handed_over().says("выход").done(QuickExit)
    assert handed_over().says("удалить").at == screens.DELETE


@pytest.mark.row(64)
def test_danger_opens_a_case_only_when_the_person_asks_for_it() -> None:
    chat = at("residence_region").says("мне \u200bугрожают")
    assert chat.shows(safety.READ_ALONE)
    assert "угрожают" not in chat.text
    assert chat.at == "residence_region"
    assert chat.done(OpenCase) == []
    chat.presses("?urgent")
    assert chat.at == "consent_handoff"
    chat.presses("yes", "-")
    (case,) = chat.done(OpenCase)
    assert (case.topic, case.urgent) == ("danger", True)


def test_danger_leaves_no_words_behind() -> None:
    chat = at("residence_region").says("мне угрожают").presses("?urgent")
    assert "words" not in chat.told("officer")
    chat.presses("refuse")
    assert chat.told("officer") == {}
    assert chat.done(OpenCase) == []


def test_words_of_danger_reach_the_officer_they_are_written_to() -> None:
    chat = Chat.begun("ru", "officer").until("words").says("мне угрожают")
    (case,) = chat.done(OpenCase)
    assert (case.words, case.urgent) == ("мне угрожают", True)


@pytest.mark.parametrize("answers", [(), ("general",)])
def test_danger_inside_the_handoff_sets_its_topic(answers: tuple[str, ...]) -> None:
    chat = Chat.begun("ru", "officer").presses(*answers).says("мне угрожают").presses("?urgent")
    assert chat.at == "consent_handoff"
    assert chat.told("officer")["topic"] == "danger"


def test_danger_told_to_an_officer_marks_the_words_urgent() -> None:
    chat = handed_over().says("Testova", "мне угрожают")
    assert chat.done(Relay)[-2:] == [Relay("Testova"), Relay("мне угрожают", urgent=True)]


def test_too_many_words_for_the_officer_are_named_as_such() -> None:
    chat = handed_over()
    relayed = chat.done(Relay)
    chat.says("я" * 4001)
    assert chat.done(Relay) == relayed
    assert chat.shows(_("That is too long. Please keep it under {most} characters."), most=4000)


# While no registry is open


def test_closing_registration_loses_nobodys_answers() -> None:
    chat = at("birth_year")
    told = chat.told()
    chat.flows = {**FLOWS, FORM: CLOSED}
    chat.says("1990")
    chat.flows = FLOWS
    assert chat.told() == told


def test_amending_while_registration_is_closed_says_so() -> None:
    chat = sent()
    chat.flows = {**FLOWS, FORM: CLOSED}
    chat.says("/status").presses("amend")
    assert chat.at == screens.MENU
