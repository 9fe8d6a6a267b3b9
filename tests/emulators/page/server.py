"""Server of the demo page: its files, a live view of both phones, and the phones' actions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_request import FileField

from .phones import PICTURES, Phone

HERE = Path(__file__).parent
FILES = {
    "/": "index.html",
    "/page.css": "page.css",
    "/page.js": "page.js",
    "/words.json": "words.json",
}
FILE_MOST = 110 << 20
# Seconds between polls of both emulators. Their signals and clocks are separate, so polling is
# simpler than waiting for both.
LOOK_SECONDS = 0.2
SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Page:
    """The demo page with two phones, and links to Kosh and, if there is one, to its registry."""

    def __init__(self, phones: dict[str, Phone], kosh: str, registry: str) -> None:
        self.phones = phones
        self.links = {"chat": f"{kosh}/chat", "kosh": kosh, "registry": registry}
        self.closing = asyncio.Event()

    def app(self) -> web.Application:
        """Return the web application with all routes of the demo page."""
        app = web.Application(client_max_size=FILE_MOST, middlewares=[guarded])
        app.add_routes(
            [
                *(web.get(path, self._file) for path in FILES),
                web.get("/favicon.ico", nothing),
                web.get("/events", self._events),
                web.get("/{phone}/picture/{name}", self._picture),
                web.post("/{phone}/file", self._send),
                web.post("/{phone}/{act}", self._do),
            ]
        )
        return app

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(HERE / FILES[request.path])

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Send the content of both phones' screens at every change, as server-sent events."""
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", **SAFE})
        await answer.prepare(request)
        # ConnectionResetError is raised when the viewer closes the window.
        with suppress(ConnectionResetError):
            await self._show(answer)
        return answer

    async def _show(self, answer: web.StreamResponse) -> None:
        last = b""
        while not self.closing.is_set():
            views = {name: phone.view() for name, phone in self.phones.items()}
            now = msgspec.json.encode(views | {"links": self.links})
            if now != last:
                await answer.write(b"data: " + now + b"\n\n")
                last = now
            try:
                await asyncio.wait_for(self.closing.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue

    async def _do(self, request: web.Request) -> web.Response:
        phone = self._phone(request)
        fields = msgspec.json.decode(await request.read() or b"{}", type=dict[str, object])
        try:
            await phone.do(request.match_info["act"], fields)
        except (LookupError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=409)
        return web.Response(status=204)

    async def _send(self, request: web.Request) -> web.Response:
        phone = self._phone(request)
        form = await request.post()
        file = form["file"]
        if not isinstance(file, FileField):
            raise web.HTTPBadRequest
        as_photo = form.get("as") == "photo" and file.content_type in PICTURES
        await phone.send(as_photo, file.filename, file.content_type, file.file.read())
        return web.Response(status=204)

    async def _picture(self, request: web.Request) -> web.Response:
        found = self._phone(request).picture(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        return web.Response(body=found[1], content_type=found[0])

    def _phone(self, request: web.Request) -> Phone:
        phone = self.phones.get(request.match_info["phone"])
        if phone is None:
            raise web.HTTPNotFound
        return phone


async def nothing(_: web.Request) -> web.Response:
    """Return an empty response to a browser's request for the icon of the demo page."""
    return web.Response(status=204)


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Reject requests from other sites, also those under another host name of this machine."""
    loopback = urlsplit(f"//{request.host}").hostname in ("127.0.0.1", "localhost")
    if not loopback or request.headers.get("Origin", "") not in ("", f"http://{request.host}"):
        raise web.HTTPForbidden
    answer = await handler(request)
    if not answer.prepared:
        answer.headers.update(SAFE)
    return answer


@asynccontextmanager
async def serving(
    phones: dict[str, Phone], kosh: str, registry: str = "", port: int = 0
) -> AsyncIterator[str]:
    """Serve the demo page until the block ends; yield its URL."""
    page = Page(phones, kosh.rstrip("/"), registry)
    runner = web.AppRunner(page.app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        page.closing.set()
        await runner.cleanup()
