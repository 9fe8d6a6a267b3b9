"""Database connections: they use UTC, and a cancelled login leaves no socket open."""

import asyncio
import gc

import psycopg

from bot.db.connection import Connection
from bot.embedded import Databases
from bot.runtime import pool


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


async def test_database_connections_use_utc_in_another_server_time_zone(
    databases: Databases,
) -> None:
    name = databases.owner.rsplit("/", 1)[1]
    async with await psycopg.AsyncConnection.connect(databases.owner, autocommit=True) as owner:
        await owner.execute(f"ALTER DATABASE \"{name}\" SET timezone = 'Asia/Almaty'".encode())
    async with pool(databases.app, 1) as connections, connections.connection() as session:
        cursor = await session.execute("SHOW timezone")
        assert await cursor.fetchone() == ("UTC",)
