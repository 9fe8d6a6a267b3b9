"""The fault matrix: all faults that are injected while people use the system.

The numbers are those of docs/explanation/chaos-testing.md. A fault lasts a few seconds and is then
healed. A fault is recorded with its time and the number of replies that it may make uncertain.
"""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import redis

from bot import embedded
from tests.chaos import deploy
from tests.chaos.people import WORD, ActionRate
from tests.chaos.platform import Arrival, Platform
from tests.chaos.processes import (
    KOSH_PROCESSES,
    LOAD_BALANCER,
    TIMEOUT_SECONDS,
    WEBS,
    WORKERS,
    Processes,
    descendants,
    ready,
    send,
)

# Maximum seconds until a web process must report that it cannot commit. If PostgreSQL is down, the
# process waits up to 3 s for a connection. If PostgreSQL hangs, a statement outside of requests
# waits up to 12 s for a response (`SILENCE_SECONDS`). 7 s and 8 s are margins for slow machines.
AWAY, SILENT = 3.0 + 7.0, 12.0 + 8.0
CHECKPOINTS = {"update": 60, "callback": 30, "write": 40, "sweep": 30}
MEGABYTE = bytes(1024 * 1024)
LATE = 20


@dataclass
class FaultContext:
    """Objects that a fault needs: processes, platform, pace of the people, and random numbers."""

    processes: Processes
    platform: Platform
    pace: ActionRate
    chance: random.Random
    long: float

    async def hold(self) -> None:
        await asyncio.sleep(self.chance.uniform(0.2, 1.0) * self.long)

    async def working_process(self, names: Sequence[str]) -> str:
        """Return the name of a process of `names` that works; if there is none, wait for one."""
        up = [name for name in names if self.processes.up(name)]
        name = self.chance.choice(up or names)
        await self.until_up(name)
        return name

    async def until_up(self, name: str) -> None:
        while not self.processes.up(name):
            self.processes.supervise()
            await asyncio.sleep(0.1)

    @asynccontextmanager
    async def recorded(self, kind: str, what: str, doubts: int = 1) -> AsyncIterator[None]:
        start = time.time()
        try:
            yield
        finally:
            self.processes.note(kind, what, start, time.time(), doubts)


type Act = Callable[[FaultContext], Awaitable[None]]


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault; `often` is how often it occurs in a round.

    With `often` 0 it occurs only if its kind is requested. `short` marks faults for short runs.
    """

    kind: str
    what: str
    act: Act
    often: int = 1
    short: bool = False


MATRIX: list[FaultKind] = []


def fault_kind(
    kind: str, what: str, often: int = 1, *, short: bool = False
) -> Callable[[Act], Act]:
    def enter(act: Act) -> Act:
        MATRIX.append(FaultKind(kind, what, act, often, short))
        return act

    return enter


def shuffled_round(chance: random.Random, kinds: Iterable[str], *, short: bool) -> list[FaultKind]:
    """Return the faults of one round in random order; every kind of fault occurs in each round."""
    wanted = set(kinds)
    fault_kinds = [
        each
        for each in MATRIX
        for _time in range(max(each.often, each.kind in wanted))
        if (not short or each.short) and (not wanted or each.kind in wanted)
    ]
    chance.shuffle(fault_kinds)
    return fault_kinds


# Faults of Kosh's processes


async def _kill(context: FaultContext, names: Sequence[str]) -> None:
    name = await context.working_process(names)
    await asyncio.sleep(context.chance.uniform(0, 0.05))
    await asyncio.to_thread(context.processes.kill, name)


@fault_kind("F1", "a web process is killed", 6, short=True)
async def kill_web(context: FaultContext) -> None:
    await _kill(context, WEBS)


@fault_kind("F1", "a worker is killed", 4, short=True)
async def kill_worker(context: FaultContext) -> None:
    await _kill(context, WORKERS)


@fault_kind("F2", "a process is told to end", 2, short=True)
async def end(context: FaultContext) -> None:
    name = await context.working_process(KOSH_PROCESSES)
    async with context.recorded("F2", name, doubts=0):
        await asyncio.to_thread(context.processes.restart, name)


@fault_kind("F2", "a worker is told to end while PostgreSQL hangs")
async def end_in_silence(context: FaultContext) -> None:
    frozen = descendants(_postmaster(context))
    name = await context.working_process(WORKERS)
    async with context.recorded("F2", name):
        send(frozen, signal.SIGSTOP)
        try:
            await asyncio.to_thread(context.processes.restart, name)
        finally:
            send(frozen, signal.SIGCONT)


@fault_kind("F19", "a process dies at the next await of a handler", 6)
async def die_at_a_checkpoint(context: FaultContext) -> None:
    handler = context.chance.choice(tuple(CHECKPOINTS))
    at = context.chance.randint(1, CHECKPOINTS[handler])
    name = await context.working_process(WEBS if handler in ("update", "callback") else WORKERS)
    child = context.processes.children[name]
    await asyncio.to_thread(partial(context.processes.kill, name, dies_at=(handler, at)))
    if await asyncio.to_thread(child.gone, 4 * context.long):
        context.processes.note("F19", f"{handler} {at}", time.time() - 0.1, time.time())
        child.start()
    else:
        await asyncio.to_thread(context.processes.kill, name)


@fault_kind("F14", "a worker's clock is ten minutes off")
async def skew(context: FaultContext) -> None:
    name = await context.working_process(WORKERS)
    seconds = context.chance.choice((-600, 600))
    async with context.recorded("F14", f"{name} {seconds:+}", doubts=0):
        await asyncio.to_thread(partial(context.processes.restart, name, skew=seconds))
        await context.until_up(name)
        await context.hold()
        await asyncio.to_thread(context.processes.restart, name)


@fault_kind("F14", "the database's clock jumps, and back")
async def jump(context: FaultContext) -> None:
    move = "UPDATE test_clock SET ahead = ahead + %s::interval"
    async with context.recorded("F14", "database +30 s", doubts=0):
        for ahead in ("30 seconds", "-30 seconds"):
            await asyncio.to_thread(_execute, context.processes.owner, move, ahead)
            await context.hold()


@fault_kind("F18", "a rolling deploy with a migration, a new question in the flow, and back")
async def roll(context: FaultContext) -> None:
    async with context.recorded("F18", "deploy", doubts=0):
        await asyncio.to_thread(deploy.expand, context.processes.owner)
        for changes in ({"release": 2}, {}):
            for name in KOSH_PROCESSES:
                await context.until_up(name)
                await asyncio.to_thread(partial(context.processes.restart, name, **changes))
                await context.until_up(name)
            await context.hold()
        await asyncio.to_thread(deploy.contract, context.processes.owner)


@fault_kind("F23", "a process starts with keys that are not ours")
async def wrong_keys(context: FaultContext) -> None:
    """Start a process with wrong encryption keys, with which it could recognise no person.

    The process must exit.
    """
    key_folder = context.processes.folder / "strange-keys"
    shutil.rmtree(key_folder, ignore_errors=True)
    shutil.copytree(context.processes.keys, key_folder)
    for key in key_folder.iterdir():
        key.write_bytes(b"")
    child = context.processes.children[WEBS[0]]
    env = {**child.env, "KOSH_KEY_DIR": str(key_folder)}
    spare = replace(child, name="spare", env=env, log=child.log.with_name("spare.log"))
    async with context.recorded("F23", "wrong keys", doubts=0):
        spare.start()
        context.processes.wrong_key_refusals += await asyncio.to_thread(spare.gone, TIMEOUT_SECONDS)
        context.processes.wrong_key_starts += 1
        spare.kill()


# Faults of PostgreSQL


def _postmaster(context: FaultContext) -> int:
    pid_file = context.processes.folder / "postgres" / "cluster" / "postmaster.pid"
    return int(pid_file.read_text().partition("\n")[0])


def _stop(pid: int, number: signal.Signals) -> None:
    send([pid], number)
    while Path(f"/proc/{pid}").exists() and "(zombie)" not in _status(pid):
        time.sleep(0.02)


def _status(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/status").read_text()
    return "(zombie)"


def _restart_stores(context: FaultContext) -> None:
    """Restart PostgreSQL and Valkey, if they have stopped, with the same folders and ports."""
    with (
        embedded.postgres(context.processes.folder / "postgres"),
        embedded.valkey(context.processes.folder / "valkey"),
    ):
        pass


@asynccontextmanager
async def _database_down(
    context: FaultContext, kind: str, number: signal.Signals
) -> AsyncIterator[None]:
    async with context.recorded(kind, "PostgreSQL"):
        await asyncio.to_thread(_stop, _postmaster(context), number)
        try:
            yield
        finally:
            await asyncio.to_thread(_restart_stores, context)


@fault_kind("F3", "PostgreSQL crashes and starts again", 3, short=True)
async def crash_database(context: FaultContext) -> None:
    async with _database_down(context, "F3", signal.SIGQUIT):
        pass


@fault_kind("F4", "PostgreSQL is away for a while", 2)
async def stop_database(context: FaultContext) -> None:
    async with _database_down(context, "F4", signal.SIGINT):
        await _refusals(context, AWAY)
        await context.hold()


@fault_kind("F5", "PostgreSQL hangs", 2)
async def freeze_database(context: FaultContext) -> None:
    async with context.recorded("F5", "PostgreSQL"):
        # The postmaster is stopped first: otherwise it could start a session that is not stopped.
        send([_postmaster(context)], signal.SIGSTOP)
        frozen = descendants(_postmaster(context))
        send(frozen, signal.SIGSTOP)
        try:
            await _refusals(context, SILENT)
        finally:
            send(frozen, signal.SIGCONT)


async def _refusals(context: FaultContext, most: float) -> None:
    """Check that a web process without a database reports 503 within `most` seconds."""
    checks = [asyncio.to_thread(ready, context.processes.ports[0], most) for _time in range(3)]
    for status in await asyncio.gather(*checks):
        context.processes.late_503_responses += status not in (503, None)
        context.processes.unanswered_readiness_checks += status is None


@fault_kind("F6", "PostgreSQL has no connection left")
async def exhaust_database(context: FaultContext) -> None:
    async with context.recorded("F6", "connections"):
        with ExitStack() as taken:
            await asyncio.to_thread(_take_all, context.processes.database, taken)
            await context.hold()


def _take_all(url: str, taken: ExitStack) -> None:
    with suppress(psycopg.OperationalError):
        while True:
            taken.enter_context(psycopg.connect(url, connect_timeout=3))


@fault_kind("F9", "the disk of the database is full", 2)
async def fill_disk(context: FaultContext) -> None:
    """Fill the database's disk, if it is a separate file system; otherwise do nothing."""
    place = context.processes.folder / "postgres"
    if not place.is_mount():
        return
    filler = place / "filler"
    async with context.recorded("F9", "disk"):
        await asyncio.to_thread(_fill, filler)
        await context.hold()
        filler.unlink()
        await asyncio.to_thread(_restart_stores, context)


def _fill(filler: Path) -> None:
    """Fill the disk: allocate most of the free space at once, then write until it is full."""
    free = shutil.disk_usage(filler.parent).free
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        os.posix_fallocate(file.fileno(), 0, free - len(MEGABYTE))
        file.seek(0, os.SEEK_END)
        while True:
            file.write(MEGABYTE)


def _execute(url: str, query: Any, *values: Any) -> None:
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(query, values)


# Faults of Valkey


def _valkey(context: FaultContext) -> int:
    return int((context.processes.folder / "valkey" / "valkey.pid").read_text())


@fault_kind("F7", "Valkey is killed", 2, short=True)
async def kill_valkey(context: FaultContext) -> None:
    async with context.recorded("F7", "killed", doubts=0):
        await asyncio.to_thread(_stop, _valkey(context), signal.SIGKILL)
        await context.hold()
        await asyncio.to_thread(_restart_stores, context)


@fault_kind("F7", "Valkey forgets everything", 2, short=True)
async def flush_valkey(context: FaultContext) -> None:
    async with context.recorded("F7", "flushed", doubts=0):
        with redis.Redis.from_url(context.processes.redis) as client:
            client.flushall()


@fault_kind("F7", "Valkey is full")
async def fill_valkey(context: FaultContext) -> None:
    async with context.recorded("F7", "full", doubts=0):
        with redis.Redis.from_url(context.processes.redis) as client:
            await asyncio.to_thread(_fill_memory, client)
            await context.hold()
            client.delete(*client.scan_iter("stuffing:*"))


def _fill_memory(client: "redis.Redis") -> None:
    with suppress(redis.ResponseError):
        for number in range(100):
            client.set(f"stuffing:{number}", MEGABYTE)
        raise RuntimeError("Valkey is larger than it ought to be")


@fault_kind("F7", "Valkey can only be read")
async def freeze_valkey(context: FaultContext) -> None:
    """Restart Valkey as a read-only replica of a server that does not exist."""
    home, pid = context.processes.folder / "valkey", _valkey(context)
    binary = os.readlink(f"/proc/{pid}/exe")
    chosen = (home / "valkey.conf").read_text() + "replicaof 127.0.0.1 1\n"
    (home / "replica.conf").write_text(chosen)
    async with context.recorded("F7", "read-only", doubts=0):
        await asyncio.to_thread(_stop, pid, signal.SIGKILL)
        replica = await asyncio.create_subprocess_exec(
            binary, "replica.conf", cwd=home, stdout=subprocess.DEVNULL
        )
        await context.hold()
        replica.kill()
        await replica.wait()
        await asyncio.to_thread(_restart_stores, context)


# Faults of connections


def _lines(context: FaultContext, service: str) -> list[str]:
    """Return the connections to a service from all processes of Kosh, or from a random one."""
    names = (
        KOSH_PROCESSES
        if context.chance.random() < 0.5
        else (context.chance.choice(KOSH_PROCESSES),)
    )
    return [f"{name}>{service}" for name in names]


async def _disturb(
    context: FaultContext,
    kind: str,
    lines: list[str],
    modes: Sequence[str],
    most: float,
    doubts: int = 1,
) -> None:
    mode = context.chance.choice(modes)
    seconds = context.chance.uniform(0.1, 1.0) * most
    async with context.recorded(kind, f"{mode} {lines[0]}", doubts=doubts):
        await asyncio.to_thread(context.processes.proxy.set_mode, lines, mode, seconds)
        await context.hold()
        await asyncio.to_thread(context.processes.proxy.set_mode, lines, "pass", 0.0)


@fault_kind("F22", "the line to PostgreSQL fails", 4, short=True)
async def part_from_database(context: FaultContext) -> None:
    modes = ("drop", "half", "cut", "tear", "delay")
    await _disturb(context, "F22", _lines(context, "postgres"), modes, 0.2)


@fault_kind("F22", "the line from the platforms to us fails", 2, short=True)
async def part_from_platform(context: FaultContext) -> None:
    await _disturb(
        context, "F22", [LOAD_BALANCER], ("drop", "half", "cut", "tear", "delay"), 0.3, doubts=0
    )


@fault_kind("F8", "the line to Valkey is slow or fails", 3)
async def part_from_valkey(context: FaultContext) -> None:
    modes = ("delay", "delay", "drop", "half", "cut", "tear")
    await _disturb(context, "F8", _lines(context, "valkey"), modes, 1.2, doubts=0)


@fault_kind("F11", "the line to the Bot API fails", 3)
async def part_from_bot_api(context: FaultContext) -> None:
    modes = ("drop", "half", "cut", "tear", "delay")
    await _disturb(context, "F11", _lines(context, "telegram"), modes, 1.0)


@fault_kind("F13", "the line to the registry fails", 2)
async def part_from_registry(context: FaultContext) -> None:
    modes = ("drop", "half", "cut", "tear", "delay")
    await _disturb(context, "F13", _lines(context, "registry"), modes, 1.0, doubts=0)


# Faults of the platform and the registry

PLATFORM: tuple[tuple[str, dict[str, Any]], ...] = (
    ("flooded", {"retry_after": 1}),
    ("broken", {"status": 500}),
    ("broken", {"status": 502}),
    ("broken", {"status": 502, "delivered": True}),
    ("silent", {}),
    ("silent", {"delivered": True}),
    ("cut", {"delivered": False}),
    ("cut", {}),
    ("slow", {"seconds": 2.0}),
)
REGISTRY = (
    *("slow", "down", "busy", "html_error", "redirect", "expired_token", "double"),
    *("wrong_number", "wrong_schema", "error_after_commit", "drop_after_commit"),
)


@fault_kind("F11", "the Bot API answers badly", 5, short=True)
async def fail_bot_api(context: FaultContext) -> None:
    fault, more = context.chance.choice(PLATFORM)
    times = context.chance.randint(1, 3)
    doubts = times if more.get("delivered", fault == "cut") else 0
    async with context.recorded("F11", fault, doubts):
        await context.platform.act("faults", fault=fault, times=times, method="sendMessage", **more)
        await context.hold()
        await context.platform.act("clear_faults")


@fault_kind("F13", "the registry answers badly", 5, short=True)
async def fail_registry(context: FaultContext) -> None:
    name = context.chance.choice(REGISTRY)
    fault = {"name": name, "count": context.chance.randint(1, 5), "seconds": 1.0}
    async with context.recorded("F13", name, doubts=0):
        await _switch(context, fault)
        await context.hold()


async def _switch(context: FaultContext, fault: dict[str, Any]) -> None:
    url = f"{context.processes.registry}/_faults"
    with suppress(aiohttp.ClientError):
        async with context.platform.http.post(url, json=fault) as answer:
            assert answer.status < 300, await answer.text()


@fault_kind("F13", "the registry is killed", 1)
async def kill_registry(context: FaultContext) -> None:
    async with context.recorded("F13", "killed", doubts=0):
        await asyncio.to_thread(context.processes.children["registry"].kill)
        await context.hold()
        context.processes.children["registry"].start()


@fault_kind("F15", "the platform brings old updates once more", 2, short=True)
async def bring_late(context: FaultContext) -> None:
    """Deliver some old messages to officers again, as if copies of the updates arrived late."""
    taken = context.platform.acknowledged
    updates = [
        each.update
        for each in context.platform.entries
        if isinstance(each, Arrival) and each.update_id in taken and WORD.fullmatch(text_of(each))
    ]
    headers = {"X-Telegram-Bot-Api-Secret-Token": context.processes.secret}
    url = f"http://127.0.0.1:{context.processes.proxy.ports[LOAD_BALANCER]}/webhooks/telegram"
    async with context.recorded("F15", "late", doubts=0):
        for update in context.chance.sample(updates, min(LATE, len(updates))):
            with suppress(aiohttp.ClientError):
                async with context.platform.http.post(url, json=update, headers=headers):
                    pass


def text_of(arrival: Arrival) -> str:
    """Return the text of an update's message; "" without one."""
    return str(arrival.update.get("message", {}).get("text", ""))


@fault_kind("F20", "ten times as much comes in")
async def burst(context: FaultContext) -> None:
    async with context.recorded("F20", "burst", doubts=0):
        context.pace.rate *= 10
        await context.hold()
        context.pace.rate /= 10
