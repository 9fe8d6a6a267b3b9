"""Reference page of the commands, generated from their help texts."""

from collections.abc import Iterator
from typing import Any

import typer

from bot.cli.reference.markdown import code, table

_HEAD = """# Commands

Every command, with its arguments and options. `./kosh COMMAND --help` prints the same.
Variables that commands read are listed in [settings](settings.md).

"""


def page() -> str:
    """Return the page of commands: an overview, then each command with its parameters."""
    from bot.cli import assembled

    root: Any = typer.main.get_command(assembled())
    overview = (
        (f"[`./kosh {name}`](#kosh-{name})", _help(root.commands[name]))
        for name in sorted(root.commands)
    )
    return _HEAD + table(("command", "purpose"), overview) + "".join(_sections("./kosh", root))


def _sections(path: str, group: Any) -> Iterator[str]:
    for name in sorted(group.commands):
        command = group.commands[name]
        below = getattr(command, "commands", None)
        mark = "##" if path == "./kosh" else "###"
        yield f"\n{mark} {path} {name}\n\n{_help(command)}\n"
        if below:
            yield from _sections(f"{path} {name}", command)
        else:
            yield from _parameters(command)


def _help(command: Any) -> str:
    return " ".join((command.help or "").split())


def _parameters(command: Any) -> Iterator[str]:
    rows = [_row(each) for each in command.params if each.name != "help"]
    if rows:
        yield "\n" + table(("parameter", "meaning"), rows)


def _row(parameter: Any) -> tuple[str, str]:
    names = parameter.opts if parameter.param_type_name == "option" else [parameter.name.upper()]
    return code(max(names, key=len)), getattr(parameter, "help", "") or ""
