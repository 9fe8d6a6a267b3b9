"""`demo`: runs Kosh on one machine, with a sandbox registry and optional emulated messengers."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from secrets import token_hex
from typing import Annotated

import aiohttp
import typer

from bot import BEGAN
from bot.cli.environment import (
    DEMO_FOLDER,
    ROOT,
    SERVERS,
    Data,
    Fresh,
    Port,
    home,
    load,
    read,
    run_until_signal,
    running_servers,
)
from bot.cli.servers import require_free_port, serve, serve_all
from bot.config.settings import Settings
from bot.config.sources import PREFIX, ConfigError
from bot.registry import sandbox

app = typer.Typer()
# A fictitious recipient of test broadcasts, since a demo has no messenger. The console's page for
# announcements shows what this recipient would get.
TESTER = ("web:tester",)
Channels = Annotated[
    bool,
    typer.Option("--channels", help="Emulated Telegram and WhatsApp too, on a page to try them."),
]


@app.command()
def demo(
    data: Data = None, port: Port = None, fresh: Fresh = False, channels: Channels = False
) -> None:
    """Run a complete demo: servers, sandbox registry, web chat, worker; end it with Ctrl-C."""
    data = data or home(None) / DEMO_FOLDER
    load(data)
    _refuse_configured_servers()
    # Log errors only, so that the two printed addresses are not lost among log lines.
    os.environ.setdefault("KOSH_LOG_LEVEL", "error")
    with (
        running_servers(data, port, fresh=fresh, demo=True, run_migrations=True) as (
            settings,
            sandbox_database,
        ),
        phones(settings) if channels else nullcontext(settings) as joined,
    ):
        run_until_signal(lambda: _demo(joined, sandbox_database))


def _refuse_configured_servers() -> None:
    """Raise ConfigError if a server is configured, because it may have an installation's data."""
    for name in (PREFIX + each for each in SERVERS):
        if os.environ.get(name):
            raise ConfigError(f"{name} is set, but a demo has servers of its own; unset it")


async def _demo(settings: Settings, sandbox_database: str) -> None:
    """Run the services of `./kosh run`, and a sandbox registry if no registry is configured."""
    if settings.has_registry:
        return await serve_all(settings, [_time_to_answer(settings)])
    port = settings.port + 1
    for each in (settings.port, port):
        require_free_port(settings.host, each)
    keys = {
        "registry_url": f"http://{settings.host}:{port}",
        "registry_client_id": "kosh",
        "registry_client_secret": token_hex(32),
        "registry_callback_secret": token_hex(32),
    }
    registry = sandbox.create_app(
        sandbox.Sandbox(
            sandbox_database,
            client_id=keys["registry_client_id"],
            client_secret=keys["registry_client_secret"],
            callback_url=f"http://{settings.host}:{settings.port}/callbacks/registry",
            callback_secret=keys["registry_callback_secret"],
            with_people=True,
        )
    )
    overrides = {"broadcast_testers": TESTER} | keys
    joined = read(**(settings.model_dump(exclude_none=True) | overrides))
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(registry, settings.host, port))
        # Kosh reads five lists of the registry when it starts. If a read fails, Kosh's circuit
        # breaker blocks calls for half a minute. So wait until the registry responds.
        await _answers(keys["registry_url"])
        typer.echo(f"The sandbox registry is at {keys['registry_url']}")
        await serve_all(joined, [_time_to_answer(joined)])


async def _time_to_answer(settings: Settings) -> None:
    """Print the seconds from the start of the process to the first answer of the chat page."""
    await _answers(f"http://{settings.host}:{settings.port}/chat")
    typer.echo(f"The chat answered after {time.monotonic() - BEGAN:.1f} s; Ctrl-C ends everything")


async def _answers(url: str) -> None:
    """Wait until a URL answers over HTTP, with any status."""
    async with aiohttp.ClientSession() as http:
        while True:
            with suppress(aiohttp.ClientError):
                async with http.get(url) as answer:
                    await answer.read()
                    return
            await asyncio.sleep(0.05)


@contextmanager
def phones(settings: Settings) -> Iterator[Settings]:
    """Run the emulated messengers in a subprocess; yield settings that point to them."""
    if not (ROOT / "tests" / "emulators").is_dir():
        raise ConfigError("the emulators are in the source checkout only; use --channels there")
    telegram, whatsapp, page = (settings.port + number for number in (2, 3, 4))
    keys = {
        "telegram_token": f"7000000001:{token_hex(16)}",
        "telegram_secret": token_hex(32),
        "telegram_api": f"http://127.0.0.1:{telegram}",
        "whatsapp_token": token_hex(32),
        "whatsapp_number_id": "100000000000777",
        "whatsapp_app_secret": token_hex(32),
        "whatsapp_verify_token": token_hex(32),
        "whatsapp_api": f"http://127.0.0.1:{whatsapp}/v26.0",
        "whatsapp_auth_header": "Authorization: Bearer",
    }
    variables = {f"KOSH_{name.upper()}": value for name, value in keys.items()}
    command = [sys.executable, "-m", "tests.emulators"]
    command += ["--telegram-port", str(telegram), "--whatsapp-port", str(whatsapp)]
    command += ["--page-port", str(page), "--kosh", f"http://127.0.0.1:{settings.port}"]
    command += [
        "--registry",
        settings.registry_url or f"http://{settings.host}:{settings.port + 1}",
    ]
    emulators = subprocess.Popen(command, cwd=ROOT, env=os.environ | variables)
    try:
        yield read(**(settings.model_dump(exclude_none=True) | keys))
    finally:
        emulators.terminate()
        emulators.wait(10)
