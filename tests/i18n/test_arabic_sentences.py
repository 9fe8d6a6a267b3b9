"""Kazakh sentences converted to Arabic script use the wording of Kazakhs in China."""

from datetime import date

import pytest

from bot.i18n import arabic_sentences, catalogues, formats, kazakh_arabic


@pytest.mark.parametrize(
    ("cyrillic", "arabic"),
    [
        ("О әрпі", "O ءارپى"),
        ("жеке нөмір (ЖСН)", "جەكە ءنومىر (ج س ن)"),
        ("қолтаңба (ЭЦҚ)", "قولتاڭبا (ە س ق)"),
        ("{mci} АЕК", "{mci} ا ە ك"),
        ("БҰҰ агенттігі", "بىرىككەن ۇلتتار ۇيىمىنىڭ اگەنتتىگى"),
        ("ПИНФЛ нөмірі", "ПИНФЛ ءنومىرى"),
        ("Қытайдан, Қытайдың", "جۇڭگودان، جۇڭگونىڭ"),
        ("Қытаймен келісім", "جۇڭگومەن كەلىسىم"),
        ("қытайша беттер", "حانزۋشا بەتتەر"),
        ("қытай тілдері", "حانزۋ تىلدەرى"),
        ("қытай таңбасы", "حانزۋ تاڭباسى"),
        ("Гуанчжоудағы", "گۋاڭجوۋداعى"),
        ("құпиясөзден", "قۇپيا سوزدەن"),
        ("цифрмен", "سيفرمەن"),
        ("2026 жылғы", "2026-جىلعى"),
        ("{year} жылы", "{year}-جىلى"),
    ],
)
def test_kazakh_arabic_sentence_uses_the_wording_of_xinjiang(cyrillic: str, arabic: str) -> None:
    assert arabic_sentences.to_arabic(cyrillic) == arabic


def test_no_kazakh_arabic_sentence_names_china_or_chinese_by_the_rude_word() -> None:
    named = [text for text in catalogues.messages("kk_Arab").values() if "قىتاي" in text]
    assert named == []


def test_kazakh_arabic_date_has_a_numeric_month() -> None:
    assert formats.day(date(2026, 11, 24), "kk_Arab") == "2026-جىلى 11-ايدىڭ 24-كۇنى"


def test_typed_word_is_converted_to_kazakh_arabic_letter_by_letter() -> None:
    assert kazakh_arabic.to_arabic("Қытай") == "قىتاي"
