"""Tests of developer commands: `./kosh test`, the package audit, help, shell completion."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import assembled, dev
from bot.i18n import spelling
from tests.browser import chromium
from tests.terminal import shell

type Runs = list[tuple[dict[str, list[str]], dict[str, list[str]]]]

COMMANDS = ("chaos", "requirements", "mutants")


@pytest.mark.parametrize(
    ("options", "suite"),
    [((), "_check_change"), (("--release",), "_check_release"), (("--all",), "_check_change")],
)
def test_test_command_lists_missing_programs_in_one_line(
    options: tuple[str, ...], suite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, suite, lambda *_: [])
    monkeypatch.setattr(dev, "OLDEST_POSTGRES", Path("/nowhere"))
    monkeypatch.setattr("shutil.which", lambda _program: None)
    monkeypatch.setattr(spelling, "which", lambda _program: None)
    monkeypatch.setattr(chromium, "BROWSER", None)
    result = CliRunner().invoke(dev.app, ["test", *options])
    assert result.exit_code == 0
    assert result.output.splitlines()[0] == (
        "Skipped, since this machine has none: Chromium, hunspell with its dictionaries, "
        "PostgreSQL 17, systemd-analyze."
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_cli_help_shows_kosh_as_the_program_name(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    result = CliRunner().invoke(assembled(command), [command, "--help"], prog_name="kosh")
    assert f"Usage: kosh {command} " in result.output + capfd.readouterr().out


@pytest.mark.parametrize(
    ("listed", "passes_alone", "failed"),
    [(True, True, []), (True, False, ["tests"]), (False, True, ["tests"])],
)
def test_test_command_reruns_failed_tests_alone_before_failing(
    listed: bool,
    passes_alone: bool,
    failed: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    list_of_failed = tmp_path / "lastfailed"
    list_of_failed.write_text("of a run before")

    def passes(name: str, _command: list[str]) -> bool:
        if name == "tests" and listed:
            list_of_failed.write_text('{"tests/test_a.py::test_b": true}')
        return name != "tests" and passes_alone

    monkeypatch.setattr(dev, "FAILED_TESTS", list_of_failed)
    monkeypatch.setattr(dev, "_passes", passes)
    assert dev._run_tests({"tests": []}) == failed
    assert ("  tests/test_a.py::test_b\n" in capsys.readouterr().err) == (not failed)


def test_package_audit_prints_a_line_when_its_service_is_unreachable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "VULNERABILITIES", "http://127.0.0.1:9")
    assert dev._check_vulnerabilities() == []
    output = capsys.readouterr().out
    assert output == "Known vulnerabilities: not looked up, http://127.0.0.1:9 is out of reach.\n"


@pytest.mark.skipif(shutil.which("uv") is None, reason="no uv on the path")
def test_package_audit_checks_every_locked_runtime_package(monkeypatch: pytest.MonkeyPatch) -> None:
    locked = list[str]()

    def passes(_name: str, command: list[str]) -> bool:
        locked.append(Path(command[-1].partition("=")[2]).read_text("utf-8"))
        return False

    monkeypatch.setattr(dev, "_is_reachable", lambda _url: True)
    monkeypatch.setattr(dev, "_passes", passes)
    assert dev._check_vulnerabilities() == ["vulnerabilities"]
    assert "aiogram==" in locked[0]
    assert "--hash=sha256:" in locked[0]
    assert "pytest==" not in locked[0]


def _completing(typed: str) -> dict[str, str]:
    """Return the environment in which a shell asks for completions of the typed line."""
    return {
        "_KOSH_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
        "PATH": "/usr/bin:/bin",
    }


@pytest.mark.release
@pytest.mark.parametrize(("typed", "expected"), [("kosh ke", "keys"), ("kosh keys d", "destroy")])
def test_cli_shell_completion_suggests_commands(typed: str, expected: str) -> None:
    _code, output = shell().types(environment=_completing(typed))
    assert output.split() == [expected]


@pytest.mark.release
def test_cli_shell_completion_works_in_the_installed_command() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("kosh")],
        env=_completing("kosh keys sh"),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout.split() == ["show"], done.stderr


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Return a list that records the commands of `./kosh test`, which are not run."""
    recorded: Runs = []

    def run(
        shown: dict[str, list[str]], quiet: dict[str, list[str]], _at_once: int = 2
    ) -> list[str]:
        recorded.append((shown, quiet))
        return []

    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "FAILED_TESTS", tmp_path / "lastfailed")
    monkeypatch.setattr(dev, "_in_parallel", run)
    monkeypatch.setattr(dev, "_check_vulnerabilities", lambda: [])
    monkeypatch.setattr(dev, "OLDEST_POSTGRES", tmp_path)
    monkeypatch.setattr(chromium, "BROWSER", "chromium")
    return recorded


def test_test_command_runs_checks_in_parallel_with_the_tests(runs: Runs) -> None:
    """Check that checks and tests share the two cores; in sequence, they would leave one idle."""
    assert dev._check_change(quick=True) == []
    ((shown, quiet),) = runs
    assert list(shown) == ["tests"]
    first, *_others, last = quiet
    assert (first, last) == ("lint", "conversations")


def test_test_command_runs_mypy_beside_the_chaos_tests(runs: Runs) -> None:
    """Check that mypy uses only CPU time that the chaos tests leave."""
    assert dev._check_change(quick=False) == []
    _tests, (shown, quiet) = runs
    assert [*shown, *quiet] == ["chaos", "announcement", "types"]
    assert tuple(quiet["types"][:3]) == dev.LOW_PRIORITY


def test_test_command_runs_release_checks_with_option_all(runs: Runs) -> None:
    assert dev._check_change(quick=True) == dev._check_release() == []
    assert dev._check_change(quick=True, everything=True) == []
    (of_tests, of_a_change), (released, of_a_release), (tests, beside) = runs
    assert beside == of_a_change | of_a_release
    assert {"pictures", "oldest", "wheel"} == of_a_release.keys()
    marked = [_marked(each) for each in (of_tests["tests"], released["release"], tests["tests"])]
    assert marked == ["not slow and not release", "release and not slow", "not slow"]


def _marked(command: list[str]) -> str:
    """Return the expression after `-m` by which a pytest command selects tests by their marks."""
    return command[command.index("-m", command.index("pytest")) + 1]
