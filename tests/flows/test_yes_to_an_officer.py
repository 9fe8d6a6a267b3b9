"""A typed "yes" or "no" answers the offer of an officer, and raises no suspicion of danger."""

import pytest

from bot.i18n import kazakh_arabic
from flows.engine import safety, screens
from flows.engine.effects import OpenCase
from flows.engine.events import Pressed
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


NO = [
    *[("ru", each) for each in ("нет", "нет, неправильно", "нет неправильно", "это ошибка")],
    *[("kk", each) for each in ("жоқ", "жоқ, дұрыс емес", "қате бастым")],
    *[("zh_Hans", each) for each in ("不", "没有", "不对", "不，错了")],
    *[("uz", each) for each in ("yo'q", "yo'q, noto'g'ri")],
    ("uz_Cyrl", "йўқ, нотўғри"),
    ("kk_Arab", kazakh_arabic.to_arabic("жоқ, дұрыс емес")),
]


@pytest.mark.parametrize(("language", "typed"), NO)
def test_no_to_the_offer_of_an_officer_asks_the_question_again(language: str, typed: str) -> None:
    chat = _at_offer(language).says(typed)
    assert chat.name == "ethnic_kazakh"
    assert chat.shows(screens.EARLIER)
    assert "gate_kazakh" not in chat.stored_answers()
    assert chat.presses("yes").name == "surname"


@pytest.mark.parametrize(("language", "typed"), NO)
def test_no_at_the_notice_for_another_person_stores_nothing(language: str, typed: str) -> None:
    chat = chat_at("gate_other", language, applying="other")
    chat.understanding = REAL
    assert chat.says(typed).name == "applying"
    assert chat.stored_answers()["applying"] == "other"


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        *[("ru", each) for each in ("понятно", "дальше", "да, понятно", "нет, продолжить")],
        *[("kk", each) for each in ("түсінікті", "әрі қарай")],
        *[("uz", each) for each in ("tushunarli", "davom etamiz")],
        *[("zh_Hans", each) for each in ("明白了", "继续")],
    ],
)
def test_understood_at_the_offer_of_an_officer_goes_on(language: str, typed: str) -> None:
    assert _at_offer(language).says(typed).name == "surname"


@pytest.mark.parametrize(
    ("notice", "asked", "language", "typed"),
    [
        ("gate_minor", {"adult": "no"}, "ru", "мне 34"),
        ("gate_minor", {"adult": "no"}, "kk", "толдым"),
        ("gate_former", {"former_citizen": "yes"}, "ru", "нет, никогда не была"),
        ("gate_former", {"former_citizen": "yes"}, "zh_Hans", "从来没有"),
        ("gate_papers", {"ethnicity_papers": "no"}, "uz_Cyrl", "ёзилган"),
    ],
)
def test_answer_at_a_notice_asks_its_question_again(
    notice: str, asked: dict[str, str], language: str, typed: str
) -> None:
    chat = chat_at(notice, language, **asked)
    chat.understanding = REAL
    chat.says(typed)
    assert chat.name == next(iter(asked))
    assert not chat.shows(safety.ONE_SENTENCE)


def test_matter_at_the_notice_about_urgent_matters_stays_there() -> None:
    chat = chat_at("gate_trouble", trouble="money")
    chat.understanding = REAL
    assert chat.says("ничего такого").name == "gate_trouble"


def test_question_at_the_offer_of_an_officer_stays_there() -> None:
    assert _at_offer("ru").says("мне 34?").name == "gate_kazakh"


@pytest.mark.parametrize(
    ("language", "typed"),
    [("ru", "нет, неправильно"), ("kk", "дұрыс емес"), ("uz", "xato"), ("zh_Hans", "按错了")],
)
def test_wrong_at_the_notice_of_the_risk_asks_the_last_question(language: str, typed: str) -> None:
    chat = chat_at("risk", language)
    chat.understanding = REAL
    assert chat.says(typed).name == "trouble"


@pytest.mark.parametrize(("language", "typed"), [("ru", "нет"), ("kk", "жоқ"), ("zh_Hans", "没有")])
def test_no_at_the_notice_of_the_risk_does_not_go_on(language: str, typed: str) -> None:
    chat = chat_at("risk", language)
    chat.understanding = REAL
    assert chat.says(typed).name == "risk"


@pytest.mark.parametrize(("language", "typed"), YES)
def test_yes_to_the_topic_for_an_officer_is_no_danger(language: str, typed: str) -> None:
    chat = Chat.start(language, "officer", understanding=REAL).says(typed)
    assert chat.name == "topic"
    assert not chat.shows(safety.ONE_SENTENCE)


UNWANTED = (
    ("ru", "не надо"),
    ("ru", "передумал"),
    ("kk", "керек емес"),
    ("kk_Arab", "كەرەك ەمەس"),
    ("zh_Hans", "不用了"),
    ("zh_Hans", "算了"),
    ("uz", "kerak emas"),
    ("uz_Cyrl", "керак эмас"),
)


@pytest.mark.parametrize(("language", "typed"), UNWANTED)
def test_person_who_no_longer_wants_an_officer_leaves_the_form(language: str, typed: str) -> None:
    chat = Chat.start(language, understanding=REAL).takes(Pressed("!person"))
    assert chat.conversation.flow == "officer"
    assert chat.says(typed).question_key == screens.MENU
    assert not chat.effects_of(OpenCase)
