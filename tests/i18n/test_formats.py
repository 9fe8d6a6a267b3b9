"""Formats of dates and numbers, and names, in every language and script."""

import re

import pytest
from babel import Locale

from bot.i18n import NAMES, catalogues, countries, formats

LANGUAGES = (*NAMES, "en")
SPACE = "\u00a0"


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("kk", f"1{SPACE}500{SPACE}000"),
        ("kk_Arab", "1,500,000"),
        ("ru", f"1{SPACE}500{SPACE}000"),
        ("zh_Hans", "1,500,000"),
        ("uz", f"1{SPACE}500{SPACE}000"),
        ("uz_Cyrl", f"1{SPACE}500{SPACE}000"),
    ],
)
def test_number_format_has_thousands_separators(code: str, shown: str) -> None:
    assert formats.number(1_500_000, code) == shown


@pytest.mark.parametrize("code", LANGUAGES)
def test_names_of_months_weekdays_and_countries_use_one_script(code: str) -> None:
    names = formats.names(code)
    assert set(names.months) == set(range(1, 13))
    assert set(names.weekdays) == set(range(7))
    shown = [*names.months.values(), *names.weekdays.values()]
    shown += [names.countries[each] for each in countries.CODES]
    foreign = {"kk": "[A-Za-z]", "ru": "[A-Za-z]", "uz_Cyrl": "[A-Za-z]", "uz": "[\u0400-\u04ff]"}
    wrong = re.compile(foreign.get(code, "[\u0400-\u04ff]"))
    assert [name for name in shown if wrong.search(name)] == []


def test_displayed_names_do_not_have_known_cldr_errors() -> None:
    assert formats.names("ru").countries["KG"] == "Кыргызстан"
    assert formats.names("kk_Arab").countries["RU"] == "رەسەي"
    assert formats.names("kk_Arab").countries["KZ"] == "قازاقستان"
    assert formats.names("uz").countries["US"] == "Amerika Qoʻshma Shtatlari"
    mongolia = {code: formats.names(code).countries["MN"] for code in ("uz", "uz_Cyrl")}
    assert mongolia == {"uz": "Moʻgʻuliston", "uz_Cyrl": "Мўғулистон"}
    assert not set("‘’'") & set("".join(formats.names("uz").countries.values()))


@pytest.mark.parametrize("code", LANGUAGES)
def test_country_search_finds_every_displayed_name(code: str) -> None:
    shown = formats.names(code).countries
    assert [
        each for each in countries.CODES if each not in countries.identify(shown[each], code)
    ] == []


@pytest.mark.parametrize("kind", ["months", "days"])
def test_arabic_script_names_of_months_and_weekdays_agree_with_cldr(kind: str) -> None:
    kosh_names = formats.names("kk_Arab")
    cldr_names = getattr(Locale.parse("kk_Arab"), kind)["format"]["wide"]
    assert (kosh_names.months if kind == "months" else kosh_names.weekdays) == cldr_names


def test_catalogues_of_derived_scripts_are_not_stored_as_files() -> None:
    assert not [code for code in catalogues.BUILT if (catalogues.LOCALES / code).exists()]
