"""Typed ages: parsed in every language; a text that is no exact age is rejected."""

import pytest

from bot.i18n import ages

EXACT = {
    "4": 4, "4.": 4, "٤": 4, "４": 4, "四": 4, "0": 0, "120": 120, "18+": 18,
    "4 года": 4, "12 лет": 12, "1,5 года": 1, "ему 4 года": 4, "2 года 3 месяца": 2, "6 мес.": 0,
    "18 месяцев": 1, "4 жаста": 4, "жасы 4": 4, "٤ جاستا": 4, "6 айлық": 0, "4 yosh": 4,
    "oʻgʻlim 4 yoshda": 4, "4 ёшда": 4, "6 oy": 0, "4岁": 4, "两岁": 2, "他十二岁": 12, "6个月": 0,
    "бес жас": 5, "он бес жаста": 15, "بەس جاس": 5, "пять лет": 5, "ему один год": 1,
    "besh yosh": 5, "oʻn olti yoshda": 16, "беш ёш": 5, "1岁半": 1, "4 years old": 4,
    "двадцать один год": 21, "жиырма бір жас": 21, "сорок пять лет": 45, "отыз бес жас": 35,
    "шестьдесят пять": 65, "oltmish besh": 65, "олтмиш беш": 65, "الپىس بەس": 65, "六十五岁": 65,
}  # fmt: skip
NONE = (
    "", "сын", "лет", "121", "2015", "14-15", "<14", "~14", "почти 14", "4 класс", "2 года 3",
    "4 5", "ребёнок", "8 лет, 10 лет", "сыну 8 лет дочери 11 лет", "қызыма 8 жас, ұлыма 10 жас",
    "8 yosh, 10 yosh", "8岁，10岁", "6 месяцев 8 месяцев", "2 года 3 месяца 4 года",
    "6 месяцев, 8 лет",
    "он",
    "05.2010", "5.2010", "12,2008", "15.05.2010",
    "两三岁", "一两岁", "三四岁", "十二三岁", "九" * 400,
    "9" * 400, f"4 {'9' * 400} мес.",
)  # fmt: skip


@pytest.mark.parametrize(("typed", "years"), EXACT.items())
def test_age_is_read_in_every_language(typed: str, years: int) -> None:
    assert ages.read_age(typed) == years


@pytest.mark.parametrize("typed", NONE)
def test_text_that_is_no_exact_age_is_rejected(typed: str) -> None:
    assert ages.read_age(typed) is None


@pytest.mark.parametrize(
    ("typed", "years"),
    [
        ("мне 30 лет", 30), ("Мне уже 30", 30), ("маған 30 жас", 30), ("жасым 45", 45),
        ("30 жастамын", 30), ("ماعان 30 جاس", 30), ("16 yoshdaman", 16), ("менга 30 ёш", 30),
        ("我30岁", 30), ("алпыс бестемін", 65), ("الپىس بەستەمىن", 65), ("oltmish beshdaman", 65),
        ("мне шестьдесят пять", 65), ("我今年三十岁", 30), ("I am 30", 30),
    ],
)  # fmt: skip
def test_own_age_is_read_only_where_it_is_expected(typed: str, years: int) -> None:
    assert ages.read_age(typed, is_own=True) == years
    assert ages.read_age(typed) is None
