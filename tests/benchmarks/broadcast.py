"""`./kosh bench broadcast`: a million recipients, first without a rate limit, then with one."""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from statistics import median, quantiles

import aiohttp
import msgspec
from pydantic import SecretStr

from bot import broadcasts, embedded
from bot.broadcasts import Broadcast, Words
from bot.config.settings import Settings, settings
from bot.embedded.server_process import free_port
from bot.observability import logging
from bot.runtime import Runtime, runtime
from tests import subscribers
from tests.benchmarks.million_subscribers import NAME
from tests.benchmarks.processes import cpu_seconds, listening, process

RATE = 30.0
BULK = 0.8
PEOPLE_RATE = 10.0
LOOKS = 40


class SinkCounts(msgspec.Struct):
    taken: int
    first: float
    last: float


@dataclass
class Figures:
    """Measurements as lines of a table, printed as they are added."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def add(self, what: str, value: str) -> None:
        self.lines.append((what, value))
        print(f"{what:56}{value:>24}", flush=True)


@dataclass
class Environment:
    """Objects that all parts of this benchmark share: servers, clients, broadcast, and figures."""

    rt: Runtime
    http: aiohttp.ClientSession
    folder: Path
    sink: int
    found: Broadcast
    officers: subscribers.BroadcastOfficers
    figures: Figures

    async def taken(self) -> SinkCounts:
        async with self.http.get(f"http://127.0.0.1:{self.sink}/") as answer:
            return msgspec.json.decode(await answer.read(), type=SinkCounts)


def measured(folder: Path, seconds: float) -> Figures:
    """Run each part of the benchmark for `seconds` s.

    The database in `folder` must contain the people that the module `million_subscribers` creates.
    """
    logging.configure("error")
    sink = free_port()
    with (
        embedded.postgres(folder / "postgres") as admin,
        embedded.valkey(folder / "valkey") as redis,
        process("tests.benchmarks.sink", str(sink), core=1, log=folder / "sink.log") as platform,
    ):
        listening(platform, sink, folder / "sink.log")
        databases = embedded.prepare(admin, NAME)
        chosen = settings(
            data_dir=folder, keys=folder / "keys", database_url=databases.app, redis_url=redis,
            telegram_token="1000000001:ATestTokenThatIsPlainlyInventedForTests",
            telegram_secret=token_hex(32), telegram_api=f"http://127.0.0.1:{sink}",
            telegram_rate=RATE, demo=True,
        )  # fmt: skip
        return asyncio.run(_measured(chosen, folder, sink, seconds))


async def _measured(chosen: Settings, folder: Path, sink: int, seconds: float) -> Figures:
    async with runtime(chosen) as rt, aiohttp.ClientSession() as http:
        officers = await subscribers.create_officers(rt)
        words = {each: Words(f"{text.body} ({token_hex(4)})")
                 for each, text in subscribers.TEXTS.items()}  # fmt: skip
        found = await subscribers.approve(rt, officers, subscribers.new_draft(texts=words))
        async with rt.pool.connection() as session:
            await session.execute("UPDATE broadcasts SET canary = 0 WHERE id = %s", (found.id,))
        environment = Environment(rt, http, folder, sink, found, officers, Figures())
        await _measure_unlimited(environment, seconds)
        await _measure_limited(environment, seconds)
        await broadcasts.cancel(rt, officers.lead, found.id)
    return environment.figures


async def _measure_unlimited(environment: Environment, seconds: float) -> None:
    """Measure a broadcast without a rate limit of Kosh, from its start until it is paused."""
    with _worker(environment, rate=0) as pid:
        await _wait_for_worker(environment)
        started = time.time()
        await broadcasts.start(environment.rt, environment.officers.lead, environment.found.id)
        pressed = time.time()
        total, there = await _rows(environment)
        first = await _first(environment)
        environment.figures.add("recipients, all rows in one transaction", f"{total:,}")
        environment.figures.add("start, pressed, to its answer", f"{pressed - started:.1f} s")
        environment.figures.add("from there to everybody's row", f"{there - pressed:.1f} s")
        environment.figures.add("from there to the first send", f"{first - there:.1f} s")
        await asyncio.sleep(2)
        before, at, memory = await environment.taken(), time.time(), [_resident(pid)]
        used = cpu_seconds(pid)
        looks: list[float] = []
        while time.time() < at + seconds:
            looks += await _looks(environment)
            memory.append(_resident(pid))
            await asyncio.sleep(seconds / 12)
        after, until, used = await environment.taken(), time.time(), cpu_seconds(pid) - used
        sent = after.taken - before.taken
        rate, each = sent / (until - at), 1000 * used / sent
        environment.figures.add("deliveries a second, one worker, no limits", f"{rate:,.0f}")
        environment.figures.add("the worker's processor, each delivery", f"{each:.2f} ms")
        environment.figures.add(
            "progress, median and most", f"{median(looks):.1f} / {max(looks):.1f} ms"
        )
        environment.figures.add("memory of the worker, first and last",
                          f"{memory[0]:.0f} / {memory[-1]:.0f} MB")  # fmt: skip
        pressed = time.time()
        await broadcasts.pause(environment.rt, environment.officers.lead, environment.found.id)
        await asyncio.sleep(4)
        last = (await environment.taken()).last
        environment.figures.add("pause, pressed, to the last send", f"{last - pressed:.2f} s")


async def _measure_limited(environment: Environment, seconds: float) -> None:
    """Measure how fast people get answers, without a broadcast and during one with a rate limit."""
    port = free_port()
    env = _environment(environment.rt.settings, RATE) | {"KOSH_PORT": str(port)}
    with process("bot", "web", core=0, log=environment.folder / "web.log", env=env) as web:
        await asyncio.to_thread(listening, web, port, environment.folder / "web.log")
        await _talk(environment, port, 3)
        idle = await _talk(environment, port, seconds / 2)
        await broadcasts.resume(environment.rt, environment.officers.lead, environment.found.id)
        with _worker(environment, rate=RATE):
            before = (await environment.taken()).taken
            while (await environment.taken()).taken < before + BULK * RATE:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            # The token bucket of the rate limit allows a burst at the start. Two seconds later, the
            # throughput equals the rate.
            await asyncio.sleep(2)
            start, at = await environment.taken(), time.time()
            busy = await _talk(environment, port, seconds)
            end, until = await environment.taken(), time.time()
    sent = (end.taken - start.taken - len(busy)) / (until - at)
    environment.figures.add("permitted to announcements a second", f"{BULK * RATE:.1f}")
    environment.figures.add("sent a second", f"{sent:.2f} ({100 * sent / (BULK * RATE):.1f} %)")
    for name, ms in (("alone", idle), ("meanwhile", busy)):
        found = quantiles(ms, n=100)
        environment.figures.add(f"answers to people, {name}: median, p99",
                          f"{found[49]:.1f} / {found[98]:.1f} ms")  # fmt: skip
    environment.figures.add("p99 meanwhile : alone",
                      f"{quantiles(busy, n=100)[98] / quantiles(idle, n=100)[98]:.2f}")  # fmt: skip


@contextmanager
def _worker(environment: Environment, rate: float) -> Iterator[int]:
    env = _environment(environment.rt.settings, rate)
    with process(
        "tests.benchmarks.announcer", core=0, log=environment.folder / "worker.log", env=env
    ) as started:
        yield started.pid


def _environment(chosen: Settings, rate: float) -> dict[str, str]:
    variables = {}
    for name in chosen.model_fields_set:
        value = getattr(chosen, name)
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        variables[f"KOSH_{name.upper()}"] = str(plain)
    return variables | {"KOSH_TELEGRAM_RATE": str(rate), "KOSH_LOG_LEVEL": "error"}


async def _wait_for_worker(environment: Environment) -> None:
    """Wait until the worker has registered itself in the database."""
    async with asyncio.timeout(60), environment.rt.pool.connection() as session:
        await session.set_autocommit(True)
        while True:
            cursor = await session.execute("SELECT count(*) FROM procrastinate_workers")
            if (await cursor.fetchone() or (0,))[0]:
                break
            await asyncio.sleep(0.05)
        await session.set_autocommit(False)


async def _rows(environment: Environment) -> tuple[int, float]:
    """Wait until each recipient has a database row; return their number and the Unix time."""
    async with asyncio.timeout(1800):
        while True:
            now = await broadcasts.find(
                environment.rt, environment.officers.lead, environment.found.id
            )
            if now.total is not None:
                return now.total, time.time()
            await asyncio.sleep(0.02)


async def _first(environment: Environment) -> float:
    async with asyncio.timeout(300):
        while not (taken := await environment.taken()).first:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return taken.first


async def _looks(environment: Environment) -> list[float]:
    """Measure the time to read a broadcast's progress and a page of its recipients, in ms."""
    found = []
    for _each in range(LOOKS // 10):
        start = time.perf_counter()
        await broadcasts.progress(environment.rt, environment.officers.lead, environment.found.id)
        await broadcasts.recipients(environment.rt, environment.officers.lead, environment.found.id)
        found.append((time.perf_counter() - start) * 1000)
    return found


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


async def _talk(environment: Environment, port: int, seconds: float) -> list[float]:
    """Let people write to Kosh at random times at a steady rate.

    Return the time until each answer in ms.
    """
    secret = environment.rt.settings.telegram_secret
    assert secret is not None
    headers = {"content-type": "application/json",
               "x-telegram-bot-api-secret-token": secret.get_secret_value()}  # fmt: skip
    taken: list[float] = []
    posts = []
    ends = time.monotonic() + seconds
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as http:
        while time.monotonic() < ends:
            posts.append(asyncio.create_task(_ask(http, taken)))
            await asyncio.sleep(random.expovariate(PEOPLE_RATE))
        await asyncio.gather(*posts)
    return taken


async def _ask(http: aiohttp.ClientSession, taken: list[float]) -> None:
    number, chat = random.getrandbits(30), random.randrange(9_000_000, 9_900_000)
    sender = {"id": chat, "is_bot": False, "first_name": "Test"}
    message = {
        "message_id": number,
        "date": int(time.time()),
        "chat": {"id": chat, "type": "private", "first_name": "Test"},
        "from": sender,
        "text": "/help",
    }
    raw = msgspec.json.encode({"update_id": number, "message": message})
    start = time.perf_counter()
    async with http.post("/webhooks/telegram", data=raw) as answer:
        assert answer.status == 200, answer.status
        await answer.read()
    taken.append((time.perf_counter() - start) * 1000)
