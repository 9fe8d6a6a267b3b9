"""Each function that begins with a check of a permission refuses an officer without roles."""

import ast
import asyncio
import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import MagicMock
from uuid import uuid4

import pytest

from bot.officers.directory import Officer
from bot.officers.permissions import Forbidden
from tests.proof.ledger import ROOT
from tests.proof.mutations import module_of

NO_ROLES = Officer(uuid4(), "Officer Testova", "cn_beijing", roles=frozenset())


def _checking_functions() -> Iterator[tuple[str, str, str]]:
    """Yield the functions that first check a permission: module, name, the officer's parameter."""
    for path in sorted((ROOT / "bot").rglob("*.py")):
        source = path.read_text("utf-8")
        # To parse all modules would take each test process half a second.
        for node in ast.parse(source).body if "permissions.require(" in source else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                is_documented = ast.get_docstring(node) is not None
                match node.body[is_documented:]:
                    case [ast.Expr(ast.Call(func, [ast.Name(officer), *_])), *_]:
                        if ast.unparse(func) == "permissions.require":
                            yield module_of(str(path)), node.name, officer


CHECKING_FUNCTIONS = tuple(_checking_functions())


def _call(function: Callable[..., Any], officer: str) -> None:
    parameters = inspect.signature(function).parameters.values()
    arguments: dict[str, object] = {
        each.name: "" if each.annotation is str else MagicMock() for each in parameters
    }
    arguments[officer] = NO_ROLES
    found = function(**arguments)
    if hasattr(found, "__aenter__"):
        asyncio.run(found.__aenter__())
    elif inspect.iscoroutine(found):
        asyncio.run(found)


@pytest.mark.parametrize(("module", "name", "officer"), CHECKING_FUNCTIONS)
def test_function_that_checks_a_permission_refuses_officer_without_roles(
    module: str, name: str, officer: str
) -> None:
    with pytest.raises(Forbidden):
        _call(getattr(importlib.import_module(module), name), officer)


def test_search_finds_more_than_50_functions_that_check_a_permission() -> None:
    assert len(CHECKING_FUNCTIONS) > 50
