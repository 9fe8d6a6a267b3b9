"""Fixtures: the sandbox on real PostgreSQL and sockets, a callback receiver, and a client."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from aiohttp import ClientSession, web
from starlette.types import ASGIApp

from bot import embedded
from bot.registry.client import Registry
from bot.registry.sandbox import create_app
from tests.app_stack import serving

CLIENT_ID = "kosh"
CLIENT_SECRET = "client-secret-of-the-tests"
CALLBACK_SECRET = "callback-secret-of-the-tests"


@dataclass
class Bot:
    """A receiver of callbacks: it records them and responds with the given statuses."""

    url: str = ""
    came: list[tuple[str, bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Respond with the next of the statuses, or 204."""
        self.came.append((request.headers["Kosh-Signature"], await request.read()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)


@dataclass(frozen=True)
class Answer:
    """The response to a request made without the client."""

    status: int
    media_type: str
    body: bytes


@dataclass
class Sandbox:
    """A running sandbox, with controls for its faults."""

    url: str
    session: ClientSession

    async def fault(self, name: str, **settings: Any) -> None:
        """Enable a fault."""
        await self.post("/_faults", {"name": name} | settings)

    async def calm(self) -> None:
        """Disable all faults."""
        async with self.session.delete(self.url + "/_faults") as answer:
            assert answer.status == 200

    async def post(self, path: str, body: dict[str, Any]) -> None:
        """Use a control of the sandbox's page."""
        async with self.session.post(self.url + path, json=body) as answer:
            assert answer.ok, await answer.text()

    async def entries(self) -> list[dict[str, Any]]:
        """Return the entries stored by the sandbox."""
        async with self.session.get(self.url + "/_entries") as answer:
            entries: list[dict[str, Any]] = await answer.json()
            return entries

    async def token(self) -> str:
        """Request an access token without the client; return it."""
        answer = await self.session.post(
            self.url + "/oauth/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": "Basic " + _basic()},
        )
        return str((await answer.json())["access_token"])

    async def call(self, method: str, path: str, **request: Any) -> Answer:
        """Make an authorised request without the client."""
        headers = {"Authorization": f"Bearer {await self.token()}"} | request.pop("headers", {})
        url = self.url + path
        async with self.session.request(method, url, headers=headers, **request) as answer:
            return Answer(answer.status, answer.content_type, await answer.read())


def _basic() -> str:
    return base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()


async def eventually[T](probe: Callable[[], Awaitable[T]]) -> T:
    """Return the first true result of `probe`; raise TimeoutError after 10 seconds."""
    async with asyncio.timeout(60):
        while not (found := await probe()):  # noqa: ASYNC110 (what is probed rings no bell)
            await asyncio.sleep(0.02)
        return found


def sandbox_app(database_url: str, callback_url: str | None, delay: float = 0.0) -> ASGIApp:
    """Return a sandbox in which the tests' client is registered."""
    return create_app(
        database_url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        callback_url=callback_url,
        callback_secret=CALLBACK_SECRET,
        delay=delay,
        embed_from="http://127.0.0.1:8080",
    )


@pytest.fixture(scope="session")
def registry_database(admin_url: str) -> Iterator[str]:
    """Yield the database that all sandboxes of this run share."""
    name = f"registry_{uuid4().hex[:12]}"
    yield embedded.prepare(admin_url, name).owner
    embedded.drop_database(admin_url, name)


@pytest.fixture
def database_url(registry_database: str) -> str:
    """Return the URL of the run's sandbox database, emptied of an earlier sandbox's rows."""
    with psycopg.connect(registry_database) as connection:
        connection.execute("DROP SCHEMA IF EXISTS registry_sandbox CASCADE")
    return registry_database


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """Yield the shared HTTP session."""
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    """Run a receiver of callbacks."""
    bot = Bot()
    app = web.Application()
    app.router.add_post("/callbacks", bot.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    bot.url = f"http://127.0.0.1:{runner.addresses[0][1]}/callbacks"
    yield bot
    await runner.cleanup()


@pytest.fixture
async def sandbox(database_url: str, bot: Bot) -> AsyncIterator[Sandbox]:
    """Run a sandbox that decides immediately."""
    app = sandbox_app(database_url, bot.url)
    async with ClientSession() as session, serving(app) as url:
        yield Sandbox(url, session)
        await session.close()


@pytest.fixture
def registry(session: ClientSession, sandbox: Sandbox) -> Registry:
    """Return a client of the sandbox."""
    return Registry(session, sandbox.url, CLIENT_ID, CLIENT_SECRET, deadline=5.0)
