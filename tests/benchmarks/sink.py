"""A platform that accepts every request at once, so that only the sender is measured.

The platform uses an asyncio protocol without a web framework. `GET /` returns the number of
accepted requests, and the time of the last by the clock that all processes share.
"""

import asyncio
import sys
import time

SENT = b'{"ok":true,"result":{"message_id":1}}'


def _answer(body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


ANSWER = _answer(SENT)


class Sink(asyncio.Protocol):
    """The connection of one client. The bytes of a request may arrive in several pieces."""

    taken = 0
    first = 0.0
    last = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._out = transport
        self._held = b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (head := self._held.find(b"\r\n\r\n")) >= 0:
            start = self._held[:head].lower()
            _, found, rest = start.partition(b"content-length:")
            end = head + 4 + (int(rest.split(b"\r\n")[0]) if found else 0)
            if len(self._held) < end:
                return
            self._held = self._held[end:]
            self._take(start)

    def _take(self, start: bytes) -> None:
        if start.startswith(b"get"):
            counts = f'{{"taken":{Sink.taken},"first":{Sink.first},"last":{Sink.last}}}'
            self._out.write(_answer(counts.encode()))
            return
        Sink.last = time.time()
        Sink.first = Sink.first or Sink.last
        Sink.taken += 1
        self._out.write(ANSWER)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
