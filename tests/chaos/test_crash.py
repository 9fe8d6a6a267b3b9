"""Promises P1 to P4 while processes are killed; and the same test with the promises broken."""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.__main__ import told
from tests.chaos.history import Report, judged
from tests.chaos.processes import running
from tests.chaos.storm import Plan, storm

pytestmark = pytest.mark.slow

SHORT = Plan(people=60, updates=1200, kills=8, seed=1, rate=75, stall=2, limit=75)
# So fast that every kill hits something under way.
BROKEN = Plan(people=16, updates=250, kills=4, seed=1, rate=400, stall=2, limit=30)


def _report(folder: Path, plan: Plan, mutant: str = "") -> Report:
    with running(folder, mutant) as processes:
        seen = asyncio.run(storm(processes, plan))
    report = judged(seen.people, seen.entries, seen.kills, seen.ledger)
    print(told(report, seen.seconds))
    return report


@pytest.mark.requirement("S-1", "S-6", "S-7", "S-9")
def test_nothing_that_was_promised_is_lost_doubled_or_out_of_order(tmp_path: Path) -> None:
    report = _report(tmp_path, SHORT)
    assert report.red() == []
    assert report.kills.total() >= SHORT.kills


@pytest.mark.parametrize(
    ("mutant", "seen"),
    [("ack-first", {"lost", "unanswered"}), ("no-dedupe", {"doubled", "answered_twice"})],
)
@pytest.mark.requirement("S-1", "S-80")
def test_a_broken_promise_turns_it_red(tmp_path: Path, mutant: str, seen: set[str]) -> None:
    assert seen & set(_report(tmp_path, BROKEN, mutant).red())
