"""Parsing of the machine-readable zones of passports and cards as people copy or type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n.mrz import Zone, read_zone
from flows.engine.identity_numbers import ZONE, zone_number
from flows.engine.language_protocol import Refusal
from tests.vectors import rows

ZONES = [row["lines"].replace("/", "\n") for row in rows("mrz") if row["verdict"] == "valid"]
SPECIMEN, KAZAKH, UZBEK, CHINESE, MONGOLIAN, CARD = ZONES
SMALL = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"  # ICAO 9303-6
ANYTHING = st.text(st.one_of(st.characters(), st.sampled_from("PIAC<«0123456789\n ")))


def read(typed: str) -> Zone:
    zone = read_zone(typed)
    assert isinstance(zone, Zone), zone
    return zone


@pytest.mark.parametrize("row", rows("mrz"), ids=lambda row: row["why"])
def test_mrz_reader_agrees_with_the_test_vectors(row: dict[str, str]) -> None:
    zone = read_zone(row["lines"].replace("/", "\n"))
    match row["verdict"]:
        case "valid":
            assert isinstance(zone, Zone)
            assert "/".join(zone.lines) == row["lines"]
        case "valid after cleaning":
            assert isinstance(zone, Zone)
            assert "\n".join(zone.lines) == SPECIMEN
        case _:
            assert zone is Refusal.ZONE_CHECK


@pytest.mark.parametrize(
    ("typed", "surname", "given_names", "number", "personal"),
    [
        (SPECIMEN, "ERIKSSON", "ANNA MARIA", "L898902C3", "ZE184226B"),
        (KAZAKH, "TESTOVA", "GULNAR", "N00000001", "940305600012"),
        (UZBEK, "SINOV", "OTKIR", "FA0000001", "31210932040247"),
        (CHINESE, "GULINAER", "CESHI", "E00000001", ""),
        (MONGOLIAN, "TEST", "BOLD", "E0000001", ""),
        (CARD, "TESTOVA", "GULNAR", "000000001", "940305600012"),
        (SMALL, "ERIKSSON", "ANNA MARIA", "D23145890", ""),
    ],
)
def test_mrz_reader_returns_names_and_numbers_as_printed(
    typed: str, surname: str, given_names: str, number: str, personal: str
) -> None:
    zone = read(typed)
    assert (zone.surname, zone.given_names) == (surname, given_names)
    assert (zone.number, zone.personal) == (number, personal)
    assert zone_number("\n".join(zone.lines)) == number
    assert not zone.cut


def test_mrz_reader_returns_kind_issuer_nationality_and_dates() -> None:
    zone = read(KAZAKH)
    assert (zone.kind, zone.issuer, zone.nationality) == ("P", "KAZ", "KAZ")
    assert (zone.born, zone.sex, zone.expires) == ("940305", "F", "991231")


def test_mrz_names_that_fill_the_field_are_marked_as_truncated() -> None:
    first, second = SPECIMEN.split("\n")
    zone = read(first.rstrip("<").ljust(44, "A") + "\n" + second)
    assert zone.cut
    assert zone.given_names.startswith("ANNA MARIAAA")


def test_mrz_single_name_has_no_given_names() -> None:
    _first, second = SPECIMEN.split("\n")
    zone = read("P<UTOARKFREITH".ljust(44, "<") + "\n" + second)
    assert (zone.surname, zone.given_names) == ("ARKFREITH", "")


def test_mrz_reader_reads_a_long_card_number_from_two_fields() -> None:
    """Read the specimen of ICAO 9303-5, note j, whose card number exceeds its own field."""
    zone = read(
        "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<"
    )
    assert zone.number == "D23145890734"
    assert zone.given_names == "PETER JOHN"


@pytest.mark.parametrize("zone", [*ZONES, SMALL])
@pytest.mark.parametrize(
    "mangle",
    [
        lambda zone: zone.replace("\n", ""),
        lambda zone: zone.replace("\n", " "),
        lambda zone: zone.replace("\n", "\r\n\r\n"),
        lambda zone: zone.replace("<<", "«"),
        lambda zone: zone.replace("<", "＜"),
        lambda zone: zone.replace("<", " < "),
        lambda zone: f"\u2068{zone.lower()}\u2069",
    ],
    ids=["one line", "a space", "empty lines", "quotes", "full width", "spaces", "isolates"],
)
def test_mrz_reader_corrects_keyboard_and_copy_errors(zone: str, mangle: object) -> None:
    assert callable(mangle)
    assert "\n".join(read(mangle(zone)).lines) == zone


def test_mrz_reader_accepts_missing_filler_characters() -> None:
    for zone in (*ZONES[:5], SMALL):
        first, second = zone.split("\n")
        assert "\n".join(read(f"{first.rstrip('<')}\n{second}").lines) == zone
    assert "\n".join(read(CARD.rstrip("<")).lines) == CARD


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("", Refusal.EMPTY),
        ("\u200b\n", Refusal.EMPTY),
        ("TESTOVA GULNAR", Refusal.ZONE_LINES),
        (SPECIMEN.split("\n")[1], Refusal.ZONE_LINES),
        (SPECIMEN.replace("P<UTO", "V<UTO"), Refusal.ZONE_LINES),
        (SPECIMEN.replace("ANNA", "АННА"), Refusal.ZONE_LINES),
        (SPECIMEN + "\n" + SPECIMEN, Refusal.ZONE_LINES),
        ("<" * 100_000, Refusal.ZONE_LINES),
        (SPECIMEN.replace("ERIKSSON", "ER1KSSON"), Refusal.ZONE_CHECK),
        (
            SPECIMEN.replace("P<UTOERIKSSON<<ANNA<MARIA", "P<UTO<<<<<<<<<<<<<<<<<<<<"),
            Refusal.ZONE_CHECK,
        ),
        (ZONE.example, Refusal.ZONE_CHECK),
    ],
)
def test_mrz_reader_refuses_invalid_zones(typed: str, refusal: Refusal) -> None:
    assert read_zone(typed) is refusal


@pytest.mark.parametrize("zone", [SPECIMEN, CARD, SMALL])
def test_mrz_reader_rejects_a_zone_with_any_wrong_digit(zone: str) -> None:
    checked = zone.index("\n") + 1 if zone is not CARD else 5
    for place, character in enumerate(zone):
        if place >= checked and character.isdecimal() and zone.count("\n", 0, place) < 2:
            wrong = zone[:place] + str((int(character) + 1) % 10) + zone[place + 1 :]
            assert read_zone(wrong) is Refusal.ZONE_CHECK, place


def test_mrz_personal_number_has_its_own_check_digit() -> None:
    wrong = SPECIMEN[:-2].replace("ZE184226B", "ZE184226C")
    for personal in "0123456789":
        for final in "0123456789":
            zone = read_zone(f"{wrong}{personal}{final}")
            assert isinstance(zone, Refusal) or personal != "1"


def test_mrz_reader_refuses_a_too_short_zone_with_quotation_marks() -> None:
    """A quotation mark may replace "<" or "<<"; a wrong guess would cut the name."""
    first, second = SPECIMEN.split("\n")
    quoted = first.rstrip("<").replace("<<", "«")
    assert read_zone(f"{quoted}\n{second}") is Refusal.ZONE_LINES


def test_mrz_example_has_the_format_of_a_zone() -> None:
    assert ZONE.fits(ZONE.example)


@given(ANYTHING)
def test_mrz_reader_never_raises_on_any_text(typed: str) -> None:
    zone = read_zone(typed)
    assert isinstance(zone, Refusal) or ZONE.fits("\n".join(zone.lines))


@given(st.sampled_from([*ZONES, SMALL]), st.data())
def test_mrz_reader_never_raises_on_a_changed_zone(zone: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(zone) - 1))
    changed = zone[:place] + data.draw(st.sampled_from("A0<\n« Б")) + zone[place + 1 :]
    assert isinstance(read_zone(changed), Zone | Refusal)
