"""The storm: people at work while web and workers are killed, until all that came is settled."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
import psycopg

from tests.chaos import ledger
from tests.chaos.ledger import Ledger
from tests.chaos.people import REGISTERS_EVERY, Pace, Somebody, Walker
from tests.chaos.platform import Entry, Platform
from tests.chaos.processes import WORKERS, Kill, Processes

# About how many updates it takes to reach an officer, and to register before.
UPDATES_TO_OFFICER, UPDATES_TO_REGISTER = 6, 28
# A burst is two words, and something else with it half the time.
UPDATES_A_WORD = 1.25
LEAST_WORDS = 4
WEB_SHARE = 0.6
LOOK_SECONDS = 0.1
TWICE_SHARE, TWICE_SECONDS = 0.03, 0.06
MOST_BLACKOUTS_AT_END = 4
# Answers of the registry get lost too, so that kills are not all that makes them doubtful.
REGISTRY_FAULTS: tuple[dict[str, Any], ...] = (
    {"name": "slow", "seconds": 0.2, "on": "writes"},
    {"name": "drop_after_commit", "probability": 0.1},
)


@dataclass(frozen=True)
class Plan:
    """How much, how often, and how long: `rate` is in updates per second, the others in seconds.

    When nothing has moved for `stall`, because leases of the dead run on, there is a blackout:
    everything is killed and database time goes on by two minutes.
    """

    people: int
    updates: int
    kills: int
    seed: int
    rate: float = 60.0
    stall: float = 4.0
    limit: float = 120.0

    @property
    def words(self) -> int:
        """How much each person writes to the officer."""
        walked = self.people * UPDATES_TO_OFFICER
        walked += self.people * UPDATES_TO_REGISTER // REGISTERS_EVERY
        return max(LEAST_WORDS, round((self.updates - walked) / self.people / UPDATES_A_WORD))


@dataclass(frozen=True)
class Evidence:
    """All that can be known from outside."""

    people: list[Somebody]
    entries: list[Entry]
    kills: list[Kill]
    ledger: Ledger
    seconds: float


async def storm(processes: Processes, plan: Plan) -> Evidence:
    """Let it rage, wait until it is calm, and gather the evidence."""
    begun = time.monotonic()
    people = [Somebody(number) for number in range(plan.people)]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as http:
        platform = Platform(http, processes.platform)
        await _set_the_scene(platform, processes.registry, people)
        chance = random.Random(plan.seed)
        beside = [platform.follow(), _bring_twice(platform, chance)]
        tasks = [asyncio.create_task(each) for each in beside]
        with suppress(TimeoutError):
            async with asyncio.timeout(plan.limit):
                await _rage(processes, platform, people, plan, chance)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await platform.read()
        async with http.get(f"{processes.registry}/_entries") as answer:
            entries = await answer.json()
    held = ledger.read(processes.database, processes.keys, people, entries)
    seconds = time.monotonic() - begun
    return Evidence(people, platform.entries, processes.kills, held, seconds)


async def _set_the_scene(platform: Platform, registry: str, people: list[Somebody]) -> None:
    for who in people:
        await platform.join(who.chat)
    for fault in REGISTRY_FAULTS:
        async with platform.http.post(f"{registry}/_faults", json=fault) as answer:
            assert answer.status < 300, await answer.text()


async def _rage(
    processes: Processes,
    platform: Platform,
    people: list[Somebody],
    plan: Plan,
    chance: random.Random,
) -> None:
    """Load and kills side by side; then calm."""
    room = asyncio.Semaphore(max(8, plan.people // 3))
    pace = Pace(plan.rate, random.Random(plan.seed))
    life = [_live(platform, who, plan, pace, chance.random(), room) for who in people]
    load = asyncio.ensure_future(asyncio.gather(*life))
    try:
        await _kill(processes, platform, plan, chance, load.done)
        await load
    finally:
        load.cancel()
        await asyncio.gather(load, return_exceptions=True)
    blackouts = 0
    while not await _until(partial(_settled, processes, platform), platform, plan.stall):
        if (blackouts := blackouts + 1) > MOST_BLACKOUTS_AT_END:
            return
        await asyncio.to_thread(processes.blackout)


async def _live(
    platform: Platform,
    who: Somebody,
    plan: Plan,
    pace: Pace,
    seed: float,
    room: asyncio.Semaphore,
) -> None:
    async with room:
        walker = Walker(who, platform, pace, random.Random(seed), patience=3 * plan.stall)
        await walker.walk()
        await walker.talk(range(1, 1 + plan.words))


async def _kill(
    processes: Processes,
    platform: Platform,
    plan: Plan,
    chance: random.Random,
    done: Callable[[], bool],
) -> None:
    """One kill at each of some random moments of the load; a blackout whenever nothing moves."""
    moments = sorted(chance.uniform(0.02, 0.95) * plan.updates for _ in range(plan.kills))
    for moment in moments:
        reached = await _until(partial(_reached, platform, moment), platform, plan.stall)
        name = "web" if chance.random() < WEB_SHARE else chance.choice(WORKERS)
        await _until(partial(processes.up, name), platform, plan.stall)
        await asyncio.sleep(chance.uniform(0, 0.05))
        await asyncio.to_thread(partial(processes.kill, name) if reached else processes.blackout)
    while not await _until(done, platform, plan.stall):
        await asyncio.to_thread(processes.blackout)


def _reached(platform: Platform, moment: float) -> bool:
    return platform.arrived >= moment


async def _until(true: Callable[[], Any], platform: Platform, stall: float) -> bool:
    """Wait for it; False when the platform has seen nothing move for `stall` seconds."""
    moved, since = platform.moved, time.monotonic()
    while True:
        found = true()
        if await found if asyncio.iscoroutine(found) else found:
            return True
        await asyncio.sleep(LOOK_SECONDS)
        if platform.moved != moved:
            moved, since = platform.moved, time.monotonic()
        elif time.monotonic() - since > stall:
            return False


async def _settled(processes: Processes, platform: Platform) -> bool:
    """Nothing waits any more: not on the platform, not in the database."""
    if len(platform.acknowledged) + platform.expired < platform.arrived:
        return False
    return await asyncio.to_thread(_under_way, processes.database) == 0


def _under_way(database: str) -> int:
    with psycopg.connect(database) as session:
        row = session.execute(ledger.OPEN).fetchone()
    assert row is not None
    return int(row[0])


async def _bring_twice(platform: Platform, chance: random.Random) -> None:
    """Every now and then the platform brings each update twice, at once or one after the other."""
    while True:
        pause = TWICE_SECONDS * (1 / TWICE_SHARE - 1)
        await asyncio.sleep(pause * chance.uniform(0.5, 1.5))
        await platform.trick(copies=2, together=chance.random() < 0.5)
        await asyncio.sleep(TWICE_SECONDS)
        await platform.trick(copies=1)
