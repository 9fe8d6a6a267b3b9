"""Where platforms and the registry call: check on raw bytes, parse, receive, then answer."""

import hmac
import time
from hashlib import sha256

from pydantic import ValidationError
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import inbox, log
from bot.channels import Inbound, Unreadable
from bot.channels.telegram import Telegram
from bot.registry import signature
from bot.registry.contract import StatusCallback
from bot.runtime import Runtime
from bot.web.door import Refused, body

TELEGRAM_MOST = 1024 * 1024
REGISTRY_MOST = 64 * 1024
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 — a header's name

_logger = log.get()


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
            delivery = await inbox.receive(rt, arrival)
        except inbox.Overloaded:
            return Response(status_code=503)
        if isinstance(arrival, Inbound) and arrival.press_id:
            answer = JSONResponse(channel.acknowledgement(arrival.press_id))
        answer.background = BackgroundTask(inbox.deliver, rt, delivery)
    return answer


def _check_secret(request: Request, rt: Runtime) -> None:
    given = request.headers.getlist(SECRET_HEADER)
    expected = rt.settings.telegram_secret
    if (
        expected is None
        or len(given) != 1
        or not hmac.compare_digest(
            given[0].encode("latin-1", "replace"), expected.get_secret_value().encode()
        )
    ):
        _logger.warning("webhook.auth_failed", channel=Telegram.name)
        raise Refused(403)


async def _set_aside(rt: Runtime, channel: str, raw: bytes, error: Unreadable) -> Response:
    """Authentic but unreadable: a 4xx would make the platform bring it for hours."""
    _logger.warning("update.unreadable", channel=channel, code=error.code, size=len(raw))
    name = sha256(raw).hexdigest()
    async with rt.pool.connection() as session:
        await inbox.quarantine(rt, session, channel, name, error.code, len(raw))
    return Response()


async def registry(request: Request) -> Response:
    """A status callback: signed, versioned, and told to the person in their language."""
    rt: Runtime = request.app.state.rt
    raw = await body(request, REGISTRY_MOST, "application/json")
    secret = rt.settings.registry_callback_secret
    given = request.headers.getlist(signature.HEADER)
    secrets = [secret.get_secret_value()] if secret else []
    if len(given) != 1 or not signature.verify(given[0], raw, secrets, now=time.time()):
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
        delivery = await inbox.hear_registry(rt, callback.number, callback.state, callback.version)
    except LookupError:
        # The answer to the write itself may still be on its way to us: the registry tries again.
        return Response(status_code=404)
    return Response(status_code=204, background=BackgroundTask(inbox.deliver, rt, delivery))


ROUTES = [
    Route("/webhooks/telegram", telegram, methods=["POST"]),
    Route("/callbacks/registry", registry, methods=["POST"]),
]
