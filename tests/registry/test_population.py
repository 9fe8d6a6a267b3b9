"""Invented families register while the registry has faults; the planning figures are correct."""

import pytest

from bot.web.console import demo_officers
from bot.worker import main
from tests.app_stack import AppStack
from tests.benchmarks import attacks
from tests.benchmarks.population import measured


@pytest.mark.release
async def test_planning_counts_each_person_once_when_requests_fail(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run a small version of `python -m tests.benchmarks.population`, with 60 people."""
    monkeypatch.setattr(main, "SWEEP_SECONDS", 0.1)
    await demo_officers.enter(stack.rt)
    found = await measured(stack, people=60, households=20, seed=27)
    assert (found.wrong, found.learned) == ([], []), str(found)
    assert min(found.tried_again, found.hidden, found.cells) > 0, str(found)


def test_comparison_of_two_published_days_counts_a_missing_cell_as_zero() -> None:
    first: attacks.Published = {("age",): {("18-24",): None, ("25-34",): 7}}
    second: attacks.Published = {("age",): {("25-34",): 7}}
    assert attacks.differences(first, second) == {("age", "18-24"): (None, 0)}
