"""The package `flows` imports only itself and the standard library."""

import ast
import sys
from pathlib import Path

import flows

ALLOWED = {*sys.stdlib_module_names, "flows"} - {"asyncio", "random", "secrets", "socket", "time"}


def test_flows_import_only_the_standard_library() -> None:
    for source in Path(flows.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or "."] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= ALLOWED, source.name
