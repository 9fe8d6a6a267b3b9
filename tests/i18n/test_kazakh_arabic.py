"""Transliteration of Kazakh between Cyrillic and Arabic script."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import catalogues, kazakh_arabic
from bot.i18n.script_overrides import NAME_PARTS
from tests.vectors import rows

KAZAKH = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"


@pytest.mark.parametrize("row", rows("tote_forward"), ids=lambda row: row["cyrillic"])
def test_kazakh_arabic_conversion_agrees_with_the_test_vectors(row: dict[str, str]) -> None:
    assert kazakh_arabic.to_arabic(row["cyrillic"]) == row["arabic"]


@pytest.mark.parametrize("row", rows("tote_input"), ids=lambda row: row["why"])
def test_kazakh_arabic_typed_variants_are_normalized_and_converted_back(
    row: dict[str, str],
) -> None:
    assert kazakh_arabic.canonical(row["typed"]) == row["canonical"]
    expected = set(row["cyrillic"].split("|")) - {""}
    assert expected <= set(kazakh_arabic.candidates(row["typed"]))


@pytest.mark.parametrize(
    ("arabic", "cyrillic"),
    [
        ("سالەم، {name}!", "сәлем, {name}!"),
        ("دايىنسىز با؟", "дайынсыз ба?"),
        ("<b>قۇجات</b> PDF 5", "<b>құжат</b> PDF 5"),
        ("/start پارمەنى", "/start пәрмені"),
        ("ءبىر\n\nەكى", "бір\n\nекі"),
        ("كونستيتۋتسيا", "көнституция"),
        ("الدىمەن", "алдымен"),
    ],
)
def test_kazakh_arabic_to_cyrillic_returns_the_best_guess(arabic: str, cyrillic: str) -> None:
    assert kazakh_arabic.to_cyrillic(arabic) == cyrillic


def test_kazakh_arabic_conversion_writes_the_letters_iy_as_one() -> None:
    assert kazakh_arabic.to_arabic("Дмитрий, киіз") == "دميتري، كيىز"


def test_cyrillic_candidates_of_an_arabic_name_begin_with_a_common_name() -> None:
    assert kazakh_arabic.candidates("نۇرگۇل")[0] == "нұргүл"
    assert kazakh_arabic.candidates("جۇمابەك")[0] == "жұмабек"
    assert kazakh_arabic.candidates("ءاليحان")[0] == "әлихан"


@pytest.mark.parametrize("typed", ["", "   ", "бота", "ana", "ساەلەم!", "ېۈ", "قازاق ەلى", "123"])
def test_cyrillic_candidates_are_empty_for_text_in_other_scripts(typed: str) -> None:
    assert kazakh_arabic.candidates(typed) == ()


def test_kazakh_arabic_name_parts_round_trip() -> None:
    assert len(NAME_PARTS.split()) >= 80
    for part in NAME_PARTS.split():
        assert part in kazakh_arabic.candidates(kazakh_arabic.to_arabic(part)), part


@given(st.text(st.sampled_from(KAZAKH), min_size=1, max_size=12))
def test_kazakh_arabic_word_has_no_cyrillic_and_at_most_one_hamza(
    word: str,
) -> None:
    written = kazakh_arabic.to_arabic(word)
    assert not re.search("[\u0400-\u04ff]", written)
    assert "ء" not in written[1:]
    assert kazakh_arabic.canonical(written) == written


@given(st.text(st.characters()))
def test_script_conversion_never_raises_on_any_text(text: str) -> None:
    for found in kazakh_arabic.candidates(text):
        assert found
    kazakh_arabic.to_cyrillic(kazakh_arabic.to_arabic(text))


def test_kazakh_arabic_catalogue_words_nearly_all_round_trip() -> None:
    words = {
        word
        for text in catalogues.messages("kk").values()
        for word in re.findall(f"[{KAZAKH}]+", text.lower())
    }
    back = {
        word for word in words if kazakh_arabic.to_cyrillic(kazakh_arabic.to_arabic(word)) == word
    }
    among = {
        word for word in words if word in kazakh_arabic.candidates(kazakh_arabic.to_arabic(word))
    }
    assert len(back) >= 0.93 * len(words)
    assert len(among) >= 0.97 * len(words)
