"""Typed numbers of people: parsed in every language; other numbers and texts are refused."""

import pytest

from bot.i18n import people_counts
from flows.engine.language_protocol import Refusal

EXACT = {
    "5": 5, "٥": 5, "５": 5, "五": 5, "5 человек": 5, "3 человека": 3, "Всего 4 чел.": 4,
    "нас 5": 5, "нас всего 5 человек": 5, "5 вместе со мной": 5, "5 адам": 5, "5 кісі": 5,
    "біз 4 адамбыз": 4, "5 ادام": 5, "٥ ادام": 5, "5 odam": 5, "5 kishi": 5, "5 ta": 5, "5ta": 5,
    "4 одам": 4, "4 киши": 4, "5个人": 5, "五个人": 5, "两个人": 2, "5 人": 5, "我们有三口人": 3,
    "一家五口": 5, "我们一共四个人": 4, "我们一家5口人": 5, "十二个人": 12, "5 people": 5, "5.": 5,
    "бес адам": 5, "он бес кісі": 15, "بەس ادام": 5, "один человек": 1, "нас пятеро": 5,
    "besh odam": 5, "oʻn ikki kishi": 12, "беш одам": 5, "жиырма": 20,
}  # fmt: skip
REFUSED = {
    "": Refusal.EMPTY, "человек": Refusal.NOT_A_NUMBER, "0 человек": Refusal.TOO_SMALL,
    "21 человек": Refusal.TOO_LARGE, "3 детей": Refusal.NOT_A_NUMBER,
    "муж, я и 2 детей": Refusal.NOT_A_NUMBER, "5-6 человек": Refusal.NOT_A_NUMBER,
    "2 человека и 3 человека": Refusal.NOT_A_NUMBER, "почти 5 человек": Refusal.NOT_A_NUMBER,
    "2,5 человека": Refusal.NOT_A_NUMBER, ">5 человек": Refusal.NOT_A_NUMBER,
    "~5 человек": Refusal.NOT_A_NUMBER,
    "2 человека 3 человека": Refusal.NOT_A_NUMBER, "5 или 6": Refusal.NOT_A_NUMBER,
    "一两个人": Refusal.NOT_A_NUMBER, "两三个人": Refusal.NOT_A_NUMBER,
    "三四口人": Refusal.NOT_A_NUMBER, "一家三四口": Refusal.NOT_A_NUMBER,
    "бір адам керек": Refusal.NOT_A_NUMBER, "двадцать один": Refusal.TOO_LARGE,
    "он": Refusal.NOT_A_NUMBER, "одиннадцатый": Refusal.NOT_A_NUMBER,
    "пять или шесть": Refusal.NOT_A_NUMBER,
    "一家人": Refusal.NOT_A_NUMBER, "5000000000000000000000 адам": Refusal.TOO_LARGE,
}  # fmt: skip


@pytest.mark.parametrize(("typed", "number"), EXACT.items())
def test_number_of_people_is_read_in_every_language(typed: str, number: int) -> None:
    assert people_counts.read_people(typed, 1, 20) == number


@pytest.mark.parametrize(("typed", "refusal"), REFUSED.items())
def test_text_that_is_no_number_of_people_is_refused(typed: str, refusal: Refusal) -> None:
    assert people_counts.read_people(typed, 1, 20) is refusal
