"""The web application: webhooks, callbacks, the chat page, health and status."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from bot import registrations
from bot.runtime import Runtime
from bot.watch import Watcher
from bot.web import chat, console, ministry, page, sheet, watching, webhooks
from bot.web.door import Door, Refused

HERE = Path(__file__).parent


def create_app(opening: AbstractAsyncContextManager[Runtime]) -> FastAPI:
    """The application around a runtime that is opened when it starts and closed when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opening as rt:
            app.state.rt = await registrations.checked(rt)
            app.state.watcher = Watcher(app.state.rt)
            yield
            await console.close(app.state)

    app = FastAPI(title="Kosh", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.closing = asyncio.Event()
    app.router.routes.extend(
        [
            *watching.ROUTES,
            *webhooks.ROUTES,
            *chat.ROUTES,
            *console.ROUTES,
            *page.ROUTES,
            *sheet.ROUTES,
            *ministry.ROUTES,
        ]
    )
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_exception_handler(Refused, refused)
    for unavailable_error in (OperationalError, PoolTimeout):
        app.add_exception_handler(unavailable_error, unavailable)
    app.add_middleware(Door)
    return app


async def refused(request: Request, error: Exception) -> Response:
    return Response(status_code=error.status if isinstance(error, Refused) else 400)


async def unavailable(request: Request, error: Exception) -> Response:
    """The database is away or full: nothing was accepted, the platform keeps it."""
    return JSONResponse({"error": "E_UNAVAILABLE"}, 503, headers={"Retry-After": "5"})
