"""`./kosh bench size`: the same turn among few people and among many, in one run."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from statistics import median
from subprocess import Popen
from tempfile import TemporaryDirectory

import msgspec

from bot import services
from bot.keys import Keys
from bot.migrations import migrate
from bot.vault import Vault
from tests.benchmarks import crowd, processes
from tests.benchmarks.form import KEPT
from tests.benchmarks.orders import Driven, Order, Place
from tests.benchmarks.report import table

FIRST_CHAT = 1_000_000_000
# So many have keys of their own; the others are copies of their rows.
MOST_REAL = 200_000
# Enough that nobody writes twice within a round, so that rows are not found warm.
WRITING = 5_000
AT_ONCE = 16


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
    with TemporaryDirectory() as folder, _scene(Path(folder), sizes) as (crowds, platform, stores):
        for _round in range(rounds + 1):
            for each in crowds:
                each.rounds.append(_sampled(each, platform, stores, seconds))
        for each in crowds:
            del each.rounds[0]
        return table(_lines(crowds))


def _sampled(
    crowd: Crowd, platform: "Platform", stores: Sequence[int], seconds: float
) -> tuple[float, float, Driven]:
    app, store = processes.cpu_seconds(crowd.server), sum(map(processes.cpu_seconds, stores))
    driven = platform.drive(crowd, seconds)
    turns = max(driven.turns, 1)
    return (
        (processes.cpu_seconds(crowd.server) - app) / turns * 1e6,
        (sum(map(processes.cpu_seconds, stores)) - store) / turns * 1e6,
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


@dataclass(frozen=True, slots=True)
class Platform:
    """The platform's process, and the secret its updates carry."""

    process: Popen[bytes]
    secret: str

    def drive(self, crowd: Crowd, seconds: float) -> Driven:
        order = Order(
            port=crowd.port,
            path="/webhooks/telegram",
            secret=self.secret,
            form=KEPT,
            first_chat=FIRST_CHAT,
            chats=min(WRITING, crowd.people),
            at_once=AT_ONCE,
            turns=10**9,
            seconds=seconds,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(order) + b"\n")
        self.process.stdin.flush()
        return msgspec.json.decode(processes.line_of(self.process.stdout), type=Driven)


@contextmanager
def _scene(
    folder: Path, sizes: Sequence[int]
) -> Iterator[tuple[list[Crowd], Platform, tuple[int, ...]]]:
    secret = token_hex(32)
    with ExitStack() as stack:
        admin = stack.enter_context(services.postgres(folder / "postgres"))
        redis = stack.enter_context(services.valkey(folder / "valkey"))
        process = stack.enter_context(
            processes.process(
                "tests.benchmarks.platform", core=1, log=folder / "platform.log", talks=True
            )
        )
        api = f"http://127.0.0.1:{int(processes.line_of(process.stdout))}"
        crowds = []
        for size in sizes:
            place = Place(
                server="ours",
                port=processes.free_port(),
                api=api,
                database=_filled(admin, folder, size),
                redis=redis,
                secret=secret,
                data=str(folder),
                pool=8,
                loop="asyncio",
            )
            crowds.append(Crowd(size, _served(stack, place), place.port))
        yield crowds, Platform(process, secret), processes.stores(folder)


def _filled(admin: str, folder: Path, size: int) -> str:
    databases = services.prepare(admin, f"kosh_{size}")
    migrate(databases.owner.replace("postgresql", "postgresql+psycopg", 1))
    real = min(size, MOST_REAL)
    crowd.fill(databases.owner, Vault(Keys.create(folder / "keys")), FIRST_CHAT, real)
    if size > real:
        crowd.multiply(databases.owner, size // real)
    return databases.app


def _served(stack: ExitStack, place: Place) -> int:
    log = Path(place.data) / f"server-{place.port}.log"
    words = msgspec.json.encode(place).decode()
    started = stack.enter_context(
        processes.process("tests.benchmarks.serve", words, core=0, log=log)
    )
    processes.listening(started, place.port, log)
    return started.pid
