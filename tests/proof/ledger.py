"""The tests of each requirement and of each kind of bad input, with their last results.

The tests name requirements and rows in pytest marks. Marks are parsed from the source, which takes
a second; importing the tests would take longer. Results come from the reports of the last run.
"""

import ast
import re
import tomllib
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
# Folder of the JUnit reports of `./kosh test` and `./kosh requirements --run`.
REPORTS = ROOT / ".kosh" / "reports"
KINDS = ("requirement", "row")
_RELEASE = "pytest.mark.release"


@dataclass(frozen=True)
class Line:
    """A requirement, or a kind of bad input (a row of rows.toml), with the tests that name it.

    `decided` tells why a requirement needs no test.
    """

    name: str
    description: str
    tests: tuple[str, ...]
    priority: int = 0
    decided: str = ""


def requirements() -> list[Line]:
    """Return all requirements in the order of the file requirements.toml."""
    held = marked("requirement")
    tables = tomllib.loads((HERE / "requirements.toml").read_text("utf-8"))
    return [
        Line(name, table["says"], held.get(name, ()), table["p"], table.get("decided", ""))
        for name, table in tables.items()
    ]


def rows() -> list[Line]:
    """Return all kinds of bad input (the rows of rows.toml), in the order of the file."""
    held = marked("row")
    descriptions = tomllib.loads((HERE / "rows.toml").read_text("utf-8"))
    return [
        Line(name, description, held.get(name, ())) for name, description in descriptions.items()
    ]


@cache
def marked(kind: str) -> dict[str, tuple[str, ...]]:
    """Return the tests with `pytest.mark.requirement` or `.row` (`kind`), by the mark's argument.

    A test is `path::name`.
    """
    found = defaultdict[str, list[str]](list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if f"mark.{kind}(" not in (source := path.read_text("utf-8")):
            continue
        tree = ast.parse(source)
        whole = [name for node in tree.body if _is_pytestmark(node) for name in _names(node, kind)]
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("test_"):
                names = [name for each in node.decorator_list for name in _names(each, kind)]
                for name in dict.fromkeys(whole + names):
                    found[name].append(f"{path.relative_to(ROOT).as_posix()}::{node.name}")
    return {name: tuple(tests) for name, tests in found.items()}


@cache
def release_tests() -> frozenset[str]:
    """Return the tests, as `path::name`, that `./kosh test` runs only with `--all`."""
    found = set[str]()
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if _RELEASE not in (source := path.read_text("utf-8")):
            continue
        tree = ast.parse(source)
        whole = any(_is_pytestmark(node) and _RELEASE in ast.unparse(node) for node in tree.body)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
                whole or _RELEASE in map(ast.unparse, node.decorator_list)
            ):
                found.add(f"{path.relative_to(ROOT).as_posix()}::{node.name}")
    return frozenset(found)


def _is_pytestmark(node: ast.stmt) -> bool:
    match node:
        case ast.Assign([ast.Name("pytestmark")]):
            return True
    return False


def _names(node: ast.AST, kind: str) -> Iterator[str]:
    """Yield the arguments of every `pytest.mark.<kind>(…)` in a syntax tree."""
    for each in ast.walk(node):
        match each:
            case ast.Call(ast.Attribute(ast.Attribute(ast.Name("pytest"), "mark"), found), args):
                if found == kind:
                    yield from (str(ast.literal_eval(arg)) for arg in args)


def results(reports: Path = REPORTS) -> dict[str, str]:
    """Return each test's result in the last run of the tests: the worst of its cases.

    A case is "failed", "skipped" or "passed", worst first.
    """
    ended: dict[str, str] = {}
    cases = (ET.parse(each).getroot().iter("testcase") for each in reports.glob("*.xml"))
    for case in chain.from_iterable(cases):
        test = _test(case)
        outcome = next((_END[each.tag] for each in case if each.tag in _END), "passed")
        ended[test] = max(outcome, ended.get(test, "passed"), key=_WORSE.index)
    return ended


def red(report: Path) -> list[str]:
    """Return the tests that failed according to a JUnit report; ignore errors in fixtures."""
    cases = ET.parse(report).getroot().iter("testcase") if report.exists() else ()
    return [_test(case) for case in cases if case.find("failure") is not None]


def _test(case: ET.Element) -> str:
    path = case.get("classname", "").replace(".", "/") + ".py"
    return f"{path}::{re.sub(r'\[.*', '', case.get('name', ''), flags=re.DOTALL)}"


_END = {"failure": "failed", "error": "failed", "skipped": "skipped"}
_WORSE = ("passed", "skipped", "failed")


def report_lines(lines: list[Line], ended: dict[str, str], *, tests: bool = True) -> Iterator[str]:
    """Yield the lines of the report: each requirement's state, its tests with results, and totals.

    `ended` has the tests' results.
    """
    for line in lines:
        yield f"{line.name:5} {state(line, ended):12} {line.description}"
        for test in line.tests if tests else ():
            yield f"      {ended.get(test, 'not run'):12} {test}"
    count = defaultdict[str, int](int)
    for line in lines:
        count[state(line, ended)] += 1
    yield ", ".join(f"{how} {many}" for how, many in sorted(count.items()))


def state(line: Line, ended: dict[str, str]) -> str:
    """Return the worst result of a requirement's tests, or "decided", "no test" or "not run"."""
    if not line.tests:
        return "decided" if line.decided else "no test"
    ran = [ended[test] for test in line.tests if test in ended]
    return max(ran, key=_WORSE.index) if ran else "not run"
