"""Emulator of an SMS gateway: one POST for each message, checked strictly."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

KEY = "sms-invented-for-tests"
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
# Characters in one SMS if any is not in the GSM alphabet.
MAX_TEXT = 70


@dataclass
class SmsGateway:
    """The emulated SMS gateway; it answers well-formed requests with `status`."""

    url: str = ""
    status: int = 202
    fields: frozenset[str] = frozenset({"to", "text", "from"})
    # Numbers and texts that arrived, including those answered with a failure.
    received: list[tuple[str, str]] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            self.mistakes.append("authorization")
            return web.Response(status=401)
        is_json = request.content_type == "application/json"
        form = {} if is_json else await request.post()
        sent = json.loads(await request.text()) if is_json else {k: str(form[k]) for k in form}
        if set(sent) != self.fields:
            self.mistakes.append("fields")
            return web.Response(status=400)
        to, text = sent.get("to") or sent["phone"], sent.get("text") or sent["message"]
        if not NUMBER.fullmatch(to) or not 0 < len(text) <= MAX_TEXT:
            self.mistakes.append("number or length")
            return web.Response(status=422)
        self.received.append((to, text))
        return web.json_response({"id": "1"}, status=self.status)


@asynccontextmanager
async def sms_gateway() -> AsyncIterator[SmsGateway]:
    """Run a gateway until the block ends; yield it."""
    gateway = SmsGateway()
    app = web.Application()
    app.router.add_post("/send", gateway.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    gateway.url = f"http://{host}:{port}/send"
    try:
        yield gateway
    finally:
        await runner.cleanup()
