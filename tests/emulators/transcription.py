"""Emulator of OpenAI's transcription API that rejects requests with unexpected fields."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

KEY, MODEL = "sk-invented-for-tests", "tiny-whisper"
LANGUAGES = {"kk", "ru", "zh", "uz"}
FAULTS = ("broken", "list", "number", "endless", "slow", "401", "500", "redirect")


@dataclass
class Transcription:
    """The emulated server; it returns `text`, or fails as `fault` (one of FAULTS) describes.

    `mistakes` names what was wrong in each rejected request. A "slow" response waits for
    `released`.
    """

    url: str = ""
    text: str = ""
    fault: str = ""
    # Recordings and their languages, in order of arrival, including those whose response had a
    # fault.
    heard: list[tuple[bytes, str]] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return self._refused("authorization", 401)
        if request.content_type != "multipart/form-data":
            return self._refused("content type", 415)
        form = await request.post()
        if wrong := _wrong_field(form):
            return self._refused(wrong, 422)
        file, language = form["file"], form["language"]
        assert isinstance(file, web.FileField)
        self.heard.append((file.file.read(), str(language)))
        return await self._answered()

    async def _answered(self) -> web.StreamResponse:
        if self.fault == "slow":
            await self.released.wait()
        if self.fault.isdecimal():
            return web.json_response({"error": {"message": "no"}}, status=int(self.fault))
        match self.fault:
            case "redirect":
                return web.Response(status=307, headers={"Location": "http://127.0.0.1:9/v1"})
            case "broken":
                return web.Response(text='{"text": "ca', content_type="application/json")
            case "list":
                return web.json_response([{"text": self.text}])
            case "number":
                return web.json_response({"text": 7})
            case "endless":
                return web.json_response({"text": "word " * 2000})
        return web.json_response({"text": self.text, "usage": {"type": "duration", "seconds": 3}})

    def _refused(self, mistake: str, status: int) -> web.Response:
        self.mistakes.append(mistake)
        return web.json_response({"error": {"message": f"bad {mistake}"}}, status=status)


def _wrong_field(form: object) -> str:
    """Return the name of the first wrong field of the request's form; "" if all are right."""
    assert hasattr(form, "keys")
    fields = dict(form)  # type: ignore[call-overload]
    file = fields.get("file")
    if set(fields) != {"file", "model", "language", "response_format"}:
        return "fields"
    if not isinstance(file, web.FileField) or not file.filename.endswith(".ogg"):
        return "file"
    if file.content_type != "audio/ogg":
        return "file type"
    if fields["model"] != MODEL:
        return "model"
    if fields["language"] not in LANGUAGES:
        return "language"
    return "" if fields["response_format"] == "json" else "response_format"


@asynccontextmanager
async def transcription() -> AsyncIterator[Transcription]:
    """Run an emulated transcription server for the `async with` block; yield the server."""
    server = Transcription()
    app = web.Application(client_max_size=30 << 20)
    app.router.add_post("/v1/audio/transcriptions", server.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/v1"
    try:
        yield server
    finally:
        server.released.set()
        await runner.cleanup()
