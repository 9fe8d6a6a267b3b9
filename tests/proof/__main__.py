"""Commands behind `./kosh requirements` and `./kosh mutants`: `python -m tests.proof COMMAND`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tests.proof import ledger
from tests.proof.mutants import MUTANTS, Mutant

app = typer.Typer(add_completion=False, no_args_is_help=True, help="What is proven, and by what.")


@app.callback()
def proof() -> None:
    """Report the requirements and the tests that prove them."""


@app.command()
def requirements(
    run: Annotated[bool, typer.Option("--run", help="Run the tests first.")] = False,
    rows: Annotated[bool, typer.Option("--rows", help="The rows of bad input instead.")] = False,
    brief: Annotated[bool, typer.Option("--brief", help="Without the names of tests.")] = False,
) -> None:
    """Print each requirement with its tests and their last results.

    Exit with 1 if a test failed or a requirement has no test.
    """
    lines = ledger.rows() if rows else ledger.requirements()
    if run:
        _run(sorted({test for line in lines for test in line.tests}))
    ended = ledger.results()
    for line in ledger.report_lines(lines, ended, tests=not brief):
        typer.echo(line)
    states = {ledger.state(line, ended) for line in lines}
    raise typer.Exit(1 if states & {"failed", "no test"} else 0)


def _run(tests: list[str]) -> None:
    """Run these tests, except slow ones, and write their report into `ledger.REPORTS`."""
    shutil.rmtree(ledger.REPORTS, ignore_errors=True)
    report = f"--junitxml={ledger.REPORTS / 'requirements.xml'}"
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "-m", "not slow"]
    subprocess.run([*command, report, *tests], cwd=ledger.ROOT, check=False)


@app.command()
def mutants(
    names: Annotated[list[str] | None, typer.Argument(help="Which; by default all.")] = None,
    area: Annotated[
        list[str] | None,
        typer.Option(help="Alter an area: flows, understanding, policy, permissions."),
    ] = None,
    many: Annotated[int, typer.Option(min=1, help="So many of it, by lot.")] = 300,
    minutes: Annotated[float, typer.Option(help="End the trials of an area after it.")] = 600,
    seed: Annotated[int, typer.Option(help="The lot.")] = 1,
    budget: Annotated[float, typer.Option(help="Of tests for each, seconds at most.")] = 12,
) -> None:
    """Turn off one safeguard of the program at a time, and run the tests that must then fail.

    Exit with 1 if the tests of a mutant (a safeguard that is off) do not fail. With `--area`, alter
    this area of the program in one place at a time instead. NAMES are then modules of the area, or
    single places as an earlier run printed them (`flows.engine.flow:12`).
    """
    if area:
        from tests.proof import altered
        from tests.proof.areas import AREAS

        limits = altered.Limits(many, budget, 60 * minutes)
        for each in map(AREAS.__getitem__, area):
            drawn = each.drawn(names or [], seed)
            verdicts = altered.tried(drawn, limits, each.tests, each.caches)
            typer.echo(altered.summary(verdicts))
        raise typer.Exit(0)
    chosen = [MUTANTS[name] for name in names or MUTANTS]
    alive = [mutant.name for mutant in chosen if not _is_caught(mutant)]
    typer.echo(f"{len(chosen)} mutants, {len(chosen) - len(alive)} caught")
    if alive:
        typer.echo(f"Nobody noticed: {', '.join(alive)}", err=True)
        raise typer.Exit(1)


def _is_caught(mutant: Mutant) -> bool:
    """Run the mutant's tests; return True if one failed.

    An error outside of a test, for example in a fixture, does not count.
    """
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
        command += ["-p", "tests.proof.mutants", "-o", "junit_logging=no", f"--junitxml={report}"]
        subprocess.run(
            [*command, *mutant.tests],
            cwd=ledger.ROOT,
            env=os.environ | {"MUTANT": mutant.name},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        red = ledger.red(report)
    typer.echo(f"{mutant.name:24} {red[0] if red else 'SURVIVED':90} {mutant.description}")
    return bool(red)


if __name__ == "__main__":
    app(prog_name="kosh")
