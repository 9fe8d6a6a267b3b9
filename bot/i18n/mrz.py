"""Parser for machine-readable zones of passports and identity cards (ICAO 9303, parts 4 to 6)."""

import re
from dataclasses import dataclass

from bot.i18n import normalization
from flows.engine.language_protocol import Refusal

DATE = re.compile("[0-9]{2}(?:0[1-9]|1[0-2]|<<)(?:0[1-9]|[12][0-9]|3[01]|<<)")
QUOTES = re.compile("[«»‹›〈]")
VALUES = {
    character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}


@dataclass(frozen=True, slots=True)
class Zone:
    """The fields of a machine-readable zone.

    Names are in the fields in which they are printed, although issuers may print a name in the
    wrong field. `born` and `expires` are YYMMDD, with `<` for digits that the issuer did not know.
    `cut` means that the names fill their field completely, so that letters may be missing at the
    end.
    """

    lines: tuple[str, ...]
    kind: str
    issuer: str
    number: str
    nationality: str
    born: str
    sex: str
    expires: str
    personal: str
    surname: str
    given_names: str
    cut: bool


@dataclass(frozen=True, slots=True)
class _Layout:
    """Positions of the fields in a zone whose lines are joined.

    `number`, `born` and `expires` are each followed by a check digit. `final` is the position of
    the check digit over all ranges in `covered`.
    """

    lines: int
    width: int
    kinds: str
    names: slice
    number: int
    born: int
    sex: int
    expires: int
    nationality: int
    personal: slice
    covered: tuple[slice, ...]
    final: int


_LAYOUTS = (
    _Layout(
        lines=2, width=44, kinds="P", names=slice(5, 44), number=44, nationality=54, born=57,
        sex=64, expires=65, personal=slice(72, 86), final=87,
        covered=(slice(44, 54), slice(57, 64), slice(65, 87)),
    ),
    _Layout(
        lines=2, width=36, kinds="ACIP", names=slice(5, 36), number=36, nationality=46, born=49,
        sex=56, expires=57, personal=slice(64, 71), final=71,
        covered=(slice(36, 46), slice(49, 56), slice(57, 71)),
    ),
    _Layout(
        lines=3, width=30, kinds="ACI", names=slice(60, 90), number=5, born=30, sex=37,
        expires=38, nationality=45, personal=slice(15, 30), final=59,
        covered=(slice(5, 30), slice(30, 37), slice(38, 45), slice(48, 59)),
    ),
)  # fmt: skip


def read_zone(typed: str) -> Zone | Refusal:
    """Return the fields of a machine-readable zone; a refusal unless all check digits are right.

    A zone has two lines of 44 characters (passport) or 36, or three lines of 30 (card). Lower case,
    spaces, missing line ends and fillers are corrected, and so are the quotation marks that phones
    type for `<`. A letter O in place of a zero is not corrected, so that its check digit is wrong.
    """
    if not normalization.clean(typed):
        return Refusal.EMPTY
    text = normalization.clean(typed.translate(normalization.PLAIN), multiline=True).upper()
    found = _match_layout(_lines(text, "<")) or _match_layout(_lines(text, "<<"))
    if found is None and not QUOTES.search(text):
        found = _match_layout(_pad_lines(_lines(text, "<")))
    return Refusal.ZONE_LINES if found is None else _zone(*found) or Refusal.ZONE_CHECK


def _lines(text: str, filler: str) -> list[str]:
    """Return a typed zone's lines without spaces; replace each quotation mark by `filler`."""
    text = QUOTES.sub(filler, text)
    return ["".join(line.split()) for line in text.splitlines() if line]


def _pad_lines(lines: list[str]) -> list[str]:
    """Return a typed zone's lines, padded with `<` to the length of the second line.

    The second line is complete as typed, because it ends with the final check digit.
    """
    width = len(lines[1]) if len(lines) > 1 else 0
    return [line.ljust(width, "<") for line in lines]


def _match_layout(lines: list[str]) -> tuple[_Layout, str] | None:
    """Return the document layout that fits the lines, and the lines joined; None if none fits."""
    for layout in _LAYOUTS:
        one_line = [layout.width * layout.lines]
        if [len(line) for line in lines] in ([layout.width] * layout.lines, one_line):
            return _in_letters(layout, "".join(lines))
    return None


def _in_letters(layout: _Layout, text: str) -> tuple[_Layout, str] | None:
    whole = re.fullmatch(f"[A-Z0-9<]{{{layout.width * layout.lines}}}", text)
    return (layout, text) if whole and text[0] in layout.kinds else None


def _zone(layout: _Layout, text: str) -> Zone | None:
    """Return the fields of a zone; None if a check digit is wrong or a field is malformed."""
    number, personal = _number(layout, text)
    born, expires = text[layout.born :][:6], text[layout.expires :][:6]
    names = re.fullmatch("([A-Z<]*?)(?:<<([A-Z<]*))?", text[layout.names].rstrip("<"))
    sound = (
        number
        and _has_check_digit(text, layout.born, 6)
        and _has_check_digit(text, layout.expires, 6)
        and _check_digit("".join(text[part] for part in layout.covered)) == text[layout.final]
        and (layout.width != 44 or _personal_checked(text[layout.personal], text[86]))
        and DATE.fullmatch(born)
        and DATE.fullmatch(expires)
        and text[layout.sex] in "MFX<"
    )
    if not sound or names is None or not names[1].strip("<"):
        return None
    width = layout.width
    return Zone(
        lines=tuple(text[at : at + width] for at in range(0, len(text), width)),
        kind=text[:2].rstrip("<"),
        issuer=text[2:5].rstrip("<"),
        number=number,
        nationality=text[layout.nationality :][:3].rstrip("<"),
        born=born,
        sex=text[layout.sex],
        expires=expires,
        personal=personal,
        surname=_name(names[1]),
        given_names=_name(names[2] or ""),
        cut=text[layout.names][-1] != "<",
    )


def _number(layout: _Layout, text: str) -> tuple[str, str]:
    """Return the document number and the personal number in a machine-readable zone.

    The document number is "" if its check digit is wrong. On cards, a document number of more than
    nine characters continues in the personal field, where its check digit follows it.
    """
    number, check = text[layout.number :][:9], text[layout.number + 9]
    personal = text[layout.personal]
    if check == "<" and layout.width != 44 and personal[0] != "<":
        rest, _, personal = personal.partition("<")
        number, check = number + rest[:-1], rest[-1]
    sound = _check_digit(number) == check
    return number.rstrip("<") if sound else "", personal.strip("<")


def _personal_checked(personal: str, check: str) -> bool:
    """Return True if a personal number's check digit is right, or `<` for an empty number."""
    return _check_digit(personal) == check or (check == "<" and not personal.strip("<"))


def _has_check_digit(text: str, begin: int, length: int) -> bool:
    return _check_digit(text[begin : begin + length]) == text[begin + length]


def _check_digit(text: str) -> str:
    """Return the check digit: the sum of character values times 7, 3, 1 in turn, modulo 10.

    The value of `<` is 0.
    """
    return str(sum(VALUES.get(each, 0) * (7, 3, 1)[at % 3] for at, each in enumerate(text)) % 10)


def _name(field: str) -> str:
    return " ".join(field.replace("<", " ").split())
