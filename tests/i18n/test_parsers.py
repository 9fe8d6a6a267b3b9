"""Parsing of dates, years, numbers, names, free text and phone numbers as people type them."""

import subprocess
import sys
import unicodedata
from datetime import date, timedelta

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import normalization, parsers
from bot.i18n.birth_years import read_year
from bot.i18n.parsers import read_date, read_name, read_number, read_phone, read_text
from flows.engine.language_protocol import Letters, Refusal
from tests.vectors import rows

TODAY = date(2026, 11, 24)
ANYTHING = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("0123456789٣３²十一廿〇年月日./-  +жгмартнаурыз'ʻ·\u0301\u200b\ud800"),
    )
)
LETTERS = st.text(st.characters(categories=["Lu", "Ll", "Lo"]), min_size=1, max_size=50)

WHY: dict[str, Refusal] = {
    "no such day": Refusal.NO_SUCH_DAY,
    "no such month": Refusal.NO_SUCH_DAY,
    "two-digit year: ask": Refusal.TWO_DIGIT_YEAR,
    "two-digit year; dateparser 1.5 silently reads 3 May": Refusal.TWO_DIGIT_YEAR,
    "before 1900": Refusal.TOO_OLD,
}


def parsed_date(typed: str) -> date | Refusal:
    return read_date(typed, "kk", TODAY)


# Parsing of dates


@pytest.mark.parametrize("row", rows("dates"), ids=lambda row: row["typed"])
@pytest.mark.row(45)
def test_date_parser_agrees_with_the_test_vectors(row: dict[str, str]) -> None:
    read = read_date(row["typed"], row["locale"], TODAY)
    if row["date"] == "refuse":
        assert read is WHY.get(row["why"], Refusal.NOT_A_DATE)
    else:
        assert read == date.fromisoformat(row["date"])


@pytest.mark.parametrize(
    "typed",
    [
        "5-е марта 1990 года",
        "05.03.1990 г.р.",
        "1990.03.05 г.",
        "5th of March, 1990",
        "March 5 1990",
        "05MAR1990",
        "1990 жылғы наурыз айының 5-і",
        "5 НАУРЫЗДА 1990",
        "1990-yilning 5-martida",
        "5 мартда 1990",
        "5 ناۋرىزدا 1990",
        "05031990",
        "📅 5/3/1990",
        "1990。3。5",
        "1990年3月05日",
    ],
)
def test_date_parser_reads_many_spellings_of_one_date(typed: str) -> None:
    assert parsed_date(typed) == date(1990, 3, 5)


def test_date_parser_reads_kazakh_months_without_kazakh_letters() -> None:
    assert parsed_date("1 кантар 1990") == date(1990, 1, 1)
    assert parsed_date("9 кыркуйек 1990") == date(1990, 9, 9)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("二〇一二年十二月二十三日", date(2012, 12, 23)),
        ("一九八五年十月十日", date(1985, 10, 10)),
        ("二○○○年一月三十一日", date(2000, 1, 31)),
        ("一九九九年六月廿一日", date(1999, 6, 21)),
        ("一九九九年六月十十日", Refusal.NOT_A_DATE),
        ("农历三月五日", Refusal.NOT_A_DATE),
    ],
)
def test_date_parser_reads_chinese_numerals(typed: str, read: date | Refusal) -> None:
    assert parsed_date(typed) == read


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("", Refusal.EMPTY),
        ("\u200b\u3164 ", Refusal.EMPTY),
        ("00.00.0000", Refusal.NO_SUCH_DAY),
        ("12/25/1990", Refusal.MONTH_FIRST),
        ("04/13/1990", Refusal.MONTH_FIRST),
        ("1990-25-12", Refusal.MONTH_FIRST),
        ("04131990", Refusal.MONTH_FIRST),
        ("02/30/1990", Refusal.NO_SUCH_DAY),
        ("29.02.1999", Refusal.NO_SUCH_DAY),
        ("31021990", Refusal.NO_SUCH_DAY),
        ("1/2/90", Refusal.TWO_DIGIT_YEAR),
        ("5 наурыз 90", Refusal.TWO_DIGIT_YEAR),
        ("01.01.2999", Refusal.FUTURE),
        ("31.12.1899", Refusal.TOO_OLD),
        ("2999", Refusal.NOT_A_DATE),
        ("²0.03.1990", Refusal.NOT_A_DATE),
        ("১২.০৩.১৯৯০", Refusal.NOT_A_DATE),
        ("1990 ж. 05.03", Refusal.NOT_A_DATE),
        ("3 мамыр 5 наурыз 1990", Refusal.NOT_A_DATE),
        ("05.03.1990 12:30", Refusal.NOT_A_DATE),
        ("5.3.19900", Refusal.NOT_A_DATE),
        ("1.2.3.4", Refusal.NOT_A_DATE),
        ("где 5 марта 1990", Refusal.NOT_A_DATE),
        ("9" * 100_000, Refusal.NOT_A_DATE),
    ],
)
@pytest.mark.row(45)
def test_date_parser_refusal_names_the_fault(typed: str, refusal: Refusal) -> None:
    assert parsed_date(typed) is refusal


def test_date_parser_reads_numeric_dates_day_first_or_year_first() -> None:
    assert parsed_date("03.04.1990") == parsed_date("03/04/1990") == date(1990, 4, 3)
    assert parsed_date("1990-04-03") == parsed_date("1990/4/3") == date(1990, 4, 3)
    assert parsed_date("03041990") == parsed_date("19900403") == date(1990, 4, 3)
    assert parsed_date("20121912") == date(1912, 12, 20)


def test_date_parser_accepts_today_and_refuses_tomorrow() -> None:
    assert parsed_date(TODAY.isoformat()) == TODAY
    assert parsed_date((TODAY + timedelta(days=1)).isoformat()) is Refusal.FUTURE


@given(st.dates(date(1900, 1, 1), TODAY))
def test_date_parser_reads_any_day_in_every_numeric_form(day: date) -> None:
    for form in (
        "%Y-%m-%d",
        "%d.%m.%Y",
        "%Y年%m月%d日",
        "%Y%m%d",
        "%d%m%Y",
        "%d %b %Y",
    ):
        assert parsed_date(day.strftime(form)) == day


FORMS = (
    "5 қыркүйек 1990|5 қыр. 1990|5 قىركۇيەك 1990|5 сентября 1990|5 сент. 1990|5 сентябрь 1990"
    "|5-sentabr 1990|5-sen 1990|5 сентябр 1990|5 сен 1990|5 September 1990|5 Sep 1990"
)
READ_AFTER = """
import sys
from datetime import date
from babel import Locale
from bot.i18n.parsers import read_date
for code in sys.argv[2].split():
    for context in Locale.parse(code).months.values():
        for width in context.values():
            dict(width)
assert "三月" in Locale.parse("zh_Hans").months["stand-alone"]["wide"].values()
print({read_date(form, "kk", date(2026, 1, 1)) for form in sys.argv[1].split("|")})
"""


@pytest.mark.parametrize(
    "order",
    ["zh_Hans uz_Cyrl uz ru kk_Arab kk en", "en kk kk_Arab ru uz uz_Cyrl zh_Hans", ""],
)
def test_date_parser_does_not_depend_on_the_first_language_used(order: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", READ_AFTER, FORMS, order],
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert ran.stdout.strip() == "{datetime.date(1990, 9, 5)}"


# Parsing of years


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1990", 1990),
        ("1990 ж.", 1990),
        ("1990 жылы", 1990),
        ("1990年", 1990),
        ("一九九〇年", 1990),
        ("1990-yil", 1990),
        ("۱۹۹۰", 1990),
        ("１９９０", 1990),
        ("2026", 2026),
        ("5 наурыз 1990", 1990),
        ("19900305", 1990),
        ("31.02.1990", Refusal.NO_SUCH_DAY),
        ("март 1990", 1990),
        ("90", Refusal.TWO_DIGIT_YEAR),
        ("90年", Refusal.TWO_DIGIT_YEAR),
        ("2027", Refusal.FUTURE),
        ("1899", Refusal.TOO_OLD),
        ("19905", Refusal.NOT_A_DATE),
        ("²", Refusal.NOT_A_DATE),
        ("", Refusal.EMPTY),
        ("я родилась в 1987 году", 1987),
        ("в 1987-м", 1987),
        ("1987 жылы туғанмын", 1987),
        ("мен 1987 жылғы 20 наурызда туылғанмын", 1987),
        ("مەن 1987 جىلى تۋعانمىن", 1987),
        ("我是1987年出生的", 1987),
        ("我生于一九八七年三月二十日", 1987),
        ("1987 yilda tug'ilganman", 1987),
        ("1987 йилда туғилганман", 1987),
        ("I was born in 1987", 1987),
        ("я родился в 87 году", Refusal.TWO_DIGIT_YEAR),
        ("родился", Refusal.NOT_A_DATE),
        ("в 1987 меня посадили", Refusal.NOT_A_DATE),
        ("сын родился в 2015 году, дочь в 2018", Refusal.NOT_A_DATE),
    ],
)
def test_year_parser_reads_a_bare_year_or_the_year_of_a_date(
    typed: str, read: int | Refusal
) -> None:
    assert read_year(typed, "kk", TODAY) == read


# Parsing of numbers


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("0", 0),
        ("07", 7),
        ("٣", 3),
        ("３", 3),
        ("三", 3),
        ("十二", 12),
        ("1️⃣", 1),
        ("2.", 2),
        ("\u206812\u2069", 12),
        ("2 000", 2000),
        ("-1", Refusal.TOO_SMALL),
        ("2001", Refusal.TOO_LARGE),
        ("9" * 100_000, Refusal.TOO_LARGE),
        ("-" + "9" * 100_000, Refusal.TOO_SMALL),
        ("²", Refusal.NOT_A_NUMBER),
        ("১২", Refusal.NOT_A_NUMBER),
        ("O12", Refusal.NOT_A_NUMBER),
        ("2-3", Refusal.NOT_A_NUMBER),
        ("2 3", Refusal.NOT_A_NUMBER),
        ("1.5", Refusal.NOT_A_NUMBER),
        ("十十", Refusal.NOT_A_NUMBER),
        (" \u2800", Refusal.EMPTY),
    ],
)
def test_number_parser_reads_whole_numbers(typed: str, read: int | Refusal) -> None:
    assert read_number(typed, 0, 2000) == read


# Parsing of names


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Ә", "Ә"),
        ("Тестова-Ғалымқызы Гүлнұр", "Тестова-Ғалымқызы Гүлнұр"),
        ("ءسالەم", "ءسالەم"),
        ("古丽娜尔·阿依登", "古丽娜尔·阿依登"),
        ("古丽娜尔.阿依登", "古丽娜尔·阿依登"),
        ("古丽娜尔・阿依登", "古丽娜尔·阿依登"),
        ("古丽娜尔•阿依登", "古丽娜尔·阿依登"),
        ("\U00020bb7\U00032400", "\U00020bb7\U00032400"),
        ("O'tkir", "Oʻtkir"),
        ("G`ani", "Gʻani"),
        ("Sa’dulla", "Saʼdulla"),
        ("Çağla Şeker", "Çağla Şeker"),
        ("Нұргу\u0308л и\u0306", "Нұргӱл й"),
        ("\u202eTestova\u202c", "Testova"),
        ("Test‑Testova", "Test-Testova"),
        ("Teсtova", "Teсtova"),
        ("A" * 100, "A" * 100),
        ("A" * 101, Refusal.TOO_LONG),
        ("a" + "\u0301" * 10_000, Refusal.TOO_LONG),
        ("Пишу длинное сочинение, " * 200, Refusal.TOO_LONG),
        ("👨‍👩‍👧🇰🇿" * 1_000, Refusal.NOT_LETTERS),
        ("Ali2", Refusal.NOT_LETTERS),
        ("Ali²", Refusal.NOT_LETTERS),
        ("<script>", Refusal.NOT_LETTERS),
        ("{{7*7}}", Refusal.NOT_LETTERS),
        ("'; drop table", Refusal.NOT_LETTERS),
        ("%s", Refusal.NOT_LETTERS),
        ("-", Refusal.NOT_LETTERS),
        ("ʻ", Refusal.NOT_LETTERS),
        ("\u0640\u0640", Refusal.NOT_LETTERS),
        ("گۇ\u0640لنار", "گۇ\u0640لنار"),
        ("a\ud800b", Refusal.NOT_LETTERS),
        (" \u3164\U000e0041", Refusal.EMPTY),
    ],
)
@pytest.mark.row(43, 44)
def test_name_reader_keeps_every_letter(typed: str, read: str | Refusal) -> None:
    assert read_name(typed) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("TESTOVA", "TESTOVA"),
        ("ＴＥＳＴ", "TEST"),
        ("Müller", "Müller"),
        ("Gʻani Oʻ", "Gʻani Oʻ"),
        ("Тестова", Refusal.NOT_LATIN),
        ("TEСTOVA", Refusal.NOT_LATIN),
        ("古丽", Refusal.NOT_LATIN),
    ],
)
def test_name_reader_requires_latin_letters_for_passport_names(
    typed: str, read: str | Refusal
) -> None:
    assert read_name(typed, Letters.LATIN) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Тестова Гүлнар", "Тестова Гүлнар"),
        ("گۇلنار", "گۇلنار"),
        ("ٴسىز", "ٴسىز"),
        ("Gúlnar", "Gúlnar"),
        ("古丽娜尔", Refusal.NOT_KAZAKH),
        ("Гүлнар 古", Refusal.NOT_KAZAKH),
        ("", Refusal.EMPTY),
        ("Гүлнар2", Refusal.NOT_LETTERS),
    ],
)
def test_name_reader_requires_a_kazakh_script_for_kazakh_names(
    typed: str, read: str | Refusal
) -> None:
    assert read_name(typed, Letters.KAZAKH) == read


@pytest.mark.parametrize("dot", "·・･•‧∙⋅．.⸱\u0387")
def test_name_reader_normalizes_the_dot_in_chinese_names(dot: str) -> None:
    assert read_name(f"古丽娜尔{dot}阿依登") == "古丽娜尔·阿依登"


@pytest.mark.parametrize(
    "row",
    [row for row in rows("uzbek_input") if row["why"].startswith("U+") and row["typed"][0] == "o"],
    ids=lambda row: row["why"],
)
def test_name_reader_normalizes_every_apostrophe(row: dict[str, str]) -> None:
    assert read_name(row["typed"].capitalize()) == row["canonical"].capitalize()


@pytest.mark.parametrize("row", rows("tote_input"), ids=lambda row: row["typed"])
def test_name_reader_keeps_arabic_letters_as_typed(row: dict[str, str]) -> None:
    """The parser keeps spellings that `fold`, which is only for comparison, unifies."""
    name = read_name(row["typed"], Letters.KAZAKH)
    assert name == normalization.clean(row["typed"])
    assert normalization.fold(str(name)) == row["canonical"]


@pytest.mark.parametrize("row", rows("name_fold"), ids=lambda row: row["name"])
def test_name_reader_keeps_the_original_spelling(row: dict[str, str]) -> None:
    assert read_name(row["name"], Letters.KAZAKH) == row["name"]


@given(LETTERS)
@pytest.mark.row(43)
def test_name_reader_result_is_independent_of_unicode_normalization(name: str) -> None:
    composed = unicodedata.normalize("NFC", name)
    read = read_name(unicodedata.normalize("NFD", name))
    assert read == read_name(composed)
    if not isinstance(read, Refusal):
        assert read == normalization.clean(read) == read_name(read)


# Parsing of free text


def test_text_reader_keeps_line_breaks_and_emoji_up_to_its_limit() -> None:
    assert read_text(" one\n two 🇰🇿 ", 20) == "one\ntwo 🇰🇿"
    assert read_text("я" * 20, 20) == "я" * 20
    assert read_text("я" * 21, 20) is Refusal.TOO_LONG
    assert read_text("a" + "\u0301" * 10_000, 500) is Refusal.TOO_LONG
    assert read_text("\u200b\n\u3164", 20) is Refusal.EMPTY


def test_text_reader_returns_code_like_text_verbatim() -> None:
    for typed in ("<b>{{7*7}}</b>", "%s ${jndi:ldap://x}", "'; drop table x; --"):
        assert read_text(typed, 100) == typed


# Parsing of telephone numbers


@pytest.mark.parametrize(
    ("typed", "region", "read"),
    [
        ("8 701 234 56 78", "KZ", "+77012345678"),
        ("+7 (701) 234-56-78", None, "+77012345678"),
        ("77012345678", "KZ", "+77012345678"),
        ("８７０１ ２３４ ５６ ７８", "KZ", "+77012345678"),
        ("+٧٧٠١٢٣٤٥٦٧٨", None, "+77012345678"),
        ("\u2068+77012345678\u2069", None, "+77012345678"),
        ("00 86 138 1234 5678", "KZ", "+8613812345678"),
        ("138 1234 5678", "CN", "+8613812345678"),
        ("+998 90 123 45 67", None, "+998901234567"),
        ("90 123 45 67", "UZ", "+998901234567"),
        ("+976 8812 3456", None, "+97688123456"),
        ("8812 3456", "MN", "+97688123456"),
        ("+90 501 234 56 78", None, "+905012345678"),
        ("0501 234 56 78", "TR", "+905012345678"),
        ("+996 700 123 456", None, "+996700123456"),
        ("0700 123 456", "KG", "+996700123456"),
        ("+993 66 123456", None, "+99366123456"),
        ("8 912 345-67-89", "RU", "+79123456789"),
        ("۰۰۸۶۱۳۸۱۲۳۴۵۶۷۸", None, "+8613812345678"),
        ("мой номер +7 701 234 56 78", None, "+77012345678"),
        ("Тел.: +77012345678", None, "+77012345678"),
        ("менің нөмірім +77012345678", None, "+77012345678"),
        ("مەنىڭ ءنومىرىم +77012345678", None, "+77012345678"),
        ("raqamim +998 90 123 45 67", None, "+998901234567"),
        ("менинг рақамим +998901234567", None, "+998901234567"),
        ("我的电话号码是+8613812345678", None, "+8613812345678"),
        ("мой муж +77012345678", None, Refusal.NOT_A_PHONE),
        ("номер мамы +77012345678", None, Refusal.NOT_A_PHONE),
        ("87012345678", None, Refusal.NOT_A_PHONE),
        ("12345", "KZ", Refusal.NOT_A_PHONE),
        ("1" * 20, "KZ", Refusal.NOT_A_PHONE),
        ("1" * 100_000, "KZ", Refusal.NOT_A_PHONE),
        ("1-800-FLOWERS", "US", Refusal.NOT_A_PHONE),
        ("8701234567²", "KZ", Refusal.NOT_A_PHONE),
        ("+77012345678 / +77012345679", None, Refusal.NOT_A_PHONE),
        ("+77012345678", "??", "+77012345678"),
        ("", "KZ", Refusal.EMPTY),
    ],
)
@pytest.mark.row(49)
def test_phone_reader_returns_e164(typed: str, region: str | None, read: str | Refusal) -> None:
    assert read_phone(typed, region) == read


# All parsers on any text


@given(ANYTHING)
@pytest.mark.row(46)
def test_parsers_never_raise_on_any_text(typed: str) -> None:
    for read in (
        read_date(typed, "kk", TODAY),
        read_year(typed, "ru", TODAY),
        read_number(typed, 0, 10),
        read_name(typed),
        read_name(typed, Letters.LATIN),
        read_name(typed, Letters.KAZAKH),
        read_text(typed, 10),
        read_phone(typed, "KZ"),
        read_phone(typed, None),
    ):
        assert isinstance(read, (date, int, str, Refusal))


@given(ANYTHING)
@pytest.mark.row(19)
def test_parser_results_contain_no_nul_and_encode_as_utf8(typed: str) -> None:
    for read in (read_name(typed), read_text(typed, 100)):
        assert "\x00" not in read
        read.encode()


def test_date_words_have_one_meaning_in_all_languages() -> None:
    meanings: dict[str, set[int | str]] = {}
    for unit, names in parsers.UNITS.items():
        for name in names.split():
            meanings.setdefault(normalization.bare(name), set()).add(unit)
    for locale, context, width in parsers.MONTHS:
        for month, name in Locale.parse(locale).months[context][width].items():
            meanings.setdefault(normalization.bare(name), set()).add(month)
    assert {word: found for word, found in meanings.items() if len(found) > 1} == {}
