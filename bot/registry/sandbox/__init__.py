"""Registry sandbox: a real server that implements the contract and fails on demand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from bot.registry.sandbox import api, callbacks, page, store
from bot.registry.sandbox.errors import Objection, on_error, on_http_error, on_objection
from bot.registry.sandbox.faults import Door
from bot.registry.sandbox.state import Sandbox

__all__ = ["create_app"]

_CALLBACK_SECONDS = 5.0


def create_app(
    database_url: str,
    *,
    client_id: str,
    client_secret: str,
    callback_url: str | None,
    callback_secret: str,
    delay: float = 2.0,
    embed_from: str = "'self'",
) -> ASGIApp:
    """Return the sandbox as an ASGI application for uvicorn; its tables have their own schema.

    `delay` is in seconds, from an entry to its decision. `embed_from` is the CSP source (an origin)
    of pages that may show the sandbox in a frame.
    """
    sandbox = Sandbox(
        pool=AsyncConnectionPool(
            database_url, min_size=1, max_size=8, open=False, configure=store.configure
        ),
        client_id=client_id,
        client_secret=client_secret,
        callback_url=callback_url,
        callback_secret=callback_secret,
        embed_from=embed_from,
        delay=delay,
    )
    app = FastAPI(lifespan=_lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.sandbox = sandbox
    for router in (api.open_routes, api.routes, page.routes):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app.middleware("http")(_plain_headers)
    app.exception_handler(Objection)(on_objection)
    app.exception_handler(HTTPException)(on_http_error)
    app.exception_handler(Exception)(on_error)
    return Door(app, sandbox.faults)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    sandbox: Sandbox = app.state.sandbox
    timeout = aiohttp.ClientTimeout(total=_CALLBACK_SECONDS)
    async with sandbox.pool, aiohttp.ClientSession(timeout=timeout) as session:
        async with sandbox.pool.connection() as connection:
            await store.create_tables(connection)
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
