"""Mutation testing of `flows`: alters the engine in one place at a time and runs its tests.

mutmut generates the alterations: another operator, constant or argument, or a branch less. They are
tried faster than mutmut does. Tests are collected once in this process. For each alteration a
forked child replaces the code of one function. It runs the tests that reach this function, the
cheapest first, until one fails.
"""

import importlib
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from functools import _lru_cache_wrapper, cached_property
from inspect import CO_OPTIMIZED
from itertools import islice
from pathlib import Path
from types import CodeType, FunctionType
from typing import IO, Any

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "flows" / "engine"
# Modules of the engine that contain functions, which can be altered.
ENGINE_OF = tuple(
    sorted(
        {path.stem for path in ENGINE.glob("*.py")}
        - {"__init__", "events", "fast_replace", "language_protocol", "state", "upload_states"}
    )
)
# Excluded are slow tests, and the same conversations in other written forms.
TESTS = (
    "tests/flows",
    "-k=not kk_Arab and not uz and not zh_Hans",
    *(
        f"--ignore=tests/flows/test_{name}.py"
        for name in (
            "histories", "eligibility", "terminal", "knowledge", "switching", "checklist", "facts",
            "purity",
        )
    ),
)  # fmt: skip
# Memory limit in bytes, and seconds beyond ten times a test's usual time, since an altered loop may
# never end.
ROOM, PATIENCE = 3 << 30, 3.0
BESIDE_ONE_ANOTHER = 2
NOTICED, BROKEN = 1, 2


@dataclass(frozen=True)
class Altered:
    """A function with altered code: its name, its place, and the changed lines."""

    name: str
    module: str
    function: str
    code: CodeType
    diff: str


@dataclass(frozen=True)
class Verdict:
    """Result of one alteration: the id of the test that failed, or ""."""

    altered: Altered
    noticed: str

    @property
    def survived(self) -> bool:
        return not self.noticed


def drawn(names: Sequence[str], many: int, seed: int) -> list[Altered]:
    """Return `many` random alterations of these modules, or those at the named places."""
    files = {name: Source(name) for name in dict.fromkeys(each.partition(":")[0] for each in names)}
    places = [(name, number) for name, file in files.items() for number in range(len(file))]
    chosen = [place for place in places if "{}:{}".format(*place) in names]
    if not chosen:
        random.Random(seed).shuffle(places)
    found = (files[name].altered(number) for name, number in chosen or places)
    return list(islice((each for each in found if each), len(chosen) or many))


class Source:
    """A module of the engine, with all places where it can be altered."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._path = ENGINE / f"{name}.py"
        self.text = self._path.read_text()
        self._codes = dict(_codes(compile(self.text, self._path, "exec")))

    @cached_property
    def _places(self) -> tuple[Any, Sequence[Any]]:
        from mutmut.mutation.file_mutation import create_mutations

        tree, places, *_ignored = create_mutations(str(self._path), self.text)
        return tree, places

    def __len__(self) -> int:
        return len(self._places[1])

    def altered(self, number: int) -> Altered | None:
        """Return the alteration with this number; None if no function's code differs."""
        tree, places = self._places
        place = places[number]
        text = tree.deep_replace(place.original_node, place.mutated_node).code
        return self.instead(f"{self._name}:{number}", text)

    def instead(self, place: str, text: str) -> Altered | None:
        """Return the alteration that results from this source text of the module.

        Return None if no function's code differs.
        """
        for name, code in _codes(compile(text, self._path, "exec")):
            if not (name in self._codes and _differ(self._codes[name], code)):
                continue
            if _function(self._name, name):
                diff = unified_diff(self.text.splitlines(), text.splitlines(), n=0, lineterm="")
                told = "\n".join(line for line in list(diff)[2:] if not line.startswith("@@"))
                return Altered(place, self._name, name, code, told)
        return None


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    """Yield the code objects of functions and methods by name.

    The code of a nested function is part of its outer function's code.
    """
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_flags & CO_OPTIMIZED:
                yield inner.co_qualname, inner
            else:  # a class body
                yield from _codes(inner)


def _differ(one: CodeType, other: CodeType) -> bool:
    """Return True if two code objects differ, ignoring line numbers, which may have moved."""
    if one.co_code != other.co_code or one.co_names != other.co_names:
        return True
    consts = zip(one.co_consts, other.co_consts, strict=False)
    return len(one.co_consts) != len(other.co_consts) or any(
        _differ(this, that)
        if isinstance(this, CodeType) and isinstance(that, CodeType)
        else (type(this), this) != (type(that), that)
        for this, that in consts
    )


def _put(each: Altered) -> None:
    """Replace the code of the function object, which other modules may have imported already."""
    function = _function(each.module, each.function)
    assert function is not None, each.name
    function.__code__ = each.code


def _function(module: str, name: str) -> FunctionType | None:
    """Return the function with this name.

    Return None for other objects with code, such as a type.
    """
    found: object = importlib.import_module(f"flows.engine.{module}")
    for part in name.split("."):
        found = vars(found)[part]
    if isinstance(found, property):
        found = found.fget
    found = getattr(found, "__wrapped__", found)
    return found if isinstance(found, FunctionType) else None


def _forget() -> None:
    """Clear the caches of the engine and its tests, which have results of the unaltered code."""
    for name, module in sys.modules.copy().items():
        if name.startswith(("flows", "test")):
            for each in vars(module).values():
                if isinstance(each, _lru_cache_wrapper):
                    each.cache_clear()


@dataclass
class Trials:
    """pytest plug-in that runs the tests once for each alteration."""

    tried: Sequence[Altered]
    budget: float
    verdicts: list[Verdict] = field(default_factory=list)
    _took: dict[int, float] = field(default_factory=dict)
    _reached: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    _killers: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _running: dict[int, tuple[Altered, IO[str]]] = field(default_factory=dict)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._learn(session.items)
        for each in self.tried:
            if len(self._running) == BESIDE_ONE_ANOTHER:
                self._wait(session.items)
            self._fork(each, session.items)
        while self._running:
            self._wait(session.items)
        return True

    def _learn(self, items: Sequence[pytest.Item]) -> None:
        """Run each test once without alterations; measure its time and the functions it reaches."""
        hits = set[tuple[str, str]]()

        def started(code: CodeType, _offset: int) -> object:
            if code.co_filename.startswith(str(ENGINE)):
                hits.add((Path(code.co_filename).stem, code.co_qualname))
            return sys.monitoring.DISABLE

        tool, events = sys.monitoring.PROFILER_ID, sys.monitoring.events
        sys.monitoring.use_tool_id(tool, "what a test reaches")
        sys.monitoring.register_callback(tool, events.PY_START, started)
        sys.monitoring.set_events(tool, events.PY_START)
        for place, item in enumerate(items):
            hits.clear()
            _forget()
            sys.monitoring.restart_events()
            begun = time.process_time()
            assert _passes(items, place), f"red as things are: {item.nodeid}"
            self._took[place] = time.process_time() - begun
            for hit in hits:
                self._reached[hit].append(place)
        sys.monitoring.set_events(tool, 0)
        sys.monitoring.free_tool_id(tool)

    def _order(self, each: Altered) -> Iterator[int]:
        """Yield the tests to run, until their usual times exceed the budget in seconds.

        First come tests that detected other alterations of the module, then the fastest.
        """
        reaching = set(self._reached[each.module, each.function])
        first = [place for place in reversed(self._killers[each.module]) if place in reaching]
        rest = sorted(reaching.difference(first), key=self._took.__getitem__)
        left = self.budget
        for place in (*first, *rest):
            left -= self._took[place]
            if left < 0:
                return
            yield place

    def _fork(self, each: Altered, items: Sequence[pytest.Item]) -> None:
        order = list(self._order(each))
        reader, writer = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child:
            os.close(writer)
            self._running[child] = each, os.fdopen(reader)
            return
        try:
            _put(each)
            _forget()
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))
            for place in order:
                os.write(writer, f"{place}\n".encode())
                signal.setitimer(signal.ITIMER_PROF, PATIENCE + 10 * self._took[place])
                if not _passes(items, place):
                    os._exit(NOTICED)
            os._exit(0)
        except BaseException:
            # The child is a copy of the pytest process and must never return to it.
            traceback.print_exc()
            os._exit(NOTICED if "nothing" in locals() else BROKEN)

    def _wait(self, items: Sequence[pytest.Item]) -> None:
        child, status = os.wait()
        each, told = self._running.pop(child)
        with told:
            begun = told.read().split()
        noticed = ""
        assert os.waitstatus_to_exitcode(status) != BROKEN, each.name
        if status:
            place = int(begun[-1])
            self._killers[each.module] = [
                *(other for other in self._killers[each.module] if other != place),
                place,
            ]
            noticed = items[place].nodeid
        self.verdicts.append(Verdict(each, noticed))
        print(f"{each.name:18} {noticed or f'SURVIVED {len(begun)} tests'}", flush=True)
        if not noticed:
            print(each.diff, flush=True)


def _passes(items: Sequence[pytest.Item], place: int) -> bool:
    reports = runtestprotocol(items[place], log=False, nextitem=None)
    return not any(report.failed for report in reports)


def tried(altered: Sequence[Altered], budget: float, tests: Iterable[str] = TESTS) -> list[Verdict]:
    """Try all alterations; `budget` is the maximum time of tests for each in seconds.

    Raises RuntimeError if pytest fails, for instance because a test fails without an alteration.
    """
    trials = Trials(altered, budget)
    options = ("-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0")
    if ended := pytest.main([*options, *tests], plugins=[trials]):
        raise RuntimeError(f"pytest ended with {ended!r}")
    return trials.verdicts


def told(verdicts: Sequence[Verdict]) -> str:
    """Return a table of the modules: how many alterations were tried, detected, and survived."""
    from tests.benchmarks.report import table

    modules = sorted({each.altered.module for each in verdicts})
    rows = [("module", "tried", "noticed", "survived")]
    for module in (*modules, ""):
        some = [each for each in verdicts if module in ("", each.altered.module)]
        alive = sum(each.survived for each in some)
        rows.append((module or "all", f"{len(some)}", f"{len(some) - alive}", f"{alive}"))
    return table(rows)
