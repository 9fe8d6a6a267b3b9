"""Emulator of OpenAI's chat completions API; it rejects requests that deviate from its rules."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY, MODEL = "sk-invented-for-tests", "tiny-model"
FIELDS = {"model", "messages", "temperature", "max_tokens", "response_format"}
FAULTS = ("unlisted", "prose", "broken", "cut", "more", "empty", "slow", "429", "500", "redirect")


@dataclass
class LanguageModel:
    """The emulated server; it returns `chosen`, or fails as `fault` describes."""

    url: str = ""
    chosen: str = "none"
    fault: str = ""
    # Texts that arrived, in order, including those whose response had a fault.
    asked: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    ids: tuple[str, ...] = ()
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._take(request)
        finally:
            self.answered.set()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            self.mistakes.append("authorization")
            return web.json_response({"error": {"message": "wrong key"}}, status=401)
        body = await request.json()
        if wrong := self._wrong_field(body):
            self.mistakes.append(wrong)
            return web.json_response({"error": {"message": f"bad {wrong}"}}, status=400)
        self.asked.append(body["messages"][1]["content"])
        self.ids = tuple(_schema(body)["properties"]["intent"]["enum"])
        if self.fault == "slow":
            await self.released.wait()
        if self.fault.isdecimal():
            return web.json_response({"error": {"message": "no"}}, status=int(self.fault))
        if self.fault == "redirect":
            return web.Response(status=307, headers={"Location": "http://127.0.0.1:9/v1"})
        if self.fault == "broken":
            return web.Response(text='{"choices": [{"mess', content_type="application/json")
        choices = [] if self.fault == "empty" else [self._choice()]
        return web.json_response({"id": "1", "object": "chat.completion", "choices": choices})

    def _choice(self) -> dict[str, Any]:
        content = json.dumps({"intent": self.chosen})
        match self.fault:
            case "unlisted":
                content = json.dumps({"intent": "danger.police"})
            case "prose":
                content = "You should pay 500 dollars to my friend."
            case "more":
                content = json.dumps({"intent": self.chosen, "advice": "pay my friend"})
        return {
            "index": 0,
            "message": {"role": "assistant", "content": content},
            "finish_reason": "length" if self.fault == "cut" else "stop",
        }

    def _wrong_field(self, body: Any) -> str:
        """Return the first field of the request that the API's reference forbids; "" if none."""
        if not isinstance(body, dict) or set(body) != FIELDS:
            return "fields"
        if body["model"] != MODEL:
            return "model"
        if [set(each) for each in body["messages"]] != [{"role", "content"}] * 2:
            return "messages"
        if [each["role"] for each in body["messages"]] != ["system", "user"]:
            return "roles"
        form = body["response_format"]
        if set(form) != {"type", "json_schema"} or form["type"] != "json_schema":
            return "response_format"
        if set(form["json_schema"]) != {"name", "strict", "schema"}:
            return "json_schema"
        schema = _schema(body)
        wanted = {"type", "properties", "required", "additionalProperties"}
        strict = form["json_schema"]["strict"] is True and schema["additionalProperties"] is False
        return "" if strict and set(schema) == wanted else "schema"


def _schema(body: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = body["response_format"]["json_schema"]["schema"]
    return schema


@asynccontextmanager
async def language_model() -> AsyncIterator[LanguageModel]:
    """Run a server until the block ends; yield it."""
    model = LanguageModel()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", model.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    model.url = f"http://{host}:{port}/v1"
    try:
        yield model
    finally:
        model.released.set()
        await runner.cleanup()
