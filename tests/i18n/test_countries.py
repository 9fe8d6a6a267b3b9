"""Recognition of countries by the names that people type."""

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import countries, kazakh_arabic, uzbek_cyrillic
from bot.i18n.countries import CODES, identify
from tests.vectors import rows

# Codes in Babel's list that are regions, reserved or for tests.
NOT_ISO = "AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ"


def find(typed: str, language: str) -> tuple[str, ...]:
    """Return the countries that a text may name, also if it surely names one."""
    found = identify(typed, language)
    return (found,) if isinstance(found, str) else found


def test_country_codes_are_those_of_iso_3166() -> None:
    listed = {str(code) for code in Locale.parse("en").territories}
    two_letters = {code for code in listed if len(code) == 2 and code.isalpha()}
    assert set(CODES) == two_letters - set(NOT_ISO.split())
    assert len(CODES) == len(set(CODES)) == 249


@pytest.mark.parametrize("language", countries.LOCALES)
def test_country_search_finds_every_name_in_every_language(language: str) -> None:
    names = Locale.parse(language).territories
    assert [code for code in CODES if code not in find(names[code], language)] == []


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        (
            "CN",
            "Қытай, ҚХР, КНР, 中国, Xitoy, PRC, China, Кытай, قىتاي, cn, CHN, 中华人民共和国",
        ),
        ("TR", "Түркия, Turkey, Türkiye, Турция, Turkiya, تۇركيا, 土耳其, TUR"),
        ("RU", "Россия, РФ, Ресей, Rossiya, رەسەي, 俄罗斯, Российская Федерация"),
        ("US", "АҚШ, USA, США, 美国, U.S.A., us, Америка"),
        (
            "KZ",
            "Қазақстан Республикасы, Казакстан, РК, 哈萨克斯坦共和国, Republic of Kazakhstan",
        ),
        (
            "UZ",
            "Ozbekiston, O'zbekiston, O‘zbekiston Respublikasi, Ўзбекистон, Өзбекстан, Узбекистан",
        ),
        ("MN", "моңғолия, Монголия, 蒙古国, Mongolia, موڭعوليا"),
        ("HK", "香港, Hong Kong, Гонконг"),
        ("GN", "Гвинея, Республика Гвинея"),
        ("NO", "NO, NOR, Norway"),
    ],
)
def test_country_search_finds_names_aliases_and_codes(code: str, typed: str) -> None:
    names = typed.split(", ")
    assert {name: find(name, "kk") for name in names} == dict.fromkeys(names, (code,))


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("казахст", ("KZ",)),
        ("哈萨克", ("KZ",)),
        ("Зеландия", ("NZ",)),
        ("Монголя", ("MN",)),
        ("Индяи", ("IN",)),
        ("Kyrgystan", ("KG",)),
        ("Kazahkstan", ("KZ",)),
    ],
)
def test_country_search_finds_truncated_and_misspelt_names(
    typed: str, codes: tuple[str, ...]
) -> None:
    assert find(typed, "ru") == codes


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("Конго", {"CD", "CG"}),
        ("Корея", {"KP", "KR"}),
        ("Словекия", {"SK", "SI"}),
        ("Австрлия", {"AT", "AU"}),
    ],
)
def test_country_search_returns_both_countries_of_an_ambiguous_name(
    typed: str, codes: set[str]
) -> None:
    assert set(find(typed, "ru")) == codes


@pytest.mark.parametrize("row", rows("places"), ids=lambda row: row["country"])
def test_name_of_a_region_or_town_is_no_other_country(row: dict[str, str]) -> None:
    """Search regions and towns of the countries where Kazakhs live, in each script."""
    spellings = (str, kazakh_arabic.to_arabic, uzbek_cyrillic.to_cyrillic)
    names = {spelt(name) for name in row["names"].split(", ") for spelt in spellings}
    surely = {name: code for name in names if isinstance(code := identify(name, "kk"), str)}
    assert len(names) > 2
    assert set(surely.values()) <= {row["country"]}, surely


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Түркістан", "KZ"),
        ("Turkiston", "KZ"),
        ("Туркестан", "KZ"),
        ("تۇركىستان", "KZ"),
        ("Тува", "RU"),
        ("Республика Тыва", "RU"),
        ("图瓦", "RU"),
        ("Қарақалпақстан", "UZ"),
        ("Синьцзян", "CN"),
        ("Баян-Өлгий", "MN"),
        ("Курзистан", "GE"),
        ("Индяи", "IN"),
        ("каза", "KZ"),
        ("哈萨克", "KZ"),
    ],
)
def test_country_must_be_confirmed_when_it_is_only_guessed(typed: str, code: str) -> None:
    assert identify(typed, "kk") == (code,)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Грузия", "GE"),
        ("Гүржістан", "GE"),
        ("Гурджистан", "GE"),
        ("Тувалу", "TV"),
        ("Казахстн", "KZ"),
        ("Узбекитсан", "UZ"),
        ("узбек", "UZ"),
        ("Туркменстан", "TM"),
        ("Монголя", "MN"),
    ],
)
def test_country_with_one_mistake_is_recorded_at_once(typed: str, code: str) -> None:
    assert identify(typed, "ru") == code


@pytest.mark.parametrize(
    "typed",
    ["Қазақ", "қазах", "казах", "Казак.", "qazaq", "kazakh", "Kazak", "قازاق", "Qozoq", "қозоқ"],
)
@pytest.mark.parametrize("language", countries.LOCALES)
def test_name_of_the_kazakh_people_is_no_country(typed: str, language: str) -> None:
    assert find(typed, language) == ()


def test_country_search_by_prefix_prefers_the_users_language() -> None:
    assert find("турк", "ru") == ("TM", "TR", "TC")
    assert find("турк", "uz_Cyrl") == ("TR", "TM", "TC")


def test_country_search_by_prefix_also_returns_short_names() -> None:
    assert set(find("южна", "ru")) == {"GS", "KR"}
    assert set(find("амер", "ru")) == {"US", "AS"}


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "\u200b",
        "к",
        "no",
        "yes",
        "не знаю",
        "Алматы",
        "адам",
        "qwerty",
        "SUN",
        "398",
        "👍",
        "а" * 10_000,
    ],
)
def test_country_search_returns_nothing_for_unrelated_text(typed: str) -> None:
    assert find(typed, "ru") == ()


def test_country_search_returns_nothing_for_a_too_common_prefix() -> None:
    assert find("респ", "ru") == ()


@given(st.text(st.characters()), st.sampled_from([*countries.LOCALES, "xx"]))
def test_country_search_returns_at_most_six_valid_codes_for_any_text(
    typed: str, language: str
) -> None:
    found = find(typed, language)
    assert len(found) == len(set(found)) <= countries.MAX_FOUND
    assert set(found) <= set(CODES)
