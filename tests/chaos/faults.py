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
from tests.chaos.people import WORD, Pace
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
class Scene:
    """Objects that a fault needs: processes, platform, pace of the people, and random numbers."""

    processes: Processes
    platform: Platform
    pace: Pace
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


type Act = Callable[[Scene], Awaitable[None]]


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


async def _kill(scene: Scene, names: Sequence[str]) -> None:
    name = await scene.working_process(names)
    await asyncio.sleep(scene.chance.uniform(0, 0.05))
    await asyncio.to_thread(scene.processes.kill, name)


@fault_kind("F1", "a web process is killed", 6, short=True)
async def kill_web(scene: Scene) -> None:
    await _kill(scene, WEBS)


@fault_kind("F1", "a worker is killed", 4, short=True)
async def kill_worker(scene: Scene) -> None:
    await _kill(scene, WORKERS)


@fault_kind("F2", "a process is told to end", 2, short=True)
async def end(scene: Scene) -> None:
    name = await scene.working_process(KOSH_PROCESSES)
    async with scene.recorded("F2", name, doubts=0):
        await asyncio.to_thread(scene.processes.renew, name)


@fault_kind("F2", "a worker is told to end while PostgreSQL hangs")
async def end_in_silence(scene: Scene) -> None:
    frozen = descendants(_postmaster(scene))
    name = await scene.working_process(WORKERS)
    async with scene.recorded("F2", name):
        send(frozen, signal.SIGSTOP)
        try:
            await asyncio.to_thread(scene.processes.renew, name)
        finally:
            send(frozen, signal.SIGCONT)


@fault_kind("F19", "a process dies at the next await of a handler", 6)
async def die_at_a_checkpoint(scene: Scene) -> None:
    handler = scene.chance.choice(tuple(CHECKPOINTS))
    at = scene.chance.randint(1, CHECKPOINTS[handler])
    name = await scene.working_process(WEBS if handler in ("update", "callback") else WORKERS)
    child = scene.processes.children[name]
    await asyncio.to_thread(partial(scene.processes.kill, name, dies_at=(handler, at)))
    if await asyncio.to_thread(child.gone, 4 * scene.long):
        scene.processes.note("F19", f"{handler} {at}", time.time() - 0.1, time.time())
        child.start()
    else:
        await asyncio.to_thread(scene.processes.kill, name)


@fault_kind("F14", "a worker's clock is ten minutes off")
async def skew(scene: Scene) -> None:
    name = await scene.working_process(WORKERS)
    seconds = scene.chance.choice((-600, 600))
    async with scene.recorded("F14", f"{name} {seconds:+}", doubts=0):
        await asyncio.to_thread(partial(scene.processes.renew, name, skew=seconds))
        await scene.until_up(name)
        await scene.hold()
        await asyncio.to_thread(scene.processes.renew, name)


@fault_kind("F14", "the database's clock jumps, and back")
async def jump(scene: Scene) -> None:
    move = "UPDATE test_clock SET ahead = ahead + %s::interval"
    async with scene.recorded("F14", "database +30 s", doubts=0):
        for ahead in ("30 seconds", "-30 seconds"):
            await asyncio.to_thread(_execute, scene.processes.owner, move, ahead)
            await scene.hold()


@fault_kind("F18", "a rolling deploy with a migration, a new question in the flow, and back")
async def roll(scene: Scene) -> None:
    async with scene.recorded("F18", "deploy", doubts=0):
        await asyncio.to_thread(deploy.expand, scene.processes.owner)
        for changes in ({"release": 2}, {}):
            for name in KOSH_PROCESSES:
                await scene.until_up(name)
                await asyncio.to_thread(partial(scene.processes.renew, name, **changes))
                await scene.until_up(name)
            await scene.hold()
        await asyncio.to_thread(deploy.contract, scene.processes.owner)


@fault_kind("F23", "a process starts with keys that are not ours")
async def wrong_keys(scene: Scene) -> None:
    """Start a process with wrong encryption keys, with which it could recognise no person.

    The process must exit.
    """
    key_folder = scene.processes.folder / "strange-keys"
    shutil.rmtree(key_folder, ignore_errors=True)
    shutil.copytree(scene.processes.keys, key_folder)
    for key in key_folder.iterdir():
        key.write_bytes(b"")
    child = scene.processes.children[WEBS[0]]
    env = {**child.env, "KOSH_KEY_DIR": str(key_folder)}
    spare = replace(child, name="spare", env=env, log=child.log.with_name("spare.log"))
    async with scene.recorded("F23", "wrong keys", doubts=0):
        spare.start()
        scene.processes.refused += await asyncio.to_thread(spare.gone, TIMEOUT_SECONDS)
        scene.processes.spared += 1
        spare.kill()


# Faults of PostgreSQL


def _postmaster(scene: Scene) -> int:
    pid_file = scene.processes.folder / "postgres" / "cluster" / "postmaster.pid"
    return int(pid_file.read_text().partition("\n")[0])


def _stop(pid: int, number: signal.Signals) -> None:
    send([pid], number)
    while Path(f"/proc/{pid}").exists() and "(zombie)" not in _status(pid):
        time.sleep(0.02)


def _status(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/status").read_text()
    return "(zombie)"


def _restart_stores(scene: Scene) -> None:
    """Restart PostgreSQL and Valkey, if they have stopped, with the same folders and ports."""
    with (
        embedded.postgres(scene.processes.folder / "postgres"),
        embedded.valkey(scene.processes.folder / "valkey"),
    ):
        pass


@asynccontextmanager
async def _database_down(scene: Scene, kind: str, number: signal.Signals) -> AsyncIterator[None]:
    async with scene.recorded(kind, "PostgreSQL"):
        await asyncio.to_thread(_stop, _postmaster(scene), number)
        try:
            yield
        finally:
            await asyncio.to_thread(_restart_stores, scene)


@fault_kind("F3", "PostgreSQL crashes and starts again", 3, short=True)
async def crash_database(scene: Scene) -> None:
    async with _database_down(scene, "F3", signal.SIGQUIT):
        pass


@fault_kind("F4", "PostgreSQL is away for a while", 2)
async def stop_database(scene: Scene) -> None:
    async with _database_down(scene, "F4", signal.SIGINT):
        await _refusals(scene, AWAY)
        await scene.hold()


@fault_kind("F5", "PostgreSQL hangs", 2)
async def freeze_database(scene: Scene) -> None:
    frozen = descendants(_postmaster(scene))
    async with scene.recorded("F5", "PostgreSQL"):
        send(frozen, signal.SIGSTOP)
        try:
            await _refusals(scene, SILENT)
        finally:
            send(frozen, signal.SIGCONT)


async def _refusals(scene: Scene, most: float) -> None:
    """Check that a web process without a database reports 503 within `most` seconds."""
    checks = [asyncio.to_thread(ready, scene.processes.ports[0], most) for _time in range(3)]
    for status in await asyncio.gather(*checks):
        scene.processes.refused_late += status not in (503, None)
        scene.processes.unanswered += status is None


@fault_kind("F6", "PostgreSQL has no connection left")
async def exhaust_database(scene: Scene) -> None:
    async with scene.recorded("F6", "connections"):
        with ExitStack() as taken:
            await asyncio.to_thread(_take_all, scene.processes.database, taken)
            await scene.hold()


def _take_all(url: str, taken: ExitStack) -> None:
    with suppress(psycopg.OperationalError):
        while True:
            taken.enter_context(psycopg.connect(url, connect_timeout=3))


@fault_kind("F9", "the disk of the database is full", 2)
async def fill_disk(scene: Scene) -> None:
    """Fill the database's disk, if it is a separate file system; otherwise do nothing."""
    place = scene.processes.folder / "postgres"
    if not place.is_mount():
        return
    filler = place / "filler"
    async with scene.recorded("F9", "disk"):
        await asyncio.to_thread(_fill, filler)
        await scene.hold()
        filler.unlink()
        await asyncio.to_thread(_restart_stores, scene)


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


def _valkey(scene: Scene) -> int:
    return int((scene.processes.folder / "valkey" / "valkey.pid").read_text())


@fault_kind("F7", "Valkey is killed", 2, short=True)
async def kill_valkey(scene: Scene) -> None:
    async with scene.recorded("F7", "killed", doubts=0):
        await asyncio.to_thread(_stop, _valkey(scene), signal.SIGKILL)
        await scene.hold()
        await asyncio.to_thread(_restart_stores, scene)


@fault_kind("F7", "Valkey forgets everything", 2, short=True)
async def flush_valkey(scene: Scene) -> None:
    async with scene.recorded("F7", "flushed", doubts=0):
        with redis.Redis.from_url(scene.processes.redis) as client:
            client.flushall()


@fault_kind("F7", "Valkey is full")
async def fill_valkey(scene: Scene) -> None:
    async with scene.recorded("F7", "full", doubts=0):
        with redis.Redis.from_url(scene.processes.redis) as client:
            await asyncio.to_thread(_fill_memory, client)
            await scene.hold()
            client.delete(*client.scan_iter("stuffing:*"))


def _fill_memory(client: "redis.Redis") -> None:
    with suppress(redis.ResponseError):
        for number in range(100):
            client.set(f"stuffing:{number}", MEGABYTE)
        raise RuntimeError("Valkey is larger than it ought to be")


@fault_kind("F7", "Valkey can only be read")
async def freeze_valkey(scene: Scene) -> None:
    """Restart Valkey as a read-only replica of a server that does not exist."""
    home, pid = scene.processes.folder / "valkey", _valkey(scene)
    binary = os.readlink(f"/proc/{pid}/exe")
    chosen = (home / "valkey.conf").read_text() + "replicaof 127.0.0.1 1\n"
    (home / "replica.conf").write_text(chosen)
    async with scene.recorded("F7", "read-only", doubts=0):
        await asyncio.to_thread(_stop, pid, signal.SIGKILL)
        replica = await asyncio.create_subprocess_exec(
            binary, "replica.conf", cwd=home, stdout=subprocess.DEVNULL
        )
        await scene.hold()
        replica.kill()
        await replica.wait()
        await asyncio.to_thread(_restart_stores, scene)


# Faults of connections


def _lines(scene: Scene, service: str) -> list[str]:
    """Return the connections to a service from all processes of Kosh, or from a random one."""
    names = (
        KOSH_PROCESSES if scene.chance.random() < 0.5 else (scene.chance.choice(KOSH_PROCESSES),)
    )
    return [f"{name}>{service}" for name in names]


async def _disturb(
    scene: Scene, kind: str, lines: list[str], modes: Sequence[str], most: float, doubts: int = 1
) -> None:
    mode = scene.chance.choice(modes)
    seconds = scene.chance.uniform(0.1, 1.0) * most
    async with scene.recorded(kind, f"{mode} {lines[0]}", doubts=doubts):
        await asyncio.to_thread(scene.processes.proxy.become, lines, mode, seconds)
        await scene.hold()
        await asyncio.to_thread(scene.processes.proxy.become, lines, "pass", 0.0)


@fault_kind("F22", "the line to PostgreSQL fails", 4, short=True)
async def part_from_database(scene: Scene) -> None:
    modes = ("drop", "half", "cut", "tear", "delay")
    await _disturb(scene, "F22", _lines(scene, "postgres"), modes, 0.2)


@fault_kind("F22", "the line from the platforms to us fails", 2, short=True)
async def part_from_platform(scene: Scene) -> None:
    await _disturb(
        scene, "F22", [LOAD_BALANCER], ("drop", "half", "cut", "tear", "delay"), 0.3, doubts=0
    )


@fault_kind("F8", "the line to Valkey is slow or fails", 3)
async def part_from_valkey(scene: Scene) -> None:
    modes = ("delay", "delay", "drop", "half", "cut", "tear")
    await _disturb(scene, "F8", _lines(scene, "valkey"), modes, 1.2, doubts=0)


@fault_kind("F11", "the line to the Bot API fails", 3)
async def part_from_bot_api(scene: Scene) -> None:
    modes = ("drop", "half", "cut", "tear", "delay")
    await _disturb(scene, "F11", _lines(scene, "telegram"), modes, 1.0)


@fault_kind("F13", "the line to the registry fails", 2)
async def part_from_registry(scene: Scene) -> None:
    modes = ("drop", "half", "cut", "tear", "delay")
    await _disturb(scene, "F13", _lines(scene, "registry"), modes, 1.0, doubts=0)


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
async def fail_bot_api(scene: Scene) -> None:
    fault, more = scene.chance.choice(PLATFORM)
    times = scene.chance.randint(1, 3)
    doubts = times if more.get("delivered", fault == "cut") else 0
    async with scene.recorded("F11", fault, doubts):
        await scene.platform.act("faults", fault=fault, times=times, method="sendMessage", **more)
        await scene.hold()
        await scene.platform.act("clear_faults")


@fault_kind("F13", "the registry answers badly", 5, short=True)
async def fail_registry(scene: Scene) -> None:
    name = scene.chance.choice(REGISTRY)
    fault = {"name": name, "count": scene.chance.randint(1, 5), "seconds": 1.0}
    async with scene.recorded("F13", name, doubts=0):
        await _switch(scene, fault)
        await scene.hold()


async def _switch(scene: Scene, fault: dict[str, Any]) -> None:
    url = f"{scene.processes.registry}/_faults"
    with suppress(aiohttp.ClientError):
        async with scene.platform.http.post(url, json=fault) as answer:
            assert answer.status < 300, await answer.text()


@fault_kind("F13", "the registry is killed", 1)
async def kill_registry(scene: Scene) -> None:
    async with scene.recorded("F13", "killed", doubts=0):
        await asyncio.to_thread(scene.processes.children["registry"].kill)
        await scene.hold()
        scene.processes.children["registry"].start()


@fault_kind("F15", "the platform brings old updates once more", 2, short=True)
async def bring_late(scene: Scene) -> None:
    """Deliver some old messages to officers again, as if copies of the updates arrived late."""
    taken = scene.platform.acknowledged
    updates = [
        each.update
        for each in scene.platform.entries
        if isinstance(each, Arrival) and each.update_id in taken and WORD.fullmatch(text_of(each))
    ]
    headers = {"X-Telegram-Bot-Api-Secret-Token": scene.processes.secret}
    url = f"http://127.0.0.1:{scene.processes.proxy.ports[LOAD_BALANCER]}/webhooks/telegram"
    async with scene.recorded("F15", "late", doubts=0):
        for update in scene.chance.sample(updates, min(LATE, len(updates))):
            with suppress(aiohttp.ClientError):
                async with scene.platform.http.post(url, json=update, headers=headers):
                    pass


def text_of(arrival: Arrival) -> str:
    """Return the text of an update's message; "" without one."""
    return str(arrival.update.get("message", {}).get("text", ""))


@fault_kind("F20", "ten times as much comes in")
async def burst(scene: Scene) -> None:
    async with scene.recorded("F20", "burst", doubts=0):
        scene.pace.rate *= 10
        await scene.hold()
        scene.pace.rate /= 10
