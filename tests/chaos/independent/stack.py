"""The system under test as real processes, and the servers around it.

The product has PostgreSQL, Valkey, two web processes on one port and a worker. The registry has a
PostgreSQL server of its own, which faults of the product's database do not affect.
"""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp

from bot import embedded
from bot.embedded import Databases
from bot.embedded.server_process import free_port

ROOT = Path(__file__).parents[3]
TOKEN = f"7000000028:{secrets.token_hex(16)}"
NO_FSYNC = {"fsync": "off", "synchronous_commit": "off"}
START_SECONDS = 240.0
# The product promises to end within 8 s of SIGTERM.
DEPLOY_SECONDS = 12.0


@dataclass
class Program:
    """A process of the product, which can be killed, stopped, and started again."""

    name: str
    words: tuple[str, ...]
    environment: dict[str, str]
    folder: Path
    mutant: str = ""
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    metrics: int = field(default_factory=free_port)

    def start(self) -> None:
        """Start the process; its output goes to a log of its own."""
        module = ["tests.chaos.independent.mutants", self.mutant] if self.mutant else ["bot"]
        plain = {name: value for name, value in os.environ.items() if not name.startswith("KOSH_")}
        self.starts += 1
        with (self.folder / f"{self.name}-{self.starts}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *module, *self.words],
                cwd=ROOT,
                env=plain | self.environment | {"KOSH_METRICS_PORT": str(self.metrics)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        assert self.process is not None
        self.process.send_signal(number)

    async def end(self, number: signal.Signals, seconds: float) -> int | None:
        """Send a signal; return the exit status. After `seconds`, kill it and return None."""
        assert self.process is not None
        self.process.send_signal(number)
        try:
            return await asyncio.to_thread(self.process.wait, seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            await asyncio.to_thread(self.process.wait)
            return None


@dataclass
class Service:
    """An embedded server in a folder, which is started again after a kill with the same address."""

    name: str
    folder: Path
    pid_file: Path
    opened: Callable[[], AbstractContextManager[str]]
    held: ExitStack = field(default_factory=ExitStack)
    url: str = ""

    def start(self) -> None:
        """Start the server, or start it again after a kill."""
        self.url = self.held.enter_context(self.opened())

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the server's main process."""
        os.kill(self.pid(), number)

    def pid(self) -> int:
        """Return the process id that the server has written to its file."""
        return int(self.pid_file.read_text().partition("\n")[0])

    def family(self) -> list[int]:
        """Return the process ids of the server and of its child processes."""
        first = self.pid()
        found = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, found)]

    @staticmethod
    def signal_all(pids: list[int], number: signal.Signals) -> None:
        """Send a signal to processes of which some may have ended."""
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    async def kill(self, number: signal.Signals) -> None:
        """Kill the server with this signal, and wait until it has ended."""
        pid = self.pid()
        os.kill(pid, number)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and Path(f"/proc/{pid}").exists():  # noqa: ASYNC110 — no signal
            await asyncio.sleep(0.05)


def postgres_of(name: str, folder: Path, settings: dict[str, str]) -> Service:
    """Return a PostgreSQL server."""
    opened = partial(embedded.postgres, folder, settings)
    return Service(name, folder, folder.resolve() / "cluster" / "postmaster.pid", opened)


def valkey_of(name: str, folder: Path) -> Service:
    """Return a Valkey server."""
    return Service(name, folder, folder.resolve() / "valkey.pid", partial(embedded.valkey, folder))


@dataclass
class Stack:
    """All servers and processes of a run; `data` is the product's data folder."""

    folder: Path
    mutant: str = ""
    webs: int = 2
    workers: int = 1
    port: int = field(default_factory=free_port)
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    registry_secret: str = field(default_factory=lambda: secrets.token_hex(32))
    callback_secret: str = field(default_factory=lambda: secrets.token_hex(32))
    programs: dict[str, Program] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data = self.folder / "data"
        self.logs = self.folder / "logs"
        for each in (self.data, self.logs):
            each.mkdir(parents=True)
        self.postgres = postgres_of("postgres", self.data / "postgres", {})
        self.valkey = valkey_of("valkey", self.data / "valkey")
        self.ledger_postgres = postgres_of("registry", self.folder / "registry", NO_FSYNC)

    @property
    def webhook(self) -> str:
        """Return the product's URL to which Telegram's updates are delivered."""
        return f"http://127.0.0.1:{self.port}/webhooks/telegram"

    def start_servers(self) -> tuple[Databases, str]:
        """Start the servers; return the product's databases and the registry's database URL."""
        for each in (self.postgres, self.valkey, self.ledger_postgres):
            each.start()
        passwords = self.data / "passwords"
        self.databases = embedded.prepare(self.postgres.url, "kosh", passwords)
        registry = embedded.prepare(self.ledger_postgres.url, "registry", self.folder / "secrets")
        return self.databases, registry.owner

    def settings(self, telegram: str, registry: str) -> dict[str, str]:
        """Return the environment variables of the product's processes; all secrets are invented."""
        environment = {
            "database_url": self.databases.app,
            "database_owner_url": self.databases.owner,
            "database_retention_url": self.databases.retention,
            "database_console_url": self.databases.console,
            "redis_url": self.valkey.url,
            "data_dir": str(self.data),
            "key_dir": str(self.data / "keys"),
            "public_url": f"http://127.0.0.1:{self.port}",
            "log_level": "info",
            "telegram_token": TOKEN,
            "telegram_name": "kosh_independent_bot",
            "telegram_secret": self.secret,
            "telegram_api": telegram,
            "telegram_rate": "0",
            "debounce_seconds": "0",
            "registry_url": registry,
            "registry_client_id": "kosh",
            "registry_client_secret": self.registry_secret,
            "registry_callback_secret": self.callback_secret,
            "demo": "true",
        }
        return {f"KOSH_{name.upper()}": value for name, value in environment.items()}

    async def start_programs(
        self, environment: dict[str, str], for_webs: dict[str, str] | None = None
    ) -> None:
        """Migrate the database, then start the web processes and the workers.

        `for_webs` is the environment of the web processes, if it differs.
        """
        for words in (("migrate",), ("keys", "first")):
            setup = Program("-".join(words), words, environment, self.logs)
            setup.start()
            assert setup.process is not None
            if await asyncio.to_thread(setup.process.wait, START_SECONDS) != 0:
                raise RuntimeError(f"{words} failed; see {self.logs}")
        web = ("web", "--port", str(self.port))
        for number in range(1, self.webs + 1):
            self._add(Program(f"web{number}", web, for_webs or environment, self.logs, self.mutant))
        for number in range(1, self.workers + 1):
            name = "worker" if number == 1 else f"worker{number}"
            self._add(Program(name, ("work",), environment, self.logs, self.mutant))
        await self.ready()

        await asyncio.gather(*(self.started(each) for each in self.programs.values()))

    def _add(self, program: Program) -> None:
        self.programs[program.name] = program
        program.start()

    async def ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until some web process reports that it is ready."""
        await _answers(f"http://127.0.0.1:{self.port}/ready", seconds)

    async def started(self, program: Program, seconds: float = START_SECONDS) -> None:
        """Wait until a process serves its metrics."""
        await _answers(f"http://127.0.0.1:{program.metrics}/metrics", seconds)

    async def stop(self) -> None:
        """End the product's processes, then all servers."""
        for each in self.programs.values():
            if each.process is not None and each.process.poll() is None:
                each.send(signal.SIGCONT)
                await each.end(signal.SIGTERM, DEPLOY_SECONDS)
        for service in (self.valkey, self.postgres, self.ledger_postgres):
            with suppress(OSError, ValueError):
                service.send(signal.SIGCONT)
            await asyncio.to_thread(service.held.close)


async def _answers(url: str, seconds: float) -> None:
    """Wait until a URL answers 200; raise TimeoutError if that takes more than `seconds`."""
    timeout = aiohttp.ClientTimeout(total=5)
    async with asyncio.timeout(seconds), aiohttp.ClientSession(timeout=timeout) as http:
        while True:
            with suppress(aiohttp.ClientError, TimeoutError):
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.2)
