"""Messages of people who did not understand an answer, or want it repeated."""

from dataclasses import replace

import pytest

from flows.engine import hearing, repeating, safety, screens
from flows.engine.state import Heard
from tests.flows.chat import Chat
from tests.flows.test_before_a_language import REAL

# Language, a question, and a request to repeat or to explain its answer.
REQUESTS = (
    ("ru", "сколько стоит виза", "Повторите, пожалуйста."),
    ("ru", "сколько стоит виза", "скажите еще раз"),
    ("kk", "квота деген не", "сіз не дедіңіз?"),
    ("kk", "квота деген не", "Қайталап айтшы, балам"),
    ("kk_Arab", "كۆوتا دەگەن نە", "سىز نە دەدىڭىز؟"),
    ("zh_Hans", "配额是什么", "不明白"),
    ("uz", "kvota nima", "nima dedingiz?"),
    ("uz_Cyrl", "квота нима", "тушунмадим"),
)

DOUBTS = (
    ("ru", "что такое квота", "А это точно?"),
    ("ru", "что такое квота", "вы уверены"),
    ("kk", "квота деген не", "Бұл рас па?"),
    ("kk_Arab", "كۆوتا دەگەن نە", "راس پا؟"),
    ("zh_Hans", "配额是什么", "真的吗？"),
    ("uz", "kvota nima", "ishonsa bo'ladimi"),
    ("uz_Cyrl", "квота нима", "бу ростми?"),
)


@pytest.mark.parametrize(("language", "question", "request_"), REQUESTS)
def test_request_to_repeat_shows_the_last_answer_again(
    language: str, question: str, request_: str
) -> None:
    chat = Chat.start(language, understanding=REAL).says(question)
    first = chat.text
    assert any(key.startswith("?else.") for key in chat.keys)
    chat.says(request_)
    assert chat.shows(repeating.AGAIN) and chat.text.endswith(first)
    assert "!person" in chat.keys


def test_request_to_repeat_shows_the_answer_that_a_button_gave() -> None:
    chat = Chat.start("ru", understanding=REAL).says("документы ребёнка сроки")
    chat.presses(next(key for key in chat.keys if key.startswith("?ask.")))
    pressed = chat.text
    assert not chat.shows(hearing.WHICH_ONE)
    assert chat.says("что вы сказали").text.endswith(pressed)


def test_request_to_repeat_offers_the_same_topics_again() -> None:
    chat = Chat.start("ru", understanding=REAL).says("документы ребёнка сроки")
    assert chat.shows(hearing.WHICH_ONE)
    first = chat.text
    assert chat.says("не понял").text == first


@pytest.mark.parametrize("flow", ["", "preregistration"])
def test_request_to_repeat_shows_help_if_no_answer_came_before(flow: str) -> None:
    chat = Chat.start("ru", flow, understanding=REAL)
    asked = chat.conversation.asked
    chat.says("повторите")
    assert chat.shows(screens.HELP)
    assert asked is not None and chat.conversation.asked is not None
    assert chat.conversation.asked.key == asked.key


def test_request_to_repeat_shows_the_safety_message_again() -> None:
    chat = Chat.start("ru", understanding=REAL).says("муж меня избивает")
    first = chat.text
    assert chat.shows(safety.READ_ALONE)
    assert chat.says("повторите пожалуйста").text == first


@pytest.mark.parametrize(("language", "question", "doubt"), DOUBTS)
def test_doubt_about_an_answer_explains_where_it_comes_from(
    language: str, question: str, doubt: str
) -> None:
    chat = Chat.start(language, understanding=REAL).says(question)
    first = chat.text
    chat.says(doubt)
    assert chat.shows(repeating.SOURCES) and chat.text.endswith(first)


def test_doubt_without_an_answer_is_a_question_of_its_own() -> None:
    chat = Chat.start("ru", understanding=REAL).says("кто это сказал?")
    assert not chat.shows(repeating.SOURCES)


def test_request_to_repeat_shows_help_if_the_answer_no_longer_exists() -> None:
    chat = Chat.start("ru", understanding=REAL).says("сколько стоит виза")
    gone = Heard(("removed.intent",), sure=True)
    chat.conversation = replace(chat.conversation, heard=gone)
    assert chat.says("повторите").shows(screens.HELP)
