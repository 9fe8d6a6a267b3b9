"""`./kosh bench turn`: every contender's turn measured in one run, in interleaved rounds."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from statistics import median
from subprocess import Popen
from tempfile import TemporaryDirectory

import msgspec
import psycopg

from bot import services
from bot.migrations import migrate
from tests.benchmarks import floor, processes
from tests.benchmarks.form import ASKED, KEPT
from tests.benchmarks.orders import Driven, Loop, Order, Place

SERVER_CORE, PLATFORM_CORE = 0, 1
SERVERS = ("ours", "floor", "aiogram", "aiogram-docs", "aiogram-dialog", "python-telegram-bot")
TURNS_TO_WARM_UP = 14
CHAT_BLOCK = 1_000_000


@dataclass(frozen=True, slots=True)
class Contender:
    """A kind of turn on one of the servers; `kind` says which floor it stands on."""

    name: str
    server: str
    path: str
    kind: str
    form: str = ASKED


CONTENDERS = (
    Contender("ours, durable", "ours", "/webhooks/telegram", "durable", KEPT),
    Contender("floor, durable", "floor", "/durable", "floor"),
    Contender("ours, just asking", "ours", "/webhooks/telegram", "ask"),
    Contender("floor, just asking", "floor", "/ask", "floor"),
    Contender("aiogram + Redis", "aiogram", "/form", "peer"),
    Contender("aiogram + Redis, as documented", "aiogram-docs", "/form", "peer"),
    Contender("aiogram-dialog + Redis", "aiogram-dialog", "/form", "peer"),
    Contender("python-telegram-bot, flushed", "python-telegram-bot", "/form", "peer"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure: per contender, rounds of `seconds` each and one stretch for latency."""

    rounds: int
    seconds: float
    latency_seconds: float
    chats: int = 100
    at_once: int = 16
    load: float = 0.7
    pool: int = 8
    loop: Loop = "asyncio"
    most_turns: int = 10**9
    only: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One round: CPU in µs per turn of the server and of PostgreSQL and Valkey."""

    app: float
    store: float
    turns_per_second: float
    calls: float
    failed: int


@dataclass(slots=True)
class Result:
    """All that was measured of one contender."""

    contender: Contender
    samples: list[Sample] = field(default_factory=list)
    loaded: Driven | None = None
    start_seconds: float = 0.0
    resident_mb: float = 0.0

    @property
    def app(self) -> float:
        return median(each.app for each in self.samples)

    @property
    def store(self) -> float:
        return median(each.store for each in self.samples)

    @property
    def total(self) -> float:
        return median(each.app + each.store for each in self.samples)

    @property
    def turns_per_second(self) -> float:
        return median(each.turns_per_second for each in self.samples)


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that runs, by process."""

    platform: Popen[bytes]
    ports: dict[str, int]
    servers: dict[str, int]
    started: dict[str, float]
    stores: tuple[int, ...]
    secret: str


def measure(plan: Plan) -> list[Result]:
    """Run the whole benchmark; takes about rounds × seconds for each of eight contenders."""
    chosen = [each for each in CONTENDERS if plan.only in each.name]
    with TemporaryDirectory() as folder, _bench(Path(folder), plan, chosen) as bench:
        results = [Result(each, start_seconds=bench.started[each.server]) for each in chosen]
        for each in chosen:
            warm = plan.chats * TURNS_TO_WARM_UP
            _drive(bench, plan, each, turns=min(warm, plan.most_turns), seconds=60)
        for number in range(plan.rounds):
            for result in _turned(results, number):
                result.samples.append(_sample(bench, plan, result.contender))
        for result in results:
            rate = result.turns_per_second * plan.load
            result.loaded = _drive(
                bench,
                plan,
                result.contender,
                turns=plan.most_turns,
                seconds=plan.latency_seconds,
                rate=rate,
            )
            result.resident_mb = processes.resident_mb(bench.servers[result.contender.server])
    return results


def _turned(results: Sequence[Result], number: int) -> list[Result]:
    """Another one begins in each round, so that what drifts meets everybody alike."""
    first = number % len(results)
    return [*results[first:], *results[:first]]


def _sample(bench: Bench, plan: Plan, contender: Contender) -> Sample:
    server = bench.servers[contender.server]
    app, store = processes.cpu_seconds(server), sum(map(processes.cpu_seconds, bench.stores))
    driven = _drive(bench, plan, contender, turns=plan.most_turns, seconds=plan.seconds)
    app = processes.cpu_seconds(server) - app
    store = sum(map(processes.cpu_seconds, bench.stores)) - store
    turns = max(driven.turns, 1)
    return Sample(
        app=app / turns * 1e6,
        store=store / turns * 1e6,
        turns_per_second=turns / driven.seconds,
        calls=driven.calls / turns,
        failed=driven.failed,
    )


def _drive(
    bench: Bench, plan: Plan, contender: Contender, *, turns: int, seconds: float, rate: float = 0
) -> Driven:
    order = Order(
        port=bench.ports[contender.server],
        path=contender.path,
        secret=bench.secret,
        form=contender.form,
        first_chat=CHAT_BLOCK * (CONTENDERS.index(contender) + 1),
        chats=plan.chats,
        at_once=plan.at_once,
        turns=turns,
        seconds=seconds,
        rate=rate,
    )
    assert bench.platform.stdin is not None
    bench.platform.stdin.write(msgspec.json.encode(order) + b"\n")
    bench.platform.stdin.flush()
    return msgspec.json.decode(processes.line_of(bench.platform.stdout), type=Driven)


@contextmanager
def _bench(folder: Path, plan: Plan, chosen: Sequence[Contender]) -> Iterator[Bench]:
    secret = token_hex(32)
    with ExitStack() as stack:
        admin = stack.enter_context(services.postgres(folder / "postgres"))
        redis = stack.enter_context(services.valkey(folder / "valkey"))
        databases = services.prepare(admin, "kosh_bench")
        migrate(databases.owner.replace("postgresql", "postgresql+psycopg", 1))
        with psycopg.connect(databases.owner, autocommit=True) as owner:
            owner.execute(floor.TABLES)
        platform = stack.enter_context(
            processes.process(
                "tests.benchmarks.platform",
                core=PLATFORM_CORE,
                log=folder / "platform.log",
                talks=True,
            )
        )
        api = f"http://127.0.0.1:{int(processes.line_of(platform.stdout))}"
        bench = Bench(platform, {}, {}, {}, processes.stores(folder), secret)
        for server in SERVERS:
            if any(each.server == server for each in chosen):
                place = Place(
                    server=server,
                    port=processes.free_port(),
                    api=api,
                    database=databases.app,
                    redis=redis,
                    secret=secret,
                    data=str(folder),
                    pool=plan.pool,
                    loop=plan.loop,
                )
                _start(stack, bench, place)
        yield bench


def _start(stack: ExitStack, bench: Bench, place: Place) -> None:
    log = Path(place.data) / f"{place.server}.log"
    words = msgspec.json.encode(place).decode()
    started = stack.enter_context(
        processes.process("tests.benchmarks.serve", words, core=SERVER_CORE, log=log)
    )
    bench.servers[place.server] = started.pid
    bench.ports[place.server] = place.port
    bench.started[place.server] = processes.listening(started, place.port, log)
