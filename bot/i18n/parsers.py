"""Parsers for typed dates, years, numbers, names, free text and phone numbers."""

import re
import unicodedata
from collections.abc import Callable, Collection
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Literal

import phonenumbers
from babel import Locale

from bot.i18n import normalization
from flows.engine.language_protocol import Letters, Refusal

MIN_YEAR = 1900
MAX_DATE = 60
MAX_NUMBER = 18

type Unit = Literal["year", "month", "day"]

# The forms of month names that are read from Babel: only those that the locale itself defines. For
# all others, Babel may return Chinese names if Chinese was loaded first (python-babel/babel issue
# 1234).
MONTHS = (
    ("kk", "format", "wide"),
    ("kk", "format", "abbreviated"),
    ("kk_Arab", "format", "wide"),
    ("ru", "format", "wide"),
    ("ru", "format", "abbreviated"),
    ("ru", "stand-alone", "wide"),
    ("uz", "format", "wide"),
    ("uz", "format", "abbreviated"),
    ("uz_Cyrl", "format", "wide"),
    ("uz_Cyrl", "format", "abbreviated"),
    ("en", "format", "wide"),
    # Abbreviations of months as printed in ICAO passports.
    ("en", "format", "abbreviated"),
)
UNITS: dict[Unit, str] = {
    "year": "年 жыл ж جىل ج г р год года году йил yil jyl",
    "month": "月 ай اي ой oy",
    "day": "日 号 號 күн كۇن кун kun і ші шы інші нші сі сы е го числа st nd rd th of",
}
# Case endings of Kazakh and Uzbek that may follow the name of a month, as `normalization.bare`
# spells them.
ENDINGS = (
    "и си да де та те га ге ка ке дан ден тан тен даги деги таги теги ги нин дин тин нинг"
    " ида ининг инин инда инде i si da dan ga ning ida ining"
    " ي سي دا دە تا تە دان دەن تان تەن داعي دەگي تاعي تەگي عي گي نيڭ ديڭ تيڭ ينيڭ يندا يندە"
)

WORD = re.compile(r"[0-9]+|[^\W\d_]+")
NEITHER_WORD_NOR_GAP = re.compile(r"[^\w\s.,/\-–—。、،]|_")
HAN_NUMBER = re.compile("[〇零○一二三四五六七八九十廿卅]+")
HAN_DIGIT = str.maketrans("〇零○一二三四五六七八九", "000123456789")

WHOLE_NUMBER = re.compile(r"([+-]?)([0-9]{1,3}(?: [0-9]{3})+|[0-9]+)[.)]?")

HAN = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
BETWEEN_HAN = re.compile(f"(?<=[{HAN}])\\.(?=[{HAN}])")
MAX_NAME = 100
NAME_SIGNS = str.maketrans("‐‑‒–—−・･•‧∙⋅⸱", "------·······")


# check: a native speaker must check each line
# Words before the person's own telephone number. The number of somebody else is refused.
PHONE_INTRODUCTION = re.compile(
    "^(?:(?:(?:менің|нөмірім|нөмір|телефоным|телефон|тел|менікі|мынау|байланыс"
    "|мой|номер|телефона|вот|это|мое|моё|звоните|позвоните|на|по|пишите|запишите"
    "|mening|raqamim|raqam|telefonim|telefon|tel|nomerim|mana|менинг|рақамим|рақам|телефоним"
    "|номерим|мана|مەنىڭ|ءنومىرىم|نومىرىم|ءنومىر|تەلەفونىم|تەلەفون|my|phone|number|is)"
    r"(?![^\W\d_])|我的?|电话|手机|号码|号|联系|是)[ .:：,]*)++(?=[+0-9])",
    re.IGNORECASE,
)


def read_date(typed: str, language: str, today: date) -> date | Refusal:
    """Return a past date, typed year first or day first, with the month in digits or words.

    Returns a refusal for relative dates, two-digit years and dates without a day. Never raises an
    error. `language` is ignored, because no form of a date has different meanings in two languages.
    """
    words = date_words(typed)
    if not words:
        return Refusal.NOT_A_DATE if normalization.clean(typed) else Refusal.EMPTY
    if len(words) == 1 and len(words[0]) == 8 and words[0].isdecimal():
        return _compact_day(words[0], today)
    parts = _parts(words)
    return _day(*parts, today) if parts else Refusal.NOT_A_DATE


def read_number(typed: str, minimum: int, limit: int) -> int | Refusal:
    """Return a whole number from `minimum` to `limit`, or a refusal.

    ASCII, Arabic, full-width and Chinese digits are accepted.
    """
    text = HAN_NUMBER.sub(han_digits, normalization.digits(typed))
    if not text:
        return Refusal.EMPTY
    found = WHOLE_NUMBER.fullmatch(text)
    if found is None:
        return Refusal.NOT_A_NUMBER
    sign, figures = found[1], found[2].replace(" ", "").lstrip("0") or "0"
    if len(figures) > MAX_NUMBER:
        return Refusal.TOO_SMALL if sign == "-" else Refusal.TOO_LARGE
    number = int(sign + figures)
    if number < minimum:
        return Refusal.TOO_SMALL
    return number if number <= limit else Refusal.TOO_LARGE


def read_name(typed: str, letters: Letters = Letters.ANY) -> str | Refusal:
    """Return a name as in a document, in any script or in the required `letters`, or a refusal.

    A name has at most MAX_NAME code points. Only apostrophes, hyphens, middle dots and full-width
    letters are normalized.
    """
    text = normalization.apostrophes(normalization.digits(typed).translate(NAME_SIGNS))
    text = BETWEEN_HAN.sub("·", text)
    if not text:
        return Refusal.EMPTY
    written = [character for character in text if _is_letter(character)]
    # A modifier letter (category Lm) only modifies another letter, so a name must also have some
    # other letter.
    if all(unicodedata.category(character) == "Lm" for character in written):
        return Refusal.NOT_LETTERS
    if len(text) + normalization.excess_marks(typed) > MAX_NAME:
        return Refusal.TOO_LONG
    if not all(_is_letter(c) or c in " -·ʻʼ" or _is_mark(c) for c in text):
        return Refusal.NOT_LETTERS
    return text if all(map(SCRIPTS[letters], written)) else WRONG_SCRIPT[letters]


def read_text(typed: str, limit: int) -> str | Refusal:
    """Return free text, or a refusal if it is empty or has more than `limit` code points.

    A text therefore has at most four times `limit` bytes in UTF-8.
    """
    text = normalization.clean(typed, multiline=True)
    if not text:
        return Refusal.EMPTY
    return text if len(text) + normalization.excess_marks(typed) <= limit else Refusal.TOO_LONG


def read_phone(typed: str, region: str | None) -> str | Refusal:
    """Return a phone number in E.164 format, or a refusal.

    `region` (ISO 3166) is assumed for a number without a country code. Words such as "my number"
    may precede it.
    """
    text = PHONE_INTRODUCTION.sub("", normalization.digits(typed), count=1)
    figures = normalization.strip_separators(text)
    if not figures:
        return Refusal.EMPTY
    if not re.fullmatch(r"\+?[0-9]+", figures):
        return Refusal.NOT_A_PHONE
    try:
        # In most countries people type 00 for +. phonenumbers would not accept this for KZ and RU,
        # which use another prefix for calls abroad.
        number = phonenumbers.parse(re.sub("^00", "+", figures), region)
    except phonenumbers.NumberParseException:
        return Refusal.NOT_A_PHONE
    if not phonenumbers.is_valid_number(number):
        return Refusal.NOT_A_PHONE
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


# FIXED_LINE_OR_MOBILE is included, because in some countries the kind cannot be determined from the
# number.
MOBILE = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}


def read_mobile(typed: str, countries: Collection[str]) -> str | Refusal:
    """Return an SMS-capable number of one of `countries`, in E.164 format, or a refusal."""
    read = read_phone(typed, None)
    if isinstance(read, Refusal):
        return read
    number = phonenumbers.parse(read)
    is_allowed = phonenumbers.region_code_for_number(number) in countries
    return (
        read if is_allowed and phonenumbers.number_type(number) in MOBILE else Refusal.NOT_A_PHONE
    )


def date_words(typed: str) -> list[str]:
    """Return the numbers and words in a typed date, without punctuation.

    The result is empty if the text is too long or has signs that do not occur in dates.
    """
    text = HAN_NUMBER.sub(han_digits, normalization.fold(typed))
    if len(text) > MAX_DATE or NEITHER_WORD_NOR_GAP.search(text):
        return []
    return WORD.findall(text)


def _parts(words: list[str]) -> tuple[str, str, str] | None:
    """Return year, month and day as typed; None if the order of the parts is ambiguous."""
    loose: list[str] = []
    months: list[str] = []
    days: list[str] = []
    for before, word in pairwise(("", *words)):
        match month_or_unit(word):
            case int(number):
                months.append(str(number))
            case "month" if before.isdecimal():
                months.append(loose.pop())
            case "day" if before.isdecimal():
                days.append(loose.pop())
            case None if word.isdecimal():
                loose.append(word)
            case None:
                return None
            case "year" | "month" | "day":
                pass
    match months, days, loose:
        case [month], [day], [year]:
            return year, month, day
        case [month], [], [first, last]:
            return (first, month, last) if len(first) > len(last) else (last, month, first)
        # Three numbers are not accepted if a word for "year" follows the first ("1990 ж. 05.03"),
        # because the order of day and month is then ambiguous.
        case [], [], [first, middle, last] if month_or_unit(words[1]) != "year":
            return (first, middle, last) if len(first) == 4 else (last, middle, first)
        case _:
            return None


def month_or_unit(word: str) -> int | Unit | None:
    """Return the number of the month that a word names, or the unit (year, month, day).

    The word may have a case ending. Returns None for any other word.
    """
    known, word = _vocabulary(), normalization.bare(word)
    for end in range(len(word), 1, -1):
        if word[:end] in known and (end == len(word) or word[end:] in ENDINGS.split()):
            return known[word[:end]]
    return known.get(word)


@cache
def _vocabulary() -> dict[str, int | Unit]:
    words: dict[str, int | Unit] = {}
    for unit, names in UNITS.items():
        words |= {normalization.bare(name): unit for name in names.split()}
    for locale, context, width in MONTHS:
        months = Locale.parse(locale).months[context][width]
        words |= {normalization.bare(name): month for month, name in months.items()}
    return words


def _day(year: str, month: str, day: str, today: date) -> date | Refusal:
    if len(year) < 4:
        return Refusal.TWO_DIGIT_YEAR
    if len(year) > 4 or len(month) > 2 or len(day) > 2:
        return Refusal.NOT_A_DATE
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return Refusal.MONTH_FIRST if _is_day(year, day, month) else Refusal.NO_SUCH_DAY
    if found.year < MIN_YEAR:
        return Refusal.TOO_OLD
    return found if found <= today else Refusal.FUTURE


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        return date(int(year), int(month), int(day)).year >= MIN_YEAR
    except ValueError:
        return False


def _compact_day(figures: str, today: date) -> date | Refusal:
    """Return the date in eight digits, such as 19900305 or 05031990, or a refusal.

    For dates since 1900, no eight digits are a valid date in both orders.
    """
    year_first = _day(figures[:4], figures[4:6], figures[6:], today)
    if year_first not in (Refusal.NO_SUCH_DAY, Refusal.MONTH_FIRST):
        return year_first
    day_first = _day(figures[4:], figures[2:4], figures[:2], today)
    return year_first if day_first is Refusal.NO_SUCH_DAY else day_first


def past_year(figures: str, today: date) -> int | Refusal:
    if len(figures) < 4:
        return Refusal.TWO_DIGIT_YEAR
    if len(figures) > 4:
        return Refusal.NOT_A_DATE
    if int(figures) < MIN_YEAR:
        return Refusal.TOO_OLD
    return int(figures) if int(figures) <= today.year else Refusal.FUTURE


def han_digits(found: re.Match[str]) -> str:
    """Return Chinese numerals as digits: digit by digit, as in years, or with 十 (ten) up to 99."""
    tens, ten, ones = found[0].replace("廿", "二十").replace("卅", "三十").partition("十")
    if not ten:
        return tens.translate(HAN_DIGIT)
    if len(tens) > 1 or len(ones) > 1 or ones == "十":
        return found[0]
    return (tens or "一").translate(HAN_DIGIT) + (ones or "零").translate(HAN_DIGIT)


def _is_letter(character: str) -> bool:
    """Return True for a letter that is not an apostrophe.

    Rare Chinese characters count as letters even if this Python's Unicode tables do not have them
    yet.
    """
    if character in "ʻʼ":
        return False
    return character.isalpha() or character == "〇" or "\U00020000" <= character <= "\U0003fffd"


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN ")


def _is_kazakh(letter: str) -> bool:
    """Return True for a letter of one of the scripts in which Kazakh is written."""
    return unicodedata.name(letter, "").startswith(("CYRILLIC ", "ARABIC ", "LATIN "))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


SCRIPTS: dict[Letters, Callable[[str], bool]] = {
    Letters.ANY: _is_letter,
    Letters.LATIN: _is_latin,
    Letters.KAZAKH: _is_kazakh,
}
WRONG_SCRIPT = {
    Letters.ANY: Refusal.NOT_LETTERS,
    Letters.LATIN: Refusal.NOT_LATIN,
    Letters.KAZAKH: Refusal.NOT_KAZAKH,
}
