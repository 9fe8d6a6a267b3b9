"""Emulators of three translation APIs (PROGRAMS) that reject requests with unexpected fields."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY, MODEL = "invented-for-tests", "tiny-model"
PROGRAMS = ("deepl", "libretranslate", "openai")
FAULTS = ("broken", "empty", "cut", "slow", "403", "500", "redirect")
DEEPL_TARGETS = {"KK", "RU", "UZ", "ZH-HANS"}
TARGETS = {"kk", "ru", "uz", "zh"}


@dataclass
class Translation:
    """The emulated server of the APIs; it returns `text`, or fails as `fault` says (see FAULTS).

    `mistakes` names what was wrong in each rejected request. A "slow" response waits for
    `released`.
    """

    url: str = ""
    text: str = ""
    fault: str = ""
    # Texts and target languages, in order of arrival, including those whose response had a fault.
    asked: list[tuple[str, str]] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def deepl(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if request.headers.get("Authorization") != f"DeepL-Auth-Key {KEY}":
            return self._refused("authorization", 403)
        if set(body) != {"text", "target_lang"} or body["target_lang"] not in DEEPL_TARGETS:
            return self._refused("body", 400)
        self.asked += [(each, body["target_lang"]) for each in body["text"]]
        found = {"detected_source_language": "EN", "text": self._text}
        return await self._answer({"translations": [] if self.fault == "cut" else [found]})

    async def libretranslate(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "Authorization" in request.headers or body.get("api_key") != KEY:
            return self._refused("authorization", 403)
        if set(body) != {"q", "source", "target", "format", "api_key"}:
            return self._refused("body", 400)
        if (body["source"], body["format"]) != ("auto", "text") or body["target"] not in TARGETS:
            return self._refused("values", 400)
        self.asked.append((body["q"], body["target"]))
        found = {"detectedLanguage": {"language": "en"}, "translatedText": self._text}
        return await self._answer({} if self.fault == "cut" else found)

    async def openai(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return self._refused("authorization", 401)
        if set(body) != {"model", "messages", "temperature"} or body["model"] != MODEL:
            return self._refused("body", 400)
        if [each["role"] for each in body["messages"]] != ["system", "user"]:
            return self._refused("roles", 400)
        instruction = body["messages"][0]["content"].split()
        self.asked.append((body["messages"][1]["content"], instruction[4].rstrip(".")))
        choice = {
            "message": {"role": "assistant", "content": self._text},
            "finish_reason": "length" if self.fault == "cut" else "stop",
        }
        return await self._answer({"choices": [choice]})

    @property
    def _text(self) -> str:
        return "" if self.fault == "empty" else self.text

    async def _answer(self, body: dict[str, Any]) -> web.StreamResponse:
        if self.fault == "slow":
            await self.released.wait()
        if self.fault.isdecimal():
            return web.json_response({"message": "no"}, status=int(self.fault))
        if self.fault == "redirect":
            return web.Response(status=307, headers={"Location": "http://127.0.0.1:9/v1"})
        if self.fault == "broken":
            return web.Response(text='{"trans', content_type="application/json")
        return web.json_response(body)

    def _refused(self, mistake: str, status: int) -> web.Response:
        self.mistakes.append(mistake)
        return web.json_response({"message": f"bad {mistake}"}, status=status)


@asynccontextmanager
async def translation() -> AsyncIterator[Translation]:
    """Run an emulated server of the three APIs for the `async with` block; yield the server."""
    server = Translation()
    app = web.Application()
    app.router.add_post("/v2/translate", server.deepl)
    app.router.add_post("/translate", server.libretranslate)
    app.router.add_post("/chat/completions", server.openai)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        server.released.set()
        await runner.cleanup()
