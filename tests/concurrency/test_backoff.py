"""Backoff doubles up to a limit, with random variation."""

import pytest

from bot.concurrency.backoff import backoff, with_jitter


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0.5), (1, 1.0), (5, 16.0), (6, 30.0), (10**6, 30.0)]
)
def test_backoff_doubles_up_to_the_limit(failures: int, seconds: float) -> None:
    assert backoff(failures, most=30.0, first=0.5) == seconds


def test_jittered_wait_varies_by_up_to_a_third() -> None:
    waits = {with_jitter(10.0) for _attempt in range(50)}
    assert len(waits) > 1
    assert all(7.0 <= each <= 13.0 for each in waits)
