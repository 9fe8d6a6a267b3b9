"""The word "cancel" leaves a form or a screen, and stores, sends and deletes nothing."""

import pytest

from bot.understanding.engine_adapter import EngineRecognizer
from flows.engine import screens
from flows.engine.effects import OpenCase
from flows.engine.events import CancelCase, Forget, Relay, Withdraw
from flows.engine.registration import Acknowledged
from flows.replies import understanding
from tests.flows.chat import Chat, chat_at

FORM = "preregistration"
REAL = understanding(EngineRecognizer.load())
WORDS = [
    ("ru", "Отмена"),
    ("ru", "отменить"),
    ("ru", "otmena"),
    ("kk", "бас тарту"),
    ("kk", "Болдырмау"),
    ("kk_Arab", "باس تارتۋ"),
    ("uz", "bekor qilish"),
    ("uz_Cyrl", "бекор қилиш"),
    ("zh_Hans", "取消"),
]


def _chat_at(question: str, language: str = "ru", **others: str) -> Chat:
    chat = chat_at(question, language, **others)
    chat.understanding = REAL
    return chat


def _with_officer() -> Chat:
    chat = Chat.start("ru", "officer", understanding=REAL)
    chat.presses("general", "yes").says("Testova has a question")
    assert chat.conversation.with_officer
    return chat


@pytest.mark.parametrize(("language", "typed"), WORDS)
def test_cancel_in_place_of_a_question_to_an_officer_opens_no_case(
    language: str, typed: str
) -> None:
    chat = Chat.start(language, "officer", understanding=REAL).presses("general", "yes")
    assert chat.name == "words"
    chat.says(typed)
    assert chat.question_key == screens.MENU
    assert not chat.effects_of(OpenCase)


@pytest.mark.parametrize(("language", "typed"), WORDS)
@pytest.mark.parametrize("question", ["surname", "name_kk", "residence_region", "citizenship"])
def test_cancel_leaves_the_form_and_keeps_its_answers(
    question: str, language: str, typed: str
) -> None:
    chat = _chat_at(question, language)
    before = chat.stored_answers()
    assert chat.says(typed).question_key == screens.MENU
    assert chat.stored_answers() == before
    assert not chat.effects_of(Forget)
    assert chat.presses(FORM).name == question


def test_cancel_at_the_question_to_delete_the_data_returns_to_the_form() -> None:
    chat = _chat_at("name_kk").says("/delete")
    assert chat.question_key == screens.DELETE
    assert chat.says("отмена").name == "name_kk"
    assert not chat.effects_of(Forget)


def test_cancel_of_a_registration_offers_to_withdraw_it() -> None:
    chat = _chat_at("review").presses("submit").takes(Acknowledged("received", "KZ-1"))
    chat.says("отменить регистрацию")
    assert chat.shows(screens.REGISTRATION["received"], number="KZ-1")
    chat.presses("withdraw")
    assert chat.shows(screens.WITHDRAW_TEXT)
    assert chat.says("отмена").question_key == screens.MENU
    assert not chat.effects_of(Withdraw)


def test_cancel_without_an_open_form_is_no_reserved_word() -> None:
    chat = Chat.start("ru", understanding=REAL).says("отменить")
    assert chat.question_key != screens.MENU


def test_cancel_is_passed_on_to_the_officer() -> None:
    chat = _with_officer().says("отмена")
    assert chat.effects_of(Relay) == [Relay("отмена")]


def test_cancel_at_the_question_to_close_the_request_keeps_it() -> None:
    chat = _with_officer().says("меню")
    assert chat.question_key == screens.LEAVE
    chat.says("отмена", "/cancel")
    assert chat.conversation.with_officer
    assert not chat.effects_of(CancelCase)
    assert not chat.effects_of(Relay)
