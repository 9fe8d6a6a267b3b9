"""Test of a broadcast whose two workers are killed many times, PostgreSQL and Valkey once each.

python -m tests.chaos.broadcast --people 10000 --kills 200

The test checks that each person gets the message at most once, that none is silently left out, and
that deliveries with an unknown outcome are listed.
"""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex, token_urlsafe
from threading import Thread

import msgspec
import psycopg
from aiohttp import web
from psycopg_pool import PoolTimeout

from bot import broadcasts, embedded
from bot.broadcasts import Broadcast, RecipientStatus, State, model
from bot.broadcasts.progress import of
from bot.config.settings import settings
from bot.db.migrations import migrate
from bot.runtime import Runtime, runtime
from bot.security.key_files import Keys
from bot.worker import main as worker_main
from tests import subscribers
from tests.clock import CLOCK

ROOT = Path(__file__).parents[2]
WORKERS = 2
LOOK_SECONDS = 0.1
STALL_SECONDS = 3.0


@dataclass(frozen=True)
class Plan:
    """Size and pace of a broadcast with killed workers.

    `rate` is the permitted number of calls per second; `latency` of a call and `limit` of the run
    are in seconds.
    """

    people: int
    kills: int
    seed: int = 1
    rate: float = 50
    latency: float = 0.1
    restarts: bool = True
    limit: float = 900

    @property
    def in_hand(self) -> int:
        """Return the maximum number of calls that a worker has in progress: a batch per shard."""
        return worker_main.SHARDS_AT_ONCE * max(1, int(self.rate * 0.8 * 0.2))


@dataclass
class Platform:
    """Emulated Bot API that counts the messages to each chat; it is never killed."""

    latency: float
    sent_counts: Counter[int] = field(default_factory=Counter)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        chat = int(msgspec.json.decode(await request.read())["chat_id"])
        self.sent_counts[chat] += 1
        await asyncio.sleep(random.uniform(0.2, 1.8) * self.latency)
        sent = {"ok": True, "result": {"message_id": self.sent_counts.total()}}
        return web.json_response(sent)


@dataclass
class Worker:
    """A process of `worker_forks`, and the id of its current worker."""

    process: subprocess.Popen[bytes]
    pid: int = 0

    def watch(self) -> None:
        """Set `pid` to the process id of each new worker that the process reports.

        A worker also ends by itself if PostgreSQL is down at its start.
        """
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.pid = int(line)

    def kill(self) -> None:
        """Kill the current worker, and wait until the next worker is forked."""
        # Signalling process 0 would kill our whole process group.
        while not (before := self.pid):
            time.sleep(0.005)
        with suppress(ProcessLookupError):
            os.kill(before, signal.SIGKILL)
        while self.pid == before:
            time.sleep(0.005)


@dataclass(frozen=True)
class Report:
    """Result of a broadcast with killed workers; the counts are of people."""

    people: int
    kills: int
    restarts: int
    doubled: int
    lost: int
    in_doubt: int
    listed: bool
    in_doubt_missing: int
    most_in_doubt: int
    open: int
    adds_up: bool
    seconds: float

    def red(self) -> list[str]:
        found = [name for name in ("doubled", "lost", "open") if getattr(self, name)]
        if self.in_doubt > self.most_in_doubt:
            found.append("in_doubt")
        return found + [name for name in ("adds_up", "listed") if not getattr(self, name)]


async def run_broadcast_crash_test(folder: Path, plan: Plan, mutant: str = "") -> Report:
    """Create the recipients, run the broadcast while workers are killed, and return the report.

    `mutant` breaks the workers on purpose.
    """
    random.seed(plan.seed)
    async with _stack(folder, plan) as (rt, platform, owner):
        members = await subscribers.create_subscribers(rt, plan.people)
        officers = await subscribers.create_officers(rt)
        found = await subscribers.start(rt, officers, subscribers.new_draft())
        async with rt.pool.connection() as session:
            await session.execute("UPDATE broadcasts SET canary = 0")
        start = time.monotonic()
        with _workers(rt, folder, mutant) as workers:
            kills, restarts = await _kill(folder, plan, workers, platform)
            await _settle(rt, owner, found, start + plan.limit, platform)
        seconds = time.monotonic() - start
        listed = await _listed(rt, officers, found)
        return await _account(rt, plan, found, members, platform, listed, kills, restarts, seconds)


@asynccontextmanager
async def _stack(folder: Path, plan: Plan) -> AsyncIterator[tuple[Runtime, Platform, str]]:
    platform = Platform(plan.latency)
    async with AsyncExitStack() as stack:
        admin = stack.enter_context(embedded.postgres(folder / "postgres"))
        redis = stack.enter_context(embedded.valkey(folder / "valkey"))
        databases = embedded.prepare(admin, "kosh")
        migrate(databases.owner.replace("postgresql", "postgresql+psycopg", 1))
        with psycopg.connect(databases.owner, autocommit=True) as session:
            session.execute(CLOCK)
            assert session.execute("SHOW fsync").fetchone() == ("on",)
        asgi = web.Application()
        asgi.router.add_post("/{bot}/sendMessage", platform.answer)
        runner = web.AppRunner(asgi, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        platform.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        Keys.create(folder / "keys")
        chosen = settings(
            data_dir=folder,
            key_dir=folder / "keys",
            database_url=databases.app,
            redis_url=redis,
            telegram_token=f"7000000001:{token_urlsafe(32)}",
            telegram_secret=token_hex(32),
            telegram_api=platform.url,
            telegram_rate=plan.rate,
        )
        yield await stack.enter_async_context(runtime(chosen)), platform, databases.owner


@contextmanager
def _workers(rt: Runtime, folder: Path, mutant: str) -> Iterator[list[Worker]]:
    chosen = rt.settings
    env = {
        "KOSH_DATA_DIR": str(folder),
        "KOSH_KEY_DIR": str(chosen.key_dir),
        "KOSH_DATABASE_URL": chosen.database(),
        "KOSH_REDIS_URL": chosen.redis_url.get_secret_value() if chosen.redis_url else "",
        "KOSH_TELEGRAM_TOKEN": chosen.telegram_token.get_secret_value()
        if chosen.telegram_token
        else "",
        "KOSH_TELEGRAM_API": chosen.telegram_api,
        "KOSH_TELEGRAM_RATE": str(chosen.telegram_rate),
    }
    words = [sys.executable, "-m", "tests.chaos.worker_forks", *([mutant] if mutant else [])]
    with ExitStack() as stack:
        workers = []
        for number in range(WORKERS):
            log = stack.enter_context((folder / f"worker {number}.log").open("wb"))
            process = subprocess.Popen(
                words, stdout=subprocess.PIPE, stderr=log, env=os.environ | env, cwd=ROOT
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            workers.append(Worker(process))
        for worker in workers:
            Thread(target=worker.watch, daemon=True).start()
        yield workers


async def _kill(
    folder: Path, plan: Plan, workers: list[Worker], platform: Platform
) -> tuple[int, int]:
    """Kill workers at random moments; return the number of kills and of restarted servers.

    The moments are spread over the broadcast, so that each worker has begun to send.
    """
    restarts = 0
    for number in range(plan.kills):
        due = plan.people * (number + 1) // (plan.kills + 1)
        await _until_sent(platform, due)
        await asyncio.sleep(random.uniform(0, plan.latency))
        await asyncio.to_thread(random.choice(workers).kill)
        if plan.restarts and number in (plan.kills // 3, 2 * plan.kills // 3):
            service = "postgres" if number == plan.kills // 3 else "valkey"
            await asyncio.to_thread(_restart, folder, service)
            restarts += 1
    return plan.kills, restarts


async def _until_sent(platform: Platform, due: int) -> None:
    """Wait until `due` messages were sent, or no further one was sent for STALL_SECONDS.

    Fewer than `due` are sent if recipients with an unknown outcome are not retried.
    """
    sent, progress_at = -1, time.monotonic()
    while platform.sent_counts.total() < due and (
        sent < 1 or time.monotonic() < progress_at + STALL_SECONDS
    ):
        if platform.sent_counts.total() != sent:
            sent, progress_at = platform.sent_counts.total(), time.monotonic()
        await asyncio.sleep(0.01)


def _restart(folder: Path, service: str) -> None:
    """Kill a server with SIGKILL and start it again."""
    home = folder / service
    file = home / ("cluster/postmaster.pid" if service == "postgres" else "valkey.pid")
    os.kill(int(file.read_text().split()[0]), signal.SIGKILL)
    time.sleep(0.5)
    with (embedded.postgres if service == "postgres" else embedded.valkey)(home):
        pass


async def _settle(
    rt: Runtime, owner: str, found: Broadcast, until: float, platform: Platform
) -> None:
    """Wait until the broadcast is done, or until the monotonic clock has reached `until`.

    Without progress, advance database time, so that the leases of killed workers expire.
    """
    progress_at, sent = time.monotonic(), -1
    while time.monotonic() < until:
        if platform.sent_counts.total() != sent:
            progress_at, sent = time.monotonic(), platform.sent_counts.total()
        with suppress(psycopg.OperationalError, PoolTimeout):
            async with rt.pool.connection() as session:
                now = await model.find(session, found.id)
            if now.state is State.DONE:
                return
        if time.monotonic() > progress_at + STALL_SECONDS:
            with psycopg.connect(owner) as clock:
                clock.execute("UPDATE test_clock SET ahead = ahead + interval '2 minutes'")
            progress_at = time.monotonic()
        await asyncio.sleep(LOOK_SECONDS)


async def _listed(
    rt: Runtime, officers: subscribers.BroadcastOfficers, found: Broadcast
) -> set[int]:
    """Return the recipients in doubt (outcome unknown), read page by page as an officer does."""
    numbers: list[int] = [-1]
    while page := await broadcasts.recipients(
        rt, officers.lead, found.id, RecipientStatus.IN_DOUBT, after=numbers[-1]
    ):
        numbers += [each.seq for each in page]
    return {*numbers[1:]}


async def _account(
    rt: Runtime,
    plan: Plan,
    found: Broadcast,
    members: list[subscribers.Member],
    platform: Platform,
    listed: set[int],
    kills: int,
    restarts: int,
    seconds: float,
) -> Report:
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT person_id, state, seq FROM broadcast_recipients")
        written = await cursor.fetchall()
        states = {row[0]: str(row[1]) for row in written}
        progress = await of(session, found.id)
    rows = Counter(states.values())
    silent = [each for each in members if not platform.sent_counts[int(each.address)]]
    unsent_states = ("in_doubt", "failed", "skipped")
    return Report(
        people=plan.people,
        kills=kills,
        restarts=restarts,
        doubled=sum(count - 1 for count in platform.sent_counts.values() if count > 1),
        lost=sum(states.get(each.id) not in unsent_states for each in silent),
        in_doubt=rows["in_doubt"],
        listed=listed == {row[2] for row in written if row[1] == "in_doubt"},
        in_doubt_missing=sum(states.get(each.id) == "in_doubt" for each in silent),
        most_in_doubt=kills * plan.in_hand,
        open=rows["planned"] + rows["held"] + rows["claimed"] + plan.people - len(states),
        adds_up={status.value: many for status, many in progress.statuses.items()} == dict(rows),
        seconds=seconds,
    )


def summary(report: Report) -> str:
    """Return the report as text: its figures, then GREEN, or RED with the wrong figures."""
    lines = [
        f"{'people':32}{report.people:>8,}",
        f"{'workers killed':32}{report.kills:>8,}",
        f"{'servers killed and restarted':32}{report.restarts:>8,}",
        f"{'doubled':32}{report.doubled:>8,}",
        f"{'silently lost':32}{report.lost:>8,}",
        f"{'in doubt, all listed':32}{report.in_doubt:>8,}  (at most {report.most_in_doubt:,})",
        f"{'  of them really not reached':32}{report.in_doubt_missing:>8,}",
        f"{'not ended':32}{report.open:>8,}",
        f"{'wall time, s':32}{report.seconds:>8,.1f}",
    ]
    return "\n".join([*lines, f"RED: {', '.join(report.red())}" if report.red() else "GREEN"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--mutant", default="")
    arguments = parser.parse_args()
    plan = Plan(arguments.people, arguments.kills, arguments.seed, arguments.rate)
    with tempfile.TemporaryDirectory(prefix="kosh-broadcast-") as folder:
        report = asyncio.run(run_broadcast_crash_test(Path(folder), plan, arguments.mutant))
    print(summary(report))
    sys.exit(bool(report.red()))


if __name__ == "__main__":
    main()
