"""The tutorial, followed as it is written, on a copy of the project."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TUTORIAL = (ROOT / "docs/tutorial.md").read_text("utf-8")
PUT = re.compile(r'```(?:python|text) title="([^"]+)" before="([^"]+)"\n(.*?)```', re.DOTALL)
RUN = re.compile(r"```sh\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with what the tutorial puts in."""
    place = tmp_path_factory.mktemp("tutorial")
    for name in ("flows", "bot", "locales", "tests/flows"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    for path, before, text in PUT.findall(TUTORIAL):
        source = (place / path).read_text("utf-8")
        assert source.count(before) == 1, before
        (place / path).write_text(source.replace(before, text + before), "utf-8")
    return place


def _section(title: str) -> str:
    return TUTORIAL.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _said(copy: Path, title: str, command: str) -> tuple[int, str]:
    """What a command of a section says in the copy; it must be one of those written there."""
    assert f"./kosh {command}\n" in "".join(RUN.findall(_section(title))), command
    done = subprocess.run(
        [sys.executable, "-m", "bot", *command.split()],
        cwd=copy, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_question_is_added(copy: Path) -> None:
    title = "Add a question"
    code, said = _said(copy, title, "flows check")
    assert code == 1
    assert "speaks_kazakh" in said, said
    code, said = _said(copy, title, "flows walk")
    assert code == 0, said
    asked = re.search(r"preregistration: (\d+) questions, (\d+) reached", said)
    assert asked
    assert asked[1] == asked[2]
    code, said = _said(copy, title, "languages extract")
    assert code == 0, said
    for language in ("kk", "ru", "zh_Hans", "uz"):
        catalogue = (copy / f"locales/{language}/LC_MESSAGES/bot.po").read_text("utf-8")
        assert 'msgid "Do you speak Kazakh?"\nmsgstr ""\n' in catalogue


def test_a_document_can_be_looked_up(copy: Path) -> None:
    code, said = _said(copy, "Add a document", "facts explain kandas_status.validity")
    assert code == 0, said
    assert "source" in said
    assert _said(copy, "Add a document", "facts due")[1]


def test_every_place_that_the_tutorial_names_exists() -> None:
    for path in re.findall(r"`((?:bot|flows|tests)/[a-z_/]+\.(?:py|txt))`", TUTORIAL):
        assert (ROOT / path).exists(), path
    for name in ("replies.py", "danger.py", "formats.py"):
        assert (ROOT / "bot/languages" / name).exists(), name
