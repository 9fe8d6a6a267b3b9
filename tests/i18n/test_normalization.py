"""Typed text made comparable."""

import sys
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.i18n import normalization
from tests.vectors import rows

ANYTHING = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            " \n\t\u200b\u202e\u3164\ufe0f\u0301\u0323\u1100\u1161\ud800oOgG'ʻʼءەكىİﷺＡ１٣²"
        ),
    )
)
NOTHING_VISIBLE = "\u200b\u200d\u3164\u2800\U000e0041\u00ad\ufeff\u115f\ufe0f\u2066\x00"


@pytest.mark.parametrize("row", rows("uzbek_input"), ids=lambda row: row["typed"])
def test_uzbek_marks_and_the_new_alphabet_become_one_spelling(
    row: dict[str, str],
) -> None:
    if "only as a yes/no word" in row["why"]:
        assert normalization.fold(row["typed"]) == row["typed"]
    else:
        assert normalization.fold(row["typed"]) == row["canonical"]


@pytest.mark.parametrize("row", rows("tote_input"), ids=lambda row: row["typed"])
def test_kazakh_in_arabic_script_becomes_one_spelling(row: dict[str, str]) -> None:
    assert normalization.fold(row["typed"]) == row["canonical"]


@pytest.mark.parametrize("row", rows("digits"), ids=lambda row: row["typed"])
def test_digits_become_ascii(row: dict[str, str]) -> None:
    whole_number = "ID number" in row["why"]
    read = (
        normalization.joined(row["typed"]) if whole_number else normalization.digits(row["typed"])
    )
    assert read == row["canonical"]


@pytest.mark.parametrize("row", rows("name_fold"), ids=lambda row: row["name"])
def test_names_meet_across_kazakh_and_russian_spelling(row: dict[str, str]) -> None:
    assert normalization.bare(row["name"]) == row["key"]


@pytest.mark.row(19, 36)
def test_every_control_and_format_character_is_removed() -> None:
    hidden = (
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cf")
    )
    assert [
        character
        for character in hidden
        if normalization.clean(f"a{character}b") not in ("ab", "a b")
    ] == []


@pytest.mark.parametrize("character", NOTHING_VISIBLE)
@pytest.mark.row(36)
def test_text_of_invisible_characters_is_empty(character: str) -> None:
    assert normalization.clean(character * 3) == ""


@pytest.mark.row(18)
def test_lone_surrogates_are_replaced() -> None:
    assert normalization.clean("a\ud800b") == "a\ufffdb"


@pytest.mark.row(37)
def test_direction_overrides_are_removed() -> None:
    assert normalization.clean("\u202eTestova\u202c \u2067Gulnar\u2069") == "Testova Gulnar"


@pytest.mark.row(38)
def test_heaped_marks_are_cut_and_counted() -> None:
    heap = "a" + "\u0323\u0301" * 5_000
    assert len(normalization.clean(heap)) <= 1 + normalization.MAX_MARKS
    assert normalization.heaped(heap) == 10_000 - normalization.MAX_MARKS
    assert normalization.heaped("Nguye\u0302\u0303n") == 0


@pytest.mark.row(50)
def test_line_ends_stay_only_where_they_are_wanted() -> None:
    typed = "  one \t two\r\n\n\n\nthree\u2028"
    assert normalization.clean(typed) == "one two three"
    assert normalization.clean(typed, multiline=True) == "one two\n\nthree"


@pytest.mark.parametrize("typed", ["СТОП!!!", "«стоп»", "⛔ Стоп", "/стоп", "  стоп. "])
def test_what_stands_around_a_word_does_not_matter(typed: str) -> None:
    assert normalization.fold(typed) == "стоп"


def test_signs_alone_are_not_folded_away() -> None:
    assert normalization.fold("👍") != normalization.fold("👎")


@pytest.mark.row(42)
def test_latin_lookalikes_inside_a_kazakh_word_are_kazakh_letters() -> None:
    assert normalization.fold("иə") == "иә"
    assert normalization.fold("кiсi") == "кісі"
    assert normalization.fold("kisi") == "kisi"


def test_presentation_forms_are_the_letters_themselves() -> None:
    assert normalization.fold("ﺟﻮﻕ") == "جوق"


@pytest.mark.row(46)
def test_superscripts_do_not_become_digits() -> None:
    assert normalization.digits("²") == "²"


@given(ANYTHING)
def test_cleaning_twice_is_cleaning_once(typed: str) -> None:
    for multiline in (False, True):
        once = normalization.clean(typed, multiline=multiline)
        assert normalization.clean(once, multiline=multiline) == once
        assert unicodedata.is_normalized("NFC", once)


@given(ANYTHING)
@pytest.mark.row(43)
def test_words_compare_alike_in_any_normal_form(typed: str) -> None:
    apart = unicodedata.normalize("NFD", typed)
    # Of heaped marks, which are cut off depends on their order; nobody writes so.
    assume(not normalization.heaped(typed) and not normalization.heaped(apart))
    assert normalization.fold(apart) == normalization.fold(typed)
