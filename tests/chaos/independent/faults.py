"""Faults selected by the seed: kills, stops, bad answers of the outside systems, deployments."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.chaos.independent.ledger import Ledger
from tests.chaos.independent.outside_systems import REGISTRY_FAULTS, TELEGRAM_FAULTS, InjectedFaults
from tests.chaos.independent.stack import DEPLOY_SECONDS, Program, Service, Stack

# Relative frequency of each kind of fault. Kinds that delay all people are rare.
WEIGHTS = {
    "kill web": 6,
    "kill worker": 4,
    "kill valkey": 2,
    "kill postgres": 2,
    "stop web": 3,
    "stop worker": 2,
    "stop valkey": 2,
    "stop postgres": 2,
    "bad registry": 6,
    "bad telegram": 6,
    "deploy": 2,
}
STOP_SECONDS = (1.0, 8.0)
BAD_SECONDS = (2.0, 8.0)
# A fault of Telegram or the registry lasts BAD_SECONDS. If it has hit fewer than BAD_HITS calls by
# then, it goes on until it has, for at most BAD_MOST_SECONDS in all.
BAD_HITS, BAD_MOST_SECONDS = 3, 20.0
BAD_SHARE = (0.2, 0.7)
PAUSE_SECONDS = (0.5, 2.0)
# Share of faults after which the next fault waits until a web process is ready, and the longest
# wait in seconds. Without this wait, many faults would hit while no web process can work. The fault
# "deploy" also waits at most CALM_SECONDS for each process that it has started.
CALM_SHARE, CALM_SECONDS = 0.7, 8.0
WEBS = ("web1", "web2")


@dataclass
class Faults:
    """Injects one fault after another; records begin and end of each fault in the ledger."""

    stack: Stack
    ledger: Ledger
    telegram: InjectedFaults
    registry: InjectedFaults
    rng: random.Random
    only: tuple[str, ...] = ()
    injected: int = 0
    kinds: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        services = {"valkey": self.stack.valkey, "postgres": self.stack.postgres}
        self.kinds = {
            "kill web": lambda: self._kill(self._web()),
            "kill worker": lambda: self._kill(self.stack.programs["worker"]),
            "stop web": lambda: self._stop(self._web()),
            "stop worker": lambda: self._stop(self.stack.programs["worker"]),
            "kill valkey": lambda: self._kill_service(services["valkey"], signal.SIGKILL),
            "kill postgres": lambda: self._kill_service(services["postgres"], self._violent()),
            "stop valkey": lambda: self._stop(services["valkey"]),
            "stop postgres": lambda: self._stop_postgres(services["postgres"]),
            "bad registry": lambda: self._bad(self.registry, REGISTRY_FAULTS),
            "bad telegram": lambda: self._bad(self.telegram, TELEGRAM_FAULTS),
            "deploy": self._deploy,
        }

    async def inject_until(self, finished: asyncio.Event) -> None:
        """Inject faults until `finished` is set: each kind once, then kinds at random."""
        chosen = {kind: WEIGHTS[kind] for kind in self.only or WEIGHTS}
        first = list(chosen)
        self.rng.shuffle(first)
        while not finished.is_set():
            drawn = self.rng.choices(list(chosen), list(chosen.values()))[0]
            await self.kinds[first.pop() if first else drawn]()
            await asyncio.sleep(self.rng.uniform(*PAUSE_SECONDS))
            if self.rng.random() < CALM_SHARE:
                with suppress(TimeoutError):
                    await self.stack.ready(CALM_SECONDS)

    @asynccontextmanager
    async def _noted(self, kind: str, **more: object) -> AsyncIterator[None]:
        self.injected += 1
        number = self.ledger.note("fault", fault=kind, **more)["n"]
        try:
            yield
        finally:
            self.ledger.note("fault over", of=number, fault=kind)

    def _web(self) -> Program:
        return self.stack.programs[self.rng.choice(WEBS)]

    def _violent(self) -> signal.Signals:
        """Return SIGKILL or the signal for PostgreSQL's immediate shutdown, at random."""
        return self.rng.choice((signal.SIGQUIT, signal.SIGKILL))

    async def _kill(self, program: Program) -> None:
        kind = f"kill {'worker' if program.name == 'worker' else 'web'}"
        async with self._noted(kind, process=program.name):
            await program.end(signal.SIGKILL, 30.0)
            await asyncio.sleep(self.rng.uniform(0.0, 2.0))
            program.start()

    async def _stop(self, target: Program | Service) -> None:
        kind = f"stop {'web' if target.name in WEBS else target.name}"
        async with self._noted(kind, process=target.name):
            target.send(signal.SIGSTOP)
            try:
                await asyncio.sleep(self.rng.uniform(*STOP_SECONDS))
            finally:
                target.send(signal.SIGCONT)

    async def _stop_postgres(self, service: Service) -> None:
        """Suspend all processes of PostgreSQL for a while, since each connection has a process."""
        pids = service.family()
        async with self._noted("stop postgres", process=service.name):
            service.signal_all(pids, signal.SIGSTOP)
            try:
                await asyncio.sleep(self.rng.uniform(*STOP_SECONDS))
            finally:
                service.signal_all(pids, signal.SIGCONT)

    async def _kill_service(self, service: Service, number: signal.Signals) -> None:
        async with self._noted(f"kill {service.name}", signal=number.name):
            await service.kill(number)
            await asyncio.sleep(self.rng.uniform(0.0, 1.5))
            await asyncio.to_thread(service.start)

    async def _bad(self, injected_faults: InjectedFaults, kinds: tuple[str, ...]) -> None:
        chosen = tuple(self.rng.sample(kinds, self.rng.randint(1, len(kinds))))
        name = "bad telegram" if injected_faults is self.telegram else "bad registry"
        async with self._noted(name, kinds=chosen):
            injected_faults.kinds, injected_faults.probability = (
                chosen,
                self.rng.uniform(*BAD_SHARE),
            )
            hits, ends = injected_faults.hits + BAD_HITS, self.ledger.seconds() + BAD_MOST_SECONDS
            await asyncio.sleep(self.rng.uniform(*BAD_SECONDS))
            while injected_faults.hits < hits and self.ledger.seconds() < ends:  # noqa: ASYNC110 — no signal
                await asyncio.sleep(0.5)
            injected_faults.clear()

    async def _deploy(self) -> None:
        """For each process: ask it to end, start its successor, wait until the successor serves.

        A process that an earlier fault restarted may still be starting. This process is signalled
        only when it has started, or after a timeout, because a starting process does not handle the
        signal.
        """
        async with self._noted("deploy"):
            for program in self.stack.programs.values():
                with suppress(TimeoutError):
                    await self.stack.started(program)
                status = await program.end(signal.SIGTERM, DEPLOY_SECONDS)
                self.ledger.note("deployed", process=program.name, status=status)
                program.start()
                with suppress(TimeoutError):
                    await self.stack.started(program, CALM_SECONDS)
