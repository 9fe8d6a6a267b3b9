"""The emulator: an HTTP server on the loopback interface that answers like api.telegram.org."""

import asyncio
import re
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from .faults import Broken, Cut, Fault, Faults, Flooded, Rejected, Silent, Slow
from .journal import Journal
from .limits import Limits, RateLimiter
from .methods import METHODS, message_id
from .people import User
from .platform import Platform
from .platform_state import File, Person, PlatformState
from .schema import check_call, method_named
from .updates import DeliveryOptions
from .webhook import DeliveryTiming, WebhookSender
from .wire import (
    Body,
    Outcome,
    Params,
    Refusal,
    accepted,
    bad,
    read_body,
    refused,
    response,
    too_many,
)

TOKEN = "7000000001:EMULATED-not-a-real-token"
NORMAL = DeliveryTiming()
BODY_MOST = 60 << 20
ERROR_PAGE = "<html><head><title>{0}</title></head><body><center>nginx</center></body></html>"


class Emulator:
    """A strict Telegram Bot API server for one bot.

    `limits=False` disables the platform's rate limits; a `Limits` object sets them. `log` names a
    file that receives the journal as JSON lines. Use it as an asynchronous context manager, or call
    `start` and `stop`.
    """

    def __init__(
        self,
        token: str = TOKEN,
        *,
        port: int = 0,
        limits: Limits | bool = True,
        pace: DeliveryTiming = NORMAL,
        log: Path | None = None,
    ) -> None:
        self.token = token
        self.port = port
        self.journal = Journal(log)
        self.faults = Faults()
        self.world = PlatformState(token, self.journal)
        rates = Limits() if limits is True else limits or None
        self._platform = Platform(
            self.world,
            RateLimiter(rates, self.world.now),
            WebhookSender(self.world, self.journal, pace, self._run_in_body),
        )
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()

    @property
    def url(self) -> str:
        """Return the base URL to give to a Bot API client."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def delivery_options(self) -> DeliveryOptions:
        """Return the delivery faults, which a test may change."""
        return self.world.updates.delivery_options

    async def start(self, more: Iterable[web.RouteDef] = ()) -> None:
        """Start the server, with additional routes if given."""
        app = web.Application(client_max_size=BODY_MOST)
        app.router.add_route("*", "/bot{token:[^/]+}/{method:.*}", self._called)
        app.router.add_get("/file/bot{token:[^/]+}/{path:.+}", self._downloaded)
        app.router.add_routes(more)
        app.router.add_route("*", "/{rest:.*}", self._not_found)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop the server; close its connections and its log."""
        self._stopping.set()
        self.world.updates.interrupt("the server is closing")
        await self._platform.courier.unset()
        if self._runner is not None:
            await self._runner.cleanup()
        self.journal.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def user(
        self,
        user_id: int,
        *,
        first_name: str = "Testova",
        last_name: str = "",
        username: str = "",
        language_code: str = "",
        phone: str = "",
        started: bool = False,
    ) -> User:
        """Return the person with this id, created if missing.

        `started` is true for a person who wrote to the bot earlier, so that the bot may write.
        """
        if user_id not in self.world.people:
            person = Person(user_id, first_name, last_name, username, language_code, phone, started)
            self.world.join(person)
        return User(self.world, self.world.people[user_id])

    def advance(self, seconds: float) -> None:
        """Advance the emulated clock; old updates and button presses then expire."""
        self.world.offset += seconds

    def fail(self, fault: Fault, times: int = 1, method: str | None = None) -> None:
        """Apply the fault to the next `times` calls of `method`, or of all methods if None."""
        self.faults.add(fault, times, method)

    async def set_webhook(
        self, url: str, secret: str = "", connections: int = 40, allowed: list[str] | None = None
    ) -> None:
        """Deliver updates to a URL, as if the bot had called setWebhook."""
        self.world.updates.allow(allowed)
        await self._platform.courier.set(url, secret, connections)

    async def until_taken(self, seconds: float = 60) -> None:
        """Wait until each update has been accepted by the bot or has expired."""
        updates = self.world.updates
        await updates.settled.until(lambda: not updates.pending, seconds)

    async def run(self, name: str, body: Body) -> Outcome:
        """Execute the call of the Bot API's method `name` and add it to the journal."""
        params, sent = body.values, None
        try:
            name = method_named(name)
            params = check_call(name, body)
            result = await METHODS[name](self._platform, params)
            sent = message_id(result) if name.startswith("send") else None
            outcome = accepted(result)
        except Refusal as refusal:
            outcome = refused(refusal)
        self.journal.call(name, params, outcome, sent)
        return outcome

    async def _run_in_body(self, name: str, values: Params) -> object:
        return await self.run(name, Body(values, {}))

    async def _called(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            self._check_token(request)
            body = await read_body(request)
            fault = self.faults.meet(method_named(name))
        except Refusal as refusal:
            self.journal.call(name, {}, refused(refusal))
            return response(refused(refusal))
        if fault is not None:
            return await self._meet(fault, name, body, request)
        return response(await self.run(name, body))

    async def _meet(
        self, fault: Fault, name: str, body: Body, request: web.Request
    ) -> web.StreamResponse:
        match fault:
            case Flooded(seconds):
                outcome = refused(too_many(seconds))
                self.journal.call(name, body.values, outcome)
                return response(outcome)
            case Rejected(description, chat_id):
                refusal = bad(description)
                refusal.migrate_to_chat_id = chat_id
                outcome = refused(refusal)
                self.journal.call(name, body.values, outcome)
                return response(outcome)
            case Slow(delay):
                await asyncio.sleep(delay)
                return response(await self.run(name, body))
            case Broken(status, delivered):
                await self._run_or_log(delivered, name, body)
                page = ERROR_PAGE.format(status)
                return web.Response(status=status, text=page, content_type="text/html")
            case Silent(delivered):
                await self._run_or_log(delivered, name, body)
                await self._stopping.wait()
                return web.Response(status=503)
            case Cut(delivered):
                await self._run_or_log(delivered, name, body)
                if request.transport is not None:
                    request.transport.abort()
                return web.Response()

    async def _run_or_log(self, delivered: bool, name: str, body: Body) -> None:
        if delivered:
            await self.run(name, body)
        else:
            self.journal.call(name, body.values, None)

    def _check_token(self, request: web.Request) -> None:
        token = request.match_info["token"]
        if token != self.token:
            known = re.fullmatch(r"[1-9]\d*:.+", token)
            raise Refusal(401, "Unauthorized" if known else "Unauthorized: invalid token specified")

    async def _downloaded(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        try:
            self._check_token(request)
        except Refusal as refusal:
            return response(refused(refusal))
        if (file := self._file_at(path)) is None:
            return await self._not_found(request)
        return web.Response(body=file.data, content_type="application/octet-stream")

    def _file_at(self, path: str) -> File | None:
        return next((one for one in self.world.files.values() if one.path == path), None)

    async def _not_found(self, _: web.Request) -> web.Response:
        return response(refused(Refusal(404, "Not Found")))
