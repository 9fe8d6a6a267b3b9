"""Serve liveness, readiness and the public status; serve metrics on a separate port."""

from collections.abc import Mapping

import msgspec
from fastapi import APIRouter, Request
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.channels.telegram.client import Telegram
from bot.channels.webchat import WebChat
from bot.channels.whatsapp.client import WhatsApp
from bot.db.server_statements import TAKE_TRANSACTION_ID
from bot.db.statements import execute
from bot.observability import metrics
from bot.operations import health as operation_health
from bot.operations.health import Health, SnapshotCache, Status
from bot.runtime import Runtime
from bot.web.public_pages import CHAT, STATUS, fresh_page, reader_of
from flows.engine.text import Text, _

OVERALL = {
    Health.WORKS: _("Everything works."),
    Health.SLOW: _("Something is slow or does not work. What you sent is not lost."),
    Health.DOWN: _("The assistant does not work at the moment. Please try again later."),
}
HEALTHS = {
    # Translators: state of a part of the service: it works.
    Health.WORKS: _("works"),
    Health.SLOW: _("slow: answers come late"),
    Health.DOWN: _("does not work at the moment"),
}
ASKS = _(
    "Very many chats are being opened. The chat on the website asks a question before it begins."
)
NAMES = {Telegram.name: "Telegram", WhatsApp.name: "WhatsApp"}
REGISTRY = _("Passing on to the registry")
DELIVERED = _("Last message delivered")
# Translators: label of the version number of the program.
VERSION = _("Version")
# Some monitors send HEAD instead of GET.
METHODS = ["GET", "HEAD"]

router = APIRouter()


@router.api_route("/health", methods=METHODS)
async def health(request: Request) -> Response:
    """Return 200 as long as the process runs."""
    return JSONResponse({"status": "alive"})


@router.api_route("/ready", methods=METHODS)
async def ready(request: Request) -> Response:
    """Return 200 if the process can commit a database transaction, otherwise 503."""
    rt: Runtime = request.app.state.rt
    try:
        async with rt.pool.connection() as session:
            count = await execute(session, TAKE_TRANSACTION_ID)
    except (OperationalError, PoolTimeout):
        count = 0
    if count == 0:
        return JSONResponse({"status": "cannot commit"}, status_code=503)
    return JSONResponse({"status": "ready"})


@router.api_route("/status.json", methods=METHODS)
async def status_json(request: Request) -> Response:
    """Return the public status as JSON, for monitors."""
    rt, snapshot = await _snapshot(request)
    status = msgspec.to_builtins(operation_health.status(rt, snapshot))
    status["channels"] = dict(status["channels"])
    return JSONResponse(status, headers=_FOR_ALL)


@router.api_route("/status", methods=METHODS)
async def status(request: Request, lang: str = "") -> Response:
    """Return the public status of the service as a page in the reader's language."""
    rt, snapshot = await _snapshot(request)
    reader = reader_of(request, lang)
    values = page_values(rt, operation_health.status(rt, snapshot), reader.language)
    return fresh_page(request, reader, "status.html", values, operation_health.FRESH_SECONDS)


_FOR_ALL: Mapping[str, str] = {"Cache-Control": f"public, max-age={operation_health.FRESH_SECONDS}"}


async def _snapshot(request: Request) -> tuple[Runtime, operation_health.Snapshot]:
    watcher: SnapshotCache = request.app.state.watcher
    return request.app.state.rt, await watcher.current()


def page_values(rt: Runtime, found: Status, language: str) -> dict[str, object]:
    """Return the public status of the service as template values in one language."""

    def say(text: Text) -> str:
        return rt.languages.render(text, language)

    names = {WebChat.name: say(CHAT), **NAMES}
    parts = [(names.get(name, name.title()), health) for name, health in found.channels]
    parts += [(say(REGISTRY), found.registry)] if found.registry else []
    facts = [(say(VERSION), " ".join(filter(None, (found.version, found.commit))))]
    if found.delivered:
        time = found.delivered.replace("T", " ").replace("+00:00", " UTC")
        facts.insert(0, (say(DELIVERED), time))
    return {
        "title": say(STATUS),
        "description": say(OVERALL[found.overall]),
        "overall": say(OVERALL[found.overall]),
        "health": found.overall,
        "notice": say(ASKS) if found.asks_question else "",
        "parts": [(part, health, say(HEALTHS[health])) for part, health in parts],
        "facts": facts,
    }


def metrics_app(rt: Runtime) -> Starlette:
    """Return the application for the metrics port, which must be unreachable from the Internet."""
    watcher = SnapshotCache(rt)

    async def numbers(request: Request) -> Response:
        body = metrics.exposition(operation_health.samples(await watcher.current()))
        return Response(body, media_type=metrics.MEDIA_TYPE)

    return Starlette(routes=[Route("/metrics", numbers), Route("/health", health)])
