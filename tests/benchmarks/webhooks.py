"""`./kosh bench webhooks`: response times of both webhooks while files are being processed."""

import asyncio
import hashlib
import hmac
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import aiohttp
import msgspec
from pydantic import SecretStr

from bot import embedded
from bot.config.settings import Settings
from bot.db.migrations import migrate
from bot.embedded import Databases
from bot.embedded.server_process import free_port
from bot.observability import logging
from bot.people import identities
from bot.registry.sandbox import Sandbox
from bot.registry.sandbox import create_app as create_sandbox
from bot.runtime import Runtime, runtime
from flows.engine.state import Conversation
from tests.app_stack import serving, stack_settings
from tests.benchmarks.processes import listening, process
from tests.emulators import whatsapp as wa
from tests.emulators.telegram import Emulator
from tests.person_client import Guest
from tests.sample_files import photo

KNOWN = 40
STRANGERS = 40
# Number of people, and of files that each uploads: fewer than a person may send in a day.
UPLOADERS, EACH = 8, 25
WORDS = ("/menu", "/help", "/language", "/status")
CHANNELS = ("telegram", "whatsapp")


@dataclass(frozen=True, slots=True)
class Answered:
    """Latencies of one webhook in ms, and the number of responses other than 200."""

    channel: str
    posted: int
    failed: int
    median: float
    p99: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Result: the responses of each webhook, and the number of files processed in the meantime."""

    answers: tuple[Answered, ...]
    files: int


def measured(rate: float, seconds: float) -> Figures:
    """Post `rate` updates per second to both webhooks together, for `seconds` seconds."""
    logging.configure("error")
    with TemporaryDirectory() as name, embedded.postgres(Path(name) / "postgres") as admin:
        databases = embedded.prepare(admin, "kosh_webhooks")
        sandbox = embedded.prepare(admin, "kosh_webhooks_sandbox")
        migrate(databases.owner.replace("postgresql", "postgresql+psycopg", 1))
        with embedded.valkey(Path(name) / "valkey") as redis:
            chosen = stack_settings(databases, redis, Path(name))
            return asyncio.run(_measured(chosen, sandbox, Path(name), rate, seconds))


async def _measured(
    chosen: Settings, sandbox: Databases, folder: Path, rate: float, seconds: float
) -> Figures:
    port = free_port()
    async with _beside(chosen, sandbox, port) as set_up, runtime(set_up) as rt:
        env = environment(set_up, port)
        with (
            process("bot", "web", core=0, log=folder / "web.log", env=env) as web,
            process("bot", "work", core=1, log=folder / "work.log", env=env),
        ):
            await asyncio.to_thread(listening, web, port, folder / "web.log")
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
                uploaders = [await _uploader(rt) for _each in range(UPLOADERS)]
                return await _driven(rt, http, uploaders, rate, seconds)


@asynccontextmanager
async def _beside(chosen: Settings, sandbox: Databases, port: int) -> AsyncIterator[Settings]:
    """Run the emulated platforms and the sandbox registry; yield settings that point to them."""
    assert chosen.registry_client_secret
    assert chosen.registry_callback_secret
    assert chosen.telegram_token
    assert chosen.whatsapp_token
    asgi = create_sandbox(
        Sandbox(
            sandbox.owner,
            client_id="kosh",
            client_secret=chosen.registry_client_secret.get_secret_value(),
            callback_url=f"http://127.0.0.1:{port}/callbacks/registry",
            callback_secret=chosen.registry_callback_secret.get_secret_value(),
        )
    )
    async with (
        serving(asgi) as registry,
        Emulator(token=chosen.telegram_token.get_secret_value(), limits=False) as telegram,
        wa.Emulator(
            token=chosen.whatsapp_token.get_secret_value(),
            secret=chosen.whatsapp_app_secrets[0],
            limits=False,
        ) as whatsapp,
    ):
        yield chosen.model_copy(
            update={
                "registry_url": registry,
                "telegram_api": telegram.url,
                "whatsapp_api": f"{whatsapp.url}/v26.0",
            }
        )


def environment(chosen: Settings, port: int) -> dict[str, str]:
    """Return the settings of this run as environment variables for a process of Kosh."""
    variables = {}
    for name in chosen.model_fields_set | {"registry_url", "telegram_api", "whatsapp_api"}:
        value = getattr(chosen, name)
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        variables[f"KOSH_{name.upper()}"] = str(plain)
    return variables | {"KOSH_PORT": str(port), "KOSH_LOG_LEVEL": "error"}


async def _uploader(rt: Runtime) -> Guest:
    """Create a registered person who may upload files."""
    guest = Guest(rt)
    await guest.register()
    async with asyncio.timeout(60):
        while True:
            talk = await guest.conversation()
            if talk and talk.registration and talk.registration.state == "accepted":
                break
            await asyncio.sleep(0.1)
    await guest.press("!status")
    await guest.go("papers", "yes")
    return guest


async def _driven(
    rt: Runtime, http: aiohttp.ClientSession, uploaders: list[Guest], rate: float, seconds: float
) -> Figures:
    for number in range(KNOWN):
        for channel in CHANNELS:
            await _make_known(rt, channel, _handle(channel, number))
    taken: dict[str, list[float]] = {channel: [] for channel in CHANNELS}
    failed = dict.fromkeys(CHANNELS, 0)
    stop = asyncio.Event()
    sending = asyncio.create_task(_send_files(http, uploaders, stop))
    posts = []
    ends, count = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        count += 1
        channel = CHANNELS[count % 2]
        posts.append(asyncio.create_task(_post(rt, http, channel, count, taken, failed)))
        await asyncio.sleep(random.expovariate(rate))
    await asyncio.gather(*posts)
    stop.set()
    files = await sending
    answers = tuple(
        Answered(
            channel, len(ms), failed[channel], quantiles(ms, n=100)[49], quantiles(ms, n=100)[98]
        )
        for channel, ms in taken.items()
    )
    return Figures(answers, files)


async def _send_files(http: aiohttp.ClientSession, guests: list[Guest], stop: asyncio.Event) -> int:
    """Upload different photos one after another over the secure page, until `stop` is set."""
    sent = 0
    while not stop.is_set() and sent < UPLOADERS * EACH:
        guest = guests[sent // EACH]
        form = aiohttp.FormData()
        form.add_field("chat", guest.name)
        form.add_field("file", photo(f"TESTOVA page {sent}"), filename="page.jpg")
        headers = {"X-Requested-With": "kosh"}
        async with http.post("/chat/file", data=form, headers=headers) as answer:
            sent += answer.status == 202
    return sent


async def _post(
    rt: Runtime,
    http: aiohttp.ClientSession,
    channel: str,
    count: int,
    taken: dict[str, list[float]],
    failed: dict[str, int],
) -> None:
    number = random.randrange(KNOWN + STRANGERS)
    raw, headers = _update(rt, channel, _handle(channel, number), count)
    start = time.perf_counter()
    async with http.post(f"/webhooks/{channel}", data=raw, headers=headers) as answer:
        await answer.read()
        taken[channel].append((time.perf_counter() - start) * 1000)
        failed[channel] += answer.status != 200


def _handle(channel: str, number: int) -> str:
    return str(900_000 + number) if channel == "telegram" else f"7700{1_000_000 + number}"


def _update(rt: Runtime, channel: str, handle: str, count: int) -> tuple[bytes, dict[str, str]]:
    word = WORDS[count % len(WORDS)]
    kind = {"content-type": "application/json"}
    if channel == "telegram":
        secret = rt.settings.telegram_secret
        assert secret
        sender = {"id": int(handle), "is_bot": False, "first_name": "Test"}
        message = {
            "message_id": count,
            "date": int(time.time()),
            "chat": {"id": int(handle), "type": "private", "first_name": "Test"},
            "from": sender,
            "text": word,
        }
        raw = msgspec.json.encode({"update_id": count, "message": message})
        return raw, kind | {"x-telegram-bot-api-secret-token": secret.get_secret_value()}
    text_message = {
        "from": handle,
        "id": f"wamid.bench{count}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": word},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": "15550000000",
            "phone_number_id": rt.settings.whatsapp_number_id,
        },
        "contacts": [{"profile": {"name": "Test"}, "wa_id": handle}],
        "messages": [text_message],
    }
    raw = msgspec.json.encode(
        {
            "object": "whatsapp_business_account",
            "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
        }
    )
    key = rt.settings.whatsapp_app_secrets[0].encode()
    signed = hmac.new(key, raw, hashlib.sha256).hexdigest()
    return raw, kind | {"x-hub-signature-256": f"sha256={signed}"}


async def _make_known(rt: Runtime, channel: str, handle: str) -> None:
    async with rt.pool.connection() as session:
        person = await identities.create(rt, session, channel, handle, handle)
        assert person is not None
        conversation = replace(Conversation(), language="ru", is_persistent=True)
        state = person.key.seal(msgspec.json.encode(conversation), "conversations", "state", "")
        await session.execute(
            "INSERT INTO conversations (person_id, state, channel, language)"
            " VALUES (%s, %s, %s, 'ru')",
            (person.id, state, channel),
        )


def table(figures: Figures) -> str:
    """Return the figures as text, with a line for each webhook."""
    lines = [
        f"{each.channel:10} {each.posted:6} {each.failed:6} {each.median:9.1f} {each.p99:9.1f}"
        for each in figures.answers
    ]
    head = "webhook    posted failed median ms    p99 ms"
    return "\n".join((head, *lines, f"files looked at meanwhile: {figures.files}"))
