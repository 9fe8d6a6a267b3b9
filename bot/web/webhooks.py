"""Receive webhooks of Telegram and WhatsApp, and status callbacks of the registry.

Each operation authenticates the raw bytes, parses them, commits the updates and responds.
"""

import asyncio
import hmac
import re
import time
from collections.abc import Sequence
from hashlib import sha256

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from pydantic import ValidationError
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from bot.channels import (
    DeliveryReport,
    HandleChanged,
    Inbound,
    IncomingUpdate,
    Unparseable,
    Unreadable,
)
from bot.channels.telegram.client import Telegram
from bot.channels.whatsapp.client import WhatsApp
from bot.conversations import quarantine, receive, registry_events
from bot.conversations.anonymous import Overloaded
from bot.conversations.background_delivery import deliver_or_defer
from bot.conversations.bursts import places
from bot.conversations.effects import AfterCommit
from bot.observability import logging
from bot.registry import callback_signature
from bot.registry.contract import StatusCallback
from bot.runtime import Runtime
from bot.web.connection_limits import unverified
from bot.web.request_parsing import Refused, body, client_host

MAX_TELEGRAM_BYTES = 1024 * 1024
MAX_WHATSAPP_BYTES = 3 * 1024 * 1024
MAX_REGISTRY_BYTES = 64 * 1024
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 — a header's name
SIGNATURE_HEADER = "x-hub-signature-256"
SIGNATURE = re.compile(rb"sha256=[0-9a-f]{64}")
CHALLENGE = re.compile(r"[0-9]{1,256}", re.ASCII)
# Number of people whose updates in one batch are processed concurrently.
MAX_CONCURRENT = 4

_logger = logging.get()


class RawRoute(APIRoute):
    """Route that passes only the request to its operation; FastAPI parses no parameters."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the operation without FastAPI's handler, which costs 50 µs or more per request.

        The application's middleware converts exceptions to responses.
        """
        if scope["method"] not in (self.methods or ()):
            return await super().handle(scope, receive, send)
        answer = await self.endpoint(Request(scope, receive, send))
        await answer(scope, receive, send)


router = APIRouter(route_class=RawRoute)


@router.post("/webhooks/telegram")
async def telegram(request: Request) -> Response:
    """Receive an update of Telegram.

    Return 200 only after the update is committed, or quarantined because it can never be parsed.
    Return 503 under overload, so that Telegram resends the update.
    """
    rt: Runtime = request.app.state.rt
    channel = rt.channels.get(Telegram.name)
    if not isinstance(channel, Telegram):
        raise Refused(404)
    _check_secret(request, rt)
    raw = await body(request, MAX_TELEGRAM_BYTES, "application/json")
    try:
        arrivals = channel.parse(raw)
    except Unreadable as error:
        return await _quarantine(rt, channel.name, raw, error)
    answer: Response = Response()
    for arrival in arrivals:
        try:
            delivery = await receive.receive(rt, arrival)
        except Overloaded:
            return Response(status_code=503)
        if isinstance(arrival, Inbound) and arrival.press_id:
            answer = JSONResponse(channel.acknowledgement(arrival.press_id))
        answer.background = BackgroundTask(deliver_or_defer, rt, delivery)
    return answer


def _check_secret(request: Request, rt: Runtime) -> None:
    """Raise Refused (403) if Telegram's secret header has a wrong secret.

    While the secret is rotated, the old and the new one are valid.
    """
    given = request.headers.getlist(SECRET_HEADER)
    header = given[0].encode("latin-1", "replace") if len(given) == 1 else b""
    matches = False
    for secret in rt.settings.telegram_secrets:
        matches |= hmac.compare_digest(header, secret.encode())
    if not matches:
        _logger.warning("webhook.auth_failed", channel=Telegram.name)
        raise Refused(403)


async def _quarantine(rt: Runtime, channel: str, raw: bytes, error: Unreadable) -> Response:
    """Quarantine an update that is authentic and cannot be parsed, and return 200.

    After a status of 4xx the platform would resend the update for hours.
    """
    _logger.warning("update.unreadable", channel=channel, code=error.code, size=len(raw))
    name = sha256(raw).hexdigest()
    async with rt.pool.connection() as session:
        await quarantine.quarantine(rt, session, channel, name, error.code, len(raw))
    return Response()


@router.get("/webhooks/whatsapp")
async def whatsapp_challenge(request: Request) -> Response:
    """Confirm the webhook to Meta: return its challenge, or 403 if the verify token is wrong."""
    rt: Runtime = request.app.state.rt
    _whatsapp(rt)
    asked = request.query_params
    expected = rt.settings.whatsapp_verify_token
    given = asked.get("hub.verify_token", "").encode("utf-8", "replace")
    matches = expected and hmac.compare_digest(given, expected.get_secret_value().encode())
    challenge = asked.get("hub.challenge", "")
    if not matches or asked.get("hub.mode") != "subscribe" or not CHALLENGE.fullmatch(challenge):
        _logger.warning("webhook.auth_failed", channel=WhatsApp.name)
        raise Refused(403)
    return PlainTextResponse(challenge)


@router.post("/webhooks/whatsapp")
async def whatsapp(request: Request) -> Response:
    """Receive a batch of WhatsApp updates.

    Return 200 only after every update is committed or quarantined. Return 503 if an update failed
    temporarily: Meta then resends the batch, and updates that were already committed are ignored.
    """
    rt: Runtime = request.app.state.rt
    channel = _whatsapp(rt)
    signature = _signature(request)
    with unverified.held_by(client_host(request)) as count:
        raw = await body(request, MAX_WHATSAPP_BYTES, "application/json", count)
        _check_signature(signature, rt, raw)
    try:
        arrivals = channel.parse(raw)
    except Unreadable as error:
        return await _quarantine(rt, channel.name, raw, error)
    complete, received = await _receive_batch(rt, arrivals)
    answers = BackgroundTask(_answer, rt, channel, received)
    return Response(status_code=200 if complete else 503, background=answers)


def _whatsapp(rt: Runtime) -> WhatsApp:
    channel = rt.channels.get(WhatsApp.name)
    if not isinstance(channel, WhatsApp):
        raise Refused(404)
    return channel


def _signature(request: Request) -> bytes:
    """Return Meta's signature of the request's body, from its header.

    Raises Refused (403) before the body is read if the header is missing or malformed.
    """
    given = request.headers.getlist(SIGNATURE_HEADER)
    header = given[0].encode("latin-1", "replace") if len(given) == 1 else b""
    if not SIGNATURE.fullmatch(header):
        _logger.warning("webhook.auth_failed", channel=WhatsApp.name)
        raise Refused(403)
    return header


def _check_signature(header: bytes, rt: Runtime, raw: bytes) -> None:
    """Raise Refused (403) if Meta's signature does not match the raw body.

    While the app secret is rotated, the old and the new one are valid.
    """
    matches = False
    for secret in rt.settings.whatsapp_app_secrets:
        expected = b"sha256=" + hmac.new(secret.encode(), raw, sha256).hexdigest().encode()
        matches |= hmac.compare_digest(header, expected)
    if not matches:
        _logger.warning("webhook.auth_failed", channel=WhatsApp.name)
        raise Refused(403)


type Received = list[tuple[Inbound, AfterCommit | None]]


async def _receive_batch(
    rt: Runtime, arrivals: Sequence[IncomingUpdate]
) -> tuple[bool, list[Received]]:
    """Process a batch of updates.

    The first result is True if no update failed temporarily. The second result has a list per
    person, with pairs of an update and the messages to send after its commit. Updates of one person
    are processed in order, updates of different people concurrently. In a batch with a changed
    handle, one person has several handles, so that all updates are processed in order.
    """
    by_person: dict[str, list[IncomingUpdate]] = {}
    in_order = any(isinstance(each, HandleChanged) for each in arrivals)
    receipts: list[DeliveryReport] = []
    for arrival in arrivals:
        match arrival:
            case DeliveryReport():
                receipts.append(arrival)
            case Inbound(handle=handle) if not in_order:
                by_person.setdefault(handle, []).append(arrival)
            case _:
                by_person.setdefault("", []).append(arrival)

    await receive.record_delivery_reports(rt, receipts)
    few = asyncio.Semaphore(MAX_CONCURRENT)
    results = await asyncio.gather(*(_in_order(rt, each, few) for each in by_person.values()))
    return all(complete for complete, _ in results), [received for _, received in results]


async def _in_order(
    rt: Runtime, arrivals: Sequence[IncomingUpdate], few: asyncio.Semaphore
) -> tuple[bool, Received]:
    """Process one person's updates in order; stop at the first that fails temporarily.

    The first result is True if no update failed. The second result has the person's processed
    messages and presses, each with the messages to send for it.
    `few` limits the number of people whose updates are processed concurrently.
    """
    received: Received = []
    async with few:
        for arrival, place in zip(arrivals, places(arrivals), strict=True):
            if isinstance(arrival, Unparseable):
                _logger.warning("update.unreadable", channel=arrival.channel, code=arrival.code)
            try:
                delivery = await receive.receive(rt, arrival, place)
            except (Overloaded, OperationalError, PoolTimeout):
                return False, received
            if isinstance(arrival, Inbound):
                received.append((arrival, delivery))
    return True, received


async def _answer(rt: Runtime, channel: WhatsApp, people: Sequence[Received]) -> None:
    await asyncio.gather(*(_answer_one(rt, channel, received) for received in people))


async def _answer_one(rt: Runtime, channel: WhatsApp, received: Received) -> None:
    """Mark the messages of one person as read, and send the replies.

    A typing indicator is shown for each message that gets a reply.
    """
    for inbound, delivery in received:
        await channel.acknowledge(inbound.message_id, typing=delivery is not None)
        await deliver_or_defer(rt, delivery)


@router.post("/callbacks/registry")
async def registry(request: Request) -> Response:
    """Receive the registry's callback about the state of a registration that Kosh submitted.

    Verify the signature, record the state and notify the person. Return 403 for a wrong signature,
    422 if the callback cannot be parsed, and 404 if the submission is unknown.
    """
    rt: Runtime = request.app.state.rt
    given = request.headers.getlist(callback_signature.HEADER)
    with unverified.held_by(client_host(request)) as count:
        raw = await body(request, MAX_REGISTRY_BYTES, "application/json", count) if given else b""
        secrets, now = rt.settings.registry_callback_secrets, time.time()
        if len(given) != 1 or not callback_signature.verify(given[0], raw, secrets, now=now):
            _logger.warning("webhook.auth_failed", channel="registry")
            raise Refused(403)
    try:
        callback = StatusCallback.model_validate_json(raw)
    except ValidationError:
        _logger.warning("registry.unreadable", size=len(raw))
        return Response(status_code=422)
    return await _record(rt, callback)


async def _record(rt: Runtime, callback: StatusCallback) -> Response:
    try:
        delivery = await registry_events.record_status_callback(rt, callback)
    except LookupError:
        # The registry may send its callback before our process has recorded the registry's response
        # to the submission. After 404 the registry sends the callback again.
        return Response(status_code=404)
    return Response(status_code=204, background=BackgroundTask(deliver_or_defer, rt, delivery))
