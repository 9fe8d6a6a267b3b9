"""A text is recognized as a question by its words; names and places are not."""

import pytest

from bot.i18n import kazakh_arabic, question_words, reserved_words, uzbek_cyrillic

QUESTIONS = (
    "а можно с детьми?", "сколько это стоит", "можно ли с семьёй", "Где посольство", "подскажите",
    "үй бере ме", "қайда барамын", "кандай кужат керек", "бола ма", "qalai koshemin",
    "qancha turadi", "pul toʻlanadimi", "hujjat kerakmi", "可以住在阿拉木图吗", "办坎达斯要多久",
    "为什么要问这个", "能不能带孩子", "where is it", "Пенсия?", "护照？", "بولا ما؟",
)  # fmt: skip
ANSWERS = (
    "Синьцзян", "Ташкентская область", "Баян-Өлгий аймағы", "新疆伊犁州", "阿勒泰地区",
    "Jizzax viloyati", "Айгүл Сәрсенқызы", "Ли Анна", "Анна Ли", "Ма Лин", "Ким Анна Петровна",
    "Кай", "Rahmi", "王小明", "没有", "нет", "", "😀", "1990",
)  # fmt: skip


@pytest.mark.parametrize("text", QUESTIONS)
def test_question_is_recognized_by_its_words(text: str) -> None:
    assert question_words.asks(text)


@pytest.mark.parametrize("text", ANSWERS)
def test_name_or_place_is_not_recognized_as_a_question(text: str) -> None:
    assert not question_words.asks(text)


def test_question_is_recognized_in_the_derived_scripts() -> None:
    assert question_words.asks(kazakh_arabic.to_arabic("қайда барамын"))
    assert question_words.asks(kazakh_arabic.to_arabic("үй бере ме"))
    assert question_words.asks(uzbek_cyrillic.to_cyrillic("hujjat qayerda beriladi"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("нету", "ru"),
        ("нет", "ru"),
        ("жоқ", "kk"),
        ("yoʻq", "uz"),
        ("没有", "zh_Hans"),
        ("-", "uz"),
    ],
)
def test_answer_that_means_none_is_recognized_in_every_language(text: str, language: str) -> None:
    assert reserved_words.nothing(text, language)


@pytest.mark.parametrize("text", ["2", "нет?", "Нурланович", "не"])
def test_answer_that_means_none_is_not_recognized_in_other_texts(text: str) -> None:
    assert not reserved_words.nothing(text, "kk")
