"""HTTP servers between the product and the two outside systems.

The servers record every call in the ledger, and disturb some calls.

The product calls a gate. The gate passes the call on (to the strict emulator of Telegram or to the
sandbox registry), notes it in the ledger, and returns the answer. A fault replaces or loses the
answer. The ledger says whether the outside system executed the call and whether the answer left.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from tests.chaos.independent.ledger import Ledger
from tests.emulators.telegram import Emulator
from tests.emulators.telegram.wire import Refusal, read_body, refused, response, too_many

# Longer than the product waits for either system (15 s for Telegram, 30 s at most elsewhere).
HANG_SECONDS = 40.0
TELEGRAM_FAULTS = ("429", "502", "502-after", "cut-before", "cut-after", "slow")
REGISTRY_FAULTS = ("500", "500-after", "hang-before", "hang-after", "cut-after", "503")
NOT_FORWARDED = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}


@dataclass
class InjectedFaults:
    """The faults that a proxy (gate) injects now.

    A call gets a fault with the given probability; its kind is drawn from `kinds`.
    """

    rng: random.Random
    kinds: tuple[str, ...] = ()
    probability: float = 0.0
    hits: int = 0

    def draw(self) -> str:
        """Return at random the fault to inject into this call, or "" for none."""
        if self.kinds and self.rng.random() < self.probability:
            self.hits += 1
            return self.rng.choice(self.kinds)
        return ""

    def clear(self) -> None:
        """End all faults that the gate injects."""
        self.kinds = ()


@dataclass
class TelegramProxy:
    """The gate for the Bot API; it executes the product's calls on the emulator."""

    ledger: Ledger
    emulator: Emulator
    injected_faults: InjectedFaults
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call of the product."""
        method = request.match_info["method"]
        if request.match_info["token"] != self.emulator.token:
            return response(refused(Refusal(401, "Unauthorized")))
        fault = self.injected_faults.draw()
        body = await read_body(request)
        if fault == "429":
            self.note(method, body.values, 429, fault, None)
            return response(refused(too_many(1)))
        if fault == "slow":
            await asyncio.sleep(2.0)
        if fault in ("502", "cut-before"):
            self.note(method, body.values, 0, fault, None)
            return lost(request, fault)
        outcome = await self.emulator.run(method, body)
        result = json.loads(outcome.body).get("result")
        self.note(method, body.values, outcome.status, fault, result)
        if fault in ("502-after", "cut-after"):
            return lost(request, fault)
        return response(outcome)

    def note(
        self, method: str, values: Mapping[str, Any], status: int, fault: str, result: Any
    ) -> None:
        """Add a call to the ledger; status 0 means that the call was not executed."""
        sent = result.get("message_id") if isinstance(result, dict) else None
        fields = {name: value for name, value in values.items() if isinstance(value, str | int)}
        markup = values.get("reply_markup")
        self.ledger.note(
            "call",
            method=method,
            chat=fields.get("chat_id"),
            text=fields.get("text", ""),
            buttons=json.dumps(markup, ensure_ascii=False) if markup else "",
            message=sent or fields.get("message_id"),
            status=status,
            fault=fault,
        )


def lost(request: web.Request, fault: str) -> web.Response:
    """Answer with a gateway's error page, or cut the connection without an answer."""
    if fault.startswith("cut") and request.transport is not None:
        request.transport.abort()
    page = "<html><center>502 Bad Gateway</center></html>"
    return web.Response(status=502, text=page, content_type="text/html")


@dataclass
class RegistryProxy:
    """The gate for the registry's API; it forwards the product's calls to the sandbox."""

    ledger: Ledger
    sandbox: str
    injected_faults: InjectedFaults
    http: aiohttp.ClientSession
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call of the product."""
        fault = self.injected_faults.draw()
        raw = await request.read()
        if fault in ("500", "503"):
            self.note(request, raw, 0, fault, b"")
            return web.Response(status=int(fault), text="{}", content_type="application/json")
        if fault == "hang-before":
            self.note(request, raw, 0, fault, b"")
            return await hanging()
        headers = {k: v for k, v in request.headers.items() if k.lower() not in NOT_FORWARDED}
        url = f"{self.sandbox}{request.rel_url}"
        async with self.http.request(
            request.method, url, data=raw or None, headers=headers, allow_redirects=False
        ) as answer:
            content = await answer.read()
            passed = {k: v for k, v in answer.headers.items() if k.lower() not in NOT_FORWARDED}
        self.note(request, raw, answer.status, fault, content)
        if fault == "hang-after":
            return await hanging()
        if fault == "cut-after":
            return lost(request, fault)
        if fault == "500-after":
            return web.Response(status=500, text="{}", content_type="application/json")
        passed.pop("Content-Encoding", None)
        return web.Response(status=answer.status, body=content, headers=passed)

    def note(self, request: web.Request, raw: bytes, status: int, fault: str, got: bytes) -> None:
        """Add a call without tokens to the ledger; status 0 means that it was not executed."""
        if not request.path.startswith("/v1/"):
            return
        self.ledger.note(
            "registry",
            method=request.method,
            path=request.path,
            key=request.headers.get("Idempotency-Key", ""),
            body=raw.decode("utf-8", "replace") if request.method != "GET" else "",
            status=status,
            fault=fault,
            answer=got.decode("utf-8", "replace")[:2000] if request.method != "GET" else "",
        )


async def hanging() -> web.Response:
    """Answer only after the product has stopped waiting."""
    await asyncio.sleep(HANG_SECONDS)
    return web.Response(status=504)


@asynccontextmanager
async def serve_proxy(handle: Any, path: str) -> AsyncIterator[str]:
    """Serve a handler on a free port of the loopback interface; yield the URL."""
    app = web.Application(client_max_size=16 << 20)
    app.router.add_route("*", path, handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
