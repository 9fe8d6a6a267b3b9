"""The glossary's terms, and transliteration compared with words that people spelled themselves."""

from copy import deepcopy
from shutil import which

import pytest
from babel import localedata

from bot.cli.reference import glossary as reference_glossary
from bot.i18n import (
    catalogues,
    glossary,
    kazakh_arabic,
    kazakh_arabic_report,
    spelling,
    uzbek_cyrillic,
)
from bot.i18n.glossary import Status


def test_glossary_has_four_languages_and_sources_for_attested_terms() -> None:
    assert len({entry.id for entry in glossary.entries()}) == len(glossary.entries()) == 91
    for entry in glossary.entries():
        assert {"kk", "ru", "zh_Hans", "uz"} <= entry.words.keys(), entry.id
        for word in entry.words.values():
            assert word.text == word.text.strip() != ""
            assert bool(word.sources) == (
                word.status not in (Status.PROPOSED, Status.UNARCHIVED)
            ), entry.id


def test_glossary_arabic_script_terms_follow_the_conversion_rules() -> None:
    for entry in glossary.entries():
        if "kk_Arab" in entry.words:
            built = kazakh_arabic.to_arabic(entry.words["kk"].text)
            assert built.removeprefix(kazakh_arabic.SIGN) == entry.words["kk_Arab"].text, entry.id


def test_glossary_uzbek_terms_round_trip_through_cyrillic() -> None:
    for entry in glossary.entries():
        latin = entry.words["uz"].text
        assert uzbek_cyrillic.to_latin(uzbek_cyrillic.to_cyrillic(latin)) == latin


def test_glossary_page_shows_every_term_and_a_mark_for_each_status() -> None:
    page = reference_glossary.page()
    for entry in glossary.entries():
        assert f"| `{entry.id}` | {entry.words['kk'].text} " in page
    assert reference_glossary.MARKS.keys() == set(Status)


def test_glossary_interface_words_are_unique_and_in_every_language() -> None:
    words = [row[0] for row in glossary.interface_words()]
    assert len(set(words)) == len(words)
    for row in glossary.interface_words():
        assert len(row) == 6, row
        assert all(row), row


@pytest.mark.parametrize("kind", ["months", "weekdays"])
def test_kazakh_arabic_months_and_weekdays_agree_with_cldr(kind: str) -> None:
    assert kazakh_arabic_report.with_cldr()[kind].missed == ()


def test_kazakh_arabic_words_agree_with_cldr_except_for_a_known_error() -> None:
    words, sign = (
        kazakh_arabic_report.with_cldr()["words"],
        kazakh_arabic_report.with_cldr()["sign"],
    )
    assert words.share >= 0.97
    assert set(sign.missed) <= set(kazakh_arabic_report.CLDR_ERRORS)
    assert len(words.pairs) > 80
    assert len(sign.pairs) > 100


def test_kazakh_arabic_exception_for_a_cldr_error_is_still_needed() -> None:
    """Check that CLDR still misspells "noon" in Kazakh in Arabic script.

    If this test fails, CLDR is corrected: remove the exception from CLDR_ERRORS and from
    docs/how-to/translate.md.
    """
    assert set(kazakh_arabic_report.with_cldr()["sign"].missed) == set(
        kazakh_arabic_report.CLDR_ERRORS
    )
    noon = deepcopy(localedata.load("kk_Arab"))["day_periods"]["stand-alone"]
    [(_talthus, wrong)], [parted] = (
        kazakh_arabic_report.CLDR_ERRORS,
        kazakh_arabic_report.CLDR_ERRORS.values(),
    )
    assert noon["abbreviated"]["noon"] == wrong
    assert noon["wide"]["noon"] == parted == kazakh_arabic.to_arabic("тал түс")
    assert kazakh_arabic.to_cyrillic(wrong) == "тәлтүс"


@pytest.mark.parametrize("code", spelling.CODES)
def test_words_unknown_to_the_spelling_dictionary_are_all_accepted(code: str) -> None:
    if code in spelling.DICTIONARIES and which("hunspell") is None:
        pytest.skip("hunspell isn't installed: apt install hunspell hunspell-ru hunspell-uz")
    found = spelling.doubtful(code, catalogues.read(code))
    if found is None:
        pytest.skip(f"hunspell has no dictionary {spelling.DICTIONARIES[code]} here")
    new = sorted(found.keys() - spelling.accepted_words(code))
    assert new == [], "if they are right: ./kosh languages words --accept"
