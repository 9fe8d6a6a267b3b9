"""Sandbox registry: a server that implements the contract and injects faults on request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from bot.registry.sandbox import (
    api,
    callbacks,
    invented_people,
    list_routes,
    page,
    planning_routes,
    store,
)
from bot.registry.sandbox.client_certificates import PeerCertificateMiddleware
from bot.registry.sandbox.errors import (
    Objection,
    on_error,
    on_http_error,
    on_invalid_request,
    on_objection,
)
from bot.registry.sandbox.faults import FaultMiddleware
from bot.registry.sandbox.openapi import DocumentedApp
from bot.registry.sandbox.state import Sandbox

__all__ = ["Sandbox", "create_app", "openapi"]

CALLBACK_SECONDS = 5.0
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(sandbox: Sandbox) -> ASGIApp:
    """Return the sandbox as an ASGI application."""
    app = _application(_routes(with_page=True))
    app.state.sandbox = sandbox
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app.middleware("http")(_plain_headers)
    _handle_errors(app)
    return PeerCertificateMiddleware(FaultMiddleware(app, sandbox.faults))


def _handle_errors(app: FastAPI) -> None:
    app.exception_handler(Objection)(on_objection)
    app.exception_handler(HTTPException)(on_http_error)
    app.exception_handler(RequestValidationError)(on_invalid_request)
    app.exception_handler(Exception)(on_error)


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document of the contract."""
    return _application(_routes(with_page=False)).openapi()


@cache
def _routes(*, with_page: bool) -> list[BaseRoute]:
    """Return the routes, cached: routes hold no state, so all applications can share them."""
    included = APIRouter()
    documented = (api.open_routes, api.routes, list_routes.routes, planning_routes.routes)
    for router in (*documented, page.routes, planning_routes.pages) if with_page else documented:
        included.include_router(router)
    # Build the routes now, because otherwise FastAPI builds them in the first request (0.1 s or
    # more).
    list(iter_route_contexts(included.routes))
    return included.routes


def _application(routes: list[BaseRoute]) -> DocumentedApp:
    return DocumentedApp(
        title="Registry of ethnic Kazakhs abroad: pre-registration",
        version="1.7.0",
        description="The contract that Kosh assumes; the real registry's is not public.",
        servers=[{"url": "/"}],
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
        telemetry=NO_TELEMETRY,
        webhooks=api.webhooks,
        lifespan=_lifespan,
        routes=routes,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    sandbox: Sandbox = app.state.sandbox
    timeout = aiohttp.ClientTimeout(total=CALLBACK_SECONDS)
    async with sandbox.pool, aiohttp.ClientSession(timeout=timeout) as session:
        async with sandbox.pool.connection() as connection:
            await store.create_tables(connection)
            if sandbox.with_people:
                await invented_people.enter(connection)
        async with asyncio.TaskGroup() as group:
            deciding = group.create_task(callbacks.decide(sandbox))
            delivering = group.create_task(callbacks.deliver(sandbox, session))
            yield
            deciding.cancel()
            delivering.cancel()


async def _plain_headers(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await call_next(request)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers.setdefault("Cache-Control", "no-cache")
    return response
