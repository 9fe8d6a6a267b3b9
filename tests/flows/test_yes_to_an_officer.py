"""A typed "yes" or "no" answers the offer of an officer, and raises no suspicion of danger."""

import pytest

from flows.engine import safety
from tests.flows.chat import Chat, chat_at
from tests.flows.recognizer import REAL

YES = [("ru", "да"), ("ru", "хорошо"), ("kk", "иә"), ("zh_Hans", "好"), ("uz", "ha")]


def _at_offer(language: str) -> Chat:
    chat = chat_at("gate_kazakh", language, ethnic_kazakh="no")
    chat.understanding = REAL
    return chat


@pytest.mark.parametrize(("language", "typed"), YES)
def test_yes_to_the_offer_of_an_officer_takes_it(language: str, typed: str) -> None:
    assert _at_offer(language).says(typed).conversation.flow == "officer"


@pytest.mark.parametrize(("language", "typed"), [("ru", "нет"), ("kk", "жоқ"), ("zh_Hans", "不")])
def test_no_to_the_offer_of_an_officer_goes_on(language: str, typed: str) -> None:
    assert _at_offer(language).says(typed).name == "surname"


@pytest.mark.parametrize(("language", "typed"), YES)
def test_yes_to_the_topic_for_an_officer_is_no_danger(language: str, typed: str) -> None:
    chat = Chat.start(language, "officer", understanding=REAL).says(typed)
    assert chat.name == "topic"
    assert not chat.shows(safety.ONE_SENTENCE)
