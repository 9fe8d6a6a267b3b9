"""Whole sentences that answer a question: an age, ethnicity, a place, a telephone number, a no."""

import pytest

from bot.i18n import kazakh_arabic
from flows.engine import safety
from flows.engine.events import ConsentGiven
from flows.preregistration import NOT_KEPT
from tests.flows.chat import chat_at
from tests.flows.recognizer import REAL, recognizing_chat_at


@pytest.mark.parametrize(
    ("question", "language", "typed", "answer"),
    [
        ("adult", "kk", "ия", "yes"),
        ("adult", "kk", "иә, 36-дамын", "yes"),
        ("adult", "kk", "мен 36-дамын", "yes"),
        ("adult", "kk_Arab", kazakh_arabic.to_arabic("мен 36-дамын"), "yes"),
        ("adult", "zh_Hans", "是的，我22岁", "yes"),
        ("adult", "zh_Hans", "是的我22岁", "yes"),
        ("adult", "zh_Hans", "不，我16岁", "no"),
        ("adult", "ru", "да, мне 34", "yes"),
        ("adult", "uz", "ha, men 22 yoshdaman", "yes"),
        ("adult", "uz_Cyrl", "ҳа, 22-даман", "yes"),
        ("ethnic_kazakh", "zh_Hans", "是的，我是哈萨克族", "yes"),
        ("ethnic_kazakh", "zh_Hans", "不是，我是汉族", "no"),
        ("ethnic_kazakh", "kk", "иә, мен қазақпын", "yes"),
        *[("location", "ru", each, "kazakhstan") for each in ("Алматы", "в Алматы", "я в Астане")],
        ("location", "ru", "сейчас живу в Караганде", "kazakhstan"),
        ("location", "ru", "я сейчас в Семее", "kazakhstan"),
        ("location", "ru", "я в Казахстане", "kazakhstan"),
        ("location", "ru", "я в Узбекистане", "elsewhere"),
        ("location", "kk", "Алматыдамын", "kazakhstan"),
        ("location", "kk", "мен қазір Астанада тұрамын", "kazakhstan"),
        ("location", "kk_Arab", kazakh_arabic.to_arabic("Алматыдамын"), "kazakhstan"),
        ("location", "uz", "hozir Shimkentdaman", "kazakhstan"),
        ("location", "uz_Cyrl", "Олмаотадаман", "kazakhstan"),
        ("location", "zh_Hans", "我在阿拉木图", "kazakhstan"),
        ("location", "zh_Hans", "在中国", "origin"),
        ("location", "zh_Hans", "我现在在中国", "origin"),
        ("location", "zh_Hans", "我在乌兹别克斯坦", "elsewhere"),
    ],
)
def test_whole_sentence_is_stored(question: str, language: str, typed: str, answer: str) -> None:
    chat = recognizing_chat_at(question, language).says(typed)
    assert chat.stored_answers()[question] == answer
    assert not chat.shows(safety.ONE_SENTENCE)


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("uz_Cyrl", "нукусдаман"),
        ("uz_Cyrl", "Ўзбекистондаман"),
        ("uz", "men Toshkentdaman"),
        ("kk", "мен Өзбекстандамын"),
        ("ru", "я в Ташкенте"),
    ],
)
def test_place_in_the_country_of_citizenship_is_proposed(language: str, typed: str) -> None:
    chat = chat_at("location", language, citizenship="UZ")
    chat.understanding = REAL
    chat.says(typed)
    assert [key for key in chat.keys if key.isidentifier()] == ["origin"]
    assert chat.says("yes").stored_answers()["location"] == "origin"


@pytest.mark.parametrize(
    ("question", "language", "typed"),
    [
        ("adult", "zh_Hans", "是的，我16岁"),
        ("adult", "kk", "жоқ, 36-дамын"),
        ("ethnic_kazakh", "zh_Hans", "是的，我是汉族"),
        ("location", "ru", "моя семья в Алматы"),
        ("location", "kk", "Орал"),
        ("location", "ru", "я в порядке"),
    ],
)
def test_sentence_that_may_mean_something_else_is_not_stored(
    question: str, language: str, typed: str
) -> None:
    assert question not in recognizing_chat_at(question, language).says(typed).stored_answers()


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("uz_Cyrl", "телефоним +998 90 123 45 67"),
        ("uz", "mening telefon raqamim: +998 90 123 45 67"),
        ("kk", "телефон нөмірім +998 90 123 45 67"),
        ("ru", "звоните на +998 90 123 45 67"),
        ("zh_Hans", "我的手机号是+998 90 123 45 67"),
    ],
)
def test_telephone_number_in_a_sentence_is_stored(language: str, typed: str) -> None:
    chat = chat_at("phone", language, contact="phone")
    chat.understanding = REAL
    assert chat.says(typed).stored_answers()["phone"] == "+998901234567"


def test_telephone_number_of_somebody_else_is_refused() -> None:
    chat = chat_at("phone", contact="phone")
    assert chat.says("телефон брата +998 90 123 45 67").question_key == "phone"


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        *[("ru", "нет"), ("ru", "Нет."), ("kk", "жоқ"), ("uz", "yo'q"), ("uz_Cyrl", "йўқ")],
        *[("zh_Hans", "不"), ("zh_Hans", "不同意"), ("kk_Arab", "جوق")],
        *[("ru", "не даю"), ("ru", "нет, не согласна"), ("uz", "roziman emas")],
        *[("kk", "келіспеймін"), ("uz_Cyrl", "рози эмасман")],
    ],
)
def test_clear_no_refuses_the_consent(language: str, typed: str) -> None:
    chat = recognizing_chat_at("consent_registration", language).says(typed)
    assert chat.shows(NOT_KEPT)
    assert not chat.stored_answers()
    assert not chat.effects_of(ConsentGiven)


@pytest.mark.parametrize(
    ("language", "typed"),
    [("ru", "2"), ("ru", "неправильно"), ("zh_Hans", "不对"), ("ru", "-"), ("kk", "қате")],
)
def test_other_answer_to_the_consent_is_no_refusal(language: str, typed: str) -> None:
    chat = recognizing_chat_at("consent_registration", language).says(typed)
    assert chat.question_key == "consent_registration"
