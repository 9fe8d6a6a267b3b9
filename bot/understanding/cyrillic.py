"""Splits lines in Cyrillic letters into tokens in coarse spelling, at a third of the cost.

The tokens are those of `skeleton`. Most messages are such lines. With a byte for each letter, they
need no patterns of other scripts, and tables of bytes replace a dictionary of letters.
"""

import codecs
import re

LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүіһўҳ"
# The coarse spelling, `-` for none. Each of the letters ю and я becomes two further below.
COARSE = "абвгдеежзииклмнопрстуфхсчшш-и-еюяагкноууихох"
ASCII = " 0123456789,.?!-"
# Places of the letters in the character set; capitals follow small letters at a distance.
FIRST, CAPITALS = 0x80, 0x40
# `codecs` is quickest if the first character is zero. U+FFFE means that a place has none.
PLACES = (
    {0: "\0"}
    | {ord(each): each for each in ASCII}
    | dict(enumerate(LETTERS, FIRST))
    | dict(enumerate(LETTERS.upper(), FIRST + CAPITALS))
)
CHARACTERS = "".join(PLACES.get(at, "\ufffe") for at in range(256))
ENCODING = codecs.charmap_build(CHARACTERS)


def encoded(text: str) -> bytes:
    """Return a text of these characters as bytes. Raises `UnicodeEncodeError` for any other."""
    return codecs.charmap_encode(text, "strict", ENCODING)[0]


def tokens(text: str) -> list[str] | None:
    """Return the tokens of a line in coarse spelling, or None if it has other characters."""
    try:
        line = encoded(text).translate(SMALL)
    except UnicodeEncodeError:
        return None
    marks = line.translate(None, SPACE_AND_LETTERS)
    if marks:
        if b"\0" in marks:
            return None
        line = LONG_NUMBER.sub(b" 0000000 ", b" ".join(line.split()))
        line = b" ".join(TOKEN.findall(line))
    if marks or IU * 3 in line or IA * 3 in line:
        line = STRETCHED.sub(rb"\1\1", line)
    # `тс` sounds like ц.
    line = (
        line.replace(TS, S).translate(SPELLING, SILENT).replace(IU, IU_APART).replace(IA, IA_APART)
    )
    if DOUBLED.search(line):
        line = DOUBLED.sub(rb"\1", line)
    return codecs.charmap_decode(line, "strict", CHARACTERS)[0].split()


SMALL = bytes(at - CAPITALS if at >= FIRST + CAPITALS else at for at in range(256))
SPACE_AND_LETTERS = encoded(f" {LETTERS}")
TS, S, IU, IU_APART, IA, IA_APART = map(encoded, ("тс", "с", "ю", "иу", "я", "иа"))
SILENT = encoded("".join(one for one, other in zip(LETTERS, COARSE, strict=True) if other == "-"))
SPELLING = bytes.maketrans(encoded(LETTERS), encoded(COARSE))
TOKEN = re.compile(rb"[\x80-\xff]+|[0-9]+|[?!]+|\.(?!\S)|,")
LONG_NUMBER = re.compile(rb"\d[\d \-]{5,}\d")
# Other letters that are repeated become one in any case.
STRETCHED = re.compile(rb"([0-9?!" + IU + IA + rb"])\1{2,}")
DOUBLED = re.compile(rb"([\x80-\xff])\1+")
