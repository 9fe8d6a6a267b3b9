"""A database login that is cancelled leaves no socket open."""

import asyncio
import gc

from bot.db.connection import Connection


async def test_connection_closes_its_socket_when_a_login_is_cancelled() -> None:
    """Keep the task and disable garbage collection, which would close an abandoned socket too."""
    requested, closed = asyncio.Event(), asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        requested.set()
        await reader.read()
        closed.set()
        writer.close()

    server = await asyncio.start_server(never_answer, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    login = asyncio.create_task(Connection.connect(f"host=127.0.0.1 port={port} user=test"))
    gc.disable()
    try:
        async with asyncio.timeout(20):
            await requested.wait()
            login.cancel()
            await asyncio.wait([login])
            await closed.wait()
    finally:
        gc.enable()
        server.close_clients()
        server.close()
    assert login.cancelled()
