"""`./kosh bench burst`: delays and failures while ten times as many people write as before."""

from collections.abc import Iterator

from tests.benchmarks.environment import Environment, open_environment
from tests.benchmarks.protocol import LoadResult
from tests.benchmarks.report import table

CHATS = 5_000
TIMES = 10
CALM = 10.0
# Maximum number of connections that Telegram opens to a webhook; further updates wait at Telegram.
LINES = 100


def measured(seconds: float) -> str:
    """Measure two peaks, at 70 % and 150 % of the server's capacity; return a table of the figures.

    Each peak lasts `seconds`. Before and after it, people write at a tenth of the peak's rate.
    """
    with open_environment() as environment:
        port = environment.serve(environment.database("kosh_burst")).port
        environment.drive(port, CALM, chats=CHATS)
        limit = environment.drive(port, CALM, chats=CHATS)
        able = limit.turns / limit.seconds
        rows = [
            row for part in (0.7, 1.5) for row in _burst(environment, port, able * part, seconds)
        ]
    return f"Able: {able:.0f} turns a second.\n\n{table(_lines(rows))}"


def _burst(
    environment: Environment, port: int, peak: float, seconds: float
) -> Iterator[tuple[str, float, float, LoadResult]]:
    for name, rate, lasting in (
        ("before", peak / TIMES, CALM),
        (f"{TIMES} times", peak, seconds),
        ("after", peak / TIMES, CALM),
    ):
        result = environment.drive(port, lasting, chats=CHATS, rate=rate, lines=LINES)
        yield name, rate, lasting, result


def _lines(rows: list[tuple[str, float, float, LoadResult]]) -> Iterator[tuple[str, ...]]:
    yield "", "written a second", "answered", "failed", "p50 ms", "p99 ms", "all answered after, s"
    for name, rate, lasting, result in rows:
        yield (
            name,
            f"{rate:.0f}",
            f"{result.turns}",
            f"{result.failed}",
            f"{result.p50:.0f}",
            f"{result.p99:.0f}",
            f"{max(0.0, result.seconds - lasting):.1f}",
        )
