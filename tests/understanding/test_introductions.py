"""Messages that only say where a person lives or comes from, in every language."""

import pytest

from bot.i18n import kazakh_arabic
from bot.understanding import introductions
from bot.understanding.engine_adapter import GREETING, INTRODUCTION, EngineRecognizer
from flows.engine.recognition import Danger

READ = EngineRecognizer.load().read

INTRODUCTIONS = (
    "мен Қытайданмын", "мен Баян-Өлгийденмін", "Иранда тұрамын", "мен Қытайдан келген қазақпын",
    "мен Қытай азаматымын", kazakh_arabic.to_arabic("мен Қытайданмын"), "я из Китая",
    "мы живём в Каракалпакстане", "я родом из Китая, живу в Алматы", "работаю в России",
    "мы этнические казахи из Узбекистана", "я гражданин Монголии", "nukusdan kelaman",
    "Нукусданман", "men rossiyada ishlayapman", "men Xitoydan kelgan qozoqman", "我是伊犁的",
    "我来自新疆", "我在乌鲁木齐", "我是中国公民", "你好，我是乌鲁木齐的学生", "привет я из нукуса",
    "Сәлем, мен Моңғолиядан жазып отырмын", "salom men Navoiydanman",
    "жоқ, мен Қытай азаматымын", "нет, у меня гражданство Узбекистана", "不，我是中国公民",
    "yoʻq, men Oʻzbekiston fuqarosiman",
)  # fmt: skip
OTHER = (
    "", "Китай", "китайский", "меня увезли в Китай", "брата увезли в Китай", "я бежал из Китая",
    "можно ли приехать из Китая?", "Қытайға қайтарады", "Қытайда қамалды", "Xitoyda qamalgan",
    "我被送回中国", "我哥在新疆被抓了", "从中国怎么去", "виза из Китая", "мен кетем",
    "гражданство Казахстана", "у меня нет гражданства Узбекистана", "нет гражданства Китая",
    "работа в России", "проживание в Казахстане", "Қазақстан азаматтығы", "Qozogʻiston fuqaroligi",
    "哈萨克斯坦国籍", "在哈萨克斯坦工作",
)  # fmt: skip


@pytest.mark.parametrize("text", INTRODUCTIONS)
def test_statement_of_origin_or_residence_is_an_introduction(text: str) -> None:
    assert introductions.says_only_where(text)
    reading = READ(text, "")
    assert (reading.danger, reading.recognition) == (Danger.NONE, INTRODUCTION)


@pytest.mark.parametrize("text", OTHER)
def test_text_that_says_more_than_a_place_is_no_introduction(text: str) -> None:
    assert not introductions.says_only_where(text)


@pytest.mark.parametrize("text", ["мне 70 лет", "我70岁了", "70 yoshdaman"])
def test_statement_of_age_is_an_introduction(text: str) -> None:
    assert READ(text, "").recognition == INTRODUCTION


@pytest.mark.parametrize(
    "text",
    [
        "salom alaykum",
        "салом алайкум!",
        "Сәлеметсіз бе",
        "سالەمەتسىز بە",
        "Здравствуйте!",
        "你好。",
    ],
)
def test_message_that_is_only_a_greeting_is_surely_a_greeting(text: str) -> None:
    reading = READ(text, "")
    assert (reading.is_sure, reading.recognition) == (True, GREETING)
    assert reading.danger is Danger.NONE


def test_greeting_with_a_question_is_left_to_the_recognizer() -> None:
    assert READ("salom alaykum, qandas nima", "").recognition != GREETING
