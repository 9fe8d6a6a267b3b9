"""The committed reference of commands and settings is what the code generates."""

from pathlib import Path

import pytest

from bot.cli import reference
from bot.cli.reference import citations


def test_generated_reference_pages_are_current() -> None:
    assert [*reference.outdated(), *citations.outdated()] == [], "run ./kosh docs reference"


@pytest.mark.release
def test_generated_reference_check_reports_changed_and_missing_pages(tmp_path: Path) -> None:
    reference.write(tmp_path)
    assert reference.outdated(tmp_path) == []
    (tmp_path / "errors.md").unlink()
    (tmp_path / "settings.md").write_text("changed", "utf-8")
    assert reference.outdated(tmp_path) == ["errors.md", "settings.md"]
