"""Training of the language guess, a table of weights of letter groups, on a few phrases."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import assembled
from bot.i18n import language_guess
from bot.understanding import language_training, phrases
from bot.understanding.phrases import Phrase


def _small_phrase_set() -> list[Phrase]:
    return [phrase for language in phrases.LANGUAGES for phrase in phrases.read(language)[::40]]


@pytest.mark.release
def test_language_guess_training_is_reproducible() -> None:
    learned = language_training.lines(_small_phrase_set(), "Cyrl")
    tables = [language_training.train(learned, "Cyrl") for _time in range(2)]
    assert tables[0] == tables[1]
    assert language_guess.by_table("қандай ҳужжатлар керак бўлади", "Cyrl", tables[0]) == "uz_Cyrl"
    assert language_guess.by_table("менинг оилам қаерда яшайди", "Cyrl", tables[0]) == "uz_Cyrl"


def test_language_guess_training_lines_are_transliterated_to_the_script() -> None:
    written = [
        Phrase("ru", "life.pension", "где пенсия"),
        Phrase("ru", "life.school", "где школа"),
        Phrase("ru", "none.noise", "ыыы"),
        Phrase("uz", "life.school", "maktab qayerda"),
        Phrase("zh_Hans", "life.school", "学校"),
    ]
    learned = language_training.lines(written, "Latn")
    found = {(each.form, each.text) for each in learned if each.form not in ("en", "tr")}
    assert ("en", "hello. this assistant") in {(each.form, each.text[:21]) for each in learned}
    assert found == {("ru", "gde shkola"), ("uz", "maktab qayerda")}


def test_language_guess_training_lines_are_labelled_by_their_language() -> None:
    written = [
        Phrase("kk", "life.school", "okula nasıl kayıt"),
        Phrase("kk", "bot.what", "sen kim"),
    ]
    learned = language_training.lines(written, "Latn")
    found = {(each.form, each.text, each.is_measured) for each in learned}
    assert {("tr", "okula nasıl kayıt", True), ("tr", "okula nasil kayit", False)} <= found
    assert [each.text for each in learned if each.form == "kk"] == ["sen kim"]


@pytest.mark.release
def test_understanding_languages_command_writes_its_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, small_phrase_set = tmp_path / "groups.tsv", _small_phrase_set()
    monkeypatch.setattr(language_guess, "FILE", file)
    monkeypatch.setattr(phrases, "read_all", lambda: small_phrase_set)
    run = CliRunner().invoke(assembled("understanding"), ["understanding", "languages"])
    assert run.exit_code == 0, run.output
    assert len(run.stdout.splitlines()) == 1 + 3 + 6
    assert file.read_text("utf-8").startswith(language_training.HEADER)
