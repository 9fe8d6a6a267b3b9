"""The command `./kosh transliterate`, which converts a text to another script of its language."""

import pytest
from typer.testing import CliRunner

from bot.cli import assembled


@pytest.mark.parametrize(
    ("to", "text", "written"),
    [
        ("kk_Arab", "Сәлем, {name}! PDF?", "سالەم، {name}! PDF؟"),
        ("kk", "سالەم، {name}!", "сәлем, {name}!"),
        ("uz_Cyrl", "Oʻzbekiston, /start", "Ўзбекистон, /start"),
        ("uz", "Ўзбекистон, /start", "Oʻzbekiston, /start"),
    ],
)
def test_script_command_converts_text(to: str, text: str, written: str) -> None:
    result = CliRunner().invoke(assembled(), ["transliterate", "--to", to, text])
    assert (result.exit_code, result.output) == (0, f"{written}\n")


def test_script_command_converts_standard_input_line_by_line() -> None:
    result = CliRunner().invoke(
        assembled(), ["transliterate", "--to", "kk_Arab"], input="бір\n\nекі\n"
    )
    assert (result.exit_code, result.output) == (0, "ءبىر\n\nەكى\n")


def test_script_command_refuses_an_unknown_script_and_lists_the_known() -> None:
    result = CliRunner().invoke(assembled(), ["transliterate", "--to", "kk_Latn", "бір"])
    assert result.exit_code == 2
    assert "kk_Arab" in result.output
