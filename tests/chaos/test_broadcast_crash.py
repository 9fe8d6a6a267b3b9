"""Tests of a broadcast with killed workers: each person gets one message or is listed as in doubt.

Another test checks that a sender broken on purpose is detected.
"""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.broadcast import Plan, Report, run_broadcast_crash_test, summary

pytestmark = pytest.mark.slow

SHORT = Plan(people=300, kills=8, rate=50, limit=60)


def _report(folder: Path, plan: Plan, mutant: str = "") -> Report:
    report = asyncio.run(run_broadcast_crash_test(folder, plan, mutant))
    print(summary(report))
    return report


def test_broadcast_with_killed_workers_loses_and_duplicates_no_message(tmp_path: Path) -> None:
    assert _report(tmp_path, SHORT).red() == []


@pytest.mark.parametrize(("mutant", "seen"), [("lease-planned", "doubled"), ("note-first", "lost")])
def test_broadcast_crash_test_detects_a_disabled_safeguard(
    tmp_path: Path, mutant: str, seen: str
) -> None:
    assert seen in _report(tmp_path, SHORT, mutant).red()
