"""Mutation testing: alters the program in one place at a time and runs the tests of that area.

mutmut generates most alterations: another operator, constant or argument, or a removed branch. This
module tries them faster than mutmut would. This module collects the tests once. For each
alteration, a forked child process alters the function and runs the tests that run the changed line,
the fastest first, until one fails.
"""

import math
import os
import resource
import signal
import sys
import time
import tomllib
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import _lru_cache_wrapper, cache
from itertools import groupby, islice
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest
from _pytest.runner import runtestprotocol

from tests.proof.mutations import IMPORTED, Altered, Place, noted

# Alterations that change no behaviour, each with a reason.
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
# Limits of a child process, because an altered loop or wait may never end. EXTRA_CPU_SECONDS is a
# test's processor time beyond ten times the usual. MAX_WAIT is the real time in seconds beyond that
# limit.
MAX_MEMORY_BYTES, EXTRA_CPU_SECONDS, MAX_WAIT = 3 << 30, 3.0, 60.0
NOTICED, BROKEN = 1, 2


@dataclass(frozen=True)
class Verdict:
    """Result of one alteration.

    `noticed` is the id of the test that failed, or "". `reason` tells why the alteration is
    equivalent, which means that it changes no behaviour; "" if it is not.
    """

    altered: Altered
    noticed: str
    reason: str = ""

    @property
    def survived(self) -> bool:
        return not self.noticed and not self.reason


@cache
def _equivalent() -> dict[tuple[str, str], str]:
    """Return the reasons why alterations change no behaviour, by module and changed lines.

    The reasons are in the file EQUIVALENT.
    """
    found = tomllib.loads(EQUIVALENT.read_text("utf-8"))["mutant"]
    return {(each["module"], _lines(each["diff"])): each["reason"] for each in found}


def _lines(diff: str) -> str:
    """Return a diff's changed lines without their indentation, so that diffs can be compared."""
    return "\n".join(f"{line[0]}{line[1:].strip()}" for line in diff.strip().splitlines())


def _forget(prefixes: tuple[str, ...]) -> None:
    """Clear the caches of functions in modules whose names begin with one of the prefixes.

    The caches have results of the unaltered code.
    """
    for each in _caches(prefixes):
        each.cache_clear()


def _caches(prefixes: tuple[str, ...]) -> "Iterator[_lru_cache_wrapper[object]]":
    """Yield the caches of functions in modules whose names begin with one of the prefixes."""
    for name, module in sys.modules.copy().items():
        if name.startswith(prefixes) and not name.startswith("tests.proof"):
            yield from _cached(module)


def _cached(module: ModuleType) -> "Iterator[_lru_cache_wrapper[object]]":
    """Yield the cached functions of a module, and the cached class methods of its classes."""
    for each in vars(module).values():
        if isinstance(each, _lru_cache_wrapper):
            yield each
        elif isinstance(each, type) and each.__module__ == module.__name__:
            methods = (getattr(inner, "__func__", None) for inner in vars(each).values())
            yield from (inner for inner in methods if isinstance(inner, _lru_cache_wrapper))


@dataclass(frozen=True)
class Limits:
    """Limits of a mutation run, which tries one alteration after another.

    At most `max_alterations` are tried. `budget` is the seconds of tests for each of them, and
    `seconds` the time after which no further alteration is tried.
    """

    max_alterations: int
    budget: float
    seconds: float = math.inf


@dataclass
class Trials:
    """pytest plug-in that runs the selected tests once for each alteration."""

    drawn: Iterable[Altered]
    limits: Limits
    caches: tuple[str, ...]
    verdicts: list[Verdict] = field(default_factory=list)
    _took: dict[int, float] = field(default_factory=dict)
    _reached: dict[Place, set[int]] = field(default_factory=lambda: defaultdict(set))
    _killers: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    # By a test's index: True if it passes in a forked process without an alteration, else False.
    _sound: dict[int, bool] = field(default_factory=dict)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._learn(session.items)
        ends = time.monotonic() + self.limits.seconds
        tried = filter(self._runs_in_tests, self.drawn)
        for each in islice(tried, self.limits.max_alterations):
            if time.monotonic() > ends:
                break
            self._judge(each, session.items)
        return True

    def _learn(self, items: Sequence[pytest.Item]) -> None:
        """Run each test without alterations; record its time and the lines that it runs.

        Caches are cleared once per file, because filling them for each of 5,000 tests takes most of
        the time. Lines that run only to fill a cache are therefore recorded for all tests of the
        file.
        """
        hits, shared = set[Place](), set[Place]()
        cached = {each.__wrapped__.__code__ for each in _caches(self.caches)}
        with noted(hits, shared, cached):
            for _path, group in groupby(enumerate(items), lambda each: each[1].path):
                _forget(self.caches)
                shared.clear()
                places = [place for place, _item in group]
                for place in places:
                    self._note(items, place, hits)
                for hit in shared:
                    self._reached[hit].update(places)

    def _note(self, items: Sequence[pytest.Item], place: int, hits: set[Place]) -> None:
        hits.clear()
        sys.monitoring.restart_events()
        start = time.process_time()
        # Try a failing test again: on a busy machine, it may fail by its time limits.
        passes = _passes(items, place) or _passes(items, place)
        assert passes, f"red as things are: {items[place].nodeid}"
        self._took[place] = time.process_time() - start
        for hit in hits:
            self._reached[hit].add(place)

    def _runs_in_tests(self, each: Altered) -> bool:
        """Return False if the altered function runs only while its module is imported."""
        return any(map(self._reached.get, each.reached)) or not IMPORTED.issuperset(each.reached)

    def _order(self, each: Altered, items: Sequence[pytest.Item]) -> Iterator[int]:
        """Yield the indexes of the tests to run, until their usual times exceed the budget.

        First come tests that detected other alterations of the module, then the fastest. Each
        further case of a parametrized test counts as slower, because the cases check the same
        behaviour.
        """
        reaching = {place for where in each.lines or each.reached for place in self._reached[where]}
        first = [place for place in reversed(self._killers[each.module]) if place in reaching]
        cases, costs = Counter[str](), dict[int, float]()
        for place in sorted(reaching.difference(first), key=self._took.__getitem__):
            test = items[place].nodeid.partition("[")[0]
            cases[test] += 1
            costs[place] = self._took[place] * cases[test]
        left = self.limits.budget
        for place in (*first, *sorted(costs, key=costs.__getitem__)):
            if not self._sound.get(place, True):
                continue
            left -= self._took[place]
            if left < 0:
                return
            yield place

    def _judge(self, each: Altered, items: Sequence[pytest.Item]) -> None:
        """Try an alteration; print which test detects it, or that no test does."""
        order, noticed = list(self._order(each, items)), ""
        place = self._failing(each.put, order, items)
        while place is not None and not self._is_sound(place, items):
            order = order[order.index(place) + 1 :]
            place = self._failing(each.put, order, items)
        if place is not None:
            others = (other for other in self._killers[each.module] if other != place)
            self._killers[each.module] = [*others, place]
            noticed = items[place].nodeid
        verdict = Verdict(each, noticed, _equivalent().get((each.module, _lines(each.diff)), ""))
        self.verdicts.append(verdict)
        result = noticed or ("equivalent" if verdict.reason else f"SURVIVED {len(order)} tests")
        print(f"{each.name:18} {result}", flush=True)
        if verdict.survived:
            print(each.diff, flush=True)

    def _is_sound(self, place: int, items: Sequence[pytest.Item]) -> bool:
        """Return True if a test passes in a forked process without an alteration.

        A fixture that does not work in a child would otherwise detect every alteration.
        """
        if place not in self._sound:
            fails = (self._failing(lambda: None, [place], items) is not None for _time in range(2))
            self._sound[place] = not all(fails)
            if not self._sound[place]:
                print(f"left out, because it fails in a child: {items[place].nodeid}", flush=True)
        return self._sound[place]

    def _failing(
        self, put: Callable[[], None], order: Sequence[int], items: Sequence[pytest.Item]
    ) -> int | None:
        """Return the first test that fails in a forked process once `put` has made the alteration.

        Return None if all tests pass.
        """
        reader, writer = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            self._run(put, order, items, writer)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            started = pipe.read().split()
        _child, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) != BROKEN, "the alteration cannot be made"
        return int(started[-1]) if status else None

    def _run(
        self,
        put: Callable[[], None],
        order: Sequence[int],
        items: Sequence[pytest.Item],
        writer: int,
    ) -> NoReturn:
        """Run tests in a forked process until one fails, and exit with NOTICED if one does."""
        try:
            put()
            _forget(self.caches)
            _reconnect(items)
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
            for place in order:
                os.write(writer, f"{place}\n".encode())
                limit = EXTRA_CPU_SECONDS + 10 * self._took[place]
                signal.setitimer(signal.ITIMER_PROF, limit)
                signal.setitimer(signal.ITIMER_REAL, MAX_WAIT + limit)
                if not _passes(items, place):
                    os._exit(NOTICED)
            os._exit(0)
        except BaseException:
            # The child is a copy of the pytest process and must never return into pytest's code.
            traceback.print_exc()
            os._exit(NOTICED if "nothing" in locals() else BROKEN)


def _passes(items: Sequence[pytest.Item], place: int) -> bool:
    """Run the test at the index `place` of the collected tests; return True if it passes.

    The session's fixtures stay set up, because setting up a database server for each test would
    take most of the time.
    """
    session = items[place].session
    reports = runtestprotocol(items[place], log=False, nextitem=session)  # type: ignore[arg-type]
    return not any(report.failed for report in reports)


def _reconnect(items: Sequence[pytest.Item]) -> None:
    """Drop the cached fixture of the database connection, so that a child process opens its own."""
    fixtures = items[0].session._fixturemanager
    for fixture in fixtures.getfixturedefs("admin_session", items[0]) or ():
        fixture.cached_result = None
        fixture._finalizers.clear()


def tried(
    drawn: Iterable[Altered],
    limits: Limits,
    tests: Sequence[str],
    caches: tuple[str, ...] = ("flows", "test"),
) -> list[Verdict]:
    """Try alterations with these tests (pytest's arguments) until a limit is reached.

    Before each test run, the caches of modules whose names begin with one of `caches` are cleared.
    Raise RuntimeError if pytest fails, for instance because a test fails without an alteration.
    """
    trials = Trials(drawn, limits, caches)
    options = ("-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0")
    # pytest warns that it cannot rewrite assertions in modules that are already imported. The
    # program is imported earlier, to record what runs during imports, and needs no rewriting.
    ignored = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
    if ended := pytest.main([*options, *ignored, *tests], plugins=[trials]):
        raise RuntimeError(f"pytest ended with {ended!r}")
    return trials.verdicts


def summary(verdicts: Sequence[Verdict]) -> str:
    """Return a table of the numbers of tried, detected, equivalent and undetected alterations.

    The table has a row for each module and a row for all modules.
    """
    from tests.benchmarks.report import table

    modules = sorted({each.altered.module for each in verdicts})
    rows = [("module", "tried", "noticed", "equivalent", "survived")]
    for module in (*modules, ""):
        some = [each for each in verdicts if module in ("", each.altered.module)]
        alive = sum(each.survived for each in some)
        same = sum(bool(each.reason) and not each.noticed for each in some)
        noticed = len(some) - alive - same
        rows.append((module or "all", f"{len(some)}", f"{noticed}", f"{same}", f"{alive}"))
    return table(rows)
