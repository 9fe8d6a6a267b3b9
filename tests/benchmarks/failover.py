"""`./kosh bench failover`: turns while Valkey's primary fails and sentinels replace it."""

import asyncio
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import typer

from bot.cache import Cache, CacheUnavailable
from tests.benchmarks.environment import FIRST_CHAT, WEBHOOK, Environment, open_environment
from tests.benchmarks.form import ASKED, KEPT
from tests.benchmarks.protocol import CountLosses, LoadResult, Losses
from tests.benchmarks.report import table
from tests.sentinels import SentinelServers, watched

FAULTS = {"kill -9": signal.SIGKILL, "kill -STOP": signal.SIGSTOP, "planned": None}
FORMS = {"durable": KEPT, "anonymous": ASKED}
CHATS = 8
# Number of chats that write at a fixed rate. The chats in which lost turns are counted have higher
# ids.
WRITING = 400
BLOCK = 1_000
PROBE_SECONDS = 0.02
CALM = 10.0
TIMEOUT_SECONDS = 75.0


@dataclass(slots=True)
class Outage:
    """Times at which a client with Kosh's settings could not use Valkey."""

    failed: list[float] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def seconds(self) -> float:
        """Return the seconds from the first to the last failed call; 0 if none failed."""
        return self.failed[-1] - self.failed[0] if self.failed else 0.0


@dataclass(frozen=True, slots=True)
class Failover:
    """Result of a failure of Valkey: the outage, turns before, during and after it, and losses."""

    fault: str
    outage: Outage
    results: dict[str, tuple[LoadResult, ...]]
    lost: dict[str, Losses]


def measured(silence_ms: int, seconds: float, rate: float) -> str:
    """Cause each kind of failure while people write; return tables of outages, turns and losses."""
    found = [_failover(fault, silence_ms, seconds, rate) for fault in FAULTS]
    return f"{table(_turns(found))}\n\n{table(_losses(found))}"


def _failover(fault: str, silence_ms: int, seconds: float, rate: float) -> Failover:
    with open_environment() as environment, watched(environment.folder, silence_ms) as group:
        group.await_agreement()
        environment.redis = group.url
        database = environment.database("kosh_failover")
        server = environment.serve(database, core=None)
        environment.serve(database, core=None, port=server.port)
        environment.work(database)
        _count_losses(environment, server.port)
        results: dict[str, tuple[LoadResult, ...]] = dict.fromkeys(FORMS, ())
        with _probed(group.url) as outage:
            for phase in range(3):
                typer.echo(f"{fault}: phase {phase + 1} of 3", err=True)
                if phase == 1:
                    _cause(group, fault)
                # In each phase, people with consent (durable turns) write first, people without it
                # (anonymous turns) second. The people whose lost turns are counted write all the
                # time, some with consent and some without.
                for place, (name, form) in enumerate(FORMS.items()):
                    first = FIRST_CHAT + place * BLOCK
                    each = environment.drive(
                        server.port,
                        seconds / len(FORMS),
                        chats=WRITING,
                        rate=rate,
                        form=form,
                        first_chat=first,
                    )
                    results[name] += (each,)
        return Failover(fault, outage, results, environment.stop_counting(CALM))


def _count_losses(environment: Environment, port: int) -> None:
    """Let people with and without consent write until the end; count lost and doubled turns."""
    for place, (name, form) in enumerate(FORMS.items()):
        first = FIRST_CHAT + (len(FORMS) + place) * BLOCK
        secret = environment.secret
        order = CountLosses(port, WEBHOOK, secret, form, first, CHATS, name, 0, TIMEOUT_SECONDS)
        environment.count_losses(order)


def _cause(group: SentinelServers, fault: str) -> None:
    number = FAULTS[fault]
    if number is None:
        group.hand_over()
    else:
        group.kill_primary(number)


@contextmanager
def _probed(url: str) -> Iterator[Outage]:
    """Call Valkey continuously with a client of Kosh, in a thread."""
    outage, stop = Outage(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_probe(url, outage, stop)))
    thread.start()
    try:
        yield outage
    finally:
        stop.set()
        thread.join()


async def _probe(url: str, outage: Outage, stop: threading.Event) -> None:
    live = Cache.at(url)
    while not stop.is_set():
        start = time.monotonic()
        try:
            await live.allow("probe", rate=1_000, burst=1_000)
        except CacheUnavailable:
            outage.failed += [start, time.monotonic()]
        outage.slowest = max(outage.slowest, time.monotonic() - start)
        await asyncio.sleep(PROBE_SECONDS)
    await live.close()


def _turns(found: list[Failover]) -> Iterator[tuple[str, ...]]:
    yield "fault", "outage s", "longest call s", "turns", "phase", "count", "failed", "p50", "p99"
    for each in found:
        seconds, slowest = f"{each.outage.seconds:.1f}", f"{each.outage.slowest:.1f}"
        for name, phases in each.results.items():
            for phase, result in zip(("before", "during", "after"), phases, strict=True):
                yield (
                    *(each.fault, seconds, slowest, name, phase, f"{result.turns}"),
                    *(f"{result.failed}", f"{result.p50:.1f}", f"{result.p99:.1f}"),
                )


def _losses(found: list[Failover]) -> Iterator[tuple[str, ...]]:
    yield (
        *("fault", "turns", "acknowledged", "never taken", "never answered"),
        *("thrown back", "questions skipped", "the same once more"),
    )
    for each in found:
        for name, lost in each.lost.items():
            counts = (lost.taken, lost.stuck, lost.unanswered, lost.back, lost.skipped, lost.again)
            yield each.fault, name, *map(str, counts)
