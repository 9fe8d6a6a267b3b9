"""The web application: webhooks, callbacks, the chat page, health and status."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from bot import registrations
from bot.runtime import Runtime
from bot.watch import Watcher
from bot.web import chat, console, ministry, page, sheet, watching, webhooks
from bot.web.door import Door, Refused

HERE = Path(__file__).parent


def create_app(opening: AbstractAsyncContextManager[Runtime]) -> Starlette:
    """The application around a runtime that is opened when it starts and closed when it ends."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with opening as rt:
            app.state.rt = await registrations.checked(rt)
            app.state.watcher = Watcher(app.state.rt)
            yield
            await console.close(app.state)

    app = Starlette(
        routes=[
            *webhooks.ROUTES,
            *watching.ROUTES,
            *chat.ROUTES,
            *console.ROUTES,
            *page.ROUTES,
            *sheet.ROUTES,
            *ministry.ROUTES,
            Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
        ],
        middleware=[Middleware(Door)],
        exception_handlers={
            Refused: refused,
            OperationalError: unavailable,
            PoolTimeout: unavailable,
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
    """The database is away or full: nothing was accepted, the platform keeps it."""
    return JSONResponse({"error": "E_UNAVAILABLE"}, 503, headers={"Retry-After": "5"})
