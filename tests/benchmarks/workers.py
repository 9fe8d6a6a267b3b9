"""`./kosh bench workers`: one, two and more web processes behind one port, in one run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.benchmarks import processes
from tests.benchmarks.environment import Environment, open_environment
from tests.benchmarks.protocol import LoadResult
from tests.benchmarks.report import table

CHATS = 1_000
AT_ONCE = 64


@dataclass(slots=True)
class Team:
    """Web processes that share a port, and the measurements of each round.

    A round has the CPU µs per turn of each process, and of PostgreSQL and Valkey together.
    """

    pids: list[int]
    port: int
    rounds: list[tuple[list[float], float, LoadResult]] = field(default_factory=list)


def measured(counts: Sequence[int], rounds: int, seconds: float) -> str:
    """Return the turns a second for each number of web processes; each has its own database."""
    with open_environment() as environment:
        teams = [_start_team(environment, count) for count in counts]
        for _round in range(rounds + 1):
            for each in teams:
                each.rounds.append(_sampled(environment, each, seconds))
        for each in teams:
            del each.rounds[0]
        return table(_lines(teams))


def _start_team(environment: Environment, count: int) -> Team:
    database = environment.database(f"kosh_{count}")
    first = environment.serve(database, core=None)
    others = [environment.serve(database, core=None, port=first.port) for _ in range(count - 1)]
    return Team([each.pid for each in (first, *others)], first.port)


def _sampled(
    environment: Environment, team: Team, seconds: float
) -> tuple[list[float], float, LoadResult]:
    before = [processes.cpu_seconds(pid) for pid in (*team.pids, *environment.stores)]
    result = environment.drive(team.port, seconds, chats=CHATS, at_once=AT_ONCE)
    after = [processes.cpu_seconds(pid) for pid in (*team.pids, *environment.stores)]
    turns = max(result.turns, 1)
    used = [(late - early) / turns * 1e6 for early, late in zip(before, after, strict=True)]
    return used[: len(team.pids)], sum(used[len(team.pids) :]), result


def _lines(teams: Sequence[Team]) -> Iterator[tuple[str, ...]]:
    yield (
        "processes",
        "turns/s",
        "servers, µs",
        "store, µs",
        "least busy to busiest",
        "p50 ms",
        "p99 ms",
    )
    for each in teams:
        yield (
            f"{len(each.pids)}",
            f"{median(driven.turns / driven.seconds for *_cpu, driven in each.rounds):.0f}",
            f"{median(sum(servers) for servers, *_ in each.rounds):.0f}",
            f"{median(store for _servers, store, _driven in each.rounds):.0f}",
            f"{median(min(servers) / max(servers) for servers, *_ in each.rounds):.2f}",
            f"{median(driven.p50 for *_cpu, driven in each.rounds):.1f}",
            f"{median(driven.p99 for *_cpu, driven in each.rounds):.1f}",
        )
