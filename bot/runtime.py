"""Open the connections, keys and clients of a process; functions get them as a `Runtime` object."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import select

from bot import clients
from bot.cache import Cache, LocalRateLimiter
from bot.channels import Channel
from bot.channels.webchat import WebChat
from bot.concurrency.batching import Batcher, SerialQueue
from bot.concurrency.expiring import Expiring
from bot.config import minimum_versions
from bot.config.settings import Settings
from bot.config.sources import ConfigError
from bot.content import LiveContent
from bot.content import live as live_content
from bot.content.phrases import TaughtRecognizer
from bot.db import tables as t
from bot.db.connection import STATEMENT_SECONDS, Connection
from bot.db.server_statements import IS_PRIVILEGED
from bot.db.statements import fetch_all, fetch_value, statement
from bot.file_sanitizer.sanitizer import Sanitizer
from bot.i18n import Languages
from bot.observability import logging
from bot.registry.client import Registry
from bot.security.key_files import Keys, VaultError
from bot.security.vault import Vault, WrappedKey
from bot.understanding.engine_adapter import EngineRecognizer
from bot.understanding.external_model import ExternalModel
from bot.understanding.transcription import Transcriber
from bot.understanding.translation import Translator
from flows import FLOWS
from flows.about import about
from flows.engine.flow import Flow
from flows.engine.replies import Understanding
from flows.preregistration import CLOSED
from flows.replies import understanding

HTTP_SECONDS = 30
# Seconds to wait for the database; shorter than the time that a platform waits for a webhook's
# response.
DATABASE_SECONDS = 3
# Seconds between two batches of turns, or of send results, in a busy process (decision 49).
BATCH_INTERVAL = 0.01
# Interval in seconds at which the key folder is checked for new or destroyed keys.
KEYS_SECONDS = 60

_logger = logging.get()

_SOME_KEYS = statement(
    select(t.Person.id, t.Person.key, t.Person.key_version).order_by(t.Person.id).limit(5)
)

type Pool = AsyncConnectionPool[Connection]


@dataclass(frozen=True, slots=True)
class Runtime:
    """A process's settings, connections, keys and clients; an argument, never a global variable."""

    settings: Settings
    pool: Pool
    valkey: Cache
    vault: Vault
    languages: Languages
    flows: Mapping[str, Flow]
    understanding: Understanding
    channels: Mapping[str, Channel]
    registry: Registry | None
    http: aiohttp.ClientSession
    sanitizer: Sanitizer
    console: Pool | None = None
    model: ExternalModel | None = None
    transcriber: Transcriber | None = None
    translator: Translator | None = None
    # Content that editors published. A turn of a conversation reads one snapshot, even if editors
    # publish during the turn.
    content: LiveContent = field(default_factory=LiveContent)
    local: LocalRateLimiter = field(default_factory=LocalRateLimiter)
    # Time of the last message that each channel's platform accepted, in monotonic seconds.
    accepted_at: dict[str, float] = field(default_factory=dict)
    # Channels that may be unreachable: since when (monotonic seconds), and the task pinging each.
    suspected_channels: dict[str, tuple[float, asyncio.Task[None]]] = field(default_factory=dict)
    # Background tasks: retries of failed sends to anonymous people, and calls to external models.
    background_tasks: set[asyncio.Task[None]] = field(default_factory=set)
    # Each person's newest updates, for `conversations.bursts`, which joins messages sent in a row.
    recent: Expiring[Any] = field(default_factory=Expiring)
    # `serial_updates` processes the updates of one person one at a time. `turns` and `outcomes`
    # batch database transactions; their parameters were measured (decisions 36 and 49).
    serial_updates: SerialQueue = field(default_factory=lambda: SerialQueue(DATABASE_SECONDS))
    turns: Batcher = field(
        default_factory=lambda: Batcher(
            limit=16, concurrency=1, seconds=DATABASE_SECONDS, interval=BATCH_INTERVAL
        )
    )
    outcomes: Batcher = field(
        default_factory=lambda: Batcher(
            limit=16, concurrency=8, seconds=DATABASE_SECONDS, interval=BATCH_INTERVAL
        )
    )


@asynccontextmanager
async def runtime(
    settings: Settings, *, flows: Mapping[str, Flow] = FLOWS
) -> AsyncIterator[Runtime]:
    """Open everything that a `Runtime` holds, and yield the `Runtime`.

    Raises ConfigError if the database role is a superuser, VaultError if the keys do not decrypt
    the data. Outside of a demo, missing keys and software below the minimum versions also fail.
    """
    _refuse_old_libraries(settings)
    languages = Languages(settings.languages)
    async with (
        _vault(settings) as vault,
        pool(settings.database(), settings.pool_size) as connections,
        _console(settings) as console,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=HTTP_SECONDS)) as http,
        _valkey(settings) as valkey,
        Sanitizer() as sanitizer,
        _content(settings, connections, valkey, vault, languages) as content,
    ):
        yield Runtime(
            settings=settings,
            pool=connections,
            valkey=valkey,
            vault=vault,
            languages=languages,
            flows=_flows_with_operator(settings, flows),
            understanding=_understanding(settings, content),
            channels=_channels(settings, http, valkey, vault, languages),
            registry=clients.registry_of(settings, http),
            http=http,
            sanitizer=sanitizer,
            console=console,
            model=clients.external_model_of(settings, http),
            transcriber=clients.transcriber_of(settings, http),
            translator=clients.translator_of(settings, http),
            content=content,
        )


def _channels(
    settings: Settings,
    http: aiohttp.ClientSession,
    valkey: Cache,
    vault: Vault,
    languages: Languages,
) -> dict[str, Channel]:
    """Return the web chat and the configured platforms, by the channel's name."""
    platforms = clients.platforms(settings, http, languages)
    return {WebChat.name: WebChat(valkey, vault), **platforms}


def _understanding(settings: Settings, content: LiveContent) -> Understanding:
    """Return the recognizer and the settings with which the flow engine answers free text.

    Phrases that editors published take precedence over the trained recognizer.
    """
    recognizer = TaughtRecognizer(EngineRecognizer.load(), lambda: content.snapshot.phrases)
    return understanding(
        recognizer,
        model_operator=settings.external_model_operator or "",
        transcriber=settings.transcription_operator or "",
        hint_ways=settings.hint_channels,
        sms_countries=settings.sms_countries,
    )


@asynccontextmanager
async def _vault(settings: Settings) -> AsyncIterator[Vault]:
    """Load the keys and watch their folder for changes; only demo mode creates missing keys."""
    keys = Keys.create(settings.key_dir) if settings.demo else Keys.load(settings.key_dir)
    vault = Vault(keys, settings.key_dir)
    watching = asyncio.create_task(_watch(vault))
    try:
        yield vault
    finally:
        watching.cancel()


async def _watch(vault: Vault) -> None:
    """Check the key folder repeatedly, and reload the keys after a change, until cancelled."""
    while True:
        await asyncio.sleep(KEYS_SECONDS)
        try:
            if vault.refresh():
                _logger.info("keys.changed", version=vault.epoch)
        except VaultError as error:
            _logger.error("keys.unreadable", code=error.code)


@asynccontextmanager
async def _console(settings: Settings) -> AsyncIterator[Pool | None]:
    """Open the console's connection pool; yield None if it is not configured.

    Row-level security applies to the role of this pool.
    """
    if settings.database_console_url is None:
        yield None
        return
    async with pool(settings.database("console"), settings.pool_size) as connections:
        await _refuse_superuser(connections)
        yield connections


@asynccontextmanager
async def _content(
    settings: Settings, connections: Pool, valkey: Cache, vault: Vault, languages: Languages
) -> AsyncIterator[LiveContent]:
    """Check the database, its keys and the versions; then serve the content of editors."""
    await _refuse_superuser(connections)
    await _require_matching_keys(connections, vault)
    await _refuse_old_servers(settings, connections, valkey)
    async with live_content.serving(languages, connections, valkey) as content:
        yield content


def pool(url: str, size: int) -> Pool:
    """Return a database connection pool, not open yet; it prepares statements at first use."""
    return AsyncConnectionPool(
        url,
        connection_class=Connection,
        min_size=1,
        max_size=size,
        timeout=DATABASE_SECONDS,
        # The pool doubles the delay between attempts to reconnect. This limit ends the attempts, so
        # that the next request starts with a new attempt immediately.
        reconnect_timeout=DATABASE_SECONDS,
        open=False,
        kwargs={
            "prepare_threshold": 0,
            "connect_timeout": DATABASE_SECONDS,
            # The time zone is UTC, so that days of statistics and of facts do not depend on the
            # server's time zone.
            "options": f"-c statement_timeout={STATEMENT_SECONDS}s"
            " -c idle_in_transaction_session_timeout=15s -c timezone=UTC",
            "application_name": "kosh",
        },
    )


@asynccontextmanager
async def _valkey(settings: Settings) -> AsyncIterator[Cache]:
    if settings.redis_url is None:
        raise ConfigError("KOSH_REDIS_URL isn't set; set it to redis://…")
    valkey = Cache.at(settings.redis_url.get_secret_value())
    try:
        yield valkey
    finally:
        await valkey.close()


class DatabaseUnavailable(ConfigError):
    """The database cannot be reached when the process starts."""

    code = "E_DATABASE_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__(
            f"PostgreSQL let nobody in within {DATABASE_SECONDS} seconds. See whether it runs and"
            " has free connections, and whether the addresses and passwords in KOSH_DATABASE_…"
            " are right"
        )


def _flows_with_operator(settings: Settings, flows: Mapping[str, Flow]) -> Mapping[str, Flow]:
    """Return the flows (scripted conversations), with the operator's name in the flow `about`.

    Without a registry, a notice that pre-registration is closed replaces the flow for it.
    """
    named = about(settings.operator)
    closed = {} if settings.has_registry else {CLOSED.name: CLOSED}
    return {**flows, named.name: named, **closed}


async def _refuse_superuser(connections: Pool) -> None:
    try:
        # A request before the first connection is open would make the pool open a second one.
        await connections.wait(DATABASE_SECONDS)
        async with connections.connection() as transaction:
            is_privileged = await fetch_value(transaction, IS_PRIVILEGED)
    except PoolTimeout:
        raise DatabaseUnavailable from None
    if is_privileged is not False:
        raise ConfigError(
            "KOSH_DATABASE_URL or KOSH_DATABASE_CONSOLE_URL names a superuser; use the roles"
            " kosh_app and kosh_console (docs/how-to/install.md says how they are made)"
        )


async def _require_matching_keys(connections: Pool, vault: Vault) -> None:
    """Raise VaultError if the key files belong to another installation than the database.

    With wrong keys, no person could be found in this database, and no data could be decrypted.
    """
    async with connections.connection() as transaction:
        found = await fetch_all(transaction, _SOME_KEYS)
    for person_id, key, version in found:
        with suppress(VaultError):
            vault.open(person_id, WrappedKey(version, key))
            return
    if found:
        raise VaultError(
            "E_VAULT_FOREIGN",
            "these keys open nobody of this database; put back the directory of keys that belongs"
            " to it, and make no new ones",
        )


def _refuse_old_libraries(settings: Settings) -> None:
    if settings.demo:
        return
    minimum_versions.check(
        minimum_versions.LIBRARIES, minimum_versions.installed(), settings.version_exemptions
    )


async def _refuse_old_servers(settings: Settings, connections: Pool, valkey: Cache) -> None:
    if settings.demo:
        return
    async with connections.connection() as transaction:
        server = transaction.info.parameter_status("server_version") or ""
    found = {minimum_versions.POSTGRESQL.name: server, **await valkey.version()}
    minimum_versions.check(
        (minimum_versions.POSTGRESQL, minimum_versions.VALKEY), found, settings.version_exemptions
    )
