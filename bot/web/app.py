"""The web application: webhooks, callbacks, the chat page, health and status."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from bot.operations.health import Watcher
from bot.registrations import registry_codes
from bot.runtime import Runtime
from bot.web import (
    broadcast_api,
    chat,
    console,
    demo,
    health,
    printed_checklist,
    secure_page,
    webhooks,
)
from bot.web.middleware import CANNOT_BE_USED, Door
from bot.web.request_parsing import Refused

HERE = Path(__file__).parent


def create_app(opening: AbstractAsyncContextManager[Runtime]) -> Starlette:
    """The application around a runtime that is opened when it starts and closed when it ends."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with opening as rt:
            app.state.rt = await registry_codes.checked(rt)
            app.state.watcher = Watcher(app.state.rt)
            yield
            await console.close(app.state)

    app = Starlette(
        routes=[
            *webhooks.ROUTES,
            *health.ROUTES,
            *chat.ROUTES,
            *demo.ROUTES,
            *console.ROUTES,
            *secure_page.ROUTES,
            *printed_checklist.ROUTES,
            *broadcast_api.ROUTES,
            Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
        ],
        middleware=[Middleware(Door)],
        exception_handlers={
            Refused: refused,
            **dict.fromkeys(CANNOT_BE_USED, unavailable),
        },
        lifespan=lifespan,
    )
    app.state.closing = asyncio.Event()
    return app


def close(asgi: Any) -> None:
    """Let the pages that wait for news end, where an application has such."""
    if isinstance(asgi, Starlette) and hasattr(asgi.state, "closing"):
        asgi.state.closing.set()


async def refused(request: Request, error: Exception) -> Response:
    return Response(status_code=error.status if isinstance(error, Refused) else 400)


async def unavailable(request: Request, error: Exception) -> Response:
    """What it takes is away or full: nothing was accepted, the platform keeps it."""
    if "text/html" in request.headers.get("accept", ""):
        answer = secure_page.not_now(request.app.state.rt)
    else:
        answer = JSONResponse({"error": "E_UNAVAILABLE"}, 503)
    answer.headers["Retry-After"] = "5"
    return answer
