"""Locks of the database that a test waits for."""

import asyncio

from psycopg import AsyncConnection

from bot.runtime import Runtime


async def wait_for_blocked_session(rt: Runtime, admin_url: str, sessions: int = 1) -> None:
    """Wait until database sessions wait for a lock; only the administrator can see this."""
    name = rt.settings.database().rpartition("/")[2]
    async with await AsyncConnection.connect(admin_url, autocommit=True) as session:
        async with asyncio.timeout(60):
            waiting = 0
            while waiting < sessions:
                cursor = await session.execute(
                    "SELECT FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
                    (name,),
                )
                waiting = len(await cursor.fetchall())
                await asyncio.sleep(0.01)
