"""Build the web application: webhooks, callbacks, chat, console, API, health and status."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from bot.operations.health import SnapshotCache
from bot.registrations import registry_codes
from bot.runtime import Runtime
from bot.web import (
    api,
    chat,
    chat_files,
    chat_stream,
    console,
    demo,
    errors,
    health,
    home,
    info,
    printed_checklist,
    referral_pages,
    secure_page,
    webhooks,
)
from bot.web.connection_limits import AddressLimit
from bot.web.middleware import RequestGuard

HERE = Path(__file__).parent
# Spans of FastAPI contain paths, and paths carry tokens; `bot.observability.tracing` makes its own.
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


# In the order of matching: the routes called most often come first.
ROUTERS = (
    webhooks.router,
    health.router,
    chat.router,
    chat_stream.router,
    chat_files.router,
    secure_page.router,
    printed_checklist.router,
    home.router,
    referral_pages.router,
    info.router,
    api.router,
    demo.router,
)
# A process of its own answers the platforms when others keep `web` busy.
PLATFORM_ROUTERS = (webhooks.router, health.router)


def create_app(
    opening: AbstractAsyncContextManager[Runtime], *, platforms_only: bool = False
) -> FastAPI:
    """Return the application; it opens the runtime when it starts and closes it when it ends.

    `platforms_only`: serve only webhooks, callbacks and health.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opening as rt:
            app.state.rt = await registry_codes.verify_codes(rt)
            app.state.watcher = SnapshotCache(app.state.rt)
            yield
            await console.close(app.state)

    app = FastAPI(
        title="Kosh",
        telemetry=NO_TELEMETRY,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        middleware=[Middleware(RequestGuard), Middleware(AddressLimit)],
        exception_handlers=errors.HANDLERS,
        lifespan=lifespan,
        routes=_routes(platforms_only),
    )
    if not platforms_only:
        app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.state.closing = asyncio.Event()
    return app


@cache
def _routes(platforms_only: bool) -> list[BaseRoute]:
    """Return the routes; they hold no state, and applications of one process share them."""
    included = APIRouter()
    for router in PLATFORM_ROUTERS if platforms_only else ROUTERS:
        included.include_router(router)
    for router in () if platforms_only else console.ROUTERS:
        included.include_router(router, prefix=console.ROOT)
    # Build the routes now: at the first request this would take 0.1 s or more.
    list(iter_route_contexts(included.routes))
    return included.routes


def close(asgi: Any) -> None:
    """Signal open event streams that the server is shutting down."""
    if isinstance(asgi, FastAPI) and hasattr(asgi.state, "closing"):
        asgi.state.closing.set()
