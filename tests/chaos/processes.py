"""Every part in a process of its own; web and workers can be killed."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex, token_urlsafe

import psycopg

from bot import services
from bot.keys import Keys
from bot.migrations import migrate
from tests.clock import CLOCK

ROOT = Path(__file__).parents[2]
WORKERS = ("worker 1", "worker 2")
PATIENCE = 30.0
# Above what services take and below what outgoing connections take, so that nobody sits on the
# web server's port while it is dead.
PORTS = range(20_000, 32_000)
RETRY_SCALE = "0.02"


@dataclass(frozen=True)
class Kill:
    """Which process was killed, and when (Unix seconds)."""

    name: str
    at: float


@dataclass
class Child:
    """A process that is started again whenever it was killed."""

    name: str
    words: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    since: float = 0.0
    _process: subprocess.Popen[bytes] | None = None

    def start(self, pipe: int | None = None) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self.words],
                stdout=pipe or log,
                stderr=log,
                env=os.environ | self.env,
                cwd=ROOT,
            )
        self.since = time.monotonic()
        return self._process

    def kill(self) -> Kill:
        """SIGKILL: nothing is said goodbye to."""
        assert self._process is not None
        self._process.kill()
        at = time.time()
        self._process.wait()
        return Kill(self.name, at)

    @property
    def died(self) -> bool:
        """Whether it ended by itself."""
        return self._process is not None and self._process.poll() is not None


@dataclass
class Processes:
    """What runs, where it is reached, and which of it was killed."""

    database: str
    owner: str
    keys: Path
    platform: str
    registry: str
    port: int
    children: dict[str, Child]
    kills: list[Kill] = field(default_factory=list)

    def kill(self, name: str) -> None:
        """Kill one and start it again at once."""
        self._must_live(name)
        self.kills.append(self.children[name].kill())
        self.children[name].start()

    def blackout(self, interval: str = "2 minutes") -> None:
        """Kill all of them; database time goes on while they lie dead, so that leases run out."""
        for name in self.children:
            self._must_live(name)
            self.kills.append(self.children[name].kill())
        with psycopg.connect(self.owner) as session:
            session.execute("UPDATE test_clock SET ahead = ahead + %s::interval", (interval,))
        for child in self.children.values():
            child.start()

    def up(self, name: str) -> bool:
        """Whether it has begun to work: a kill before that would try nothing."""
        if name == "web":
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
            return False
        return time.monotonic() - self.children[name].since > 1.5

    def _must_live(self, name: str) -> None:
        child = self.children[name]
        if child.died:
            raise RuntimeError(f"{name} ended by itself: {child.log.read_text()[-2000:]}")


@contextmanager
def running(folder: Path, mutant: str = "") -> Iterator[Processes]:
    """Everything up and ready; a mutant's name runs web and workers broken in that way."""
    with services.postgres(folder / "postgres") as admin, services.valkey(folder / "valkey") as url:
        bot, sandbox = _databases(admin)
        web, registry = _free_port(), _free_port()
        env = _settings(folder, bot, url, web, registry)
        Keys.create(Path(env["KOSH_KEYS"]))
        with ExitStack() as stack:
            platform = stack.enter_context(_platform(folder, env))
            env["KOSH_TELEGRAM_API"] = platform
            stack.enter_context(_registry(folder, env, sandbox.owner, registry))
            program = ("tests.chaos.mutants", mutant) if mutant else ("bot",)
            children = {
                name: Child(name, (*program, word), env, folder / f"{name}.log")
                for name, word in (("web", "web"), *((name, "work") for name in WORKERS))
            }
            for child in children.values():
                stack.enter_context(_alive(child))
            _until_open(web, children["web"])
            yield Processes(
                database=bot.app,
                owner=bot.owner,
                keys=Path(env["KOSH_KEYS"]),
                platform=platform,
                registry=env["KOSH_REGISTRY_URL"],
                port=web,
                children=children,
            )


def _databases(admin: str) -> tuple[services.Databases, services.Databases]:
    bot, sandbox = (services.prepare(admin, name) for name in ("kosh", "kosh_sandbox"))
    migrate(bot.owner.replace("postgresql", "postgresql+psycopg", 1))
    with psycopg.connect(bot.owner, autocommit=True) as session:
        session.execute(CLOCK)
        assert session.execute("SHOW fsync").fetchone() == ("on",)
    return bot, sandbox


def _settings(
    folder: Path, bot: services.Databases, redis: str, web: int, registry: int
) -> dict[str, str]:
    return {
        "KOSH_DATA": str(folder),
        "KOSH_KEYS": str(folder / "keys"),
        "KOSH_PORT": str(web),
        "KOSH_DATABASE_URL": bot.app,
        "KOSH_DATABASE_RETENTION_URL": bot.retention,
        "KOSH_REDIS_URL": redis,
        "KOSH_TELEGRAM_TOKEN": f"7000000001:{token_urlsafe(32)}",
        "KOSH_TELEGRAM_RATE": "0",
        "KOSH_TELEGRAM_SECRET": token_hex(32),
        "KOSH_REGISTRY_URL": f"http://127.0.0.1:{registry}",
        "KOSH_REGISTRY_CLIENT_ID": "kosh",
        "KOSH_REGISTRY_CLIENT_SECRET": token_hex(32),
        "KOSH_REGISTRY_CALLBACK_SECRET": token_hex(32),
        "KOSH_LOG_LEVEL": "warning",
    }


@contextmanager
def _platform(folder: Path, env: Mapping[str, str]) -> Iterator[str]:
    webhook = f"http://127.0.0.1:{env['KOSH_PORT']}/webhooks/telegram"
    words = (
        *("tests.emulators.telegram", "--no-limits", "--scale", RETRY_SCALE),
        *("--token", env["KOSH_TELEGRAM_TOKEN"]),
        *("--webhook", webhook, "--secret", env["KOSH_TELEGRAM_SECRET"]),
    )
    child = Child("platform", words, {}, folder / "platform.log")
    with _alive(child, subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip()


@contextmanager
def _registry(folder: Path, env: Mapping[str, str], owner: str, port: int) -> Iterator[None]:
    own = {**env, "KOSH_DATABASE_OWNER_URL": owner}
    child = Child("registry", ("tests.chaos.registry",), own, folder / "registry.log")
    with _alive(child):
        _until_open(port, child)
        yield


@contextmanager
def _alive(child: Child, pipe: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = child.start(pipe)
    try:
        yield process
    finally:
        child.kill()
        if process.stdout is not None:
            process.stdout.close()


def _until_open(port: int, child: Child) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not child.died:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{child.name} did not start: {child.log.read_text()[-2000:]}")


def _free_port() -> int:
    while True:
        with suppress(OSError), socket.create_server(("127.0.0.1", random.choice(PORTS))) as taken:
            return int(taken.getsockname()[1])
