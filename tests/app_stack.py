"""The whole application over real HTTP: web server, worker, registry sandbox, Telegram emulator."""

import asyncio
import atexit
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any
from unittest.mock import patch

import aiohttp
import psycopg
import uvicorn
from psycopg.sql import SQL, Identifier
from psycopg_pool import AsyncConnectionPool
from pydantic_settings import BaseSettings
from pydantic_settings import PydanticBaseSettingsSource as Source

from bot import embedded
from bot.config.settings import Settings, read
from bot.embedded import Databases
from bot.embedded.server_process import free_port
from bot.registrations import registry_codes
from bot.registry.sandbox import Sandbox, state
from bot.registry.sandbox import create_app as create_sandbox
from bot.registry.sandbox import tables as sandbox_tables
from bot.runtime import Runtime, runtime
from bot.web.app import close, create_app
from bot.worker import main
from tests.database_reuse import ReusedConnection
from tests.emulators import whatsapp as wa
from tests.emulators.telegram import DeliveryTiming, Emulator, User

type _Session = psycopg.Connection[tuple[Any, ...]]
# Reusable sandbox databases by server: URL, a session, and the process that opened it. It is faster
# to empty a database than to create one, and to empty it in a session that knows its tables.
_sandboxes = defaultdict[str, list[tuple[str, _Session, int]]](list)

# Seconds that a server waits for running responses when it is asked to shut down.
GRACE = 1.0

# Maximum interval, in seconds, of the sweeps (periodic jobs) that the worker of a test runs. Rarer
# sweeps, for example retention, would run at each start of a worker and take a third of the CPU
# time of a short test. `tests/operations/test_worker_sweeps.py` runs the rare sweeps.
MAX_INTERVAL = 60.0
# Maximum number of database connections of each pool. A worker's sweeps start together and open all
# connections. Each connection takes 2 ms of PostgreSQL's CPU time.
POOL_SIZE = 4
_every = main._every
_reusing_pool = partial(AsyncConnectionPool, connection_class=ReusedConnection)


class Server(uvicorn.Server):
    """uvicorn inside a test, without signal handlers; it stops as soon as its stop event is set.

    Running responses then have GRACE seconds to finish.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready, self.told = asyncio.Event(), asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @property
    def url(self) -> str:
        port = self.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.told.wait()

    async def shutdown(self, sockets: Any = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if answering := list(self.server_state.tasks):
            _answered, late = await asyncio.wait(answering, timeout=GRACE)
            for each in late:
                each.cancel()
        await self.lifespan.shutdown()


@asynccontextmanager
async def serving(asgi: Any, port: int = 0, **tls: Any) -> AsyncIterator[str]:
    """Serve an application with uvicorn, with TLS if `tls` has its settings; yield the URL."""
    config = uvicorn.Config(
        asgi,
        port=port,
        loop="none",
        http="httptools",
        ws="none",
        log_config=None,
        lifespan="on",
        # With a short idle timeout a client could reuse a connection that the server is just
        # closing.
        timeout_keep_alive=600,
        **tls,
    )
    server = Server(config)
    task = asyncio.create_task(server.serve())
    ready = asyncio.create_task(server.ready.wait())
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield server.url
    finally:
        close(asgi)
        server.told.set()
        await task


@dataclass
class AppStack:
    """A running application: its runtime, its servers' URLs, and the messengers' emulators."""

    rt: Runtime
    url: str
    sandbox: str
    telegram: Emulator
    whatsapp: wa.Emulator
    http: aiohttp.ClientSession
    sandbox_database: str

    async def receive_telegram(self) -> None:
        """Register the application's webhook, so that the Telegram emulator sends updates to it."""
        secret = self.rt.settings.telegram_secret
        assert secret
        await self.telegram.set_webhook(f"{self.url}/webhooks/telegram", secret.get_secret_value())

    async def telegram_user(self, number: int) -> User:
        """Return a Telegram user who has started the bot and received its first message."""
        await self.receive_telegram()
        user = self.telegram.user(number, first_name="Test")
        await user.start("")
        await user.wait_for_message(1)
        return user

    async def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Execute an SQL statement with the application's database role; return its rows."""
        async with self.rt.pool.connection() as session:
            return list(await (await session.execute(statement, values or None)).fetchall())

    async def entries(self) -> list[dict[str, Any]]:
        """Return the registry sandbox's entries."""
        async with self.http.get(f"{self.sandbox}/_entries") as answer:
            return list(await answer.json())

    async def fault(self, **switch: Any) -> None:
        async with self.http.post(f"{self.sandbox}/_faults", json=switch) as answer:
            assert answer.status < 300, await answer.text()

    async def until(self, true: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
        """Wait until `true` returns true, checking it repeatedly; fail after `seconds`.

        The checks are frequent, because some tests wait for states that soon pass.
        """
        async with asyncio.timeout(seconds):
            while not await true():  # noqa: ASYNC110 — the outside sends no signal
                await asyncio.sleep(0.02)

    async def ahead(self, interval: str) -> None:
        """Advance the database clock by an SQL interval."""
        async with self.rt.pool.connection() as session:
            await session.execute("UPDATE test_clock SET ahead = ahead + %s::interval", (interval,))


class _GivenSettings(Settings):
    """Settings of a test: all from arguments, so that no variable of the machine counts."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: Source,
        *_args: Source,
        **_others: Source,
    ) -> tuple[Source, ...]:
        return (init_settings,)


def stack_settings(databases: Databases, redis_url: str, folder: Path) -> Settings:
    """Return settings with all channels and a registry; every value is invented."""
    return read(
        _GivenSettings,
        database_url=databases.app,
        database_owner_url=databases.owner,
        database_retention_url=databases.retention,
        database_console_url=databases.console,
        redis_url=redis_url,
        data_dir=folder,
        key_dir=folder / "keys",
        telegram_name="kosh_test_bot",
        whatsapp_phone="77000000000",
        telegram_token="1000000001:ATestTokenThatIsPlainlyInventedForTests",
        telegram_secret=token_hex(32),
        telegram_rate=0,
        whatsapp_token="ATestTokenThatIsPlainlyInventedForTests",
        whatsapp_number_id=wa.NUMBER_ID,
        whatsapp_app_secret=token_hex(16),
        whatsapp_verify_token=token_hex(16),
        whatsapp_rate=0,
        debounce_seconds=0,
        registry_url="http://127.0.0.1:9",
        registry_client_id="kosh",
        registry_client_secret=token_hex(32),
        registry_callback_secret=token_hex(32),
        broadcast_testers=("web:a-tester",),
        demo=True,
        pool_size=POOL_SIZE,
    )


@asynccontextmanager
async def running_stack(chosen: Settings, admin_url: str) -> AsyncIterator[AppStack]:
    assert chosen.registry_client_secret
    assert chosen.registry_callback_secret
    callback = f"http://127.0.0.1:{(port := free_port())}/callbacks/registry"
    registry = partial(
        Sandbox,
        client_id="kosh",
        client_secret=chosen.registry_client_secret.get_secret_value(),
        callback_url=callback,
        callback_secret=chosen.registry_callback_secret.get_secret_value(),
        delay=0.2,
    )
    with (
        _for_the_sandbox(admin_url) as (sandbox_url, has_tables),
        patch.object(main, "_every", _often),
        patch.object(registry_codes, "verify_codes", _without_check),
        patch.object(state, "AsyncConnectionPool", _reusing_pool),
    ):
        async with (
            _serving_sandbox(create_sandbox(registry(sandbox_url)), has_tables) as sandbox,
            Emulator(
                token=chosen.telegram_token.get_secret_value() if chosen.telegram_token else "",
                limits=False,
                pace=DeliveryTiming(scale=0.02),
            ) as telegram,
            wa.Emulator(
                token=chosen.whatsapp_token.get_secret_value() if chosen.whatsapp_token else "",
                secret=chosen.whatsapp_app_secrets[0],
                limits=False,
                pace=wa.DeliveryTiming(scale=0.02),
            ) as whatsapp,
            runtime(
                chosen.model_copy(
                    update={
                        "registry_url": sandbox,
                        "telegram_api": telegram.url,
                        "whatsapp_api": f"{whatsapp.url}/v26.0",
                    }
                )
            ) as rt,
            serving(create_app(shared_runtime(rt)), port) as url,
            aiohttp.ClientSession() as http,
        ):
            # Start a sanitizer process only when a file arrives, instead of keeping a process
            # ready.
            rt.sanitizer.ahead = 0
            working = asyncio.create_task(main.work(rt))
            try:
                yield AppStack(rt, url, sandbox, telegram, whatsapp, http, sandbox_url)
            finally:
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)


async def _often(seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    """Run a sweep (a periodic job) every `seconds` seconds; never if that exceeds MAX_INTERVAL.

    The first run is after `seconds`, because the sweeps of a new database find nothing, and all at
    once they would take a third of the CPU time of a short test.
    """
    if seconds <= MAX_INTERVAL:
        await asyncio.sleep(seconds)
        await _every(seconds, act)


async def _without_check(rt: Runtime) -> Runtime:
    """Return the runtime unchanged: the sandbox lists every code, and asking takes 26 requests."""
    return rt


@contextmanager
def _for_the_sandbox(admin_url: str) -> Iterator[tuple[str, bool]]:
    """Yield the URL of an empty database for the registry sandbox, and whether it has its tables.

    Later tests use it again.
    """
    if has_tables := bool(free := _sandboxes[admin_url]):
        url, session, process = free.pop()
        if process != os.getpid():  # a fork must not write to the session of its parent
            session = _session(url)
        _empty_sandbox(session)
    else:
        url = embedded.create_database(admin_url, f"sandbox_{token_hex(6)}").owner
        session = _session(url)
    try:
        yield url, has_tables
    finally:
        free.append((url, session, os.getpid()))


def _session(url: str) -> _Session:
    session = psycopg.connect(url, autocommit=True, prepare_threshold=0)
    atexit.register(session.close)
    return session


def _empty_sandbox(session: _Session) -> None:
    """Delete all rows, and start the sequences again.

    Truncating the tables would take ten times as long.
    """
    with session.transaction():
        for table in reversed(sandbox_tables.Entry.metadata.sorted_tables):
            name = Identifier(sandbox_tables.SCHEMA, table.name)
            session.execute(SQL("DELETE FROM {}").format(name))
        session.execute(
            "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence"
            " WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"
        )


@asynccontextmanager
async def _serving_sandbox(asgi: Any, has_tables: bool) -> AsyncIterator[str]:
    """Serve the sandbox, which does not create its tables again if the database has them."""
    async with AsyncExitStack() as opened:
        known = patch.object(sandbox_tables, "creation", tuple) if has_tables else nullcontext()
        with known:
            url = await opened.enter_async_context(serving(asgi))
        yield url


@asynccontextmanager
async def shared_runtime(rt: Runtime) -> AsyncIterator[Runtime]:
    yield rt
