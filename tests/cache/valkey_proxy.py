"""A TCP proxy between a cache client and Valkey, which a test can make slow, silent or cut."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from bot.cache import Cache


class Proxy:
    """A TCP proxy before Valkey that can be slow, silent, cut, or lead to another server."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._lines: set[asyncio.StreamWriter] = set()
        self.delay: Callable[[], float] = float
        self.silent = False
        self._stuck: set[asyncio.StreamWriter] = set()
        self.closed = False
        self.cut_at: bytes | None = None
        self.accepted = 0

    async def serve(
        self, client: asyncio.StreamReader, client_writer: asyncio.StreamWriter
    ) -> None:
        self.accepted += 1
        if self.closed:
            client_writer.close()
            return
        host, port = self._target.hostname, self._target.port
        server, server_writer = await asyncio.open_connection(host, port)
        self._lines |= {client_writer, server_writer}
        await asyncio.gather(
            self._pass_on(client, server_writer), self._pass_on(server, client_writer, slow=True)
        )

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, slow: bool = False
    ) -> None:
        try:
            while data := await source.read(65536):
                if self.cut_at and self.cut_at in data:
                    break
                if slow:
                    await asyncio.sleep(self.delay())
                if not self.silent and sink not in self._stuck:
                    sink.write(data)
        except OSError:
            pass
        sink.close()

    def lead_to(self, url: str) -> None:
        """Connect new clients to another server; existing connections stay where they are."""
        self._target = urlsplit(url)

    def make_silent(self) -> None:
        """Make the current connections silent; new connections still work."""
        self._stuck |= self._lines

    def cut(self) -> None:
        for line in self._lines:
            line.close()
        self._lines.clear()


@asynccontextmanager
async def proxied(url: str, *, seconds: float = 2) -> AsyncIterator[tuple[Cache, Proxy]]:
    proxy = Proxy(url)
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    parts = urlsplit(url)
    through = Cache.at(
        parts._replace(netloc=parts.netloc.replace(str(parts.port), str(port))).geturl(),
        seconds=seconds,
    )
    try:
        yield through, proxy
    finally:
        await through.close()
        proxy.cut()
        listening.close()
