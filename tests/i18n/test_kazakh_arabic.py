"""Kazakh between Cyrillic and Arabic script."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import catalogues, kazakh_arabic
from bot.i18n.script_overrides import NAME_PARTS
from tests.vectors import rows

KAZAKH = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"


@pytest.mark.parametrize("row", rows("tote_forward"), ids=lambda row: row["cyrillic"])
def test_arabic_script_as_the_vectors_say(row: dict[str, str]) -> None:
    assert kazakh_arabic.to_arabic(row["cyrillic"]) == row["arabic"]


@pytest.mark.parametrize("row", rows("tote_input"), ids=lambda row: row["why"])
def test_what_people_type_comes_to_one_spelling_and_back_to_cyrillic(row: dict[str, str]) -> None:
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
def test_the_best_guess_for_running_text(arabic: str, cyrillic: str) -> None:
    assert kazakh_arabic.to_cyrillic(arabic) == cyrillic


def test_short_i_after_i_is_not_written_twice() -> None:
    assert kazakh_arabic.to_arabic("Дмитрий, киіз") == "دميتري، كيىز"


def test_names_of_known_parts_come_first() -> None:
    assert kazakh_arabic.candidates("نۇرگۇل")[0] == "нұргүл"
    assert kazakh_arabic.candidates("جۇمابەك")[0] == "жұмабек"
    assert kazakh_arabic.candidates("ءاليحان")[0] == "әлихан"


@pytest.mark.parametrize("typed", ["", "   ", "бота", "ana", "ساەلەم!", "ېۈ", "قازاق ەلى", "123"])
def test_what_is_no_word_of_the_script_has_no_candidates(typed: str) -> None:
    assert kazakh_arabic.candidates(typed) == ()


def test_every_part_of_a_name_comes_back_as_it_is() -> None:
    assert len(NAME_PARTS.split()) >= 80
    for part in NAME_PARTS.split():
        assert part in kazakh_arabic.candidates(kazakh_arabic.to_arabic(part)), part


@given(st.text(st.sampled_from(KAZAKH), min_size=1, max_size=12))
def test_any_word_leaves_no_cyrillic_letter_and_has_one_sign_at_most(
    word: str,
) -> None:
    written = kazakh_arabic.to_arabic(word)
    assert not re.search("[\u0400-\u04ff]", written)
    assert "ء" not in written[1:]
    assert kazakh_arabic.canonical(written) == written


@given(st.text(st.characters()))
def test_any_text_is_converted_without_raising(text: str) -> None:
    for found in kazakh_arabic.candidates(text):
        assert found
    kazakh_arabic.to_cyrillic(kazakh_arabic.to_arabic(text))


def test_nearly_all_words_of_the_catalogue_come_back() -> None:
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
