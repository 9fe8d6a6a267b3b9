"""`./kosh bench soak`: memory of each process while people write for an hour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import typer

from tests.benchmarks.environment import open_environment
from tests.benchmarks.processes import resident_mb
from tests.benchmarks.protocol import LoadResult
from tests.benchmarks.report import chart, table

CHATS = 500
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Minute:
    """Figures of one minute: memory of the web process and the worker in MB, and latencies."""

    web: float
    worker: float
    driven: LoadResult


def measured(minutes: int, rate: float) -> str:
    """Print a line for each minute; return a table and a chart of the run."""
    found = list[Minute]()
    with open_environment() as environment:
        database = environment.database("kosh_soak")
        web, worker = environment.serve(database, core=None), environment.work(database)
        for number in range(1, minutes + 1):
            result = environment.drive(web.port, 60, chats=CHATS, rate=rate)
            found.append(Minute(resident_mb(web.pid), resident_mb(worker), result))
            last = found[-1]
            summary = f"{result.turns} turns, {result.failed} failed, p99 {result.p99:.0f} ms"
            typer.echo(f"minute {number}: {last.web:.1f} / {last.worker:.1f} MB, {summary}")
    step = max(1, minutes // SHOWN)
    shown = [(number, each) for number, each in enumerate(found, 1) if number % step == 0]
    drawn = chart(
        "MB of a web process, minute by minute",
        [str(number) for number, _each in shown],
        {"web": [each.web for _number, each in shown]},
        kind="line",
    )
    return f"{table(_lines(shown))}\n\n{_flatness(found)}\n\n{drawn}"


def _lines(shown: Sequence[tuple[int, Minute]]) -> Iterator[tuple[str, ...]]:
    yield "minute", "web, MB", "worker, MB", "turns", "failed", "p50 ms", "p99 ms"
    for number, each in shown:
        yield (
            f"{number}",
            f"{each.web:.1f}",
            f"{each.worker:.1f}",
            f"{each.driven.turns}",
            f"{each.driven.failed}",
            f"{each.driven.p50:.1f}",
            f"{each.driven.p99:.1f}",
        )


def _flatness(found: Sequence[Minute]) -> str:
    """Return a sentence that compares the memory in the second and in the last sixth of the run.

    The first sixth is left out, because it warms up the caches.
    """
    part = max(1, len(found) // 6)
    early, late = found[part : 2 * part] or found, found[-part:]
    web = [median(each.web for each in some) for some in (early, late)]
    worker = [median(each.worker for each in some) for some in (early, late)]
    summary = ("web {:.1f} → {:.1f} MB".format(*web), "worker {:.1f} → {:.1f} MB".format(*worker))
    return f"From the second sixth to the last: {', '.join(summary)}."
