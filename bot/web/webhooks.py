"""Where platforms and the registry call: check on raw bytes, parse, receive, then answer."""

import asyncio
import hmac
import re
import time
from collections.abc import Sequence
from hashlib import sha256

from fastapi import APIRouter, Request
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from pydantic import ValidationError
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, PlainTextResponse, Response

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
from bot.conversations.effects import AfterCommit
from bot.observability import logging
from bot.registry import callback_signature
from bot.registry.contract import StatusCallback
from bot.runtime import Runtime
from bot.web.request_parsing import Refused, body

TELEGRAM_MOST = 1024 * 1024
WHATSAPP_MOST = 3 * 1024 * 1024
REGISTRY_MOST = 64 * 1024
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 — a header's name
SIGNATURE_HEADER = "x-hub-signature-256"
CHALLENGE = re.compile(r"[0-9]{1,256}", re.ASCII)
# How many people of a batch are seen to at once.
AT_ONCE = 4

_logger = logging.get()
router = APIRouter(default_response_class=Response)


@router.post("/webhooks/telegram")
async def telegram(request: Request) -> Response:
    """One update of Telegram; answered 200 only when it is committed, or will never be readable."""
    rt: Runtime = request.app.state.rt
    channel = rt.channels.get(Telegram.name)
    if not isinstance(channel, Telegram):
        raise Refused(404)
    _check_secret(request, rt)
    raw = await body(request, TELEGRAM_MOST, "application/json")
    try:
        arrivals = channel.parse(raw)
    except Unreadable as error:
        return await _set_aside(rt, channel.name, raw, error)
    answer: Response = Response()
    for arrival in arrivals:
        try:
            delivery = await receive.receive(rt, arrival)
        except Overloaded:
            return Response(status_code=503)
        if isinstance(arrival, Inbound) and arrival.press_id:
            answer = JSONResponse(channel.acknowledgement(arrival.press_id))
        answer.background = BackgroundTask(receive.deliver, rt, delivery)
    return answer


def _check_secret(request: Request, rt: Runtime) -> None:
    """Of two secrets, while one follows the other, any."""
    given = request.headers.getlist(SECRET_HEADER)
    told = given[0].encode("latin-1", "replace") if len(given) == 1 else b""
    right = False
    for secret in rt.settings.telegram_secrets:
        right |= hmac.compare_digest(told, secret.encode())
    if not right:
        _logger.warning("webhook.auth_failed", channel=Telegram.name)
        raise Refused(403)


async def _set_aside(rt: Runtime, channel: str, raw: bytes, error: Unreadable) -> Response:
    """Authentic but unreadable: a 4xx would make the platform bring it for hours."""
    _logger.warning("update.unreadable", channel=channel, code=error.code, size=len(raw))
    name = sha256(raw).hexdigest()
    async with rt.pool.connection() as session:
        await quarantine.quarantine(rt, session, channel, name, error.code, len(raw))
    return Response()


@router.get("/webhooks/whatsapp")
async def whatsapp_challenge(request: Request) -> Response:
    """Meta asks whether the webhook is ours when it is set: a word of ours, and digits to repeat.

    403 for anything else.
    """
    rt: Runtime = request.app.state.rt
    _whatsapp(rt)
    asked = request.query_params
    expected = rt.settings.whatsapp_verify_token
    given = asked.get("hub.verify_token", "").encode("utf-8", "replace")
    right = expected and hmac.compare_digest(given, expected.get_secret_value().encode())
    challenge = asked.get("hub.challenge", "")
    if not right or asked.get("hub.mode") != "subscribe" or not CHALLENGE.fullmatch(challenge):
        _logger.warning("webhook.auth_failed", channel=WhatsApp.name)
        raise Refused(403)
    return PlainTextResponse(challenge)


@router.post("/webhooks/whatsapp")
async def whatsapp(request: Request) -> Response:
    """A batch of WhatsApp: answered 200 only when each element is committed or in quarantine.

    If one failed in passing, 503: Meta brings all of it again, and what was taken is known by then.
    """
    rt: Runtime = request.app.state.rt
    channel = _whatsapp(rt)
    raw = await body(request, WHATSAPP_MOST, "application/json")
    _check_signature(request, rt, raw)
    try:
        arrivals = channel.parse(raw)
    except Unreadable as error:
        return await _set_aside(rt, channel.name, raw, error)
    whole, taken = await _take(rt, arrivals)
    answers = BackgroundTask(_answer, rt, channel, taken)
    return Response(status_code=200 if whole else 503, background=answers)


def _whatsapp(rt: Runtime) -> WhatsApp:
    channel = rt.channels.get(WhatsApp.name)
    if not isinstance(channel, WhatsApp):
        raise Refused(404)
    return channel


def _check_signature(request: Request, rt: Runtime, raw: bytes) -> None:
    """By the app's secret over the raw body; of two secrets, while one follows the other, any."""
    given = request.headers.getlist(SIGNATURE_HEADER)
    told = given[0].encode("latin-1", "replace") if len(given) == 1 else b""
    right = False
    for secret in rt.settings.whatsapp_app_secrets:
        due = b"sha256=" + hmac.new(secret.encode(), raw, sha256).hexdigest().encode()
        right |= hmac.compare_digest(told, due)
    if not right:
        _logger.warning("webhook.auth_failed", channel=WhatsApp.name)
        raise Refused(403)


type Taken = list[tuple[Inbound, AfterCommit | None]]


async def _take(rt: Runtime, arrivals: Sequence[IncomingUpdate]) -> tuple[bool, list[Taken]]:
    """Take a batch, each person's in order; whether all of it was, and what is to be answered."""
    by_person: dict[str, list[IncomingUpdate]] = {}
    receipts: list[DeliveryReport] = []
    for arrival in arrivals:
        match arrival:
            case DeliveryReport():
                receipts.append(arrival)
            case Inbound(handle=handle) | HandleChanged(handle=handle):
                by_person.setdefault(handle, []).append(arrival)
            case _:
                by_person.setdefault("", []).append(arrival)

    await receive.record_delivery_reports(rt, receipts)
    few = asyncio.Semaphore(AT_ONCE)
    results = await asyncio.gather(*(_in_order(rt, each, few) for each in by_person.values()))
    return all(whole for whole, _taken in results), [taken for _whole, taken in results]


async def _in_order(
    rt: Runtime, arrivals: Sequence[IncomingUpdate], few: asyncio.Semaphore
) -> tuple[bool, Taken]:
    """What comes after something that failed must wait for it."""
    taken: Taken = []
    async with few:
        for arrival in arrivals:
            if isinstance(arrival, Unparseable):
                _logger.warning("update.unreadable", channel=arrival.channel, code=arrival.code)
            try:
                delivery = await receive.receive(rt, arrival)
            except (Overloaded, OperationalError, PoolTimeout):
                return False, taken
            if isinstance(arrival, Inbound):
                taken.append((arrival, delivery))
    return True, taken


async def _answer(rt: Runtime, channel: WhatsApp, people: Sequence[Taken]) -> None:
    await asyncio.gather(*(_answer_one(rt, channel, taken) for taken in people))


async def _answer_one(rt: Runtime, channel: WhatsApp, taken: Taken) -> None:
    """Blue ticks, and three dots where the answer is still to be sent; then the answers."""
    for inbound, delivery in taken:
        await channel.acknowledge(inbound.message_id, typing=delivery is not None)
        await receive.deliver(rt, delivery)


@router.post("/callbacks/registry")
async def registry(request: Request) -> Response:
    """A status callback: signed, versioned, and told to the person in their language."""
    rt: Runtime = request.app.state.rt
    raw = await body(request, REGISTRY_MOST, "application/json")
    given = request.headers.getlist(callback_signature.HEADER)
    secrets = rt.settings.registry_callback_secrets
    if len(given) != 1 or not callback_signature.verify(given[0], raw, secrets, now=time.time()):
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
        delivery = await registry_events.record_status_callback(
            rt, callback.number, callback.state, callback.version
        )
    except LookupError:
        # The answer to the write itself may still be on its way to us: the registry tries again.
        return Response(status_code=404)
    return Response(status_code=204, background=BackgroundTask(receive.deliver, rt, delivery))
