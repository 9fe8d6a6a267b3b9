"""Readers of the project's source: syntax trees, first lines of docstrings, and log calls."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bot.cli.environment import ROOT

LEVELS = ("debug", "info", "warning", "error", "exception", "critical")


@cache
def sources(package: str) -> tuple[tuple[str, ast.Module], ...]:
    """Return path and syntax tree of each module of a package, without database migrations."""
    return tuple(
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8")))
        for path in sorted((ROOT / package).rglob("*.py"))
        if "versions" not in path.parts
    )


def first_line(tree: ast.Module) -> str:
    """Return the first paragraph of a module's docstring on one line; "" without a docstring."""
    return " ".join((ast.get_docstring(tree) or "").split("\n\n")[0].split())


def log_calls() -> Iterator[tuple[str, str, Path]]:
    """Yield event, level and module of every logger call in `bot`."""
    for path, tree in sources("bot"):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
            ):
                for event in _events(node):
                    yield event, node.func.attr, Path(path)


def _events(call: ast.Call) -> Iterator[str]:
    for node in ast.walk(call.args[0]) if call.args else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            yield node.value
