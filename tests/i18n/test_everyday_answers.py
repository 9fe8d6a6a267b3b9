"""Everyday answers and halves of labels, in every language."""

import pytest

from bot.i18n import everyday_answers, kazakh_arabic, uzbek_cyrillic

EVERYDAY = (
    "сын", "Дочь!", "муж и дети", "меня и детей", "себя", "не решил", "думаю, что да", "ребёнок",
    "ребенок", "үйдемін", "өзімді", "ұлым мен қызым", "болмадым", "uydaman", "oʻzimni", "o'zimni",
    "erim va bolalarim", "yoʻq deb oʻylayman", "自己", "我自己", "女儿", "老公和孩子", "在家",
    "快了", kazakh_arabic.to_arabic("үйдемін"), kazakh_arabic.to_arabic("ұлым мен қызым"),
    uzbek_cyrillic.to_cyrillic("yoʻq deb oʻylayman"),
)  # fmt: skip
OTHER = (
    "", "?", "муж бьёт", "боюсь мужа", "меня бьют", "ребёнок один", "сын пропал", "не хочу жить",
    "мужа забрали", "бала жалғыз", "күйеуім ұрады", "erim uradi", "bola yolgʻiz", "老公打我",
    "孩子不见了", "我怕", "自杀",
)  # fmt: skip


@pytest.mark.parametrize("text", EVERYDAY)
def test_everyday_answer_is_recognized(text: str) -> None:
    assert everyday_answers.is_everyday(text)


@pytest.mark.parametrize("text", OTHER)
def test_text_that_says_more_is_no_everyday_answer(text: str) -> None:
    assert not everyday_answers.is_everyday(text)


@pytest.mark.parametrize(
    ("typed", "shown", "language"),
    [
        ("сын", "Сын или дочь", "ru"),
        ("ДОЧЬ.", "Сын или дочь", "ru"),
        ("әкем", "Әкем немесе анам", "kk"),
        ("мектеп", "Мектеп не балабақша", "kk"),
        (kazakh_arabic.to_arabic("анам"), kazakh_arabic.to_arabic("Әкем немесе анам"), "kk_Arab"),
        ("ona", "Ota yoki ona", "uz"),
        ("она", "Ота ёки она", "uz_Cyrl"),
        ("妻子", "丈夫或妻子", "zh_Hans"),
    ],
)
def test_half_of_a_label_is_recognized(typed: str, shown: str, language: str) -> None:
    assert everyday_answers.is_half(typed, shown, language)


@pytest.mark.parametrize(
    ("typed", "shown", "language"),
    [
        ("виза", "Виза не рұқсат бітеді", "kk"),
        ("签证", "签证或停留期快到期", "zh_Hans"),
        ("муж", "Сын или дочь", "ru"),
        ("сын или", "Сын или дочь", "ru"),
        ("дети", "Муж и дети", "ru"),
        ("сын", "Сын", "ru"),
        ("", "Сын или дочь", "ru"),
        # "Не" means "or" in Kazakh and "not" in Russian.
        ("пока", "Пока не решено", "ru"),
        ("сын", "Сын или дочь", ""),
    ],
)
def test_text_that_is_no_half_of_a_label_is_rejected(typed: str, shown: str, language: str) -> None:
    assert not everyday_answers.is_half(typed, shown, language)
