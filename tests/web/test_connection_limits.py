"""Many connections, event streams or requests of one address do not block other addresses.

They do not block the platforms' webhooks either. The servers are those that `./kosh web` starts.
Loopback addresses other than 127.0.0.1 act as other clients.
"""

import asyncio
import hmac
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from typing import Any

import aiohttp
import pytest
from starlette.requests import Request
from starlette.types import Message

from bot.cli.servers import serve
from bot.embedded.server_process import free_port
from bot.web import chat_stream, connection_limits, request_parsing
from bot.web.app import create_app
from bot.web.chat_session import NAME_HEADER
from bot.web.connection_limits import MAX_PER_ADDRESS
from tests.app_stack import AppStack, serving, shared_runtime

FOREIGN, OTHER = "127.0.0.2", "127.0.0.3"
WAIT_SECONDS = 60
PIECE_BYTES = 64 * 1024
BODY = 3 * 1024 * 1024


@asynccontextmanager
async def _serve(stack: AppStack, **how: Any) -> AsyncIterator[str]:
    port = free_port()
    serving = asyncio.create_task(
        serve(create_app(shared_runtime(stack.rt), **how), "127.0.0.1", port)
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await stack.until(lambda: _answers(url))
        yield url
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def _answers(url: str) -> bool:
    return await _status(url) == 200


async def _status(url: str, path: str = "/health", address: str = "127.0.0.1") -> int:
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    async with aiohttp.ClientSession(connector=connector) as http:
        try:
            async with http.get(f"{url}{path}") as answer:
                return answer.status
        except aiohttp.ClientError:
            return 0


@asynccontextmanager
async def _connect(
    url: str, many: int, data: bytes = b"", address: str = "127.0.0.1"
) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Open `many` connections from an address and send only `data` on each; yield their readers."""
    port = int(url.rpartition(":")[2])
    readers, writers = list[asyncio.StreamReader](), list[asyncio.StreamWriter]()
    try:
        for _number in range(many):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(address, 0)
            )
            writer.write(data)
            readers.append(reader)
            writers.append(writer)
        yield readers
    finally:
        for writer in writers:
            writer.close()
        for writer in writers:
            with suppress(OSError):
                await writer.wait_closed()


async def _wait_until_closed(readers: list[asyncio.StreamReader], at_least: int) -> None:
    """Wait until the server has closed at least this number of the connections."""
    ends = [asyncio.ensure_future(_read_to_end(each)) for each in readers]
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            for done in range(at_least):
                await next(iter(asyncio.as_completed(ends[done:])))
    finally:
        for each in ends:
            each.cancel()


async def _read_to_end(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionError):
        await reader.read()


@pytest.mark.row(29)
@pytest.mark.requirement("S-89")
async def test_idle_connections_of_one_address_do_not_block_others(stack: AppStack) -> None:
    """Check 1,200 connections from the proxy's address that send nothing.

    This is row 29 of tests/proof/rows.toml.
    """
    async with _serve(stack) as url, _connect(url, 1_200):
        for path in ("/health", "/chat", "/ready"):
            assert await _status(url, path) == 200, path
        async with stack.http.post(f"{url}/webhooks/whatsapp", data=b"{}") as answer:
            assert answer.status == 403


@pytest.mark.requirement("S-89")
async def test_connections_of_one_address_are_limited_to_100(stack: AppStack) -> None:
    async with (
        _serve(stack) as url,
        _connect(url, MAX_PER_ADDRESS + 20, address=FOREIGN) as readers,
    ):
        await _wait_until_closed(readers[MAX_PER_ADDRESS:], 20)
        assert await _status(url, address=FOREIGN) == 0
        assert await _status(url, address=OTHER) == 200


@pytest.mark.row(28)
@pytest.mark.requirement("S-89")
@pytest.mark.parametrize("data", [b"", b"POST /webhooks/whatsapp HTTP/1.1\r\nHost: 127.0"])
async def test_connection_with_an_unfinished_request_is_closed_in_time(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    """Check the time limit for the headers of a request (row 28 of tests/proof/rows.toml)."""
    monkeypatch.setattr(connection_limits, "HEADER_SECONDS", 0.2)
    async with _serve(stack) as url, _connect(url, 3, data) as readers:
        await _wait_until_closed(readers, 3)


@pytest.fixture
def endless_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the chat's event streams by ones that stay open until shutdown.

    If Valkey answers late, a real stream ends and its page connects again. The limit on streams
    would then count fewer streams than the test opened.
    """

    async def events(request: Request, *_: object) -> AsyncIterator[str]:
        yield ": open\n\n"
        await request.app.state.closing.wait()

    monkeypatch.setattr(chat_stream, "_events", events)


@pytest.mark.requirement("S-89")
@pytest.mark.usefixtures("endless_streams")
async def test_event_streams_of_one_address_are_limited(stack: AppStack) -> None:
    lines = (
        "GET /chat/stream HTTP/1.1",
        "Host: 127.0.0.1",
        "X-Forwarded-For: 203.0.113.7",
        f"{NAME_HEADER}: {'x' * 32}",
    )
    ask = "\r\n".join((*lines, "", "")).encode()
    async with _serve(stack) as url, _connect(url, MAX_PER_ADDRESS, ask) as readers:
        for reader in readers:
            assert b"200" in await asyncio.wait_for(reader.readline(), WAIT_SECONDS)
        async with aiohttp.ClientSession() as http:
            for forwarded, expected in (("203.0.113.7", 503), ("203.0.113.8", 200)):
                headers = {"X-Forwarded-For": forwarded}
                async with http.get(f"{url}/chat", headers=headers) as answer:
                    assert answer.status == expected, forwarded
                    assert "Content-Security-Policy" in answer.headers
                    assert ("Retry-After" in answer.headers) == (expected == 503)
                async with http.post(f"{url}/webhooks/whatsapp", headers=headers) as answer:
                    assert answer.status == 403


@pytest.mark.requirement("S-89")
async def test_webhooks_process_serves_only_webhooks_and_health(stack: AppStack) -> None:
    async with _serve(stack, platforms_only=True) as url:
        for path in ("/health", "/ready", "/status"):
            assert await _status(url, path) == 200, path
        for path in ("/chat", "/console", "/static/chat.js", "/p/x"):
            assert await _status(url, path) == 404, path
        async with stack.http.post(f"{url}/webhooks/telegram") as answer:
            assert answer.status == 403


@pytest.mark.release
def test_webhooks_process_imports_neither_site_nor_worker() -> None:
    check = "import sys, bot.cli.servers; print(*sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", check], check=True, capture_output=True, text=True
    )
    imported = set(process.stdout.split())
    assert "bot.web.webhooks" in imported
    assert not imported & {"bot.web.site", "bot.web.console", "bot.web.chat", "bot.worker"}


# Bodies of webhooks before their signature is verified


@pytest.fixture
def memory() -> Any:
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


async def _posts(stack: AppStack, many: int, signature: bytes, address: str = FOREIGN) -> list[int]:
    """Post bodies to WhatsApp's webhook concurrently, each in pieces; return the statuses."""
    app = create_app(shared_runtime(stack.rt))
    app.state.rt = stack.rt
    statuses = list[int]()
    all_started = asyncio.Event()
    started = 0

    async def post() -> None:
        nonlocal started
        remaining, first = BODY, True

        async def receive() -> Message:
            nonlocal remaining, first, started
            if first:
                first, started = False, started + 1
                if started == many:
                    all_started.set()
            await asyncio.sleep(0)
            remaining -= PIECE_BYTES
            return {"type": "http.request", "body": bytes(PIECE_BYTES), "more_body": remaining > 0}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
        headers += [(b"x-hub-signature-256", signature)] if signature else []
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": "/webhooks/whatsapp", "raw_path": b"/webhooks/whatsapp",
            "query_string": b"", "root_path": "", "headers": headers, "client": (address, 1),
            "server": ("127.0.0.1", 80),
        }  # fmt: skip
        await app(scope, receive, send)

    await asyncio.gather(*(post() for _number in range(many)))
    return statuses


@pytest.mark.requirement("S-13", "S-89")
async def test_whatsapp_webhook_does_not_buffer_unsigned_bodies(
    stack: AppStack, memory: Callable[[], int]
) -> None:
    assert await _posts(stack, 300, b"") == [403] * 300
    assert await _posts(stack, 300, b"sha256=abc") == [403] * 300
    assert memory() < 32 * 1024 * 1024


@pytest.mark.requirement("S-13", "S-89")
async def test_whatsapp_webhook_limits_the_memory_of_unverified_bodies(
    stack: AppStack, memory: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Raise the time limit of a body: on a slow machine, bodies would time out (408) before their
    # number exceeds the limit.
    monkeypatch.setattr(request_parsing, "BODY_SECONDS", 600)
    forged = b"sha256=" + b"0" * 64
    statuses = await _posts(stack, 300, forged)
    assert set(statuses) <= {403, 503}
    assert 503 in statuses
    assert memory() < connection_limits.MAX_UNVERIFIED_BYTES
    assert not connection_limits.unverified._held
    # After the attack, a signed body from another address is accepted.
    raw = b'{"object": "whatsapp_business_account", "entry": []}'
    secret = stack.rt.settings.whatsapp_app_secrets[0].encode()
    headers = {
        "Content-Type": "application/json",
        "X-Hub-Signature-256": f"sha256={hmac.new(secret, raw, sha256).hexdigest()}",
    }
    async with stack.http.post(
        f"{stack.url}/webhooks/whatsapp", data=raw, headers=headers
    ) as response:
        assert response.status == 200


async def test_site_at_an_ipv6_address_accepts_requests_for_its_host(stack: AppStack) -> None:
    settings = stack.rt.settings.model_copy(update={"public_url": "https://[2001:db8::7]"})
    async with serving(create_app(shared_runtime(replace(stack.rt, settings=settings)))) as url:
        for host, expected in (("[2001:db8::7]", 200), ("[2001:db8::8]", 400)):
            async with stack.http.get(f"{url}/health", headers={"Host": host}) as answer:
                assert answer.status == expected, host
