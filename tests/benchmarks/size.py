"""`./kosh bench size`: the same turn among few people and among many, in one run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from bot.keys import Keys
from bot.vault import Vault
from tests.benchmarks import crowd, processes
from tests.benchmarks.orders import Driven
from tests.benchmarks.report import table
from tests.benchmarks.stage import FIRST_CHAT, Stage, staged

# So many have keys of their own; the others are copies of their rows.
MOST_REAL = 200_000
# Enough that nobody writes twice within a round, so that rows are not found warm.
WRITING = 5_000


@dataclass(slots=True)
class Crowd:
    """A database of its own, a server on it, and what turns cost there."""

    people: int
    server: int
    port: int
    rounds: list[tuple[float, float, Driven]] = field(default_factory=list)

    @property
    def app(self) -> float:
        return median(app for app, _store, _driven in self.rounds)

    @property
    def store(self) -> float:
        return median(store for _app, store, _driven in self.rounds)


def measured(sizes: Sequence[int], rounds: int, seconds: float) -> str:
    """Fill a database for each size, then let their servers take turns."""
    with staged() as stage:
        crowds = [_gathered(stage, size) for size in sizes]
        for _round in range(rounds + 1):
            for each in crowds:
                each.rounds.append(_sampled(each, stage, seconds))
        for each in crowds:
            del each.rounds[0]
        return table(_lines(crowds))


def _gathered(stage: Stage, size: int) -> Crowd:
    database = stage.database(f"kosh_{size}")
    real = min(size, MOST_REAL)
    vault = Vault(Keys.create(stage.folder / "keys"))
    crowd.fill(database.owner, vault, FIRST_CHAT, real)
    if size > real:
        crowd.multiply(database.owner, size // real)
    served = stage.serve(database)
    return Crowd(size, served.pid, served.port)


def _sampled(crowd: Crowd, stage: Stage, seconds: float) -> tuple[float, float, Driven]:
    app, store = processes.cpu_seconds(crowd.server), sum(map(processes.cpu_seconds, stage.stores))
    driven = stage.drive(crowd.port, seconds, chats=min(WRITING, crowd.people))
    turns = max(driven.turns, 1)
    return (
        (processes.cpu_seconds(crowd.server) - app) / turns * 1e6,
        (sum(map(processes.cpu_seconds, stage.stores)) - store) / turns * 1e6,
        driven,
    )


def _lines(crowds: Sequence[Crowd]) -> Iterator[tuple[str, ...]]:
    yield "people", "server, µs", "store, µs", "both", "times the fewest", "p50 ms", "p99 ms"
    least = crowds[0]
    for each in crowds:
        pairs = zip(each.rounds, least.rounds, strict=True)
        ratio = median((mine[0] + mine[1]) / (few[0] + few[1]) for mine, few in pairs)
        yield (
            f"{each.people:,}",
            f"{each.app:.0f}",
            f"{each.store:.0f}",
            f"{each.app + each.store:.0f}",
            f"{ratio:.2f}",
            f"{median(driven.p50 for *_cpu, driven in each.rounds):.2f}",
            f"{median(driven.p99 for *_cpu, driven in each.rounds):.2f}",
        )
