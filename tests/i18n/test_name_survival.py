"""The parser of names keeps every code point of names in five scripts."""

import unicodedata

import pytest

from bot.i18n.parsers import read_name
from tests.names import SCRIPTS, names

MANY = 50_000


@pytest.mark.parametrize("script", SCRIPTS)
def test_name_reader_keeps_every_code_point_in_five_scripts(script: str) -> None:
    """Parse random names; only NFC, apostrophes, hyphens, dots and invisible marks may change.

    `./kosh bench names` tries more names.
    """
    for typed, kept in names(script, MANY // len(SCRIPTS), seed=4):
        assert read_name(typed) == kept, ascii(typed)
        assert read_name(kept) == kept, ascii(kept)


@pytest.mark.parametrize("script", SCRIPTS)
def test_name_generator_produces_names_that_need_normalization(script: str) -> None:
    """Check that generated names need normalization; otherwise, the parser's test is useless."""
    made = list(names(script, 2_000, seed=4))
    assert any(not unicodedata.is_normalized("NFC", typed) for typed, _kept in made)
    assert any("\u2068" in typed for typed, _kept in made)
    changed = [typed for typed, kept in made if typed != kept]
    assert 100 < len(changed) < 2_000


def test_name_generator_produces_rare_chinese_characters() -> None:
    made = "".join(typed for typed, _kept in names("Chinese", 5_000, seed=4))
    for first in (0x20000, 0x2A700, 0x2B740, 0x2B820, 0x2CEB0, 0x30000, 0x31350):
        assert any(first <= ord(character) < first + 0x6E0 for character in made), hex(first)
