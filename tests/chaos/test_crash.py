"""Tests that kill processes and check the promises P1 to P4 of docs/explanation/promises.md.

Other tests switch a safeguard off, and check that the first tests would then fail.
"""

from pathlib import Path

import pytest

from tests.chaos.command import PROFILES, run
from tests.chaos.scenario import Plan

pytestmark = pytest.mark.slow

# The rate is so high that every kill interrupts some work.
BROKEN = Plan(people=16, updates=250, faults=4, seed=1, rate=400, stall=4, limit=60, kinds=("F1",))


@pytest.mark.requirement("S-1", "S-6", "S-7", "S-9")
def test_chaos_kills_cause_no_lost_duplicate_or_reordered_message(tmp_path: Path) -> None:
    report = run(PROFILES["short"], keep=tmp_path)
    assert report.red() == []
    assert report.faults.total() >= PROFILES["short"].faults


@pytest.mark.parametrize(
    ("mutant", "seen"),
    [("ack-first", {"lost", "unanswered"}), ("no-dedupe", {"doubled", "answered_twice"})],
)
@pytest.mark.requirement("S-1", "S-80")
def test_chaos_crash_test_detects_a_disabled_safeguard(
    tmp_path: Path, mutant: str, seen: set[str]
) -> None:
    assert seen & set(run(BROKEN, mutant, tmp_path).red())
