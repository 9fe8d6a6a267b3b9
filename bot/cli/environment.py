"""Environment of commands: settings, servers, open connections, and shutdown on a signal."""

import asyncio
import gc
import json
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.concurrency import shutdown
from bot.config.settings import Settings, settings
from bot.config.sources import PREFIX, ConfigError
from bot.db.migrations import migrate
from bot.embedded import Databases, drop_database, postgres, prepare, valkey
from bot.observability import logging
from bot.operations import rollback_guard
from bot.runtime import Runtime, runtime

ROOT = Path(__file__).parents[2]
# DEMO_MARK is a marker file in the folder of a demo. A folder with one of the entries _INSTALLED,
# but without that file, belongs to an installation.
DEMO_MARK = "demo-only"
_INSTALLED = ("postgres", "keys", "settings.env")
# Name of the demo's folder in the data directory, and names of the settings for servers, which must
# not be set for a demo.
DEMO_FOLDER, SERVERS = "demo", ("DATABASE_URL", "REDIS_URL")

# Variable that names another settings file than `settings.env` in the data directory.
SETTINGS_FILE = f"{PREFIX}SETTINGS_FILE"
# Variable of uvicorn, without our prefix: the proxies whose X-Forwarded-For it trusts.
TRUSTED_PROXIES = "FORWARDED_ALLOW_IPS"

_logger = logging.get()

Data = Annotated[Path | None, typer.Option(help="Directory of databases, keys and logs.")]
Port = Annotated[
    int | None, typer.Option(help="Port of the web server; the sandbox takes the next.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Begin with empty databases.")]


def print_json(document: object) -> None:
    """Print a document as JSON; values without a JSON type, such as dates, become strings."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def read(**overrides: Any) -> Settings:
    """Read the settings, overridden by the command line's values, and configure logging.

    Raises ConfigError for a wrong setting, or if the data folder belongs to a demo and the command
    does not run the demo.
    """
    load(overrides.get("data_dir"))
    found = settings(**{name: value for name, value in overrides.items() if value is not None})
    if not found.demo and (found.data_dir / DEMO_MARK).exists():
        raise ConfigError(
            "the folder belongs to a demo, whose officers and people are invented; choose another"
            " one with --data or KOSH_DATA_DIR"
        )
    logging.configure(found.log_level)
    return found


def _mark_demo(folder: Path) -> None:
    """Create the demo's marker file. Raises ConfigError if the folder holds an installation."""
    mark = folder / DEMO_MARK
    if not mark.exists() and any((folder / each).exists() for each in _INSTALLED):
        raise ConfigError(
            "the folder belongs to an installation; choose another one for the demo with --data"
        )
    mark.touch()


def home(data: Path | None) -> Path:
    """Return the data directory: the argument, else KOSH_DATA_DIR, else `.kosh`."""
    return data or Path(os.environ.get("KOSH_DATA_DIR") or ".kosh")


def demo_folder(data: Path | None) -> Path | None:
    """Return the folder of the demo on which a command works; None if it works on no demo.

    `data` is the data directory in the command line. If it is None, return the default folder of
    `./kosh demo`, unless an installation is there. Configured servers belong to an installation.
    """
    if any(os.environ.get(f"{PREFIX}{name}") for name in SERVERS):
        return None
    place = home(data)
    if (place / DEMO_MARK).exists():
        return place
    default = place / DEMO_FOLDER
    is_installed = any((place / each).exists() for each in _INSTALLED)
    return default if data is None and not is_installed and (default / DEMO_MARK).exists() else None


def settings_file(place: Path) -> Path:
    """Return the path of the settings file that `init` writes; its lines are KOSH_NAME=value."""
    return Path(os.environ.get(SETTINGS_FILE) or place / "settings.env")


def load(data: Path | None, *, may_create: bool = False) -> None:
    """Load the settings file, if it exists, into environment variables that are not set yet.

    Raises ConfigError if KOSH_SETTINGS_FILE names a file that cannot be read, since a command would
    then work on a new, empty database. `may_create`: the command writes this file.
    """
    for line in _settings_lines(settings_file(home(data)), may_create=may_create):
        name, equals, value = line.strip().partition("=")
        if equals and (name.startswith(PREFIX) or name == TRUSTED_PROXIES):
            os.environ.setdefault(name, value)


def _settings_lines(path: Path, *, may_create: bool) -> list[str]:
    is_named = bool(os.environ.get(SETTINGS_FILE))
    if not path.exists() and (may_create or not is_named):
        return []
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        if not is_named:
            raise
        kind = type(error).__name__
    raise ConfigError(f"{SETTINGS_FILE} names a file that can't be read ({kind}); check the path")


@contextmanager
def running_servers(
    data: Path | None, port: int | None, *, fresh: bool, demo: bool, run_migrations: bool = False
) -> Iterator[tuple[Settings, str]]:
    """Yield settings with the URLs of all servers, and the sandbox registry's database URL.

    Start an embedded server for each URL that is not configured. `fresh` deletes the embedded
    databases first. `run_migrations` also migrates a configured database. The sandbox registry's
    URL is for the role that owns the database; it is "" if databases are configured and this is no
    demo.
    """
    settings = read(data_dir=data, port=port, demo=demo or None)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if demo:
        _mark_demo(settings.data_dir)
    with _databases(settings, fresh) as databases, _valkey(settings) as redis_url:
        urls: dict[str, Any] = {"redis_url": redis_url}
        if databases is not None:
            urls |= {
                "database_url": databases[0].app,
                "database_owner_url": databases[0].owner,
                "database_retention_url": databases[0].retention,
                "database_console_url": databases[0].console,
            }
        ready = read(data_dir=data, port=port, demo=demo or None, **urls)
        may_migrate = ready.database_owner_url is not None and (
            run_migrations or databases is not None
        )
        if may_migrate and not migrate(ready.migration_url()):
            _logger.warning("schema.newer")
        yield ready, databases[1].owner if databases else ready.database("owner") if demo else ""


@contextmanager
def _databases(settings: Settings, fresh: bool) -> Iterator[tuple[Databases, Databases] | None]:
    if settings.database_url is not None:
        yield None
        return
    with postgres(settings.data_dir / "postgres") as admin_url:
        for name in ("kosh", "kosh_sandbox") if fresh else ():
            drop_database(admin_url, name)
        if fresh:
            rollback_guard.forget(settings.erasure_journal)
        passwords = settings.data_dir / "passwords"
        yield (
            prepare(admin_url, "kosh", passwords),
            prepare(admin_url, "kosh_sandbox", passwords),
        )


@contextmanager
def _valkey(settings: Settings) -> Iterator[str | None]:
    if settings.redis_url is not None:
        yield None
        return
    with valkey(settings.data_dir / "valkey") as url:
        yield url


def run_until_signal(
    serve: Callable[[], Coroutine[Any, Any, None]], *, within: float | None = None
) -> None:
    """Run `serve` until it returns, or cancel it at Ctrl-C or SIGTERM.

    `within`: seconds after the signal until the process is forced to exit; None waits without
    limit.
    """

    async def until_end() -> None:
        task = asyncio.ensure_future(serve())

        def end() -> None:
            if within is not None and not task.cancelling():
                shutdown.force_exit_after(within)
            task.cancel()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end)
        try:
            await task
        except asyncio.CancelledError:
            return

    with asyncio.Runner(loop_factory=_event_loop()) as runner:
        runner.run(until_end())


def _event_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the factory of uvloop's event loop; None if uvloop is not installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def with_runtime(
    settings: Settings, action: Callable[[Runtime], Coroutine[Any, Any, None]]
) -> None:
    async with runtime(settings) as rt:
        await rt.sanitizer.prepare()
        freeze_garbage_collection()
        await action(rt)


def freeze_garbage_collection() -> None:
    """Exclude the objects created so far from garbage collection.

    These objects live as long as the process, so scanning them frees nothing. Repeated scans of
    them would determine the 99th percentile of the time to process an event.
    """
    gc.collect()
    gc.freeze()
