"""A year of birth is read in the ways in which people write and correct it."""

import pytest

from flows.engine.language_protocol import Refusal
from flows.engine.refusals import REFUSALS
from tests.flows.recognizer import recognizing_chat_at


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("ru", "примерно 1961"),
        ("ru", "1961 января"),
        ("ru", "весной 1961 года"),
        ("ru", "ошиблась, 1961"),
        ("ru", "нет, неправильно, я родилась в 1961"),
        ("kk", "шамамен 1961"),
        ("kk", "1961-ж 3-март"),
        ("kk", "жоқ, қате, мен 1961 жылы туғанмын"),
        ("kk_Arab", "۱۹۶۱ جىلى تۋعانمىن"),
        ("kk_Arab", "شامامەن ١٩٦١"),
        ("zh_Hans", "农历1961年正月"),
        ("zh_Hans", "大概1961年"),
        ("zh_Hans", "1961.3"),
        ("zh_Hans", "民国50年"),
        ("zh_Hans", "民国五十年"),
        ("uz", "1961-yil mart"),
        ("uz", "bahorda, 1961 yil"),
        ("uz", "yo'q, noto'g'ri, 1961 yilda tug'ilganman"),
        ("uz_Cyrl", "йўқ, нотўғри, 1961 йил"),
        ("ru", "шестьдесят первый"),
        ("ru", "в шестьдесят первом"),
        ("ru", "я родилась в шестьдесят первом году"),
        ("ru", "тысяча девятьсот шестьдесят первый"),
        ("ru", "тысяча девятьсот шестьдесят один"),
        ("kk", "алпыс бірінші жыл"),
        ("kk", "мың тоғыз жүз алпыс бір"),
        ("kk", "бір мың тоғыз жүз алпыс бірінші жылы туғанмын"),
        ("kk_Arab", "الپىس ءبىرىنشى جىل"),
        ("uz", "oltmish birinchi yil"),
        ("uz", "bir ming to'qqiz yuz oltmish bir"),
        ("uz_Cyrl", "минг тўққиз юз олтмиш биринчи йил"),
    ],
)
def test_year_of_birth_beside_other_words_is_stored(language: str, typed: str) -> None:
    chat = recognizing_chat_at("birth_year", language).says(typed)
    assert chat.stored_answers()["birth_year"] == "1961"


@pytest.mark.parametrize(
    ("language", "typed"),
    [("ru", "мне 65"), ("ru", "65 лет"), ("kk", "65 жастамын"), ("zh_Hans", "我65岁"),
     ("zh_Hans", "六十五岁"), ("uz", "65 yoshdaman")],
)  # fmt: skip
def test_age_in_place_of_the_year_is_answered_with_a_request_for_the_year(
    language: str, typed: str
) -> None:
    chat = recognizing_chat_at("birth_year", language).says(typed)
    assert chat.shows(REFUSALS[Refusal.TWO_DIGIT_YEAR])
    assert not any(key.startswith("?") for key in chat.keys)


@pytest.mark.parametrize(
    ("typed", "year"),
    [
        ("шестидесятый", "1960"),
        ("семидесятого года", "1970"),
        ("тысяча девятьсот пятый", "1905"),
        ("тысяча девятьсот восьмидесятый год", "1980"),
        ("двухтысячный", "2000"),
        ("две тысячи третий", "2003"),
        ("екі мың үшінші", "2003"),
        ("тоқсаныншы жыл", "1990"),
    ],
)
def test_year_of_birth_in_words_is_stored(typed: str, year: str) -> None:
    assert recognizing_chat_at("birth_year").says(typed).stored_answers()["birth_year"] == year


@pytest.mark.parametrize(
    "typed",
    [
        *("1961 или 1962", "паспорт 2015 года", "мать 1961", "3 4 1961 5"),
        *("пятый", "двадцатый", "шестьдесят один", "шестьдесят первый или второй", "первый раз"),
    ],
)
def test_year_that_may_be_another_one_is_not_stored(typed: str) -> None:
    assert "birth_year" not in recognizing_chat_at("birth_year").says(typed).stored_answers()
