"""What `./kosh requirements` and its kin run: `python -m tests.proof requirements --run`."""

import subprocess
import sys
from typing import Annotated

import typer

from tests.proof import ledger

app = typer.Typer(add_completion=False, no_args_is_help=True, help="What is proven, and by what.")


@app.callback()
def proof() -> None:
    """What is proven, and by what."""


@app.command()
def requirements(
    run: Annotated[bool, typer.Option("--run", help="Run the tests first.")] = False,
    rows: Annotated[bool, typer.Option("--rows", help="The rows of bad input instead.")] = False,
    brief: Annotated[bool, typer.Option("--brief", help="Without the names of tests.")] = False,
) -> None:
    """Requirement by requirement: what it says, its tests, how they ended in the last run."""
    lines = ledger.rows() if rows else ledger.requirements()
    if run:
        _run(sorted({test for line in lines for test in line.tests}))
    ended = ledger.results()
    for line in ledger.told(lines, ended, tests=not brief):
        typer.echo(line)
    stands = {ledger.state(line, ended) for line in lines}
    raise typer.Exit(1 if stands & {"failed", "no test"} else 0)


def _run(tests: list[str]) -> None:
    """Slow ones are run by `./kosh test` in a step of their own."""
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "-m", "not slow"]
    subprocess.run([*command, f"--junitxml={ledger.REPORT}", *tests], cwd=ledger.ROOT, check=False)


if __name__ == "__main__":
    app()
