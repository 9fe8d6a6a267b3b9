"""People use Kosh while faults are injected, until all updates are processed."""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any

import aiohttp
import psycopg

from tests.chaos import faults, ledger
from tests.chaos.faults import FaultContext
from tests.chaos.ledger import Ledger
from tests.chaos.people import (
    REGISTERS_EVERY,
    ActionRate,
    InventedPerson,
    SimulatedPerson,
    question,
)
from tests.chaos.platform import Entry, Platform
from tests.chaos.processes import Fault, Processes

# Approximate number of updates until a person reaches an officer, and of the additional updates of
# people who register before that.
UPDATES_TO_OFFICER, UPDATES_TO_REGISTER = 6, 28
# Average number of updates per message to an officer (word). A burst has two words on average, and
# half of the bursts contain another input too.
UPDATES_A_WORD = 1.25
MIN_WORDS = 4
# Maximum number of people who are active at the same time.
MAX_AT_ONCE = 200
LOOK_SECONDS = 0.1
REDELIVERED_SHARE, REDELIVERY_SECONDS = 0.03, 0.06
MAX_BLACKOUTS_AT_END = 4
# The first blackout already lets leases expire. People who still wait after the last one would
# never get an answer.
MAX_BLACKOUTS = 12

_logger = logging.getLogger(__name__)

# The registry's responses are lost too, so that outcomes of writes are unknown not only after
# kills.
REGISTRY_FAULTS: tuple[dict[str, Any], ...] = (
    {"name": "slow", "seconds": 0.2, "on": "writes"},
    {"name": "drop_after_commit", "probability": 0.1},
)


@dataclass(frozen=True)
class Plan:
    """Load and duration of a chaos test: `rate` is in updates per second, times are in seconds.

    `kinds` are the faults to inject (all if empty). `short` leaves slow ones out; `long` is the
    maximum duration of a fault. After `stall` without progress while every process is up, there is
    a blackout: all processes are killed, and database time advances by two minutes, so that leases
    of dead processes expire. After `most`, no fault begins, no further person begins, and active
    people finish. After `limit` the run is cut off. `span` is the part of the load, as fractions,
    in which faults occur.
    """

    people: int
    updates: int
    faults: int
    seed: int
    rate: float = 60.0
    stall: float = 4.0
    limit: float = 120.0
    kinds: tuple[str, ...] = ()
    short: bool = True
    long: float = 2.0
    most: float = inf
    span: tuple[float, float] = (0.02, 0.95)

    @property
    def words(self) -> int:
        """Return how many messages to an officer (words) each person sends."""
        walked = self.people * UPDATES_TO_OFFICER
        walked += self.people * UPDATES_TO_REGISTER // REGISTERS_EVERY
        return max(MIN_WORDS, round((self.updates - walked) / self.people / UPDATES_A_WORD))


@dataclass(frozen=True)
class Evidence:
    """All evidence that is visible from outside of Kosh."""

    people: list[InventedPerson]
    entries: list[Entry]
    faults: list[Fault]
    ledger: Ledger
    seconds: float
    drained: float


class NoProgress(RuntimeError):
    """Raised if nothing progresses even after MAX_BLACKOUTS blackouts; names the waiting people."""


@dataclass(frozen=True)
class TimeLimit:
    """Callable that returns True once the monotonic clock has passed `until`."""

    until: float

    def __call__(self) -> bool:
        return time.monotonic() > self.until


async def run_scenario(processes: Processes, plan: Plan) -> Evidence:
    """Let people act while faults are injected, until no work is left; return the evidence."""
    start = time.monotonic()
    people = [InventedPerson(number) for number in range(plan.people)]
    drained = 0.0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as http:
        platform = Platform(http, processes.platform)
        await _prepare(platform, processes.registry, people)
        chance = random.Random(plan.seed)
        background_tasks = [platform.follow(), _redeliver(platform, chance)]
        tasks = [asyncio.create_task(each) for each in background_tasks]
        with suppress(TimeoutError):
            async with asyncio.timeout(plan.limit):
                drained = await _run_faults(processes, platform, people, plan, chance)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await platform.read()
        entries = await _entries(http, processes.registry)
    begun_people = [person for person in people if platform.chats[person.chat].begun]
    held = await ledger.read(processes, begun_people, entries)
    seconds = time.monotonic() - start
    return Evidence(begun_people, platform.entries, processes.faults, held, seconds, drained)


async def _entries(http: aiohttp.ClientSession, registry: str) -> list[dict[str, Any]]:
    """Return the registry's list of registrations; retry while its database restarts."""
    while True:
        async with http.get(f"{registry}/_entries") as answer:
            if answer.status == 200:
                return list(await answer.json())
        await asyncio.sleep(1)


async def _prepare(platform: Platform, registry: str, people: list[InventedPerson]) -> None:
    for person in people:
        await platform.join(person.chat)
    for fault in REGISTRY_FAULTS:
        async with platform.http.post(f"{registry}/_faults", json=fault) as answer:
            assert answer.status < 300, await answer.text()


async def _run_faults(
    processes: Processes,
    platform: Platform,
    people: list[InventedPerson],
    plan: Plan,
    chance: random.Random,
) -> float:
    """Let people act while faults are injected, then wait until no work is left.

    Return the seconds of that wait.
    """
    enough = TimeLimit(time.monotonic() + plan.most)
    semaphore = asyncio.Semaphore(min(MAX_AT_ONCE, max(8, plan.people // 3)))
    pace = ActionRate(plan.rate, random.Random(plan.seed), platform)
    context = FaultContext(processes, platform, pace, chance, plan.long)
    life = [
        _live(platform, person, plan, pace, chance.random(), semaphore, enough) for person in people
    ]
    load = asyncio.ensure_future(asyncio.gather(*life))
    try:
        await _inject_faults(context, plan, load.done, enough)
        await load
    except NoProgress:
        _logger.exception("the scenario was stopped")
    finally:
        load.cancel()
        await asyncio.gather(load, return_exceptions=True)
    calm = time.monotonic()
    blackouts = 0
    while not await _until(partial(_settled, processes, platform), context, plan.stall):
        if (blackouts := blackouts + 1) > MAX_BLACKOUTS_AT_END:
            break
        await asyncio.to_thread(processes.blackout)
    return time.monotonic() - calm


async def _live(
    platform: Platform,
    person: InventedPerson,
    plan: Plan,
    pace: ActionRate,
    seed: float,
    semaphore: asyncio.Semaphore,
    enough: TimeLimit,
) -> None:
    async with semaphore:
        if enough():
            return
        platform.chats[person.chat].begun = True
        walker = SimulatedPerson(
            person, platform, pace, random.Random(seed), patience=3 * plan.stall
        )
        await walker.walk()
        await walker.talk(range(1, 1 + plan.words), enough)
        platform.chats[person.chat].ended = True


async def _inject_faults(
    context: FaultContext, plan: Plan, done: Callable[[], bool], enough: Callable[[], bool]
) -> None:
    """Inject faults at random moments while people act; wait for the end of each fault."""
    chance, cards = context.chance, list[faults.FaultKind]()
    moments = sorted(chance.uniform(*plan.span) * plan.updates for _ in range(plan.faults))
    for moment in moments:
        await _wait_for(partial(_reached, context.platform, moment, done), context, plan.stall)
        if enough():
            break
        cards = cards or faults.shuffled_round(chance, plan.kinds, short=plan.short)
        card = cards.pop()
        _logger.info("%7d updates  %-4s %s", context.platform.arrived, card.kind, card.what)
        await card.act(context)
    await _wait_for(done, context, plan.stall)


async def _wait_for(true: Callable[[], bool], context: FaultContext, stall: float) -> None:
    """Wait for a condition; if nothing progresses, kill and restart all processes (a blackout).

    Raises NoProgress after MAX_BLACKOUTS blackouts.
    """
    for _blackout in range(MAX_BLACKOUTS):
        if await _until(true, context, stall):
            return
        _logger.warning("no progress: %s", _waiting(context.platform))
        await asyncio.to_thread(context.processes.blackout)
    raise NoProgress(_waiting(context.platform))


def _waiting(platform: Platform) -> str:
    """Return the active people, their last questions and the number of unaccepted updates."""
    people = [
        f"{chat} {question(each.screen) if each.screen else 'nothing'}"
        for chat, each in platform.chats.items()
        if each.begun and not each.ended
    ]
    return f"{platform.behind} updates not accepted; {len(people)} people: {', '.join(people[:10])}"


def _reached(platform: Platform, moment: float, done: Callable[[], bool]) -> bool:
    return done() or platform.arrived >= moment


async def _until(true: Callable[[], Any], context: FaultContext, stall: float) -> bool:
    """Wait until a condition is true, then return True.

    Return False after `stall` seconds without progress while all processes are up.
    """
    progress, since = context.platform.progress, time.monotonic()
    while True:
        found = true()
        if await found if asyncio.iscoroutine(found) else found:
            return True
        await asyncio.sleep(LOOK_SECONDS)
        context.processes.supervise()
        if context.platform.progress != progress or not context.processes.all_up():
            progress, since = context.platform.progress, time.monotonic()
        elif time.monotonic() - since > stall:
            return False


async def _settled(processes: Processes, platform: Platform) -> bool:
    """Return True if the platform has no undelivered updates and the database no work to do."""
    if not processes.all_up():
        return False
    if platform.behind > 0:
        return False
    return await asyncio.to_thread(_count_unfinished, processes.database) == 0


def _count_unfinished(database: str) -> int:
    with psycopg.connect(database) as session:
        row = session.execute(ledger.OPEN).fetchone()
    assert row is not None
    return int(row[0])


async def _redeliver(platform: Platform, chance: random.Random) -> None:
    """Let the platform deliver some updates twice, at the same time or one after the other."""
    while True:
        pause = REDELIVERY_SECONDS * (1 / REDELIVERED_SHARE - 1)
        await asyncio.sleep(pause * chance.uniform(0.5, 1.5))
        await platform.set_delivery(copies=2, together=chance.random() < 0.5)
        await asyncio.sleep(REDELIVERY_SECONDS)
        await platform.set_delivery(copies=1)
