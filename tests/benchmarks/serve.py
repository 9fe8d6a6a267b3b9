"""A server process of the benchmark; every framework is served in the same way as Kosh."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.benchmarks.protocol import ServerConfig

type Take = Callable[[bytes], Awaitable[Response]]
type Opening = AbstractAsyncContextManager[Mapping[str, Take]]

# Modules of the frameworks. Each has `opening(place)`, which yields handlers of updates by path.
CONTENDERS = {
    "floor": "tests.benchmarks.floor",
    "aiogram": "tests.benchmarks.aiogram_form",
    "aiogram-docs": "tests.benchmarks.aiogram_form",
    "aiogram-dialog": "tests.benchmarks.dialog_form",
    "python-telegram-bot": "tests.benchmarks.ptb_form",
}
# Variants of Kosh's web process: complete, without recognition of text, and under attack.
VARIANTS = {
    "kosh": "tests.benchmarks.kosh_server",
    "kosh-unrecognized": "tests.benchmarks.kosh_server",
    "attacked": "tests.benchmarks.attacked_server",
    "attacked-webhooks": "tests.benchmarks.attacked_server",
}
PATHS = ("/form", "/durable", "/ask")


def application(place: ServerConfig) -> Any:
    if place.server in VARIANTS:
        return import_module(VARIANTS[place.server]).application(place)
    return plain(import_module(CONTENDERS[place.server]).opening(place))


def plain(opening: Opening) -> Starlette:
    """Return a Starlette application that passes the raw request body to the path's handler."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with settled(opening) as takes:
            app.state.takes = takes
            yield

    async def update(request: Request) -> Response:
        take: Take = request.app.state.takes[request.scope["path"]]
        return await take(await request.body())

    routes = [Route(path, update, methods=["POST"]) for path in PATHS]
    return Starlette(routes=routes, lifespan=lifespan)


@asynccontextmanager
async def settled[T](opening: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
    """Exclude all objects that exist after the start from garbage collection (gc.freeze).

    Kosh does so too, so all frameworks have this advantage.
    """
    async with opening as opened:
        gc.collect()
        gc.freeze()
        yield opened


def acknowledged(update: dict[str, Any]) -> Response:
    """Return the response to a webhook; it contains the acknowledgement of a button press."""
    press = update.get("callback_query")
    if press is None:
        return Response()
    body = {"method": "answerCallbackQuery", "callback_query_id": press["id"]}
    return Response(msgspec.json.encode(body), media_type="application/json")


def main() -> None:
    from bot.cli.servers import serve, shared

    place = msgspec.json.decode(sys.argv[1], type=ServerConfig)
    factory = asyncio.new_event_loop
    if place.loop == "uvloop":
        factory = import_module("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        listening = shared("127.0.0.1", place.port)
        runner.run(serve(application(place), "127.0.0.1", place.port, listening))


if __name__ == "__main__":
    main()
