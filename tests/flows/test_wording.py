"""A person reports that a sentence of an answer sounds wrong, by the number of the sentence.

Kosh counts the report under the sentence's id and stores nothing else.
"""

import pytest

from flows.engine import screens, wording_screens
from flows.engine.events import Started
from flows.engine.model_events import ReportWording
from flows.engine.text import id_of, published, sentence_id, verbatim
from tests.flows.chat import LANGUAGES, Chat, chat_at
from tests.flows.recognizer import UNDERSTANDING, sentence

INTENT, ASKED = "documents.missing", "passport"


def reports(chat: Chat) -> list[ReportWording]:
    return [each for each in chat.effects if isinstance(each, ReportWording)]


def chat_after_answer(language: str = "ru") -> Chat:
    """Return a chat after a question, its answer, and a press of the button "another meaning"."""
    chat = Chat.start(language, understanding=UNDERSTANDING).says(sentence(ASKED, language))
    return chat.presses(f"?else.{INTENT}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_wording_report_selects_a_sentence_by_its_number(language: str) -> None:
    chat = chat_after_answer(language).presses(f"?wording.{INTENT}")
    assert chat.question_key == wording_screens.WORDING
    assert chat.shows(wording_screens.WHICH)
    assert chat.conversation.asked is not None
    second = chat.conversation.asked.options[1].key
    chat.says("2")
    assert reports(chat) == [ReportWording(language, second)]
    assert chat.shows(wording_screens.THANKS)
    assert chat.question_key == screens.MENU


def test_wording_report_is_offered_below_the_details_of_an_answer() -> None:
    chat = Chat.start("ru", understanding=UNDERSTANDING).says(sentence(ASKED, "ru"))
    assert f"?wording.{INTENT}" in chat.presses(f"?more.{INTENT}").keys


@pytest.mark.parametrize("typed", ["/wording", "ошибка в переводе"])
def test_wording_command_lists_the_sentences_of_the_last_answer(typed: str) -> None:
    chat = chat_after_answer().says(typed)
    assert chat.question_key == wording_screens.WORDING
    listed = chat_after_answer().presses(f"?wording.{INTENT}").conversation.asked
    assert chat.conversation.asked is not None
    assert listed is not None
    assert chat.conversation.asked.options == listed.options
    assert not reports(chat)
    assert not reports(chat.presses("back"))
    assert chat.question_key == screens.MENU


def test_wording_command_lists_the_sentences_of_the_menu() -> None:
    chat = Chat.start("ru").says("/wording")
    assert chat.conversation.asked is not None
    first = chat.conversation.asked.options[0].key
    assert first == id_of(screens.MENU_TEXT)
    assert len(chat.conversation.asked.options) == wording_screens.MAX_SENTENCES + 1
    assert reports(chat.presses(first)) == [ReportWording("ru", first)]


def test_wording_command_returns_to_the_open_question() -> None:
    chat = chat_at("purpose").says("/wording")
    assert chat.question_key == wording_screens.WORDING
    assert reports(chat.says("1"))
    assert chat.question_key == "purpose"


def test_wording_command_asks_for_the_language_when_none_is_chosen() -> None:
    chat = Chat().takes(Started()).says("/wording")
    assert chat.question_key == screens.LANGUAGE


def test_wording_command_reports_when_no_catalogue_sentence_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wording_screens, "shown", lambda _turn: [verbatim("Testova")])
    chat = Chat.start("ru").says("/wording")
    assert chat.shows(wording_screens.NOTHING_SHOWN)
    assert chat.question_key == screens.MENU


def test_sentence_id_depends_only_on_the_english_catalogue_text() -> None:
    assert id_of(screens.MENU_TEXT) == sentence_id("", screens.MENU_TEXT.msgid)
    assert id_of(published({"en": "New.", "ru": "Новое."})) == sentence_id("", "New.")
    assert id_of(verbatim("Testova")) == ""
