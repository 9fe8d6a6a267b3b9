"""`test`, `chaos`, `bench`, `requirements`, `mutants`: test Kosh, inject faults, measure speed."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from urllib.parse import urlsplit

import typer

from bot.cli.environment import ROOT
from bot.config.sources import ConfigError

app = typer.Typer()
# Folder to which tests write their reports, which `./kosh requirements` reads.
REPORTS = ".kosh/reports"
FAILED_TESTS = ROOT / ".pytest_cache/v/cache/lastfailed"
AGAIN = (sys.executable, "-m", "pytest", "--last-failed", "--last-failed-no-failures=none")
# Options for a pytest run without the cache, because another pytest process, which runs at the same
# time, writes its list of failed tests there.
UNLISTED = ("-p", "no:cacheprovider")
# Assertions are not rewritten, because rewriting costs each process 9 s of CPU time. A failed test
# is repeated with rewriting, and then shows the values in its assertion.
XDIST_OPTIONS = ("--dist", "loadfile", "--no-loadscope-reorder", "--assert=plain")

ANNOUNCED = ("--people", "300", "--kills", "8")
# Filters for pytest's option -m: all tests, the tests that run for each change, and the tests that
# run only for a release. The mark `release` is for tests of released artifacts and for slow tests
# that seldom fail.
ALL, CHANGE, RELEASE = "not slow", "not slow and not release", "release and not slow"

# Number of test processes, which is more than the two cores, because these tests often wait for a
# server or a browser.
AT_ONCE = 4

# Tests that walk through all conversations. One process runs them, because several processes would
# each repeat the same walks.
CONVERSATIONS = (
    "tests/flows",
    "tests/channels/test_fit.py",
    "tests/channels/test_written_forms.py",
)
OTHERS = ("tests", *(f"--ignore={path}" for path in CONVERSATIONS))

# Command prefix that lets a command use only CPU time which other processes leave.
LOW_PRIORITY = ("nice", "-n", "19")

# Vulnerability service that pip-audit asks. PyPI's own service answers 404 behind mirrors, which
# pip-audit reads as "no findings".
VULNERABILITIES = "https://api.osv.dev"

# All tests run on the newest PostgreSQL. OLDEST_POSTGRES_TESTS also run on the oldest supported
# version, which Debian ships, so that the code uses no newer feature.
OLDEST_POSTGRES = Path("/usr/lib/postgresql/17/bin")
OLDEST_POSTGRES_TESTS = (
    "tests/broadcasts/test_broadcasts.py",
    "tests/cases/test_cases.py",
    "tests/cases/test_working_hours.py",
    "tests/conversations/test_batched_turns.py",
    "tests/conversations/test_turn.py",
    "tests/db/test_migrations.py",
    "tests/desk/test_actions.py",
    "tests/desk/test_break_glass.py",
    "tests/officers/test_permissions.py",
    "tests/operations/test_key_rotation.py",
    "tests/operations/test_rollback_guard.py",
    "tests/outbox/test_outbox.py",
    "tests/outbox/test_sender.py",
    "tests/people/test_pin.py",
    "tests/privacy/test_breach_report.py",
    "tests/privacy/test_erasure.py",
    "tests/privacy/test_retention.py",
    "tests/registrations/test_registrations.py",
    "tests/uploads/test_uploads.py",
)

Quick = Annotated[bool, typer.Option("--quick", help="Leave out chaos.")]
Release = Annotated[bool, typer.Option("--release", help="Only what a release must pass besides.")]
Everything = Annotated[bool, typer.Option("--all", help="Also what a release must pass.")]


@app.command()
def test(quick: Quick = False, release: Release = False, everything: Everything = False) -> None:
    """Run all checks of a change: lint, types, layers, catalogues, documents, tests and chaos.

    With `--release`, run only the additional release checks, and with `--all` run both at the same
    time. The release checks cover a reproducible wheel with demo, the tutorial, and setup, move and
    restore of an installation. These checks also start and kill the embedded servers, and test the
    registry contract with generated requests. Further release checks sanitize all file types, send
    a broadcast in a browser, check the accessibility of the console with axe, and compare every
    picture of the documentation. The remaining checks test the oldest supported PostgreSQL, and
    repeat slow tests in every language and script.
    """
    started = time.monotonic()
    failed = _check_release() if release else _check_change(quick, everything)
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    if lacking := missing():
        typer.echo(f"Skipped, since this machine has none: {', '.join(lacking)}.")
    if failed:
        typer.echo(f"Failed: {', '.join(failed)}", err=True)
    typer.echo(f"It took {minutes} min {seconds} s.")
    raise typer.Exit(1 if failed else 0)


def missing() -> list[str]:
    """Return the programs that this machine lacks and without which some tests are skipped."""
    from bot.i18n import spelling
    from tests.browser.chromium import BROWSER

    found = {
        "Chromium": BROWSER is not None,
        "hunspell with its dictionaries": spelling.has_dictionaries(),
        "PostgreSQL 17": OLDEST_POSTGRES.is_dir(),
        "systemd-analyze": shutil.which("systemd-analyze") is not None,
    }
    return [name for name, is_found in found.items() if not is_found]


def _check_release() -> list[str]:
    """Run the checks that only a release must pass; return the names of failed ones."""
    tests = _pytest("release", AT_ONCE, *OTHERS, marked=RELEASE)
    return _run_tests({"release": tests}, _of_a_release()) + _check_vulnerabilities()


def _of_a_release() -> dict[str, list[str]]:
    """Return the commands of the release checks, except tests on the newest PostgreSQL.

    The longest command comes first.
    """
    checks: dict[str, list[str]] = {}
    if "Chromium" not in missing():
        checks["pictures"] = [sys.executable, "-m", "tests.browser.pictures", "--check"]
    if OLDEST_POSTGRES.is_dir():
        oldest = (*OLDEST_POSTGRES_TESTS, f"--postgres={OLDEST_POSTGRES}", *UNLISTED)
        checks["oldest"] = _pytest("oldest", 1, *oldest)
    return checks | {"wheel": [sys.executable, "-m", "tests.wheel"]}


def _check_vulnerabilities() -> list[str]:
    """Check the locked packages for known vulnerabilities.

    Return ["vulnerabilities"] if a package has any, otherwise []. Offline, print that they were not
    checked and return [].
    """
    if not _is_reachable(VULNERABILITIES):
        typer.echo(f"Known vulnerabilities: not looked up, {VULNERABILITIES} is out of reach.")
        return []
    with TemporaryDirectory() as folder:
        locked = str(Path(folder) / "requirements.txt")
        export = ["uv", "export", "--quiet", "--frozen", "--no-dev", "--all-extras"]
        subprocess.run(
            [*export, "--no-emit-project", "--output-file", locked], cwd=ROOT, check=True
        )
        audit = [sys.executable, "-m", "pip_audit", "--vulnerability-service=osv", "--strict"]
        audit += ["--disable-pip", "--require-hashes", f"--requirement={locked}"]
        return _in_parallel({"vulnerabilities": audit}, {})


def _is_reachable(url: str) -> bool:
    """Return True if a TCP connection to the host and port of the URL opens within 5 seconds."""
    address = urlsplit(url)
    try:
        with socket.create_connection((address.hostname or "", address.port or 443), timeout=5):
            return True
    except OSError:
        return False


def _check_change(quick: bool, everything: bool = False) -> list[str]:
    """Run the checks that every change must pass; return the names of failed checks.

    `quick` omits the chaos tests. With `everything`, run the release checks at the same time, so
    that no core is idle.
    """
    python = sys.executable
    shutil.rmtree(ROOT / REPORTS, ignore_errors=True)
    marked = ALL if everything else CHANGE
    tests = {"tests": _pytest("all", AT_ONCE, *OTHERS, marked=marked)}
    types = {"types": [python, "-m", "mypy"]}
    parallel_commands = {
        "lint": [python, "-m", "ruff", "check", "."],
        "format": [python, "-m", "ruff", "format", "--check", "."],
        "layers": [str(Path(python).parent / "lint-imports")],
        **(_of_a_release() if everything else {}),
        **(types if quick else {}),
        "catalogues": [python, "-m", "bot", "languages", "check"],
        "documents": [python, "-m", "bot", "docs", "build"],
        "conversations": _pytest("flows", 0, *CONVERSATIONS, "--cov", *UNLISTED),
    }
    failed = _run_tests(tests, parallel_commands) + (_check_vulnerabilities() if everything else [])
    return failed + ([] if quick else _run_chaos_tests(types))


def _run_chaos_tests(idle: Mapping[str, list[str]]) -> list[str]:
    """Run the chaos tests in parallel with the commands `idle`; return the names of failed ones.

    The chaos tests run after the other tests, because chaos tests measure timeouts. They mostly
    wait. The commands `idle` get the CPU time that the chaos tests leave.
    """
    python = sys.executable
    parallel_commands = {"announcement": [python, "-m", "tests.chaos.broadcast", *ANNOUNCED]}
    parallel_commands |= {name: [*LOW_PRIORITY, *command] for name, command in idle.items()}
    return _in_parallel({"chaos": [python, "-m", "tests.chaos", "short"]}, parallel_commands, 3)


def _run_tests(
    tests: Mapping[str, list[str]], quiet: Mapping[str, list[str]] | None = None
) -> list[str]:
    """Run `tests` in parallel with the commands `quiet`; return the names of commands that failed.

    Repeat failed tests once, one at a time. Tests that then pass are printed as flaky and do not
    fail the run, because the cause may be the load of the machine and not the change.
    """
    FAILED_TESTS.unlink(missing_ok=True)
    failed = _in_parallel(tests, quiet or {})
    if failed_tests := [name for name in failed if name in tests]:
        names = sorted(json.loads(FAILED_TESTS.read_text())) if FAILED_TESTS.is_file() else []
        # Without the list of failed tests, pytest itself ended early, so nothing can be repeated.
        if names and _passes("failed tests, one at a time", [*AGAIN, "tests"]):
            typer.echo("Flaky: failed beside other tests, passed alone. Mend them:", err=True)
            typer.echo("\n".join(f"  {test}" for test in names), err=True)
            return [name for name in failed if name not in failed_tests]
    return failed


def _pytest(report: str, many: int, *tests: str, marked: str = ALL) -> list[str]:
    how = ("-n", str(many), *XDIST_OPTIONS, "-m", marked, f"--junitxml={REPORTS}/{report}.xml")
    return [sys.executable, "-m", "pytest", *how, *tests]


def _in_parallel(
    shown: Mapping[str, list[str]], quiet: Mapping[str, list[str]], at_once: int = 2
) -> list[str]:
    """Run the commands, at most `at_once` at the same time; return the names of those that failed.

    The commands in `shown` start first and print their output at once. Those in `quiet` print their
    output when they end.
    """
    with ThreadPoolExecutor(at_once) as pool:
        passed = {name: pool.submit(_passes, name, line) for name, line in shown.items()}
        passed |= {name: pool.submit(_passes_quietly, name, line) for name, line in quiet.items()}
    return [name for name, each in passed.items() if not each.result()]


def _passes(name: str, command: list[str]) -> bool:
    typer.echo(f"== {name}")
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def _passes_quietly(name: str, command: list[str]) -> bool:
    """Run a command, print its output when it has ended, and return True if it succeeded.

    The output is printed at the end, so that outputs of parallel commands do not mix.
    """
    done = subprocess.run(
        command, cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    typer.echo(f"== {name}\n{done.stdout}".rstrip())
    return done.returncode == 0


PASSED_ON = {"ignore_unknown_options": True, "allow_extra_args": True}


@app.command(context_settings=PASSED_ON, add_help_option=False)
def chaos(context: typer.Context) -> None:
    """Inject faults (kills, cuts, full disk) under load and check the results: `chaos long`."""
    if not (ROOT / "tests" / "chaos").is_dir():
        raise ConfigError("the chaos test is in the source checkout only; use it there")
    from tests.chaos import command

    command.app(args=context.args, prog_name="kosh chaos")


@app.command(context_settings=PASSED_ON, add_help_option=False)
def bench(context: typer.Context) -> None:
    """Measure speed and memory of Kosh and of comparable software in one run: `bench turn`."""
    try:
        from tests.benchmarks import command
    except ImportError:
        typer.echo("E_BENCH: the group `bench` isn't installed; call it as ./kosh bench", err=True)
        raise typer.Exit(2) from None
    command.app(args=context.args, prog_name="kosh bench")


@app.command(context_settings=PASSED_ON, add_help_option=False)
def requirements(context: typer.Context) -> None:
    """List the safety requirements with their tests and results; `--run` runs the tests."""
    _prove("requirements", context)


@app.command(context_settings=PASSED_ON, add_help_option=False)
def mutants(context: typer.Context) -> None:
    """Run the tests with one safety guard removed at a time; exit with 1 if they miss a removal."""
    _prove("mutants", context)


def _prove(command: str, context: typer.Context) -> None:
    """Run `python -m tests.proof COMMAND` in a subprocess and exit with its status."""
    if not (ROOT / "tests" / "proof").is_dir():
        typer.echo(
            "E_TESTS_MISSING: the tests are in the source checkout only; call it there", err=True
        )
        raise typer.Exit(2)
    done = subprocess.run(
        [sys.executable, "-m", "tests.proof", command, *context.args], cwd=ROOT, check=False
    )
    raise typer.Exit(done.returncode)
