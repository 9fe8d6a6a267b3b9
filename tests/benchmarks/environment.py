"""Shared environment of server benchmarks: PostgreSQL, Valkey, the platform, and the servers."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from subprocess import Popen
from tempfile import TemporaryDirectory

import msgspec

from bot import embedded
from bot.db.migrations import migrate
from bot.embedded import Databases
from bot.embedded.server_process import free_port
from tests.benchmarks import processes
from tests.benchmarks.form import KEPT
from tests.benchmarks.protocol import (
    TOKEN,
    CountLosses,
    LoadCommand,
    LoadResult,
    Loop,
    Losses,
    ServerConfig,
    StopCounting,
)

SERVER_CORE, PLATFORM_CORE = 0, 1
WEBHOOK = "/webhooks/telegram"
FIRST_CHAT = 1_000_000_000
AT_ONCE = 16
POOL = 8
BOUNDLESS = 10**9


@dataclass(frozen=True, slots=True)
class Server:
    """A web process: its id and port, and the seconds that its start took."""

    pid: int
    port: int
    started: float


@dataclass(slots=True)
class Environment:
    """All running processes of a benchmark, which end with the block of `open_environment`."""

    folder: Path
    admin: str
    redis: str
    api: str
    secret: str
    platform: Popen[bytes]
    ending: ExitStack
    stores: tuple[int, ...]
    opened: int = field(default=0)

    def database(self, name: str) -> Databases:
        """Create a database with Kosh's tables."""
        made = embedded.prepare(self.admin, name)
        migrate(made.owner.replace("postgresql", "postgresql+psycopg", 1))
        return made

    def serve(
        self, database: Databases, *, core: int | None = SERVER_CORE, port: int | None = None,
        server: str = "kosh", pool: int = POOL, loop: Loop = "asyncio",
    ) -> Server:  # fmt: skip
        """Start a web process of Kosh or of a compared framework, with the ten-question form.

        Processes of Kosh can share a port.
        """
        self.opened += 1
        log = self.folder / f"server-{self.opened}.log"
        place = ServerConfig(
            server=server,
            port=port or free_port(),
            api=self.api,
            database=database.app,
            redis=self.redis,
            secret=self.secret,
            data=str(self.folder),
            pool=pool,
            loop=loop,
            console=database.console,
        )
        words = msgspec.json.encode(place).decode()
        started = self.ending.enter_context(
            processes.process("tests.benchmarks.serve", words, core=core, log=log)
        )
        took = processes.listening(started, place.port, log)
        return Server(started.pid, place.port, took)

    def work(self, database: Databases) -> int:
        """Start a worker of Kosh; return its process id."""
        environment = {
            "KOSH_DEMO": "true", "KOSH_LOG_LEVEL": "warning", "KOSH_DATA_DIR": str(self.folder),
            "KOSH_KEY_DIR": str(self.folder / "keys"), "KOSH_REDIS_URL": self.redis,
            "KOSH_DATABASE_URL": database.app, "KOSH_DATABASE_OWNER_URL": database.owner,
            "KOSH_DATABASE_RETENTION_URL": database.retention,
            "KOSH_DATABASE_CONSOLE_URL": database.console,
            "KOSH_TELEGRAM_TOKEN": TOKEN, "KOSH_TELEGRAM_API": self.api,
            "KOSH_TELEGRAM_SECRET": self.secret, "KOSH_DEBOUNCE_SECONDS": "0",
        }  # fmt: skip
        log = self.folder / "worker.log"
        worker = processes.process("bot", "work", core=None, log=log, env=environment)
        return self.ending.enter_context(worker).pid

    def drive(
        self, port: int, seconds: float, *, chats: int, rate: float = 0, at_once: int = AT_ONCE,
        turns: int = BOUNDLESS, lines: int = 0, path: str = WEBHOOK, form: str = KEPT,
        first_chat: int = FIRST_CHAT,
    ) -> LoadResult:  # fmt: skip
        """Let people write to a server; return the measurements.

        With `rate`, that many turns start per second at random times; otherwise `at_once` turns are
        always active. People have consented unless `form` is one that needs no consent.
        """
        order = LoadCommand(
            port=port,
            path=path,
            secret=self.secret,
            form=form,
            first_chat=first_chat,
            chats=chats,
            at_once=at_once,
            turns=turns,
            seconds=seconds,
            rate=rate,
            lines=lines,
        )
        self._send(order)
        return msgspec.json.decode(processes.line_of(self.platform.stdout), type=LoadResult)

    def count_losses(self, order: CountLosses) -> None:
        """Start people who write until `stop_counting` is called, to count lost answers."""
        self._send(order)

    def stop_counting(self, grace_seconds: float) -> dict[str, Losses]:
        """Stop all people that `count_losses` started; return the losses by name."""
        self._send(StopCounting(grace_seconds))
        return msgspec.json.decode(processes.line_of(self.platform.stdout), type=dict[str, Losses])

    def _send(self, order: LoadCommand | CountLosses | StopCounting) -> None:
        assert self.platform.stdin is not None
        self.platform.stdin.write(msgspec.json.encode(order) + b"\n")
        self.platform.stdin.flush()

    def revive(self) -> None:
        """Restart PostgreSQL and Valkey after a kill, with their addresses and synced data."""
        with (
            embedded.postgres(self.folder / "postgres"),
            embedded.valkey(self.folder / "valkey"),
        ):
            self.stores = processes.stores(self.folder)


@contextmanager
def open_environment(kept: Path | None = None) -> Iterator[Environment]:
    """Start PostgreSQL with fsync, Valkey, and the emulated Bot API on its own core.

    The data is in `kept`, or in a temporary folder that is deleted when the block ends.
    """
    with TemporaryDirectory() as name, ExitStack() as ending:
        folder = kept or Path(name)
        admin = ending.enter_context(embedded.postgres(folder / "postgres"))
        redis = ending.enter_context(embedded.valkey(folder / "valkey"))
        log = folder / "platform.log"
        platform = ending.enter_context(
            processes.process("tests.benchmarks.driver", core=PLATFORM_CORE, log=log, talks=True)
        )
        api = f"http://127.0.0.1:{int(processes.line_of(platform.stdout))}"
        stores = processes.stores(folder)
        yield Environment(folder, admin, redis, api, token_hex(32), platform, ending, stores)
