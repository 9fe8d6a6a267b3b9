"""Limits per network address: connections, concurrent requests, bytes of unverified webhooks.

Behind a trusted proxy, the address is the client's address that the proxy forwards. The number of
concurrent webhook requests is not limited, because a platform sends many from few addresses.
Instead, the bytes of webhook bodies are limited until their signature is verified.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot.budgets.spending import is_shared, network_of
from bot.budgets.table import SHARED_FACTOR
from bot.web.request_parsing import Refused

MAX_CONNECTIONS: Final = 1000
MAX_PER_ADDRESS: Final = 100
HEADER_SECONDS = 10.0
MAX_UNVERIFIED_BYTES: Final = 64 * 1024 * 1024
MAX_UNVERIFIED_BYTES_PER_ADDRESS: Final = 16 * 1024 * 1024
RETRY_SECONDS: Final = 10
PLATFORM_PATHS: Final = ("/webhooks/", "/callbacks/")
# Requests of programs on this machine have no limit. If a proxy on this machine forwards a request,
# the client's forwarded address counts.
THIS_MACHINE: Final = frozenset({"127.0.0.1", "::1"})


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with limits for connections that wait for a request.

    uvicorn waits without a timeout for the first request and for the end of its headers. This class
    closes a connection that takes longer than HEADER_SECONDS, and a new one if its address already
    has MAX_PER_ADDRESS connections. When a new connection is number MAX_CONNECTIONS, the class
    closes the connection that has waited longest.
    """

    waits_since: float | None = None
    network = ""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()
        host = self.client[0] if self.client else ""
        proxies = getattr(self.config.loaded_app, "trusted_hosts", ())
        self.network = "" if host in proxies else network_of(host)
        others = [
            each
            for each in self.connections
            if isinstance(each, LimitedProtocol) and each is not self
        ]
        if self.network and sum(each.network == self.network for each in others) >= MAX_PER_ADDRESS:
            self._end()
        elif len(others) + 1 >= MAX_CONNECTIONS:
            _end_longest_waiting(others)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._stop_waiting()
        self.waits_since = self.loop.time()
        self._deadline = self.loop.call_later(HEADER_SECONDS, self._end)

    def _stop_waiting(self) -> None:
        self.waits_since = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end(self) -> None:
        self._stop_waiting()
        self.connections.discard(self)
        self.transport.close()


def _end_longest_waiting(connections: list[LimitedProtocol]) -> None:
    waiting = [
        (each.waits_since, number)
        for number, each in enumerate(connections)
        if each.waits_since is not None
    ]
    if waiting:
        connections[min(waiting)[1]]._end()


class AddressLimit:
    """Middleware that returns 503 if an address already has MAX_PER_ADDRESS requests in progress.

    Open event streams count too. Networks that the settings list as shared have a higher limit.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._running: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        network = limited_network(scope)
        if not network:
            return await self._app(scope, receive, send)
        if self._running[network] >= _limit(scope):
            retry = [(b"retry-after", str(RETRY_SECONDS).encode())]
            await send({"type": "http.response.start", "status": 503, "headers": retry})
            return await send({"type": "http.response.body", "body": b""})
        with _count_running(self._running, network):
            await self._app(scope, receive, send)


def limited_network(scope: Scope) -> str:
    """Return the network of the client's address; "" if the request is not limited.

    Requests from this machine and requests to PLATFORM_PATHS are not limited.
    """
    if scope["type"] != "http" or scope["path"].startswith(PLATFORM_PATHS):
        return ""
    host = scope["client"][0] if scope.get("client") else ""
    return "" if host in THIS_MACHINE else network_of(host)


def _limit(scope: Scope) -> int:
    rt = getattr(scope["app"].state, "rt", None)
    many = rt is not None and is_shared(rt, scope["client"][0])
    return MAX_PER_ADDRESS * (SHARED_FACTOR if many else 1)


@contextmanager
def _count_running(running: Counter[str], network: str) -> Iterator[None]:
    running[network] += 1
    try:
        yield
    finally:
        running[network] -= 1
        if not running[network]:
            del running[network]


class UnverifiedBytes:
    """Limits the bytes of webhook bodies that are in memory before their signature is verified."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()
        self._total = 0

    @contextmanager
    def held_by(self, host: str) -> Iterator[Callable[[int], None]]:
        """Yield a function to call with the size of each received piece of a webhook's body.

        The function adds the size to the total of the client's address and to the total of all
        addresses. It raises Refused (503) if the first total would exceed
        MAX_UNVERIFIED_BYTES_PER_ADDRESS or the second one MAX_UNVERIFIED_BYTES. When the block
        ends, the sizes are subtracted again.
        """
        network, own = network_of(host), 0

        def count(size: int) -> None:
            nonlocal own
            all_bytes, of_network = self._total + size, self._held[network] + size
            if all_bytes > MAX_UNVERIFIED_BYTES or of_network > MAX_UNVERIFIED_BYTES_PER_ADDRESS:
                raise Refused(503)
            own += size
            self._total, self._held[network] = all_bytes, of_network

        try:
            yield count
        finally:
            self._total -= own
            self._held[network] -= own
            if not self._held[network]:
                del self._held[network]


unverified = UnverifiedBytes()
