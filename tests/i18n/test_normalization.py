"""Normalization of typed text, for storing it (`clean`) and for comparing it (`fold`)."""

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
def test_text_folding_unifies_uzbek_apostrophes_and_alphabets(
    row: dict[str, str],
) -> None:
    if "only as a yes/no word" in row["why"]:
        assert normalization.fold(row["typed"]) == row["typed"]
    else:
        assert normalization.fold(row["typed"]) == row["canonical"]


@pytest.mark.parametrize("row", rows("tote_input"), ids=lambda row: row["typed"])
def test_text_folding_unifies_kazakh_in_arabic_script(row: dict[str, str]) -> None:
    assert normalization.fold(row["typed"]) == row["canonical"]


@pytest.mark.parametrize("row", rows("digits"), ids=lambda row: row["typed"])
def test_digit_normalization_returns_ascii_digits(row: dict[str, str]) -> None:
    whole_number = "ID number" in row["why"]
    read = (
        normalization.strip_separators(row["typed"])
        if whole_number
        else normalization.digits(row["typed"])
    )
    assert read == row["canonical"]


@pytest.mark.parametrize("row", rows("name_fold"), ids=lambda row: row["name"])
def test_name_search_key_is_equal_for_kazakh_and_russian_spelling(row: dict[str, str]) -> None:
    assert normalization.bare(row["name"]) == row["key"]


@pytest.mark.row(19, 36)
def test_text_cleaning_removes_every_control_and_format_character() -> None:
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
def test_text_cleaning_returns_an_empty_text_for_invisible_characters(character: str) -> None:
    assert normalization.clean(character * 3) == ""


@pytest.mark.row(18)
def test_text_cleaning_replaces_lone_surrogates() -> None:
    assert normalization.clean("a\ud800b") == "a\ufffdb"


@pytest.mark.row(37)
def test_text_cleaning_removes_direction_overrides() -> None:
    assert normalization.clean("\u202eTestova\u202c \u2067Gulnar\u2069") == "Testova Gulnar"


@pytest.mark.row(38)
def test_text_cleaning_limits_stacked_combining_marks() -> None:
    overloaded = "a" + "\u0323\u0301" * 5_000
    assert len(normalization.clean(overloaded)) <= 1 + normalization.MAX_MARKS
    assert normalization.excess_marks(overloaded) == 10_000 - normalization.MAX_MARKS
    assert normalization.excess_marks("Nguye\u0302\u0303n") == 0


@pytest.mark.row(50)
def test_text_cleaning_keeps_line_ends_only_in_multiline_text() -> None:
    typed = "  one \t two\r\n\n\n\nthree\u2028"
    assert normalization.clean(typed) == "one two three"
    assert normalization.clean(typed, multiline=True) == "one two\n\nthree"


@pytest.mark.parametrize("typed", ["СТОП!!!", "«стоп»", "⛔ Стоп", "/стоп", "  стоп. "])
def test_text_folding_ignores_punctuation_around_a_word(typed: str) -> None:
    assert normalization.fold(typed) == "стоп"


def test_text_folding_keeps_different_emoji_different() -> None:
    assert normalization.fold("👍") != normalization.fold("👎")


@pytest.mark.row(42)
def test_text_folding_replaces_latin_lookalikes_in_kazakh_words() -> None:
    assert normalization.fold("иə") == "иә"
    assert normalization.fold("кiсi") == "кісі"
    assert normalization.fold("kisi") == "kisi"


def test_text_folding_replaces_arabic_presentation_forms() -> None:
    assert normalization.fold("ﺟﻮﻕ") == "جوق"


@pytest.mark.row(46)
def test_digit_normalization_leaves_superscripts_unchanged() -> None:
    assert normalization.digits("²") == "²"


@given(ANYTHING)
def test_text_cleaning_is_idempotent(typed: str) -> None:
    for multiline in (False, True):
        cleaned = normalization.clean(typed, multiline=multiline)
        assert normalization.clean(cleaned, multiline=multiline) == cleaned
        assert unicodedata.is_normalized("NFC", cleaned)


@given(ANYTHING)
@pytest.mark.row(43)
def test_text_folding_is_independent_of_unicode_normalization(typed: str) -> None:
    apart = unicodedata.normalize("NFD", typed)
    # `fold` removes the last of too many combining marks on a letter, and normalization changes
    # their order. Real text has few marks.
    assume(not normalization.excess_marks(typed) and not normalization.excess_marks(apart))
    assert normalization.fold(apart) == normalization.fold(typed)
