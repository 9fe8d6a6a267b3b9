"""One run of the independent chaos test: start the product, drive people, inject faults, judge."""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psycopg

from bot.registry.sandbox import Sandbox
from bot.registry.sandbox import create_app as create_sandbox
from tests.app_stack import serving
from tests.chaos.independent import evidence as outside
from tests.chaos.independent.evidence import Evidence
from tests.chaos.independent.faults import Faults
from tests.chaos.independent.ledger import Ledger
from tests.chaos.independent.outside_systems import (
    InjectedFaults,
    RegistryProxy,
    TelegramProxy,
    serve_proxy,
)
from tests.chaos.independent.people import SimulatedPeople
from tests.chaos.independent.stack import TOKEN, Stack
from tests.chaos.independent.update_delivery import UpdateDelivery
from tests.emulators.telegram import Emulator

# Seconds to settle after the last fault: after several failures, the product waits minutes before
# it tries again.
SETTLE_SECONDS = 300.0
WATCH_SECONDS = 1.0
KNOWN_SECONDS = 60.0
DECISION_SECONDS = 1.0


@dataclass(frozen=True)
class Plan:
    """The parameters of a chaos test; the seed selects people, faults and deliveries."""

    seed: int
    seconds: float
    people: int
    mutant: str = ""
    out: Path | None = None
    # `only` are the kinds of faults to inject; all if it is empty. `settle` are the seconds to
    # settle after the last fault.
    only: tuple[str, ...] = ()
    settle: float = SETTLE_SECONDS


@dataclass
class Run:
    """A running test: its servers and processes, the people, and the ledger of what happens."""

    plan: Plan
    stack: Stack
    ledger: Ledger
    emulator: Emulator
    telegram: TelegramProxy
    registry: RegistryProxy
    registry_database: str
    delivery: UpdateDelivery
    people: SimulatedPeople
    seen: set[str] = field(default_factory=set)

    async def drive(self) -> None:
        """Learn the replies before any fault, let people act under faults, await the last work."""
        await self.people.learn()
        self.ledger.note("faults begin")
        self.delivery.lost, self.delivery.twice, self.delivery.late = 0.05, 0.05, 0.15
        finished = asyncio.Event()
        faults = Faults(
            self.stack, self.ledger, self.telegram.injected_faults, self.registry.injected_faults,
            random.Random(f"faults {self.plan.seed}"), self.plan.only,
        )  # fmt: skip
        watching = asyncio.create_task(self._watch())
        places = [asyncio.create_task(self.people.place()) for _ in range(self.plan.people)]
        await self._until_known()
        injecting = asyncio.create_task(faults.inject_until(finished))
        await asyncio.wait(
            [injecting, *places], timeout=self.plan.seconds, return_when="FIRST_EXCEPTION"
        )
        finished.set()
        await injecting
        self.ledger.note("faults end", injected=faults.injected)
        self.people.deadline = self.ledger.seconds() + self.plan.settle
        self.people.finished.set()
        await asyncio.gather(*places)
        await self.people.probe_all()
        await self._drain()
        watching.cancel()

    async def _until_known(self) -> None:
        """Wait until half of the people have consented, since the promises begin then."""
        ends = self.ledger.seconds() + KNOWN_SECONDS
        while self.ledger.seconds() < ends:
            if sum(life.known for life in self.people.lives) > self.plan.people / 2:
                break
            await asyncio.sleep(0.5)

    async def _watch(self) -> None:
        """Collect the ids of all people that the database contains at any time of the test."""
        while True:
            with suppress(psycopg.Error):
                self.seen |= await asyncio.to_thread(outside.people, self.stack.databases.owner)
            await asyncio.sleep(WATCH_SECONDS)

    async def _drain(self) -> None:
        """Wait until no work is left, or the time to settle is over."""
        url = self.stack.databases.owner
        waiting = ("messages", "registry_writes", "jobs")
        while self.ledger.seconds() < self.people.deadline:
            counts = await asyncio.to_thread(outside.unfinished, url)
            if not any(counts[name] for name in waiting):
                break
            await asyncio.sleep(1.0)
        await asyncio.sleep(2 * DECISION_SECONDS)

    def evidence(self) -> Evidence:
        """Return the evidence of the test; all servers must still run."""
        owner = self.stack.databases.owner
        found = Evidence(self.ledger.entries, self.people.replies)
        found.registered = outside.registered(self.registry_database)
        found.queues = outside.unfinished(owner)
        found.people, found.people_seen = outside.people(owner), self.seen
        texts = [text for life in self.people.lives
                  for text in (life.surname, life.given_name, str(life.user.id))]  # fmt: skip
        gone = found.people_seen - found.people
        found.traces = outside.traces(
            self.stack.data, owner, self.stack.valkey.url, self.stack.logs, texts, gone
        )
        mistakes = self.emulator.journal.mistakes()
        found.mistakes = [
            f"{call.method}: {bytes(call.answer).decode()[:200]}" for call in mistakes
        ]
        return found


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Run]:
    """Start all servers, gates and processes; end them when the block ends."""
    ledger, stack = Ledger(folder / "ledger.jsonl"), Stack(folder, plan.mutant)
    rng = random.Random(f"people {plan.seed}")
    async with AsyncExitStack() as cleanup:
        cleanup.callback(ledger.close)
        cleanup.push_async_callback(stack.stop)
        _databases, registry_database = await asyncio.to_thread(stack.start_servers)
        emulator = Emulator(TOKEN, limits=False)
        await emulator.start()
        cleanup.push_async_callback(emulator.stop)
        http = await cleanup.enter_async_context(aiohttp.ClientSession())
        app = create_sandbox(
            Sandbox(
                registry_database,
                client_id="kosh",
                client_secret=stack.registry_secret,
                callback_url=f"http://127.0.0.1:{stack.port}/callbacks/registry",
                callback_secret=stack.callback_secret,
                delay=DECISION_SECONDS,
            )
        )
        sandbox = await cleanup.enter_async_context(serving(app))
        telegram = TelegramProxy(
            ledger, emulator, InjectedFaults(random.Random(f"telegram {plan.seed}"))
        )
        registry = RegistryProxy(
            ledger, sandbox, InjectedFaults(random.Random(f"registry {plan.seed}")), http
        )
        bot_path = "/bot{token:[^/]+}/{method:.*}"
        telegram_url = await cleanup.enter_async_context(serve_proxy(telegram.handle, bot_path))
        registry_url = await cleanup.enter_async_context(serve_proxy(registry.handle, "/{rest:.*}"))
        await stack.start_programs(stack.settings(telegram_url, registry_url))
        delivery = UpdateDelivery(
            ledger, emulator, stack.webhook, stack.secret, random.Random(f"delivery {plan.seed}")
        )
        await delivery.begin()
        cleanup.push_async_callback(delivery.close)
        people = SimulatedPeople(ledger, emulator, rng, known=delivery.known)
        yield Run(
            plan, stack, ledger, emulator, telegram, registry, registry_database, delivery, people
        )


async def run(plan: Plan) -> tuple[Path, Evidence]:
    """Run the test as planned; return the folder with its evidence, and the evidence."""
    folder = plan.out or Path(tempfile.mkdtemp(prefix="kosh-independent-"))
    folder.mkdir(parents=True, exist_ok=True)
    async with opened(plan, folder) as under_way:
        await under_way.drive()
        found = await asyncio.to_thread(under_way.evidence)
    found.save(folder / "evidence.json")
    return folder, found
