"""The steps of the tutorial and of how-to guides work as written, on a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Shell

pytestmark = pytest.mark.release

ROOT = Path(__file__).parents[1]
PAGES = (
    "tutorials/add-a-question",
    "how-to/add-a-fact",
    "how-to/add-a-language",
    "how-to/add-a-channel",
)
TUTORIAL = "".join((ROOT / f"docs/{page}.md").read_text("utf-8") for page in PAGES)
BLOCK = re.compile(
    r"""```(?:python|text)\ title="(?P<path>[^"]+)"
    (?:\ (?P<how>before|within)=(?P<quote>["'])(?P<mark>.*?)(?P=quote))?\n(?P<text>.*?)```""",
    re.DOTALL | re.VERBOSE,
)
RUN = re.compile(r"```sh\n(.*?)```", re.DOTALL)
LATE = "pytest.PytestAssertRewriteWarning"
COPIED = ("flows", "bot", "locales", "tests")


def _section(page: str) -> str:
    return (ROOT / f"docs/{page}.md").read_text("utf-8")


def _put(path: Path, how: str | None, mark: str, text: str) -> None:
    if how is None:
        assert not path.exists(), path
        path.write_text(text, "utf-8")
        return
    source = path.read_text("utf-8")
    assert source.count(mark) == 1, f"{path.name}: {mark!r} is there {source.count(mark)} times"
    between = "\n\n" if text.startswith(("def ", "async def ", "@")) else ""
    added = text.strip() + " " if how == "within" else text + between
    path.write_text(source.replace(mark, added + mark), "utf-8")


class Copy:
    """A copy of the project, to which each test applies the steps of one page."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._shell: Shell | None = None

    def follow(self, page: str) -> list[str]:
        """Write the files that the page's steps show; return the commands of its steps."""
        section = _section(page)
        for block in BLOCK.finditer(section):
            _put(self.root / block["path"], block["how"], block["mark"], block["text"])
        self.close()
        self._shell = Shell(self.root)
        return [line for run in RUN.findall(section) for line in run.splitlines()]

    def run_command(self, line: str, **environment_changes: str) -> tuple[int, str]:
        """Run a command of the page in the copy, with `environment_changes` environment variables.

        Return exit code and output.
        """
        python = Path(sys.executable)
        environment = {"PYTHONPATH": str(self.root)} | os.environ | environment_changes
        match line.split():
            case ["./kosh", *words]:
                assert self._shell
                return self._shell.types(*words, environment=environment)
            case ["uv", "run", "pytest", *words]:
                assert self._shell
                # Ignore pytest's warning that it cannot rewrite the asserts of plugins, which are
                # already imported. The tests do not need it.
                options = ("-p", "no:cacheprovider", "-W", f"ignore::{LATE}")
                return self._shell.types(
                    *options, *words,
                    environment=environment, program="pytest", module="tests.app_stack",
                )  # fmt: skip
            case ["uv", "run", tool, *words]:
                command = [str(python.with_name(tool)), *words]
            case _:
                raise AssertionError(line)
        done = subprocess.run(
            command, cwd=self.root, capture_output=True, text=True, check=False, env=environment
        )
        return done.returncode, done.stdout + done.stderr

    def close(self) -> None:
        if self._shell:
            self._shell.close()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    place = tmp_path_factory.mktemp("tutorial")
    for name in COPIED:
        shutil.copytree(ROOT / name, place / name)
    shutil.copy(ROOT / "pyproject.toml", place)
    copy = Copy(place)
    yield copy
    copy.close()


def test_tutorial_steps_to_add_a_question_work(copy: Copy) -> None:
    check, walk, extract, compare = copy.follow("tutorials/add-a-question")
    code, output = copy.run_command(check)
    assert code == 1
    assert "speaks_kazakh" in output, output
    code, output = copy.run_command(walk)
    assert code == 0, output
    match = re.search(r"preregistration: (\d+) questions, (\d+) reached", output)
    assert match
    assert match[1] == match[2]
    code, output = copy.run_command(extract)
    assert code == 0, output
    for language in ("kk", "ru", "zh_Hans", "uz"):
        catalogue = (copy.root / f"locales/{language}/LC_MESSAGES/bot.po").read_text("utf-8")
        assert 'msgid "Do you speak Kazakh?"\nmsgstr ""\n' in catalogue
    code, output = copy.run_command(compare)
    assert code == 1
    assert output.count("Do you speak Kazakh?") >= 4, output


def test_how_to_steps_to_add_a_document_work(copy: Copy) -> None:
    one, due, other, check, extract, compare, lists = copy.follow("how-to/add-a-fact")
    for line in (one, other, extract):
        code, output = copy.run_command(line)
        assert code == 0, output
    assert copy.run_command(due)[1]
    code, output = copy.run_command(other)
    assert "https://example.org/rules" in output
    # The check still reports the question that the previous test added, but not this document.
    code, output = copy.run_command(check)
    assert "no_debts" not in output, output
    code, output = copy.run_command(compare)
    assert output.count("Certificate of no debts") >= 4, output
    kept = (copy.root / "tests/flows/checklists.txt").read_text("utf-8")
    assert copy.run_command(lists)[0] == 1
    copy.run_command(lists, KOSH_UPDATE="1")
    fresh = (copy.root / "tests/flows/checklists.txt").read_text("utf-8")
    assert "documents.no_debts" not in kept
    assert fresh.count("no_debts") >= 1
    assert copy.run_command(lists)[0] == 0


def test_how_to_steps_to_add_a_language_work(copy: Copy) -> None:
    extract, report, check = copy.follow("how-to/add-a-language")
    code, output = copy.run_command(extract)
    assert code == 0, output
    assert (copy.root / "locales/tr/LC_MESSAGES/bot.po").exists()
    code, output = copy.run_command(report)
    assert code == 0, output
    assert re.search(r"^tr +\d+ +0 ", output, re.MULTILINE), output
    code, output = copy.run_command(check)
    assert code == 1
    assert "locales/tr" in output
    script = (
        "from datetime import date\n"
        "from bot.i18n import Languages, formats\n"
        "from bot.config.settings import settings\n"
        "tr = Languages(settings(languages=('tr',)).languages)\n"
        "assert tr.languages() == (('tr', 'Türkçe'),)\n"
        "assert tr.reserved('Dur').value == 'stop', tr.reserved('Dur')\n"
        "assert formats.day(date(2026, 11, 25), 'tr') == '25 Kasım 2026'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=copy.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_how_to_steps_to_add_a_channel_work(copy: Copy) -> None:
    for line in copy.follow("how-to/add-a-channel"):
        code, output = copy.run_command(line)
        assert code == 0, output
        if "pytest" in line:
            assert re.search(r"[1-9]\d* passed", output), output
    new = [path for path in copy.root.rglob("*relay.py") if "__pycache__" not in path.parts]
    ruff = str(Path(sys.executable).with_name("ruff"))
    for check in (["check"], ["format", "--check"]):
        done = subprocess.run([ruff, *check, *new], cwd=copy.root, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout


def test_tutorial_mentions_only_existing_files() -> None:
    for path in re.findall(r"`((?:bot|flows|tests)/[a-z_/]+\.(?:py|txt))`", TUTORIAL):
        assert (ROOT / path).exists(), path
