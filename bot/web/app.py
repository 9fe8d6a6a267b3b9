"""Build the FastAPI application that serves webhooks, chat, public pages, console and API.

A process for webhooks alone does not import `bot.web.site`, because the site takes 12 MB.
"""

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

from bot.operations.health import SnapshotCache
from bot.registrations import registry_codes
from bot.runtime import Runtime
from bot.web import errors, health, webhooks
from bot.web.connection_limits import AddressLimit
from bot.web.middleware import RequestGuard
from bot.web.static_files import CompressedFiles

HERE = Path(__file__).parent
# FastAPI's built-in tracing would record request paths, and some paths contain secret tokens.
# `bot.observability.tracing` creates spans without paths instead.
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(
    opening: AbstractAsyncContextManager[Runtime], *, platforms_only: bool = False
) -> FastAPI:
    """Return the application; it opens its database and Valkey connections at startup.

    The connections are closed at shutdown. With `platforms_only`, the application serves only
    webhooks, registry callbacks and health checks.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opening as rt:
            app.state.rt = await registry_codes.verify_codes(rt)
            app.state.watcher = SnapshotCache(app.state.rt)
            yield
            if not platforms_only:
                from bot.web import site

                await site.close(app.state)

    app = FastAPI(
        title="Kosh",
        telemetry=NO_TELEMETRY,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        middleware=[Middleware(RequestGuard), Middleware(AddressLimit)],
        exception_handlers=_exception_handlers(platforms_only),
        lifespan=lifespan,
        routes=_routes(platforms_only),
    )
    if not platforms_only:
        app.mount("/static", CompressedFiles(directory=HERE / "static"), name="static")
    app.state.closing = asyncio.Event()
    return app


def _exception_handlers(platforms_only: bool) -> dict[int | type[Exception], errors.ErrorHandler]:
    if platforms_only:
        return errors.HANDLERS
    from bot.web import site

    return site.HANDLERS


@cache
def _routes(platforms_only: bool) -> list[BaseRoute]:
    """Return the routes; they are cached, because all applications of a process can share them.

    With `platforms_only`, these are only webhooks, registry callbacks and health checks.
    """
    # Copy the webhook routes instead of including their router, because FastAPI would match the
    # routes of an included router twice.
    included = APIRouter(routes=webhooks.router.routes)
    included.include_router(health.router)
    if not platforms_only:
        from bot.web import site

        site.include_in(included)
    # Build FastAPI's route contexts now. Otherwise the first request would take 0.1 s longer.
    list(iter_route_contexts(included.routes))
    return included.routes


def close(asgi: Any) -> None:
    """Signal to the application's open event streams that the server is shutting down."""
    if isinstance(asgi, FastAPI) and hasattr(asgi.state, "closing"):
        asgi.state.closing.set()
