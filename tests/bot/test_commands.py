"""The command line: each family answers to its words, alone as with all others."""

import pytest
import typer

from bot.commands import FAMILIES, assembled


def _words(app: typer.Typer) -> set[str]:
    return set(getattr(typer.main.get_command(app), "commands", ()))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_answers_to_its_words_alone(family: str) -> None:
    words = FAMILIES[family]
    assert _words(assembled(words[0])) == set(words)


def test_what_nobody_answers_to_is_asked_of_all() -> None:
    everything = {word for words in FAMILIES.values() for word in words}
    assert _words(assembled("nonsense")) == _words(assembled()) == everything
