"""TCP proxy that misbehaves on command, between Kosh's processes and their services.

The proxy is a process of its own. The first line of standard input names the lines (proxied
connections) and their targets; it answers with the ports it listens on. Every further input line is
an order, such as `{"lines": ["web 1>postgres"], "do": "drop", "seconds": 0}`. The order `tell` is
answered with the bytes that each line has carried to each port.
"""

import asyncio
import json
import random
import sys
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

type Mode = Literal["pass", "delay", "drop", "cut", "half", "tear"]
CHUNK = 64 * 1024
TORN_AFTER = 40


@dataclass(eq=False)
class Pair:
    """One TCP connection: Kosh's process is at the near end, the service at the far end.

    `is_half_open`: the far end is closed, and Kosh's process has not been notified.
    """

    near: StreamWriter
    far: StreamWriter
    port: int
    is_half_open: bool = False

    def abort(self) -> None:
        self.near.transport.abort()
        self.far.transport.abort()

    def close_far_end(self) -> None:
        self.is_half_open = True
        self.far.transport.abort()


@dataclass
class ProxiedService:
    """All connections from one process to one service, and their current behaviour.

    If the service has several ports, each connection uses one that accepts it.

    Modes: `delay` delays bytes by about `seconds`; `drop` holds everything back, like a broken
    network; `cut` resets open connections and rejects new ones; `half` closes only the far end,
    without notifying Kosh's process; `tear` resets in the middle of a response.
    """

    to: Sequence[int]
    mode: Mode = "pass"
    seconds: float = 0.0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    pairs: set[Pair] = field(default_factory=set)
    carried: Counter[int] = field(default_factory=Counter)

    def set_mode(self, mode: Mode, seconds: float) -> None:
        self.mode, self.seconds = mode, seconds
        (self.open.clear if mode == "drop" else self.open.set)()
        for pair in tuple(self.pairs):
            if mode == "half":
                pair.close_far_end()
            elif mode == "cut" or pair.is_half_open:
                pair.abort()

    async def serve(self, reader: StreamReader, near: StreamWriter) -> None:
        """Connect an accepted connection to the service; forward bytes until both ends close."""
        await self.open.wait()
        if self.mode == "cut":
            return near.transport.abort()
        for port in random.sample(self.to, len(self.to)):
            with suppress(OSError):
                answers, far = await asyncio.open_connection("127.0.0.1", port)
                return await self._pass_on(Pair(near, far, port), reader, answers)
        near.transport.abort()

    async def _pass_on(self, pair: Pair, reader: StreamReader, answers: StreamReader) -> None:
        self.pairs.add(pair)
        try:
            await asyncio.gather(
                self._carry(pair, reader, pair.far), self._carry(pair, answers, pair.near)
            )
        finally:
            self.pairs.discard(pair)
            pair.abort()

    async def _carry(self, pair: Pair, reader: StreamReader, to: StreamWriter) -> None:
        """Forward one direction; at the end, close the receiver unless the pair `is_half_open`."""
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                await self.open.wait()
                if self.mode == "delay":
                    await asyncio.sleep(self.seconds * random.uniform(0.5, 1.5))
                if self.mode == "tear" and to is pair.near:
                    to.write(chunk[:TORN_AFTER])
                    await to.drain()
                    return pair.abort()
                if not pair.is_half_open:
                    self.carried[pair.port] += len(chunk) if to is pair.far else 0
                    to.write(chunk)
                    await to.drain()
        if not (pair.is_half_open and to is pair.near):
            to.close()


async def opened(
    targets: Mapping[str, Sequence[int]],
) -> tuple[dict[str, ProxiedService], dict[str, int]]:
    """Start a server for each proxied connection (line); return the lines and ports by name."""
    lines, ports = {}, {}
    for name, places in targets.items():
        line = ProxiedService(places)
        line.open.set()
        server = await asyncio.start_server(line.serve, "127.0.0.1", 0, backlog=512)
        lines[name], ports[name] = line, server.sockets[0].getsockname()[1]
    return lines, ports


async def main() -> None:
    """Execute the orders on standard input until its end."""
    orders = StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    lines, ports = await opened(json.loads(await orders.readline()))
    print(json.dumps(ports), flush=True)
    while order := await orders.readline():
        command = json.loads(order)
        if command["do"] == "tell":
            print(json.dumps({name: lines[name].carried for name in command["lines"]}), flush=True)
            continue
        for name in command["lines"]:
            lines[name].set_mode(command["do"], command["seconds"])
        print(json.dumps(command["lines"]), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
