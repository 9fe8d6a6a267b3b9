"""`docs`: the reference that is written from the code, and the documents as a site."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import typer

from bot.cli.environment import ROOT

app = typer.Typer(no_args_is_help=True, help="The documents as a site.")

PAGE = ROOT / "docs" / "commands.md"
HEAD = """# Commands

From the commands' own help. Settings are in [operations](operations.md#settings).
"""


@app.command()
def build() -> None:
    """Write the reference of commands and build the site into site/; a warning is an error."""
    PAGE.write_text(reference(), "utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise typer.Exit(1)


def reference() -> str:
    """Every command with its arguments and options."""
    from bot.cli import assembled

    root: Any = typer.main.get_command(assembled())
    return HEAD + "".join(_told("./kosh", root))


def _told(path: str, group: Any) -> Iterator[str]:
    for name in sorted(group.commands):
        command = group.commands[name]
        below = getattr(command, "commands", None)
        mark = "##" if path == "./kosh" else "###"
        yield f"\n{mark} {path} {name}\n\n{_help(command)}\n"
        if below:
            yield from _told(f"{path} {name}", command)
        else:
            yield from _parameters(command)


def _help(command: Any) -> str:
    return " ".join((command.help or "").split())


def _parameters(command: Any) -> Iterator[str]:
    rows = [_row(each) for each in command.params if each.name != "help"]
    if rows:
        yield "\n| | |\n|---|---|\n" + "".join(rows)


def _row(parameter: Any) -> str:
    names = parameter.opts if parameter.param_type_name == "option" else [parameter.name.upper()]
    told = " ".join((getattr(parameter, "help", "") or "").split()).replace("|", "\\|")
    return f"| `{max(names, key=len)}` | {told} |\n"
