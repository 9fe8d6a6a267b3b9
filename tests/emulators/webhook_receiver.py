"""An external system that receives Kosh's outgoing webhooks.

The receiver's signature check shares no code with Kosh, so that a mistake of Kosh's signing is
detected.
"""

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC


@dataclass(frozen=True, slots=True)
class Received:
    """One webhook request, with the header names in lower case."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    def is_signed_by(self, secret: str) -> bool:
        """Return True if one of the request's signatures (Standard Webhooks, v1) is correct.

        `secret` is the endpoint's secret: a prefix, `_`, and the key in base64.
        """
        mac = HMAC(b64decode(secret.split("_", 1)[1]), hashes.SHA256())
        mac.update(self.id.encode() + b"." + self.headers["webhook-timestamp"].encode() + b".")
        mac.update(self.body)
        expected = f"v1,{b64encode(mac.finalize()).decode()}"
        return expected in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """An HTTP server that receives Kosh's outgoing webhooks.

    `answers` are the statuses and headers of the next responses, in order; later responses have
    status 204. While the event `free` is not set, all responses wait.
    """

    host: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://{self.host}/kosh?token=a-secret-of-the-system"

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(headers, await request.read()))
        self.arrived.set()
        await self.free.wait()
        status, more = self.answers.pop(0) if self.answers else (204, {})
        return web.Response(status=status, headers=more)


@asynccontextmanager
async def webhook_receiver() -> AsyncIterator[Receiver]:
    """Run a receiver on the loopback interface for the `async with` block; yield it."""
    receiver = Receiver()
    receiver.free.set()
    app = web.Application()
    app.router.add_post("/kosh", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        [(host, port)] = runner.addresses
        receiver.host = f"{host}:{port}"
        yield receiver
    finally:
        receiver.free.set()
        await runner.cleanup()
