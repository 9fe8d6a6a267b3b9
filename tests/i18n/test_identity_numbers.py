"""Identity and passport numbers in the forms that people type."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n.identity_numbers import birth_date, read_identity, read_passport
from flows.engine.identity_numbers import PASSPORTS, SHAPES, Identity, masked
from flows.engine.language_protocol import Refusal
from tests.vectors import rows

NUMBERS = [row for row in rows("ids") if row["kind"] in set(Identity)]
WHY: dict[str, Refusal] = {
    "check digit off by one": Refusal.WRONG_CHECK,
    "check digits wrong": Refusal.WRONG_CHECK,
    "wrong check character": Refusal.WRONG_CHECK,
    "both rows give 10: no such number exists": Refusal.WRONG_CHECK,
    "first digit 7": Refusal.WRONG_CHECK,
    "first digit 0": Refusal.WRONG_CHECK,
    "eleven digits": Refusal.WRONG_LENGTH,
    "thirteen digits": Refusal.WRONG_LENGTH,
    "letter": Refusal.NOT_DIGITS,
    "31 February: structure wrong though the digit is right": Refusal.NO_SUCH_DAY_INSIDE,
    "30 February": Refusal.NO_SUCH_DAY_INSIDE,
    "month 13 is neither form": Refusal.NO_SUCH_DAY_INSIDE,
    "fifteen digits: the form before 1999, no longer valid; say so kindly": (
        Refusal.OLD_RESIDENT_NUMBER
    ),
    "Latin letters: ask for Cyrillic, or map by the ID card's own table": Refusal.NOT_CYRILLIC,
}
ANYTHING = st.text(st.one_of(st.characters(), st.sampled_from("0123456789٣²NEАХХx<« -№ʻ\ud800")))

# Invented numbers of no real person: an IIN of Kazakhstan, a PINFL of Uzbekistan, and a resident
# number of China.
IIN, PINFL, RESIDENT = "940305600012", "11210632040240", "654002189003050011"


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: f"{row['kind']}-{row['number']}")
@pytest.mark.row(47)
def test_identity_number_reader_agrees_with_the_test_vectors(row: dict[str, str]) -> None:
    read = read_identity(row["number"], Identity(row["kind"]))
    if row["verdict"] == "valid":
        assert read == row["number"].upper().replace("Х", "X" if row["kind"] == "cn.ric" else "Х")
    else:
        assert read is WHY[row["why"]]


def test_identity_number_test_vectors_are_all_used_except_the_policy_row() -> None:
    others = [row for row in rows("ids") if row not in NUMBERS]
    assert [row["kind"] for row in others] == ["cn.ric.policy"]


@pytest.mark.parametrize("place", ["654101", "654002", "654301", "652222"])
@pytest.mark.parametrize("year", range(1890, 1984, 13))
def test_identity_number_reader_accepts_place_codes_newer_than_the_birth(
    place: str, year: int
) -> None:
    """The years of birth precede the years in which China introduced the place codes."""
    stem = f"{place}{year}0305001"
    read = {read_identity(stem + check, Identity.CN_RESIDENT) for check in "0123456789X"}
    assert len(read - {Refusal.WRONG_CHECK}) == 1


@pytest.mark.parametrize(
    "typed",
    [
        "940 305 600 012",
        "940305-600012",
        "٩٤٠٣٠٥٦٠٠٠١٢",
        "۹۴۰۳۰۵۶۰۰۰۱۲",
        "９４０３０５６０００１２",
        "\u2068940305600012\u2069",
        "94\u200b0305600012",
    ],
)
def test_identity_number_reader_accepts_grouping_and_digits_of_any_script(typed: str) -> None:
    assert read_identity(typed, Identity.KZ_IIN) == IIN


@pytest.mark.parametrize(
    ("typed", "kind", "refusal"),
    [
        ("", Identity.KZ_IIN, Refusal.EMPTY),
        ("\u200b - ", Identity.KZ_IIN, Refusal.EMPTY),
        ("9403056OOO12", Identity.KZ_IIN, Refusal.NOT_DIGITS),
        ("১২৩৪৫৬৭৮৯০১২", Identity.KZ_IIN, Refusal.NOT_DIGITS),
        ("94030560001²", Identity.KZ_IIN, Refusal.NOT_DIGITS),
        ("9403056000122", Identity.KZ_IIN, Refusal.WRONG_LENGTH),
        ("9" * 100_000, Identity.KZ_IIN, Refusal.WRONG_LENGTH),
        (PINFL, Identity.KZ_IIN, Refusal.IS_PINFL),
        (RESIDENT, Identity.KZ_IIN, Refusal.IS_RESIDENT_NUMBER),
        ("N00000001", Identity.KZ_IIN, Refusal.IS_PASSPORT),
        (IIN, Identity.UZ_PINFL, Refusal.IS_IIN),
        (IIN, Identity.CN_RESIDENT, Refusal.IS_IIN),
        ("FA0000001", Identity.UZ_PINFL, Refusal.IS_PASSPORT),
        ("65400218900305001Ш", Identity.CN_RESIDENT, Refusal.NOT_DIGITS),
        ("65400218900305001", Identity.CN_RESIDENT, Refusal.WRONG_LENGTH),
        ("УК0001310", Identity.MN_REGISTER, Refusal.WRONG_LENGTH),
        ("00013100", Identity.MN_REGISTER, Refusal.NOT_CYRILLIC),
    ],
)
@pytest.mark.row(47)
def test_identity_number_refusal_names_the_fault(
    typed: str, kind: Identity, refusal: Refusal
) -> None:
    assert read_identity(typed, kind) is refusal


@pytest.mark.parametrize(
    ("number", "kind", "born"),
    [
        ("940305600012", Identity.KZ_IIN, date(2094, 3, 5)),
        ("951231500029", Identity.KZ_IIN, date(2095, 12, 31)),
        ("991331000127", Identity.KZ_IIN, None),
        ("941332600032", Identity.KZ_IIN, None),
        ("11210632040240", Identity.UZ_PINFL, date(1863, 10, 12)),
        ("63109902050016", Identity.UZ_PINFL, None),
        ("654002189003050011", Identity.CN_RESIDENT, date(1890, 3, 5)),
        ("УК00013100", Identity.MN_REGISTER, date(1900, 1, 31)),
        ("УК99323100", Identity.MN_REGISTER, date(2099, 12, 31)),
        ("20503189001234", Identity.KG_PIN, None),
    ],
)
def test_birth_date_is_read_from_an_identity_number(
    number: str, kind: Identity, born: date | None
) -> None:
    assert birth_date(number, kind) == born


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("99999999901", True),
        ("99999999905", False),
        ("92000010000", True),
        ("92000000197", False),
        ("92000011000", False),
        ("92000010100", True),
    ],
)
def test_snils_check_digits_are_verified_for_large_weighted_sums(number: str, valid: bool) -> None:
    """Check weighted sums of 405, 100, 98, 102 and 101; the test vectors have smaller sums only."""
    read = read_identity(number, Identity.RU_SNILS)
    assert read == (number if valid else Refusal.WRONG_CHECK)


@pytest.mark.parametrize("kind", Identity)
def test_identity_number_example_has_the_format_but_is_invalid(kind: Identity) -> None:
    example = SHAPES[kind].example
    assert SHAPES[kind].fits(example)
    assert kind is Identity.KG_PIN or isinstance(read_identity(example, kind), Refusal)


# Passport numbers


@pytest.mark.parametrize(
    ("typed", "country", "read"),
    [
        ("N00000001", "KZ", "N00000001"),
        ("n 0000 0001", "KZ", "N00000001"),
        ("№00000001", "KZ", "N00000001"),
        ("Н00000001", "KZ", "N00000001"),
        ("N0000001", "KZ", Refusal.WRONG_LENGTH),
        ("N000000011", "KZ", Refusal.WRONG_LENGTH),
        ("E00000001", "CN", "E00000001"),
        ("Е00000001", "CN", "E00000001"),
        ("EA0000001", "CN", "EA0000001"),
        ("G00000001", "CN", "G00000001"),
        ("E0000001", "CN", Refusal.WRONG_LENGTH),
        ("FA0000001", "UZ", "FA0000001"),
        ("АА 0000001", "UZ", "AA0000001"),
        ("ａａ０００００１１", "UZ", "AA0000011"),
        ("AA000001", "UZ", Refusal.WRONG_LENGTH),
        ("E0000001", "MN", "E0000001"),
        ("00 0000001", "RU", "000000001"),
        ("00 00 000001", "RU", "0000000001"),
        ("0000001", "RU", Refusal.WRONG_LENGTH),
        ("C01X00T47", None, "C01X00T47"),
        ("U00000001", "TR", "U00000001"),
        ("№ AA0000001", "TR", "AA0000001"),
        ("ББ0000001", "UZ", Refusal.NOT_LATIN_NUMBER),
        ("TESTOVA", None, Refusal.NOT_A_PASSPORT),
        ("AA٣", None, Refusal.NOT_A_PASSPORT),
        ("<script>", None, Refusal.NOT_A_PASSPORT),
        ("A" * 100_000 + "1", "KZ", Refusal.NOT_A_PASSPORT),
        ("1" * 100_000, None, Refusal.NOT_A_PASSPORT),
        ("", "KZ", Refusal.EMPTY),
    ],
)
def test_passport_reader_reads_numbers_by_country(
    typed: str, country: str | None, read: str | Refusal
) -> None:
    assert read_passport(typed, country) == read


@pytest.mark.row(48)
def test_passport_reader_accepts_older_and_foreign_formats() -> None:
    """Check an older number of Kazakhstan and one of China (row 48 of tests/proof/rows.toml)."""
    assert read_passport("E00000001", "KZ") == "E00000001"
    assert read_passport("AB0000001", "CN") == "AB0000001"


@pytest.mark.parametrize("country", [*PASSPORTS, "TR", None])
def test_passport_reader_identifies_other_kinds_of_numbers(country: str | None) -> None:
    assert read_passport(IIN, country) is Refusal.IS_IIN
    assert read_passport("940305 600013", country) is Refusal.IS_IIN
    assert read_passport(PINFL, country) is Refusal.IS_PINFL
    assert read_passport(RESIDENT, country) is Refusal.IS_RESIDENT_NUMBER


@pytest.mark.parametrize("country", PASSPORTS)
def test_passport_example_is_valid_and_has_only_zeros(country: str) -> None:
    example = PASSPORTS[country].example
    assert read_passport(example, country) == example
    assert set(example.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) == {"0"}


def test_identity_number_mask_shows_only_the_end_and_hides_the_length() -> None:
    assert masked(IIN, 4) == "••••0012"
    assert len(masked(PINFL, 4)) == len(masked(IIN, 4))


@given(ANYTHING, st.sampled_from(Identity), st.sampled_from([*PASSPORTS, None]))
def test_identity_number_readers_never_raise_and_return_valid_formats(
    typed: str, kind: Identity, country: str | None
) -> None:
    read = read_identity(typed, kind)
    assert isinstance(read, Refusal) or SHAPES[kind].fits(read)
    passport = read_passport(typed, country)
    assert isinstance(passport, Refusal) or (passport.isascii() and passport.isalnum())


@pytest.mark.release
@given(st.from_regex("[0-9]{11}", fullmatch=True))
def test_iin_reader_accepts_at_most_one_check_digit(stem: str) -> None:
    """No digit is accepted if both rows of weights give the remainder ten."""
    read = [read_identity(stem + str(check), Identity.KZ_IIN) for check in range(10)]
    assert sum(not isinstance(each, Refusal) for each in read) <= 1
