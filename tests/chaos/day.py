"""A simulated day of the whole installation: people, officers, an announcement, content, faults.

`./kosh chaos day --people 2000 --seed 1` compresses 24 hours into `--minutes`. People come by the
hours of their time zone, so the night is quiet and the evening is busy. The report is GREEN only if
each rule of `day_judge` finds nothing.
"""

import asyncio
import json
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp
import psycopg

from bot import broadcasts
from bot.config.settings import Settings, settings
from bot.registry.sandbox import Sandbox
from bot.registry.sandbox import create_app as create_sandbox
from bot.runtime import Runtime, runtime
from bot.web.console import demo_officers
from tests import subscribers
from tests.app_stack import serving
from tests.benchmarks import pooled
from tests.benchmarks.processes import cpu_seconds, resident_mb
from tests.benchmarks.report import table
from tests.chaos.day_judge import figures, judge
from tests.chaos.day_people import (
    BUTTONS,
    LANGUAGES,
    SHARES,
    TYPED,
    SharedState,
    SimulatedOfficer,
    SimulatedPerson,
)
from tests.chaos.independent import evidence as outside
from tests.chaos.independent.faults import Faults
from tests.chaos.independent.ledger import Entry, Ledger
from tests.chaos.independent.outside_systems import InjectedFaults
from tests.chaos.independent.stack import TOKEN, Program, Stack
from tests.chaos.people import InventedPerson
from tests.console_client import Console
from tests.desk.desks import insert_officer
from tests.editorial import editors
from tests.editorial.publisher import numbered_texts
from tests.emulators.telegram import DeliveryTiming, Emulator, Journal

DAY_HOURS = 24
# Relative number of people who come, by hour of the day in their time zone, from 0 to 23.
HOURS = (1, 1, 1, 1, 1, 2, 4, 6, 7, 6, 6, 7, 9, 8, 6, 6, 7, 8, 10, 12, 12, 9, 5, 2)
# Time zones as (hours ahead of UTC, share of the people): China, Kazakhstan and Uzbekistan.
ZONES = ((8, 0.4), (5, 0.25), (5, 0.35))
# Number of cases for each officer: an officer may read only a limited number of cases per real
# hour, even though the day is compressed.
CASES_EACH = 60
# Moments of faults, publications and the announcement, as fractions of the day.
FAULTS = ((0.35, "kill web"), (0.5, "kill worker"), (0.62, "kill valkey"), (0.66, "kill web"))
PUBLICATIONS = ((0.3, 201), (0.55, 202), (0.8, 203))
ANNOUNCED_AT = 0.6
# Number of people who subscribed to announcements before the day, per person of the day.
EARLIER = 0.05
# Telegram delivers through at most 100 connections. RETRY_SCALE shortens the waits between
# its attempts to deliver an update.
CONNECTIONS, RETRY_SCALE, TIMEOUT_SECONDS = 100, 0.25, 20.0
LOST_ANSWERS = {"name": "drop_after_commit", "probability": 0.02}
LEARNERS = 8
SETTLE_SECONDS, SAMPLE_SECONDS = 420.0, 5.0
PEOPLE, PEOPLE_A_SECOND = 2_000, 20
LEDGER = "ledger.jsonl"


@dataclass(frozen=True)
class Plan:
    """The parameters of a simulated day; `seconds` is the real time that it takes."""

    people: int
    seed: int
    seconds: float
    out: Path
    mutant: str = ""

    @property
    def think(self) -> float:
        """Return the real seconds between a person's acts: 40 simulated ones, but at least 0.5."""
        return max(0.5, 40 * self.seconds / (DAY_HOURS * 3600))


def arrivals(plan: Plan) -> list[tuple[float, str, str]]:
    """Return moment, activity and language of each person, in the order of the moments."""
    chance = random.Random(f"arrivals {plan.seed}")
    found = []
    for _person in range(plan.people):
        (zone,) = chance.choices([ahead for ahead, _s in ZONES], [share for _a, share in ZONES])
        (hour,) = chance.choices(range(DAY_HOURS), HOURS)
        moment = (hour + chance.random() - zone) % DAY_HOURS / DAY_HOURS
        (kind,) = chance.choices(list(SHARES), list(SHARES.values()))
        found.append((moment * plan.seconds, kind, chance.choice(LANGUAGES)))
    return sorted(found)


@dataclass
class Day:
    """A running simulated day: servers, processes, people, and the ledger of what happens."""

    plan: Plan
    stack: Stack
    ledger: Ledger
    emulator: Emulator
    rt: Runtime
    registry_database: str
    shared_state: SharedState
    pids: dict[str, Callable[[], int]]
    began: float = 0.0

    async def live(self) -> None:
        """Learn the expected replies, run people and officers, and wait until no work is left."""
        count = int(self.plan.people * EARLIER)
        earlier = await subscribers.create_subscribers(self.rt, count, languages=LANGUAGES)
        for member in earlier:
            self.emulator.user(int(member.address), started=True)
        self.shared_state.first = len(earlier)
        demo = await demo_officers.enter(self.rt)
        assert demo
        handoffs = self.plan.people * (SHARES["help"] + SHARES["file"]) / 100
        officers = [f"Officer Testov {at}" for at in range(1 + int(handoffs / CASES_EACH))]
        for name in officers:
            await insert_officer(self.rt, name)
        async with AsyncExitStack() as cleanup:
            desks = [SimulatedOfficer(self.shared_state, each, await cleanup.enter_async_context(
                Console.signed_in(self.shared_state.url, each))) for each in officers]  # fmt: skip
            working = [asyncio.create_task(each.work()) for each in desks]
            sampling = asyncio.create_task(self.sample())
            await self.learn()
            self.began = self.ledger.seconds()
            chats = [int(member.address) for member in earlier]
            background_tasks = [self.faults(), self.publications(), self.announcement(chats)]
            await asyncio.gather(self.people(), *background_tasks)
            self.shared_state.finished.set()
            await asyncio.wait(working, timeout=SETTLE_SECONDS)
            await self.settle()
            for task in (sampling, *working):
                task.cancel()

    async def until(self, share: float) -> None:
        """Wait until this share of the simulated day has passed."""
        await asyncio.sleep(self.began + share * self.plan.seconds - self.ledger.seconds())

    def walk(self, number: int, kind: str, language: str, choice: int = -1) -> SimulatedPerson:
        """Return a simulated person.

        If `choice` is given, the person asks only the question with this number, and the replies
        are recorded as the expected ones.
        """
        person = InventedPerson(self.shared_state.first + number)
        chance = random.Random(f"{self.plan.seed} {number}")
        return SimulatedPerson(
            self.shared_state, person, kind, language, chance, choice >= 0, choice
        )

    async def learn(self) -> None:
        """Let people ask every question before the day, to learn the expected reply to each."""
        wanted = [(kind, language, at) for language in LANGUAGES for kind, many in
                  (("buttons", len(BUTTONS)), ("typed", len(TYPED[language])), ("form", 1))
                  for at in range(many)]  # fmt: skip
        semaphore = asyncio.Semaphore(LEARNERS)

        async def one(number: int, kind: str, language: str, choice: int) -> None:
            async with semaphore:
                await self.walk(self.plan.people + number, kind, language, choice).live()

        await asyncio.gather(*(one(number, *each) for number, each in enumerate(wanted)))

    async def people(self) -> None:
        """Start each person at their moment of the day, without waiting for earlier people."""
        async with asyncio.TaskGroup() as group:
            for number, (moment, kind, language) in enumerate(arrivals(self.plan)):
                await self.until(moment / self.plan.seconds)
                group.create_task(self.one(number, kind, language))

    async def one(self, number: int, kind: str, language: str) -> None:
        """Let one person act; record an error of the test code as a finding about this person."""
        walk = self.walk(number, kind, language)
        try:
            await walk.live()
        except Exception as error:
            walk.note("gave up", why=repr(error)[:300])

    async def faults(self) -> None:
        """Kill processes at the moments of FAULTS; each is started again."""
        chance = random.Random(f"faults {self.plan.seed}")
        calm = InjectedFaults(chance)
        found = Faults(self.stack, self.ledger, calm, calm, chance)
        for moment, kind in FAULTS:
            await self.until(moment)
            await found.kinds[kind]()

    async def publications(self) -> None:
        """Publish a changed fact at the moments of PUBLICATIONS."""
        for moment, number in PUBLICATIONS:
            await self.until(moment)
            # The checks of a publication take seconds. Without a thread, the emulator would not
            # answer meanwhile.
            await asyncio.to_thread(asyncio.run, published(self.rt.settings, number))
            self.ledger.note("published", number=number)

    async def announcement(self, earlier: list[int]) -> None:
        """Send an announcement to all subscribers, and wait until it has ended."""
        officers = await subscribers.create_officers(self.rt)
        await self.until(ANNOUNCED_AT)
        found = await subscribers.approve(self.rt, officers, subscribers.new_draft())
        async with self.rt.pool.connection() as session:
            await session.execute("UPDATE broadcasts SET canary = 0 WHERE id = %s", (found.id,))
        since = self.ledger.seconds()
        await broadcasts.start(self.rt, officers.lead, found.id)
        statuses: dict[str, int] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while not statuses or {"planned", "held", "claimed"} & {
                    f.split()[0] for f in statuses
                }:
                    await asyncio.sleep(2)
                    statuses = await subscribers.count_states(self.rt, found)
        in_doubt = sum(count for status, count in statuses.items() if status.startswith("in_doubt"))
        self.ledger.note("announced", since=since, earlier=earlier, statuses=statuses,
                         **{"in doubt": in_doubt})  # fmt: skip

    async def settle(self) -> None:
        """Wait until no update and no work is left; record the final state in the ledger."""
        with suppress(TimeoutError):
            await self.emulator.until_taken(SETTLE_SECONDS)
        ends, counts = self.ledger.seconds() + SETTLE_SECONDS, dict[str, int]()
        while self.ledger.seconds() < ends:
            counts = await asyncio.to_thread(outside.unfinished, self.stack.databases.owner)
            if not any(counts[name] for name in ("messages", "registry_writes", "jobs")):
                break
            await asyncio.sleep(1)
        entries = await asyncio.to_thread(outside.registered, self.registry_database)
        self.ledger.note("queues", counts=counts)
        surnames = Counter(each["body"]["surname"] for each in entries)
        learners = {self.walk(self.plan.people + n, "form", "ru").person.canary for n in range(99)}
        kept = {name: count for name, count in surnames.items() if name not in learners}
        self.ledger.note("registry", surnames=kept)
        journal = self.emulator.journal
        self.ledger.note("heard", chats=heard(journal))
        sent, mistakes = journal.updates(), journal.mistakes()
        found = {
            "updates": len(sent),
            "calls": len(journal.calls()),
            "not acknowledged": len(set(sent) - journal.acknowledged()),
            "expired": sum(each.attempt < 0 for each in journal.deliveries()),
            "mistakes": [f"{call.method}: {bytes(call.answer)[:200]!r}" for call in mistakes],
        }
        self.ledger.note("platform", **found)

    async def sample(self) -> None:
        """Record CPU time and memory of all parts repeatedly; killed processes count too."""
        last, memory = dict[tuple[str, int], float](), Counter[str]()
        while True:
            for name, pid in self.pids.items():
                with suppress(OSError, ValueError, IndexError):
                    last[name, pid()] = (
                        time.process_time() if name == "people"
                        else await asyncio.to_thread(cpu_seconds, pid())
                    )  # fmt: skip
                    memory[name] = max(memory[name], int(resident_mb(pid())))
            cpu = Counter[str]()
            for (name, _pid), seconds in last.items():
                cpu[name] += round(seconds)
            self.ledger.note("usage", cpu=dict(cpu), memory=dict(memory))
            await asyncio.sleep(SAMPLE_SECONDS)


async def published(chosen: Settings, number: int) -> None:
    """Publish the fact with `number` in its text, written by one editor and approved by another."""
    async with runtime(chosen) as rt:
        author = await editors.editor(rt, f"Editor {number}")
        second = await editors.approver(rt, f"Approver {number}")
        await editors.publish(rt, author, second, texts=numbered_texts(number))


def heard(journal: Journal) -> dict[int, int]:
    """Return how often each chat got the announcement."""
    texts = [words.body for words in subscribers.TEXTS.values()]
    return Counter(
        int(call.params["chat_id"]) for call in journal.calls("sendMessage")
        if call.status == 200 and any(text in call.params["text"] for text in texts)
    )  # fmt: skip


@asynccontextmanager
async def opened(plan: Plan) -> AsyncIterator[Day]:
    """Start all servers and processes of the day; end them when the block ends."""
    ledger, stack = Ledger(plan.out / LEDGER), Stack(plan.out, plan.mutant, workers=2)
    async with AsyncExitStack() as cleanup:
        cleanup.callback(ledger.close)
        cleanup.push_async_callback(stack.stop)
        databases, registry_database = await asyncio.to_thread(stack.start_servers)
        emulator = Emulator(TOKEN, limits=False, pace=DeliveryTiming(RETRY_SCALE, TIMEOUT_SECONDS))
        await emulator.start()
        cleanup.push_async_callback(emulator.stop)
        app = create_sandbox(Sandbox(
            registry_database, client_id="kosh", client_secret=stack.registry_secret,
            callback_url=f"http://127.0.0.1:{stack.port}/callbacks/registry",
            callback_secret=stack.callback_secret, delay=1.0,
        ))  # fmt: skip
        sandbox = await cleanup.enter_async_context(serving(app))
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{sandbox}/_faults", json=LOST_ANSWERS) as answer,
        ):
            assert answer.status < 300, await answer.text()
        environment = stack.settings(emulator.url, sandbox)
        webs = environment
        if program := pgbouncer():
            # PgBouncer ignores the time limits that a connection asks for at its start, so set them
            # for the database role.
            with psycopg.connect(stack.postgres.url, autocommit=True) as session:
                session.execute("ALTER ROLE kosh_app SET statement_timeout = '10s'")
            urls = cleanup.enter_context(pooled.between(program, plan.out, databases))
            webs = environment | {"KOSH_DATABASE_URL": urls.app}
        await stack.start_programs(environment, webs)
        await emulator.set_webhook(stack.webhook, stack.secret, CONNECTIONS)
        chosen = {name.removeprefix("KOSH_").lower(): value for name, value in environment.items()}
        rt = await cleanup.enter_async_context(runtime(settings(**chosen)))
        shared_state = SharedState(ledger, emulator, f"http://127.0.0.1:{stack.port}", plan.think)
        pids: dict[str, Callable[[], int]] = {
            "postgres": stack.postgres.pid, "valkey": stack.valkey.pid, "people": os.getpid,
        }  # fmt: skip
        pids |= {name: partial(pid, each) for name, each in stack.programs.items()}
        yield Day(plan, stack, ledger, emulator, rt, registry_database, shared_state, pids)


def pid(program: Program) -> int:
    """Return the process id of a program of Kosh, which changes with each start."""
    assert program.process is not None
    return program.process.pid


def pgbouncer() -> str | None:
    """Return the path of PgBouncer, if the machine has it."""
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


async def run_day(plan: Plan) -> list[Entry]:
    """Run a simulated day; return the entries of its ledger."""
    async with opened(plan) as day:
        await day.live()
        return day.ledger.entries


def run(people: int, seed: int, minutes: float, keep: Path | None, mutant: str = "") -> bool:
    """Run a simulated day, print and write its report; return True if a promise was broken."""
    out = keep or Path(tempfile.mkdtemp(prefix="kosh-day-"))
    out.mkdir(parents=True, exist_ok=True)
    seconds = 60 * minutes or max(60.0, people / PEOPLE_A_SECOND)
    entries = asyncio.run(run_day(Plan(people, seed, seconds, out, mutant)))
    return reported(entries, out)


def judged_again(folder: Path) -> bool:
    """Judge the ledger of an earlier day; return True if a promise was broken."""
    lines = (folder / LEDGER).read_text("utf-8").splitlines()
    return reported([json.loads(line) for line in lines], folder)


def reported(entries: list[Entry], out: Path) -> bool:
    """Print the report and write it as JSON and Markdown; return True if it is RED."""
    findings, counts = judge(entries), figures(entries)
    red = any(findings.values())
    report = {"green": not red, "figures": counts, "findings": findings}
    (out / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1), "utf-8")
    text = "\n\n".join([
        table([("figure", "value"), *((name, str(value)) for name, value in counts.items())]),
        table([("promise", "broken", "example"), *(
            (name, f"RED {len(found)}" if found else "GREEN", found[0] if found else "")
            for name, found in findings.items())]),
        "RED" if red else "GREEN",
    ])  # fmt: skip
    (out / "report.md").write_text(text + "\n", "utf-8")
    print(f"{text}; the evidence is in {out}", flush=True)
    return red
