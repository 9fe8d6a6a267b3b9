"""The command `./kosh script`."""

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
def test_text_is_written_in_the_other_script(to: str, text: str, written: str) -> None:
    said = CliRunner().invoke(assembled(), ["script", "--to", to, text])
    assert (said.exit_code, said.output) == (0, f"{written}\n")


def test_standard_input_is_written_line_by_line() -> None:
    said = CliRunner().invoke(assembled(), ["script", "--to", "kk_Arab"], input="бір\n\nекі\n")
    assert (said.exit_code, said.output) == (0, "ءبىر\n\nەكى\n")


def test_another_form_is_refused_with_the_forms_there_are() -> None:
    said = CliRunner().invoke(assembled(), ["script", "--to", "kk_Latn", "бір"])
    assert said.exit_code == 2
    assert "kk_Arab" in said.output
