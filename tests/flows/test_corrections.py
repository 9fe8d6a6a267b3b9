"""A person who made a mistake in a form learns how to correct it, and how to answer a consent."""

import pytest

from flows.engine import corrections, screens
from flows.engine.events import ConsentGiven, DeleteInput
from flows.engine.refusals import TO_A_CONSENT
from flows.engine.registration import Acknowledged
from flows.replies import understanding
from tests.flows.chat import Chat, chat_at
from tests.flows.recognizer import FakeRecognizer, sure

MISTAKE = "я ошиблась в фамилии"
KNOWN = understanding(FakeRecognizer({MISTAKE: sure("registry.change")}))


def chat_after_mistake(question: str) -> Chat:
    chat = chat_at(question)
    chat.understanding = KNOWN
    return chat.says(MISTAKE)


def test_text_about_a_mistake_in_a_form_explains_how_to_go_back() -> None:
    chat = chat_after_mistake("birth_year")
    assert chat.question_key == "birth_year"
    assert chat.shows(corrections.CORRECT)
    assert {"<", "?else.registry.change"} <= set(chat.keys)
    assert chat.says("1990").stored_answers()["birth_year"] == "1990"


def test_text_about_a_mistake_at_the_review_lists_answers_to_edit() -> None:
    assert chat_after_mistake("review").question_key == screens.EDIT


def test_text_about_a_mistake_after_submit_shows_the_registration() -> None:
    chat = chat_at("review").presses("submit").takes(Acknowledged("received", "KZ-2026-TEST"))
    chat.understanding = KNOWN
    assert not chat.says(MISTAKE).shows(corrections.CORRECT)
    assert "withdraw" in chat.keys


def test_text_about_a_mistake_in_the_officer_flow_opens_the_status_lookup() -> None:
    chat = Chat.start("ru", "officer", understanding=KNOWN).says(MISTAKE)
    assert not chat.shows(corrections.CORRECT)
    assert chat.question_key == "~lookup"


def test_first_form_question_accepts_an_answer_after_the_word_no() -> None:
    chat = Chat.start("ru", "preregistration")
    first = chat.question_key
    assert chat.says("нет, себя").question_key != first
    assert chat.stored_answers()[first] == "self"


@pytest.mark.parametrize(
    ("text", "language"),
    [("нет, 1987", "ru"), ("Жоқ, 1987", "kk"), ("不对，1987", "zh_Hans"), ("yo'q, 1987", "uz")],
)
def test_answer_after_the_word_no_is_stored_or_leads_to_its_question(
    text: str, language: str
) -> None:
    assert chat_at("birth_year", language).says(text).stored_answers()["birth_year"] == "1987"
    chat = chat_at("residence_country", language).says(text)
    assert chat.question_key == "birth_year"
    assert "=" in chat.keys
    assert chat.stored_answers()["birth_year"] == "1990"


def test_name_typed_after_the_word_no_is_deleted_from_the_chat() -> None:
    chat = chat_at("given_name").says("нет, TESTOVSKAYA")
    assert chat.question_key == "surname"
    assert chat.effects_of(DeleteInput)
    assert chat_at("birth_year").says("нет, не хочу").question_key == "birth_year"


def test_name_after_the_word_no_is_stored_after_a_refused_answer() -> None:
    chat = chat_at("given_name").says("123").says("нет, TESTOVSKAYA")
    assert chat.stored_answers()["given_name"] == "TESTOVSKAYA"


@pytest.mark.parametrize("text", ["да", "согласна", "1", "2"])
def test_typed_yes_to_a_consent_is_answered_with_the_buttons(text: str) -> None:
    chat = chat_at("consent_registration")
    chat.understanding = KNOWN
    for _again in range(3):
        assert chat.says(text).shows(TO_A_CONSENT)
        assert "Нажмите «Даю согласие» или «Не даю согласия»" in chat.text
    assert chat.question_key == "consent_registration"
    assert not chat.effects_of(ConsentGiven)
    assert chat.says("Даю согласие").effects_of(ConsentGiven)
