"""`./kosh bench scale`: simulated day on which news sends a tenth of seven million people.

The benchmark simulates a queue second by second. People arrive by the usual distribution over the
day and after the news, and each writes some turns. Each web process answers as many turns per
second as `./kosh bench turn` measured.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.benchmarks.report import table

DAY, HOUR = 86_400, 3_600
PEOPLE = 7_000_000
COMING = 0.1
# Turns from the first message to a checklist. A registration takes three times as many, but only
# one in ten people registers.
TURNS = 12
BETWEEN_TURNS = 20
# Relative number of people by hour (UTC) of an ordinary day; most are in the time zones +5 and +8.
HOURS = (1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 5, 4, 3, 2, 2, 1)
# The news comes at 11:00, and a third of the day's people write within the next half hour.
NEWS_AT, NEWS_SHARE, NEWS_SECONDS = 11 * HOUR, 1 / 3, HOUR // 2


@dataclass(frozen=True, slots=True)
class Day:
    """Result of a simulated day with a number of processes; waits are in seconds.

    `late` is the share of turns that waited longer than a second.
    """

    processes: int
    turns: int
    busiest: int
    longest: float
    p99: float
    late: float


def arrivals(people: int, turns: int, seed: int = 1) -> list[int]:
    """Return the number of turns written in each second of the day."""
    rng = random.Random(seed)
    usual, news = people * (1 - NEWS_SHARE), people * NEWS_SHARE
    come = [usual * HOURS[second // HOUR] / sum(HOURS) / HOUR for second in range(DAY)]
    # The number of arrivals falls linearly with the time since the news.
    for second in range(NEWS_SECONDS):
        share = 2 * (NEWS_SECONDS - second) / NEWS_SECONDS**2
        come[NEWS_AT + second] += news * share
    written = [0] * DAY
    for second, expected in enumerate(come):
        spread = max(0, round(rng.gauss(expected, expected**0.5)))
        for turn in range(turns):
            written[(second + turn * BETWEEN_TURNS) % DAY] += spread
    return written


def simulate_day(written: Sequence[int], processes: int, able: float) -> Day:
    """Simulate the day with one queue for all processes; turns wait for all earlier ones."""
    backlog, waits = 0.0, list[tuple[float, int]]()
    for turns in written:
        backlog = max(0.0, backlog + turns - processes * able)
        waits.append((backlog / (processes * able), turns))
    total = sum(written)
    return Day(
        processes,
        total,
        max(written),
        max(wait for wait, _turns in waits),
        _percentile(waits, 0.99 * total),
        sum(turns for wait, turns in waits if wait > 1) / total,
    )


def _percentile(waits: list[tuple[float, int]], until: float) -> float:
    seen = 0
    for wait, turns in sorted(waits):
        seen += turns
        if seen >= until:
            return wait
    return 0.0


def measured(counts: Sequence[int], able: float) -> str:
    """Return a table that describes the simulated day with each number of processes.

    Each process answers `able` turns per second.
    """
    written = arrivals(round(PEOPLE * COMING), TURNS)
    days = [simulate_day(written, count, able) for count in counts]
    assert all(fewer.longest >= more.longest for fewer, more in pairwise(days))
    return table(_lines(days))


def _lines(days: Sequence[Day]) -> Iterator[tuple[str, ...]]:
    yield "web processes", "turns", "busiest second", "longest wait", "p99 wait", "over 1 s"
    for each in days:
        yield (
            f"{each.processes}",
            f"{each.turns:,}",
            f"{each.busiest:,}",
            _duration(each.longest),
            _duration(each.p99),
            f"{each.late:.1%}",
        )


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.1f} s"
