"""Test that published content adds almost nothing to the cost of a turn."""

import pytest

from bot.content.live import Snapshot
from tests.benchmarks.content import MAX_RATIO, cost, filled


@pytest.mark.slow
def test_turn_cpu_time_is_unchanged_by_five_hundred_published_items() -> None:
    empty, full = Snapshot(), filled()
    # Other work on the machine only raises a ratio, so one run within the limit is enough.
    assert any(cost(empty, full) <= MAX_RATIO for _run in range(3))
