"""Transliteration of Uzbek between Latin and Cyrillic script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import catalogues, kazakh_arabic, uzbek_cyrillic
from tests.vectors import rows

PAIRS = rows("uzbek") + rows("uzbek_exceptions")


@pytest.mark.parametrize("row", PAIRS, ids=lambda row: row["latin"])
def test_uzbek_conversion_agrees_with_the_test_vectors_both_ways(row: dict[str, str]) -> None:
    assert uzbek_cyrillic.to_cyrillic(row["latin"]) == row["cyrillic"]
    assert uzbek_cyrillic.to_latin(row["cyrillic"]) == row["latin"]


@pytest.mark.parametrize(
    ("latin", "cyrillic"),
    [
        ("1-sentabrdan", "1\u00a0сентябрдан"),
        ("2021-yil 1-yanvardan", "2021\u00a0йил 1\u00a0январдан"),
        ("{year}-yilgi kvota, {day}-mart", "{year}\u00a0йилги квота, {day}-март"),
        ("5-may, 5-maydon, 2-marta, 8-martda", "5\u00a0май, 5-майдон, 2-марта, 8\u00a0мартда"),
        ("12 yil, 3-ilova, 5-yil", "12 йил, 3-илова, 5-йил"),
        ("Yanvarning", "Январнинг"),
        ("litsenziyasini", "лицензиясини"),
        ("pensiyamni", "пенсиямни"),
        ("sirka", "сирка"),
        ("ketsangiz, aytsinlar", "кетсангиз, айтсинлар"),
        ("SHAHRISABZ Shahrisabz", "ШАҲРИСАБЗ Шаҳрисабз"),
        ("meʼyor, bogʻ", "меъёр, боғ"),
        ("rayonida", "районида"),
        ("karyera, Vyetnam", "карьера, Вьетнам"),
    ],
)
def test_uzbek_conversion_of_endings_capitals_and_exceptions_is_correct(
    latin: str, cyrillic: str
) -> None:
    assert uzbek_cyrillic.to_cyrillic(latin) == cyrillic
    assert uzbek_cyrillic.to_latin(cyrillic) == latin


def test_uzbek_conversion_to_latin_hyphenates_dates() -> None:
    assert uzbek_cyrillic.to_latin("2021 йил 1 январдан") == "2021-yil 1-yanvardan"


@pytest.mark.parametrize(
    "text", ["{name}", "<b></b>", "/start", "@kosh_bot", "https://egov.kz/uz", "WhatsApp", "PDF 5%"]
)
def test_uzbek_conversion_leaves_other_text_unchanged(text: str) -> None:
    assert uzbek_cyrillic.to_cyrillic(text) == text == uzbek_cyrillic.to_latin(text)


@pytest.mark.parametrize("mark", "'`´ʹʻʼʽˈ‘’‛′")
def test_uzbek_conversion_reads_every_apostrophe(mark: str) -> None:
    assert uzbek_cyrillic.to_cyrillic(f"o{mark}zbek, ma{mark}no") == "ўзбек, маъно"


def test_uzbek_conversion_distinguishes_quotes_from_apostrophes() -> None:
    assert uzbek_cyrillic.to_cyrillic("‘Salom’ dedi") == "‘Салом’ деди"


def test_uzbek_conversion_round_trips_every_catalogue_message() -> None:
    latin = catalogues.messages("uz").values()
    assert [
        each for each in latin if uzbek_cyrillic.to_latin(uzbek_cyrillic.to_cyrillic(each)) != each
    ] == []


@pytest.mark.requirement("S-86")
def test_script_conversion_leaves_web_addresses_unchanged() -> None:
    for address in ("Egov.kz", "HTTPS://GOV.KZ/Path", "https://gov.kz/PDF", "gov.kz/Path"):
        assert address in uzbek_cyrillic.to_cyrillic(f"Qarang: {address} va keyin")
        assert address in kazakh_arabic.to_arabic(f"Қараңыз: {address} және кейін")
    assert "мысал.қаз" in kazakh_arabic.to_arabic("Қараңыз: мысал.қаз және кейін")


@given(st.text(st.characters()))
def test_script_conversion_never_raises_on_any_text(text: str) -> None:
    uzbek_cyrillic.to_latin(uzbek_cyrillic.to_cyrillic(text))
    uzbek_cyrillic.to_cyrillic(uzbek_cyrillic.to_latin(text))
