"""Fixtures: the registry's sandbox on a real PostgreSQL, a receiver of callbacks, and a client."""

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
from bot.registry.sandbox import create_app, state
from tests.app_stack import serving

CLIENT_ID = "kosh"
CLIENT_SECRET = "client-secret-of-the-tests"
CALLBACK_SECRET = "callback-secret-of-the-tests"


@dataclass
class CallbackReceiver:
    """A receiver of the registry's callbacks.

    `came` has (signature, body) of each callback, `statuses` the next responses' statuses.
    """

    url: str = ""
    came: list[tuple[str, bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Record a callback; respond with the next of `statuses`, or 204."""
        self.came.append((request.headers["Kosh-Signature"], await request.read()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)


@dataclass(frozen=True)
class Answer:
    """The response to a request that a test makes without Kosh's registry client."""

    status: int
    media_type: str
    body: bytes


@dataclass
class Sandbox:
    """A running sandbox registry, and requests that control its faults."""

    url: str
    session: ClientSession

    async def fault(self, name: str, **settings: Any) -> None:
        """Enable a fault by its name in the sandbox; `settings` are its options."""
        await self.post("/_faults", {"name": name} | settings)

    async def calm(self) -> None:
        """Disable all faults."""
        async with self.session.delete(self.url + "/_faults") as answer:
            assert answer.status == 200

    async def post(self, path: str, body: dict[str, Any]) -> None:
        """Send a control request of the sandbox, as its web page does."""
        async with self.session.post(self.url + path, json=body) as answer:
            assert answer.ok, await answer.text()

    async def entries(self) -> list[dict[str, Any]]:
        """Return the registrations that the sandbox has stored."""
        async with self.session.get(self.url + "/_entries") as answer:
            entries: list[dict[str, Any]] = await answer.json()
            return entries

    async def token(self) -> str:
        """Request an access token without Kosh's registry client; return the token."""
        answer = await self.session.post(
            self.url + "/oauth/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": "Basic " + _basic()},
        )
        return str((await answer.json())["access_token"])

    async def call(self, method: str, path: str, **request: Any) -> Answer:
        """Make a request with an access token, without Kosh's registry client."""
        headers = {"Authorization": f"Bearer {await self.token()}"} | request.pop("headers", {})
        url = self.url + path
        async with self.session.request(method, url, headers=headers, **request) as answer:
            return Answer(answer.status, answer.content_type, await answer.read())


def _basic() -> str:
    return base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()


async def eventually[T](probe: Callable[[], Awaitable[T]]) -> T:
    """Return the first true result of `probe`; raise TimeoutError after 60 seconds."""
    async with asyncio.timeout(60):
        while not (found := await probe()):  # noqa: ASYNC110 (what is probed rings no bell)
            await asyncio.sleep(0.02)
        return found


def sandbox_app(
    database_url: str,
    callback_url: str | None,
    delay: float = 0.0,
    *,
    with_people: bool = False,
) -> ASGIApp:
    """Return a sandbox application in which the tests' client is registered.

    It decides on each registration after `delay` seconds.
    """
    return create_app(
        state.Sandbox(
            database_url,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            callback_url=callback_url,
            callback_secret=CALLBACK_SECRET,
            delay=delay,
            embed_from="http://127.0.0.1:8080",
            with_people=with_people,
        )
    )


@pytest.fixture(scope="session")
def registry_database(admin_url: str) -> Iterator[str]:
    """Yield the URL of the database that all sandboxes of this test run share."""
    name = f"registry_{uuid4().hex[:12]}"
    yield embedded.prepare(admin_url, name).owner
    embedded.drop_database(admin_url, name)


@pytest.fixture
def database_url(registry_database: str) -> str:
    """Delete the rows of an earlier test's sandbox; return the database's URL."""
    with psycopg.connect(registry_database) as connection:
        connection.execute("DROP SCHEMA IF EXISTS registry_sandbox CASCADE")
    return registry_database


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """Yield the HTTP session of the test's registry clients."""
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def bot() -> AsyncIterator[CallbackReceiver]:
    """Run a receiver of callbacks during the test; yield it."""
    bot = CallbackReceiver()
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
async def sandbox(database_url: str, bot: CallbackReceiver) -> AsyncIterator[Sandbox]:
    """Run a sandbox that decides on registrations immediately; yield it."""
    app = sandbox_app(database_url, bot.url)
    async with ClientSession() as session, serving(app) as url:
        yield Sandbox(url, session)
        await session.close()


@pytest.fixture
def registry(session: ClientSession, sandbox: Sandbox) -> Registry:
    """Return Kosh's registry client for the running sandbox."""
    return Registry(session, sandbox.url, CLIENT_ID, CLIENT_SECRET, deadline=5.0)
