"""Screens for questions that the registry asks or withdraws, and for progress that it reports."""

from dataclasses import replace
from datetime import date

import pytest

from flows.engine import labels, registration_history, registration_screens, screens
from flows.engine.effects import Submit
from flows.engine.events import Pressed
from flows.engine.registration import Acknowledged, AnswerRegistry, PlatformStep, RegistryQuestion
from flows.knowledge import kandas
from flows.knowledge.intents.cautions import REFUSED
from tests.flows.chat import Chat, chat_at

NUMBER = "KZ-2026-TEST"
LAST_DAY = date(2026, 12, 20)
QUESTION = RegistryQuestion("1", "BIRTH_YEAR", LAST_DAY)
ASKS = Acknowledged("needs_information", NUMBER, "UNCLEAR", QUESTION)


def _chat_at_registry_question() -> Chat:
    """Return a registered person who opened a question of the registry."""
    chat = chat_at("review").presses("submit").takes(ASKS).presses("!status")
    return chat.presses("asked_birth_year")


def _chat_after_step(step: str, status: str, until: date | None = None) -> Chat:
    """Return a registered person at the status screen after the registry reported a step.

    `step` is a step of the state's platform, `status` the person's progress in it.
    """
    chat = chat_at("review").presses("submit")
    chat.takes(Acknowledged("accepted", NUMBER, step=PlatformStep(step, status, until)))
    return chat.presses("!status")


def test_answer_to_a_registry_question_is_sent_while_it_is_open() -> None:
    chat = _chat_at_registry_question().says("1991")
    assert chat.effects_of(AnswerRegistry) == [AnswerRegistry(QUESTION, "birth_year", "1991")]
    known = chat.conversation.registration
    assert known is not None
    assert (known.state, known.question) == ("answered", None)


@pytest.mark.parametrize("write_first", ["yes", "no"])
def test_registry_step_before_the_answer_is_sent_keeps_it_answered(write_first: str) -> None:
    """The step is news, so the registry's report is announced to those who consented to this."""
    chat = chat_at("review", write_first=write_first).presses("submit").takes(ASKS)
    chat.presses("!status", "asked_birth_year").says("1991")
    chat.takes(Acknowledged("answered", NUMBER, step=PlatformStep("TEST", "OPEN")))
    assert chat.shows(screens.UPDATE) == (write_first == "yes")
    known = chat.conversation.registration
    assert known is not None
    assert [each.state for each in known.history] == ["needs_information", ""]
    assert chat.says("/status").shows(screens.REGISTRATION["answered"], number=NUMBER)
    assert "asked_birth_year" not in chat.keys


def test_changed_registration_keeps_the_answer_to_a_registry_question() -> None:
    chat = _chat_at_registry_question().says("1991").takes(Acknowledged("received", NUMBER))
    chat.says("/status").presses("amend", "submit")
    first, second = chat.effects_of(Submit)
    assert second.answers == {**first.answers, "birth_year": "1991"}


def test_changed_registration_keeps_the_answer_to_an_optional_question() -> None:
    """Check that the other optional questions, which the person left out, are not asked."""
    asks = Acknowledged("needs_information", NUMBER, "", RegistryQuestion("1", "OCCUPATION"))
    chat = chat_at("review", details="no").presses("submit").takes(asks)
    chat.presses("!status", "asked_occupation", "trade").takes(Acknowledged("received", NUMBER))
    chat.says("/status").presses("amend", "submit")
    first, second = chat.effects_of(Submit)
    changed = {
        key: value for key, value in second.answers.items() if first.answers.get(key) != value
    }
    assert changed == {"details": "yes", "occupation": "trade"}


@pytest.mark.parametrize("times", [1, 2])
def test_answer_to_a_registry_question_returns_to_an_unsent_change(times: int) -> None:
    chat = chat_at("review").presses("submit").takes(Acknowledged("received", NUMBER))
    chat.says("/status").presses("amend")
    review = chat.question_key
    chat.takes(ASKS)
    for _time in range(times):
        chat.says("/status").presses("asked_birth_year")
    chat.says("1991")
    assert len(chat.effects_of(AnswerRegistry)) == 1
    assert chat.question_key == review
    chat.presses("submit")
    first, second = chat.effects_of(Submit)
    assert second.answers == {**first.answers, "birth_year": "1991"}


def test_unsent_change_is_named_in_the_menu_and_with_the_registration() -> None:
    chat = chat_at("review").presses("submit").takes(Acknowledged("received", NUMBER))
    assert not chat.says("/status").shows(registration_screens.UNSENT)
    chat.presses("amend").edits("birth_year").says("1991")
    assert chat.says("menu").shows(registration_screens.UNSENT, button=labels.MY_REGISTRATION)
    assert not chat.says("menu").shows(registration_screens.UNSENT)
    chat.says("/status")
    assert chat.shows(registration_screens.UNSENT, button=labels.CHANGE_AN_ANSWER)
    chat.presses("amend", "submit").says("/status")
    assert not chat.shows(registration_screens.UNSENT)


def test_second_registry_question_keeps_the_unsent_change() -> None:
    chat = chat_at("review").presses("submit").takes(Acknowledged("received", NUMBER))
    chat.says("/status").presses("amend")
    review = chat.question_key
    chat.takes(ASKS).says("/status").presses("asked_birth_year")
    second = RegistryQuestion("2", "TIMEFRAME")
    chat.takes(Acknowledged("needs_information", NUMBER, "", second))
    chat.says("/status").presses("asked_timeframe", "later")
    assert chat.question_key == review


def test_answer_to_a_question_that_does_not_apply_changes_no_other_answer() -> None:
    asks = Acknowledged("needs_information", NUMBER, "", RegistryQuestion("1", "TIMEFRAME"))
    chat = chat_at("review", purpose="information").presses("submit").takes(asks)
    before = chat.conversation.forms["preregistration"].answers
    chat.presses("!status", "asked_timeframe", "later")
    assert len(chat.effects_of(AnswerRegistry)) == 1
    assert chat.conversation.forms["preregistration"].answers == before


def test_answer_to_a_registry_question_is_sent_after_the_form_was_deleted() -> None:
    chat = chat_at("review").presses("submit").takes(ASKS)
    chat.conversation = replace(chat.conversation, forms={})
    chat.presses("!status").presses("asked_birth_year").says("1991")
    assert len(chat.effects_of(AnswerRegistry)) == 1
    assert "preregistration" not in chat.conversation.forms


@pytest.mark.parametrize(
    "later",
    [
        Acknowledged("received", NUMBER),
        Acknowledged("needs_information", NUMBER, question=RegistryQuestion("2", "SURNAME")),
    ],
    ids=["withdrawn", "replaced"],
)
def test_answer_to_a_registry_question_is_not_sent_after_it_closed(
    later: Acknowledged,
) -> None:
    chat = _chat_at_registry_question().takes(later).says("1991")
    assert chat.shows(registration_screens.NO_LONGER)
    assert chat.effects_of(AnswerRegistry) == []
    known = chat.conversation.registration
    assert known is not None
    assert (known.state, known.question) == (later.state, later.question)
    assert chat.question_key == screens.MENU


def test_registry_question_is_not_shown_in_the_status_after_withdrawal() -> None:
    chat = chat_at("review").presses("submit").takes(ASKS).presses("!status")
    assert "asked_birth_year" in chat.keys
    assert chat.shows(registration_screens.UNTIL, day=LAST_DAY)
    chat.takes(Acknowledged("received", NUMBER)).takes(Pressed("!status"))
    assert "asked_birth_year" not in chat.keys
    assert not chat.shows(registration_screens.UNTIL)


def test_registry_step_shows_its_last_day_and_instructions() -> None:
    chat = _chat_after_step("COMMISSION", "OPEN", LAST_DAY)
    assert chat.shows(registration_history.REPORTED)
    assert chat.shows(registration_screens.UNTIL, day=LAST_DAY)
    assert chat.shows(kandas.HEARING.text)


def test_registry_step_reported_as_not_done_refers_to_an_officer() -> None:
    chat = _chat_after_step("COMMISSION", "NOT_DONE")
    assert chat.shows(registration_history.REPORTED)
    assert chat.shows(REFUSED)
    assert not chat.shows(kandas.HEARING.text)


@pytest.mark.parametrize(("step", "status"), [("MEDICAL", "NOT_DONE"), ("TEST", "PAUSED")])
def test_registry_step_of_a_later_contract_version_is_not_shown(step: str, status: str) -> None:
    chat = _chat_after_step(step, status, LAST_DAY)
    assert chat.shows(screens.REGISTRATION["accepted"], number=NUMBER)
    assert not chat.shows(registration_history.REPORTED)
    assert not chat.shows(registration_screens.UNTIL)
    assert not chat.shows(REFUSED)


def test_status_with_an_unknown_registry_step_does_not_tell_people_to_wait() -> None:
    chat = _chat_after_step("A_LATER_STEP", "OPEN", LAST_DAY)
    assert not chat.shows(registration_screens.WE_WRITE)
    assert not chat.shows(registration_screens.LOOK_AGAIN)


def test_status_does_not_promise_messages_after_the_stop_command() -> None:
    chat = chat_at("review", write_first="yes").presses("submit")
    chat.takes(Acknowledged("received", NUMBER))
    assert chat.says("/status").shows(registration_screens.WE_WRITE)
    chat.says("стоп", "/status")
    assert not chat.shows(registration_screens.WE_WRITE)
    assert chat.shows(registration_screens.LOOK_AGAIN)


def test_registry_question_and_step_both_show_their_last_day() -> None:
    chat = chat_at("review").presses("submit")
    asked = RegistryQuestion("1", "A_LATER_QUESTION", LAST_DAY)
    step = PlatformStep("TEST", "OPEN", date(2026, 12, 1))
    chat.takes(Acknowledged("needs_information", NUMBER, "UNCLEAR", asked, step=step))
    chat.presses("!status")
    for day in (LAST_DAY, date(2026, 12, 1)):
        assert chat.shows(registration_screens.UNTIL, day=day)


def test_duplicate_reads_like_a_registration_that_is_being_checked() -> None:
    """Otherwise anyone could register with a person's details to test whether they registered."""
    plain = chat_at("review").presses("submit").takes(Acknowledged("received", NUMBER))
    double = chat_at("review").presses("submit").takes(Acknowledged("received", NUMBER))
    double.takes(Acknowledged("duplicate", NUMBER)).takes(Acknowledged("received", NUMBER))
    double.takes(Acknowledged("duplicate", NUMBER))
    assert double.says("/status").text == plain.says("/status").text


@pytest.mark.parametrize(
    ("later", "announced"),
    [
        (Acknowledged("duplicate", NUMBER), False),
        (Acknowledged("received", NUMBER), False),
        (Acknowledged("received", NUMBER, step=PlatformStep("TEST", "OPEN")), True),
        (Acknowledged("accepted", NUMBER), True),
    ],
    ids=["duplicate", "repeated", "step", "accepted"],
)
def test_registry_update_is_announced_only_when_it_has_news(
    later: Acknowledged, announced: bool
) -> None:
    chat = chat_at("review", write_first="yes").presses("submit")
    chat.takes(Acknowledged("received", NUMBER)).says("/status").takes(later)
    assert chat.shows(screens.UPDATE) == announced
    assert bool(chat.last_messages) == announced


def test_registration_history_days_are_stored_as_plain_dates() -> None:
    chat = chat_at("review").presses("submit")
    chat.takes(Acknowledged("received", "KZ-2026-TEST"))
    known = chat.conversation.registration
    assert known is not None
    assert {type(each.day) for each in known.history} == {date}
