"""`run`, `web`, `webhooks`, `work`, `poll`: start the long-running servers.

A webhooks process imports neither the worker nor the console, so that it takes 15 MB less.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import typer
import uvicorn

from bot.cli.environment import (
    Data,
    Fresh,
    Port,
    freeze_garbage_collection,
    read,
    run_until_signal,
    running_servers,
    with_runtime,
)
from bot.concurrency.shutdown import END_SECONDS
from bot.config.settings import Settings
from bot.config.sources import ConfigError
from bot.observability import tracing
from bot.operations import missing_keys, rollback_guard
from bot.runtime import Runtime, runtime
from bot.web.app import close, create_app
from bot.web.connection_limits import MAX_CONNECTIONS, LimitedProtocol
from bot.web.health import metrics_app

app = typer.Typer()

# Values of KOSH_HOST and KOSH_METRICS_HOST that mean all addresses of the machine.
ALL_ADDRESSES = ("", str(IPv4Address(0)), str(IPv6Address(0)))

type Action = Callable[[Runtime], Coroutine[Any, Any, None]]


@app.command()
def run(data: Data = None, port: Port = None, fresh: Fresh = False) -> None:
    """Run web and worker in one process; PostgreSQL and Valkey are embedded unless configured."""
    with running_servers(data, port, fresh=fresh, demo=False, run_migrations=True) as (
        settings,
        _sandbox,
    ):
        run_until_signal(lambda: serve_all(settings, []))


@app.command()
def web(port: Port = None) -> None:
    """Run the web server only: webhooks, web chat, console; several servers can share one port."""
    settings = read(port=port)
    run_until_signal(lambda: _serve_web(settings), within=END_SECONDS)


@app.command()
def webhooks(port: Port = None) -> None:
    """Run a server for webhooks and callbacks only, so that a busy web server cannot delay them.

    The reverse proxy must send /webhooks/ and /callbacks/ to this server.
    """
    settings = read(port=port)
    serving = partial(_serve_web, settings, platforms_only=True)
    run_until_signal(serving, within=END_SECONDS)


@app.command()
def work() -> None:
    """Run a worker only, which sends messages, writes to the registry and deletes expired data."""
    from bot.worker import main

    settings = read()
    run_until_signal(
        lambda: with_runtime(settings, _with_monitoring(main.work)), within=END_SECONDS
    )


@app.command()
def poll() -> None:
    """Fetch Telegram updates by long polling, without a public address; needs a running worker."""
    from bot.worker import telegram_polling

    settings = read()
    run_until_signal(
        lambda: with_runtime(settings, _with_monitoring(telegram_polling.poll)), within=END_SECONDS
    )


class _Server(uvicorn.Server):
    """uvicorn's server without signal handlers, because the command itself handles signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def shared(host: str, port: int) -> socket.socket:
    """Return a socket with SO_REUSEPORT: the kernel distributes connections over the processes."""
    place = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    place.bind((host, port))
    return place


def require_free_port(host: str, port: int) -> None:
    """Raise OSError if another program listens on the port; uvicorn would exit without a reason."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind((host, port))


def _require_two_ports(settings: Settings) -> None:
    """Raise ConfigError if /metrics has the port of the pages: one would answer for the other.

    One port is allowed on two different addresses.
    """
    pair = (settings.host, settings.metrics_host)
    hosts = {"127.0.0.1" if each == "localhost" else each for each in pair}
    has_common_address = len(hosts) == 1 or not hosts.isdisjoint(ALL_ADDRESSES)
    if settings.metrics_port == settings.port and has_common_address:
        raise ConfigError("KOSH_METRICS_PORT is the port of the web server; set it to another one")


async def serve(asgi: Any, host: str, port: int, place: socket.socket | None = None) -> None:
    """Serve until cancelled; then let running requests finish within 5 seconds.

    The CancelledError is raised again.
    """
    server = _Server(
        uvicorn.Config(
            asgi,
            host=host,
            port=port,
            loop="none",
            http=LimitedProtocol,
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_graceful_shutdown=5,
        )
    )
    serving = asyncio.ensure_future(server.serve([place] if place else None))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        close(asgi)
        server.should_exit = True
        await serving
        raise


@asynccontextmanager
async def _monitoring(rt: Runtime) -> AsyncIterator[None]:
    """Run tracing and the /metrics server, if configured, until the block ends.

    Raises OlderDatabase if the database was rolled back to an older state, VaultError if a key of
    people is missing, and OSError if another program listens on the port of /metrics.
    """
    await missing_keys.refuse(rt)
    await rollback_guard.refuse_older(rt)
    tracing.configure(rt.settings.otlp_url)
    port, listening = rt.settings.metrics_port, list[asyncio.Future[None]]()
    if port is not None:
        require_free_port(rt.settings.metrics_host, port)
        serving = serve(metrics_app(rt), rt.settings.metrics_host, port)
        listening.append(asyncio.ensure_future(serving))
    try:
        yield
    finally:
        for each in listening:
            each.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        await asyncio.to_thread(tracing.shut)


def _with_monitoring(action: Action) -> Action:
    async def run_monitored(rt: Runtime) -> None:
        async with _monitoring(rt):
            await action(rt)

    return run_monitored


@asynccontextmanager
async def _prepared(rt: Runtime) -> AsyncIterator[Runtime]:
    await rt.sanitizer.prepare()
    freeze_garbage_collection()
    yield rt


async def _serve_web(settings: Settings, *, platforms_only: bool = False) -> None:
    _require_two_ports(settings)
    if settings.has_telegram:
        settings.require_webhook_secret()
    async with runtime(settings) as rt, _monitoring(rt):
        place = shared(settings.host, settings.port)
        asgi = create_app(_prepared(rt), platforms_only=platforms_only)
        await serve(asgi, settings.host, settings.port, place)


async def _invent(rt: Runtime) -> None:
    """Fill a new demo with invented officers and a week of cases; set its clock to the present."""
    from bot.web.console import demo_officers, demo_week

    await demo_week.reset_clock(rt)
    if await demo_officers.enter(rt):
        await demo_week.fill(rt)


async def serve_all(settings: Settings, tasks: list[Coroutine[Any, Any, None]]) -> None:
    """Run web server, worker, the coroutines `tasks` and, if needed, polling in one process.

    Telegram is polled if it is configured without a webhook secret.
    """
    from bot.worker import main, telegram_polling

    _require_two_ports(settings)
    require_free_port(settings.host, settings.port)
    async with runtime(settings) as rt, _monitoring(rt), asyncio.TaskGroup() as group:
        if settings.demo:
            await _invent(rt)
        for each in tasks:
            group.create_task(each)
        group.create_task(serve(create_app(_prepared(rt)), settings.host, settings.port))
        group.create_task(main.work(rt))
        if settings.has_telegram and settings.telegram_secret is None:
            group.create_task(telegram_polling.poll(rt))
        typer.echo(f"Kosh is at {settings.public_url}/chat")
        if rt.console is not None:
            typer.echo(f"Officers sign in at {settings.public_url}/console")
