"""A person who only says which relatives live with her is not taken for a person in danger."""

import pytest

from flows.engine import safety
from tests.flows.chat import Chat
from tests.flows.recognizer import REAL, recognizing_chat_at

HARMLESS = [
    ("kk", "немерем өз қолымда"),
    ("uz_Cyrl", "ўзим билан неварам бор 6 ёшда"),
    ("uz", "oʻzim bilan nevaram bor 6 yoshda"),
    ("zh_Hans", "愛人和孩子"),
    ("zh_Hans", "爱人和孩子"),
]
ALARMING = [
    ("kk", "балам өз қолымда емес"),
    ("kk", "мен 12 жастамын, жалғызбын"),
    ("ru", "живу одна с мужем, он бьёт меня"),
    ("uz_Cyrl", "неварам уйда ёлғиз қолди"),
    ("zh_Hans", "愛人打孩子"),
]


@pytest.mark.parametrize(("language", "typed"), HARMLESS)
def test_words_about_relatives_at_home_are_no_danger(language: str, typed: str) -> None:
    for chat in (
        Chat.start(language, understanding=REAL),
        recognizing_chat_at("purpose", language),
    ):
        chat.says(typed)
        assert not chat.shows(safety.READ_ALONE)
        assert not chat.shows(safety.ONE_SENTENCE)


@pytest.mark.parametrize(("language", "typed"), ALARMING)
def test_danger_to_a_relative_at_home_is_answered(language: str, typed: str) -> None:
    chat = Chat.start(language, understanding=REAL).says(typed)
    assert chat.shows(safety.READ_ALONE) or chat.shows(safety.ONE_SENTENCE)
