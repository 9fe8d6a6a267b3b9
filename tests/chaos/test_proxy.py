"""Tests of the proxy: an order changes the connection (line) that it names, and no other."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.chaos.proxy import TORN_AFTER, ProxiedService, opened

LONG = b"x" * (TORN_AFTER * 2)


@dataclass
class ProxiedConnection:
    """A connection through the proxy to a service that echoes its input."""

    line: ProxiedService
    port: int

    async def call(self) -> tuple[StreamReader, StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)


@pytest.fixture
async def both() -> AsyncIterator[ProxiedConnection]:
    async def echo(reader: StreamReader, writer: StreamWriter) -> None:
        while chunk := await reader.read(1024):
            writer.write(chunk)
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        lines, ports = await opened({"echo": [server.sockets[0].getsockname()[1]]})
        yield ProxiedConnection(lines["echo"], ports["echo"])


async def _exchange(reader: StreamReader, writer: StreamWriter, words: bytes) -> bytes:
    writer.write(words)
    return await asyncio.wait_for(reader.read(1024), 0.3)


async def test_chaos_proxy_forwards_data(both: ProxiedConnection) -> None:
    assert await _exchange(*await both.call(), b"yes") == b"yes"


async def test_chaos_proxy_forwards_held_back_data_when_reopened(both: ProxiedConnection) -> None:
    reader, writer = await both.call()
    both.line.set_mode("drop", 0)
    with pytest.raises(TimeoutError):
        await _exchange(reader, writer, b"yes")
    both.line.set_mode("pass", 0)
    assert await reader.readexactly(3) == b"yes"


async def test_chaos_proxy_resets_open_and_new_connections_when_cut(
    both: ProxiedConnection,
) -> None:
    reader, writer = await both.call()
    assert await _exchange(reader, writer, b"yes") == b"yes"
    both.line.set_mode("cut", 0)
    with pytest.raises(ConnectionResetError):
        await _exchange(reader, writer, b"no")
    with pytest.raises(ConnectionResetError):
        await _exchange(*await both.call(), b"no")
    both.line.set_mode("pass", 0)
    assert await _exchange(*await both.call(), b"yes") == b"yes"


async def test_chaos_proxy_can_block_a_connection_without_resetting_it(
    both: ProxiedConnection,
) -> None:
    reader, writer = await both.call()
    assert await _exchange(reader, writer, b"yes") == b"yes"
    both.line.set_mode("half", 0)
    with pytest.raises(TimeoutError):
        await _exchange(reader, writer, b"no")
    assert await _exchange(*await both.call(), b"yes") == b"yes"


async def test_chaos_proxy_can_close_a_connection_in_the_middle_of_a_response(
    both: ProxiedConnection,
) -> None:
    reader, writer = await both.call()
    assert await _exchange(reader, writer, b"yes") == b"yes"
    both.line.set_mode("tear", 0)
    writer.write(LONG)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(len(LONG))


async def test_chaos_proxy_delay_keeps_the_order(both: ProxiedConnection) -> None:
    reader, writer = await both.call()
    both.line.set_mode("delay", 0.01)
    for number in range(10):
        writer.write(bytes([number]))
        await writer.drain()
    assert await reader.readexactly(10) == bytes(range(10))
