"""`./kosh bench turn`: cost of a turn in every framework, measured in interleaved rounds.

A turn is the processing of one update.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from statistics import median

import psycopg

from tests.benchmarks import floor, processes
from tests.benchmarks.environment import (
    BOUNDLESS,
    POOL,
    WEBHOOK,
    Environment,
    Server,
    open_environment,
)
from tests.benchmarks.form import ASKED, KEPT, TYPED
from tests.benchmarks.protocol import LoadResult, Loop

SERVERS = (
    "kosh",
    "kosh-unrecognized",
    "floor",
    "aiogram",
    "aiogram-docs",
    "aiogram-dialog",
    "python-telegram-bot",
)
TURNS_TO_WARM_UP = 14
CHAT_BLOCK = 1_000_000


@dataclass(frozen=True, slots=True)
class Contender:
    """A measured server and the kind of turn that it processes.

    `kind` names the group of contenders that are compared with each other.
    """

    name: str
    server: str
    path: str
    kind: str
    form: str = ASKED


CONTENDERS = (
    Contender("Kosh, durable", "kosh", WEBHOOK, "durable", KEPT),
    Contender("floor, durable", "floor", "/durable", "floor"),
    Contender("Kosh, just asking", "kosh", WEBHOOK, "ask"),
    Contender("floor, just asking", "floor", "/ask", "floor"),
    Contender("Kosh, typed", "kosh", WEBHOOK, "typed", TYPED),
    Contender("Kosh, typed, no recognition", "kosh-unrecognized", WEBHOOK, "typed", TYPED),
    Contender("aiogram + Redis", "aiogram", "/form", "peer"),
    Contender("aiogram + Redis, as documented", "aiogram-docs", "/form", "peer"),
    Contender("aiogram-dialog + Redis", "aiogram-dialog", "/form", "peer"),
    Contender("python-telegram-bot, flushed", "python-telegram-bot", "/form", "peer"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure: `rounds` rounds, each with two parts for each contender.

    In the first part, which lasts `seconds`, `at_once` turns are always active. In the second,
    which lasts `latency_seconds`, turns start at random times, at `load` times the rate that this
    contender has just reached, since the speed of machines varies.
    """

    rounds: int
    seconds: float
    latency_seconds: float
    chats: int = 100
    at_once: int = 16
    load: float = 0.7
    pool: int = POOL
    loop: Loop = "asyncio"
    most_turns: int = BOUNDLESS
    only: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """Result of one round: CPU in µs per turn of the server, and of PostgreSQL with Valkey."""

    app: float
    store: float
    driven: LoadResult

    @property
    def total(self) -> float:
        return self.app + self.store


@dataclass(slots=True)
class Result:
    """All measurements of one contender."""

    contender: Contender
    server: Server
    samples: list[Sample] = field(default_factory=list)
    loaded: list[Sample] = field(default_factory=list)
    resident_mb: float = 0.0

    @property
    def app(self) -> float:
        return median(each.app for each in self.samples)

    @property
    def store(self) -> float:
        return median(each.store for each in self.samples)

    @property
    def total(self) -> float:
        return median(each.total for each in self.samples)

    @property
    def turns_per_second(self) -> float:
        return median(each.driven.turns / each.driven.seconds for each in self.samples)

    @property
    def failed(self) -> int:
        return sum(each.driven.failed for each in (*self.samples, *self.loaded))

    @property
    def crowded(self) -> int:
        return sum(each.driven.crowded for each in (*self.samples, *self.loaded))


def measure(plan: Plan) -> list[Result]:
    """Run the whole benchmark; it takes about rounds × seconds for each contender."""
    chosen = [each for each in CONTENDERS if plan.only in each.name]
    with open_environment() as environment:
        servers = _servers(environment, plan, {each.server for each in chosen})
        results = [Result(each, servers[each.server]) for each in chosen]
        for each in results:
            warm = plan.chats * TURNS_TO_WARM_UP
            _drive(environment, plan, each, turns=min(warm, plan.most_turns), seconds=60)
        for number in range(plan.rounds):
            for each in _rotated(results, number):
                sample = _sample(environment, plan, each, plan.seconds)
                each.samples.append(sample)
                rate = sample.driven.turns / sample.driven.seconds * plan.load
                each.loaded.append(_sample(environment, plan, each, plan.latency_seconds, rate))
        for each in results:
            each.resident_mb = processes.resident_mb(each.server.pid)
    return results


def _servers(environment: Environment, plan: Plan, names: Collection[str]) -> dict[str, Server]:
    database = environment.database("kosh_bench")
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute(floor.TABLES)
    return {
        name: environment.serve(database, server=name, pool=plan.pool, loop=plan.loop)
        for name in SERVERS
        if name in names
    }


def _rotated(results: Sequence[Result], number: int) -> list[Result]:
    """Rotate the contenders by one per round, so that changes of speed affect all alike."""
    first = number % len(results)
    return [*results[first:], *results[:first]]


def _sample(
    environment: Environment, plan: Plan, result: Result, seconds: float, rate: float = 0
) -> Sample:
    server = result.server.pid
    app, store = processes.cpu_seconds(server), sum(map(processes.cpu_seconds, environment.stores))
    driven = _drive(environment, plan, result, turns=plan.most_turns, seconds=seconds, rate=rate)
    app = processes.cpu_seconds(server) - app
    store = sum(map(processes.cpu_seconds, environment.stores)) - store
    turns = max(driven.turns, 1)
    return Sample(app / turns * 1e6, store / turns * 1e6, driven)


def _drive(
    environment: Environment,
    plan: Plan,
    result: Result,
    *,
    turns: int,
    seconds: float,
    rate: float = 0,
) -> LoadResult:
    contender = result.contender
    return environment.drive(
        result.server.port,
        seconds,
        chats=plan.chats,
        rate=rate,
        at_once=plan.at_once,
        turns=turns,
        path=contender.path,
        form=contender.form,
        first_chat=CHAT_BLOCK * (CONTENDERS.index(contender) + 1),
    )
