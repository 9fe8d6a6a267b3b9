"""The emulator: an HTTP server on the loopback interface that answers like graph.facebook.com."""

import asyncio
import hmac
import re
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from aiohttp import web

from tests.emulators.telegram.faults import Broken, Cut, Silent, Slow

from . import media, nulls
from .errors import reported
from .events import DeliveryOptions
from .faults import Failed, Fault, Faults, Lost, Refused
from .journal import Journal
from .limits import Limits
from .people import User
from .platform_state import Known, PlatformState
from .sending import mark_read, send
from .templates import Template
from .webhook import DeliveryTiming, Hook, WebhookSender
from .wire import (
    JSON,
    Outcome,
    Params,
    Refusal,
    no_object,
    read_json,
    refused,
    response,
    strict,
)

TOKEN = "EMULATED-not-a-real-token"
SECRET = "EMULATED-not-a-real-app-secret-at-all"
VERIFY_TOKEN = "EMULATED-not-a-real-verify-token"
NUMBER_ID = "100000000000777"
KEY_HEADER = "D360-API-KEY"
# Meta's media host. Solution providers' APIs return it in media URLs; callers of these APIs replace
# it by the provider's host.
LOOKASIDE = "https://lookaside.fbsbx.com"
NORMAL = DeliveryTiming()
BODY_MOST = 110 << 20
VERSION = re.compile(r"v2\d\.0")
ERROR_PAGE = "<html><head><title>{0}</title></head><body>Sorry, something went wrong.</body></html>"
TEMPLATE_FIELDS = {"id", "name", "language", "status", "category", "rejected_reason"}
Dialect = Literal["cloud", "provider"]


class Emulator:
    """A strict WhatsApp Cloud API for one business number.

    `dialect` selects Meta's API or that of a solution provider (360dialog: key in a header, paths
    without version and number, media URLs at Meta's host). `limits=False` disables the rate limits;
    a `Limits` object sets them. The 24-hour window always applies: a message outside it is accepted
    and fails by its status, as at Meta, or is rejected immediately with `window_at_once`.
    `statuses=False` sends no statuses of messages. `log` names a file that receives the journal as
    JSON lines. Use it as an asynchronous context manager, or call `start` and `stop`.
    """

    def __init__(
        self,
        token: str = TOKEN,
        *,
        number_id: str = NUMBER_ID,
        secret: str = SECRET,
        dialect: Dialect = "cloud",
        port: int = 0,
        limits: Limits | bool = True,
        window_at_once: bool = False,
        statuses: bool = True,
        pace: DeliveryTiming = NORMAL,
        log: Path | None = None,
    ) -> None:
        self.token = token
        self.secret = secret
        self.dialect = dialect
        self.port = port
        self.journal = Journal(log)
        self.faults = Faults()
        rates = Limits() if limits is True else limits or None
        self.world = PlatformState(self.journal, rates, number_id)
        self.world.statuses = statuses
        self.courier = WebhookSender(self.world.account, self.world.events, self.journal, pace)
        self._window_at_once = window_at_once
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()

    @property
    def url(self) -> str:
        """Return the server's URL, without an API version."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def delivery_options(self) -> DeliveryOptions:
        """Return the delivery faults, which a test may change."""
        return self.world.events.delivery_options

    async def start(self, more: Iterable[web.RouteDef] = ()) -> None:
        """Start the server, with additional routes if given."""
        app = web.Application(client_max_size=BODY_MOST)
        if self.dialect == "cloud":
            app.router.add_post("/{version}/{number}/messages", self._messages)
            app.router.add_post("/{version}/{number}/media", self._upload)
            app.router.add_route("*", r"/{version}/{media:\d+}", self._media)
            app.router.add_get(r"/{version}/{account:\d+}/message_templates", self._templates)
        else:
            app.router.add_post("/messages", self._messages)
            app.router.add_post("/media", self._upload)
            app.router.add_route("*", r"/{media:\d+}", self._media)
        app.router.add_get("/whatsapp_business/attachments/", self._download)
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
        await self.courier.unset()
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
        self, phone: str, *, name: str = "Testova", user_id: str = "", known: Known = "both"
    ) -> User:
        """Return the person with this phone number, created if missing.

        `known` is as in `world.Person`.
        """
        person = self.world.find(phone) or self.world.join(phone, user_id, name, known)
        return User(self.world, person)

    def advance(self, seconds: float) -> None:
        """Advance the emulated clock; 24-hour windows, media URLs and events then expire."""
        self.world.offset += seconds

    def fail(
        self,
        fault: Fault,
        times: int = 1,
        method: str | None = None,
        to: str | None = None,
        after: int = 0,
    ) -> None:
        """Apply the fault to the next `times` calls; see `faults.Script`."""
        self.faults.add(fault, times, method, to, after)

    def add_templates(self, *templates: Template) -> None:
        """Add templates to the business account."""
        self.world.add_templates(templates)

    def create_error_event(self, code: int, details: str = "") -> None:
        """Create an event that reports an error of the business account, in `value.errors`."""
        value = self.world.value(errors=[reported(code, details)])
        self.world.tell("messages", value)

    def tell(self, value: Params, field: str = "messages") -> None:
        """Create an event with any value: one that Meta may introduce, or a malformed one."""
        self.world.tell(field, value)

    async def set_webhook(
        self, url: str, verify_token: str | None = VERIFY_TOKEN, connections: int = 40
    ) -> None:
        """Deliver events to a URL after it answers the challenge, or at once without a token."""
        if verify_token is not None:
            await self.courier.verify(url, verify_token)
        await self.courier.set(Hook(url, self.secret, connections))

    def hold(self) -> None:
        """Hold back all undelivered and later events until `release`."""
        self.delivery_options.held = True

    def release(self) -> None:
        """Deliver the events held back, in batches of `delivery_options.batch`."""
        self.courier.release()

    async def until_taken(self, seconds: float = 60) -> None:
        """Wait until each event has been accepted by Kosh or has expired."""
        events = self.world.events
        await events.settled.until(lambda: not events.pending, seconds)

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        method, values, raw = "messages", {}, await request.read()
        try:
            self._check_access(request)
            if request.content_type != JSON:
                raise strict(f"content type {request.content_type} instead of {JSON}")
            values = read_json(raw)
        except Refusal as refusal:
            return self._refuse(method, {"raw": raw.decode(errors="replace")}, refusal, False)
        method = "read" if "status" in values else "messages"
        to = str(values.get("to") or values.get("recipient") or "")
        return await self._meet(self.faults.meet(method, to), method, values, request)

    def _run(self, method: str, values: Params, fault: Fault | None) -> Outcome:
        try:
            match fault:
                case Refused(code, details, subcode, retry_after):
                    raise Refusal(code, details, subcode, retry_after)
            if method == "read":
                outcome = mark_read(self.world, values)
            else:
                outcome = send(self.world, values, fault, self._window_at_once)
        except Refusal as refusal:
            outcome = refused(refusal)
        self.journal.call(method, values, outcome, fault is not None)
        return nulls.fill_answer(outcome) if self.delivery_options.nulls else outcome

    async def _meet(
        self, fault: Fault | None, method: str, values: Params, request: web.Request
    ) -> web.StreamResponse:
        match fault:
            case None | Refused() | Failed() | Lost():
                return response(self._run(method, values, fault))
            case Slow(delay):
                await asyncio.sleep(delay)
                return response(self._run(method, values, None))
            case Broken(_, delivered) | Silent(delivered) | Cut(delivered):
                if delivered:
                    self._run(method, values, None)
                else:
                    self.journal.call(method, values, None, True)
        return await self._break(fault, request)

    async def _break(self, fault: Broken | Silent | Cut, request: web.Request) -> web.Response:
        match fault:
            case Broken(status):
                page = ERROR_PAGE.format(status)
                return web.Response(status=status, text=page, content_type="text/html")
            case Silent():
                await self._stopping.wait()
            case Cut():
                if request.transport is not None:
                    request.transport.abort()
        return web.Response(status=503)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        return await self._file_call("upload", request)

    async def _media(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["media"] == NUMBER_ID and request.method == "GET":
            return self._number(request)
        return await self._file_call("delete" if request.method == "DELETE" else "media", request)

    def _number(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_access(request)
        except Refusal as refusal:
            return self._refuse("number", dict(request.query), refusal, False)
        fields = {"verified_name": "Kosh (emulated)", "quality_rating": "GREEN", "id": NUMBER_ID}
        return web.json_response(fields)

    async def _templates(self, request: web.Request) -> web.StreamResponse:
        """Return the account's templates, in pages of the requested size."""
        values: Params = dict(request.query)
        try:
            self._check_access(request)
            if request.match_info["account"] != self.world.account:
                raise Refusal(100, "Unsupported get request: object does not exist", 33)
            if set(values.get("fields", "").split(",")) - TEMPLATE_FIELDS:
                raise Refusal(100, "Tried accessing nonexisting field")
        except Refusal as refusal:
            return self._refuse("templates", values, refusal, False)
        begin, limit = int(values.get("after", 0)), int(values.get("limit", 25))
        listed = self.world.templates.listed()
        paging: Params = {"cursors": {"before": str(begin), "after": str(begin + limit)}}
        if begin + limit < len(listed):
            paging["next"] = f"{self.url}{request.rel_url}"
        page = {"data": listed[begin : begin + limit]} | ({"paging": paging} if listed else {})
        return web.json_response(page)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        return await self._file_call("download", request)

    async def _file_call(self, method: str, request: web.Request) -> web.StreamResponse:
        values: Params = dict(request.query) | {"media": request.match_info.get("media", "")}
        try:
            self._check_access(request)
        except Refusal as refusal:
            return self._refuse(method, values, refusal, False)
        match self.faults.meet(method):
            case None:
                pass
            case Slow(delay):
                await asyncio.sleep(delay)
            case Refused(code, details, subcode):
                return self._refuse(method, values, Refusal(code, details, subcode), True)
            case Broken() | Silent() | Cut() as fault:
                self.journal.call(method, values, None, True)
                return await self._break(fault, request)
            case Failed() | Lost() as fault:
                raise TypeError(f"{fault} can only meet a message")
        return await self._answer_file(method, values, request)

    async def _answer_file(
        self, method: str, values: Params, request: web.Request
    ) -> web.StreamResponse:
        if method == "download":
            return self._serve_file(values)
        try:
            match method:
                case "upload":
                    outcome = await media.upload(self.world, request)
                case "delete":
                    outcome = media.deleted(self.world, values["media"])
                case _:
                    base = self.url if self.dialect == "cloud" else LOOKASIDE
                    outcome = media.described(self.world, values["media"], base)
        except Refusal as refusal:
            return self._refuse(method, values, refusal, False)
        self.journal.call(method, values, outcome)
        return response(outcome)

    def _serve_file(self, values: Params) -> web.Response:
        found = self.world.linked(values.get("hash", ""))
        if found is None or found.id != values.get("mid"):
            self.journal.call("download", values, Outcome(404, b"null"))
            return web.Response(status=404, text="URL signature expired")
        self.journal.call("download", values, Outcome(200, b"null"))
        return web.Response(body=found.data, content_type=found.mime.partition(";")[0])

    def _refuse(
        self, method: str, values: Params, refusal: Refusal, scripted: bool
    ) -> web.StreamResponse:
        outcome = refused(refusal)
        self.journal.call(method, values, outcome, scripted)
        return response(outcome)

    def _check_access(self, request: web.Request) -> None:
        """Raise Refusal if the token, the API version or the business number's id is wrong."""
        if self.dialect == "provider":
            token = request.headers.get(KEY_HEADER, "")
        else:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            token = token if scheme == "Bearer" else ""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            raise Refusal(190, "Invalid OAuth access token - Cannot parse access token")
        known = request.match_info
        if "version" in known and not VERSION.fullmatch(known["version"]):
            raise strict(f"{known['version']} is no version of the Graph API in use")
        if "number" in known and known["number"] != self.world.number_id:
            raise no_object(known["number"])

    async def _not_found(self, request: web.Request) -> web.StreamResponse:
        refusal = strict(f"no such path: {request.method} {request.path}")
        return self._refuse("lost", {}, refusal, False)
