"""The proxy does to a line what it is told, and nothing else."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.chaos.proxy import TORN_AFTER, Line, opened

LONG = b"x" * (TORN_AFTER * 2)


@dataclass
class Both:
    """A line to a service that says back what it hears."""

    line: Line
    port: int

    async def call(self) -> tuple[StreamReader, StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)


@pytest.fixture
async def both() -> AsyncIterator[Both]:
    async def echo(reader: StreamReader, writer: StreamWriter) -> None:
        while chunk := await reader.read(1024):
            writer.write(chunk)
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        lines, ports = await opened({"echo": [server.sockets[0].getsockname()[1]]})
        yield Both(lines["echo"], ports["echo"])


async def _said(reader: StreamReader, writer: StreamWriter, words: bytes) -> bytes:
    writer.write(words)
    return await asyncio.wait_for(reader.read(1024), 0.3)


async def test_a_line_passes_what_is_said(both: Both) -> None:
    assert await _said(*await both.call(), b"yes") == b"yes"


async def test_what_is_held_back_arrives_when_the_line_is_whole(both: Both) -> None:
    reader, writer = await both.call()
    both.line.become("drop", 0)
    with pytest.raises(TimeoutError):
        await _said(reader, writer, b"yes")
    both.line.become("pass", 0)
    assert await reader.readexactly(3) == b"yes"


async def test_a_cut_line_resets_what_is_open_and_refuses_what_is_new(both: Both) -> None:
    reader, writer = await both.call()
    assert await _said(reader, writer, b"yes") == b"yes"
    both.line.become("cut", 0)
    with pytest.raises(ConnectionResetError):
        await _said(reader, writer, b"no")
    with pytest.raises(ConnectionResetError):
        await _said(*await both.call(), b"no")
    both.line.become("pass", 0)
    assert await _said(*await both.call(), b"yes") == b"yes"


async def test_half_open_nobody_is_told_that_the_other_end_is_gone(both: Both) -> None:
    reader, writer = await both.call()
    assert await _said(reader, writer, b"yes") == b"yes"
    both.line.become("half", 0)
    with pytest.raises(TimeoutError):
        await _said(reader, writer, b"no")
    assert await _said(*await both.call(), b"yes") == b"yes"


async def test_an_answer_is_torn_in_its_middle(both: Both) -> None:
    reader, writer = await both.call()
    assert await _said(reader, writer, b"yes") == b"yes"
    both.line.become("tear", 0)
    writer.write(LONG)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(len(LONG))


async def test_a_late_line_keeps_the_order(both: Both) -> None:
    reader, writer = await both.call()
    both.line.become("delay", 0.01)
    for number in range(10):
        writer.write(bytes([number]))
        await writer.drain()
    assert await reader.readexactly(10) == bytes(range(10))
