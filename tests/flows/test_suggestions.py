"""A person contributes a sentence that was not understood, to train the recogniser.

Kosh first explains how the sentence is used, and rejects a sentence with personal data.
"""

import pytest

from flows.engine import safety, screens, suggestion_screens
from flows.engine.events import Pressed, SuggestPhrase
from flows.engine.text import Text
from tests.flows.chat import LANGUAGES, Chat, chat_at
from tests.flows.recognizer import UNDERSTANDING, sentence


def chat_at_suggestion(language: str = "ru") -> Chat:
    """Return a chat in which two texts were not understood and Kosh asks for a sentence."""
    chat = Chat.start(language, understanding=UNDERSTANDING).says("zzz", "zzz")
    return chat.presses("?teach")


def suggestions(chat: Chat) -> list[SuggestPhrase]:
    return [each for each in chat.effects if isinstance(each, SuggestPhrase)]


def test_suggest_phrase_button_is_offered_after_two_unclear_texts() -> None:
    chat = Chat.start("ru", understanding=UNDERSTANDING).says("zzz")
    assert "?teach" not in chat.keys
    assert "?teach" in chat.says("zzz").keys


@pytest.mark.parametrize("language", LANGUAGES)
def test_suggested_phrase_is_stored_after_the_explanation(language: str) -> None:
    chat = chat_at_suggestion(language)
    assert chat.question_key == suggestion_screens.SUGGEST
    assert chat.shows(suggestion_screens.EXPLANATION)
    chat.says("  zzz   yyy ")
    assert suggestions(chat) == [SuggestPhrase(language, "zzz yyy")]
    assert chat.shows(suggestion_screens.THANKS)
    assert chat.question_key == screens.MENU


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("zzz 12345", suggestion_screens.IDENTIFYING),
        ("zzz a@b.kz", suggestion_screens.IDENTIFYING),
        ("zzz https://a.kz", suggestion_screens.IDENTIFYING),
        ("z" * 301, suggestion_screens.TOO_LONG),
    ],
)
def test_suggested_phrase_with_personal_data_is_rejected(typed: str, refusal: Text) -> None:
    chat = chat_at_suggestion().says(typed)
    assert chat.shows(refusal)
    assert not suggestions(chat)
    assert chat.question_key == suggestion_screens.SUGGEST


def test_suggested_phrase_about_danger_is_answered_and_not_stored() -> None:
    chat = chat_at_suggestion().says(sentence("detained", "ru"))
    assert chat.shows(safety.READ_ALONE)
    assert not suggestions(chat)


def test_suggest_phrase_screen_can_be_left_by_menu_and_commands() -> None:
    assert chat_at_suggestion().presses("menu").question_key == screens.MENU
    chat = chat_at_suggestion().says("меню")
    assert chat.question_key == screens.MENU
    assert not suggestions(chat)


def test_suggest_phrase_screen_returns_to_the_open_form() -> None:
    chat = chat_at("purpose")
    chat.understanding = UNDERSTANDING
    chat.takes(Pressed("?none")).presses("?teach").says("zzz yyy")
    assert suggestions(chat)
    assert chat.question_key == "purpose"
