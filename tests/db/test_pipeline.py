"""Pipelined statements: round trips, commits, errors, and the connection's state afterwards."""

import asyncio
import os

import psycopg
import pytest

from bot.db import pipeline
from bot.db.pipeline import TextStatement as Statement
from bot.runtime import Runtime

MANY = 3_000_000
NOTE = Statement.of("INSERT INTO processed_updates (channel, key) VALUES (%(channel)s, %(key)s)")
COUNT = Statement.of("SELECT count(*) FROM processed_updates WHERE channel = %(channel)s")
ECHO = Statement.of("SELECT %(bytes)s::bytea, %(number)s::int, %(none)s::text, %(number)s::int + 1")
WAIT = Statement.of("SELECT pg_sleep(%(seconds)s)")
UNKNOWN = Statement.of("SELECT nothing_of_that_name")


async def _count(rt: Runtime, channel: str) -> int:
    async with rt.pool.connection() as session:
        ((number,),) = await pipeline.run(session, COUNT, {"channel": channel})
    return int(number)


async def test_pipeline_commit_is_durable(rt: Runtime) -> None:
    async with rt.pool.connection() as session:
        await pipeline.begin(session, (NOTE, {"channel": "first", "key": b"1"}))
        assert await _count(rt, "first") == 0
        await pipeline.commit(session, (NOTE, {"channel": "first", "key": b"2"}))
        assert await _count(rt, "first") == 2


async def test_pipeline_and_cursors_share_a_transaction(rt: Runtime) -> None:
    async with rt.pool.connection() as session:
        await pipeline.begin(session, (NOTE, {"channel": "both", "key": b"1"}))
        await session.execute("INSERT INTO processed_updates (channel, key) VALUES ('both', '2')")
        await session.rollback()
    assert await _count(rt, "both") == 0


async def test_pipeline_raises_psycopg_errors_and_rolls_back(rt: Runtime) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with rt.pool.connection() as session:
            await pipeline.begin(session, (NOTE, {"channel": "twice", "key": b"1"}))
            await pipeline.commit(session, (NOTE, {"channel": "twice", "key": b"1"}))
    with pytest.raises(psycopg.errors.UndefinedColumn):
        async with rt.pool.connection() as session:
            await pipeline.begin(session, (UNKNOWN, {}))
    assert await _count(rt, "twice") == 0


async def test_pipeline_commits_after_a_rollback_of_prepared_statements(rt: Runtime) -> None:
    async with rt.pool.connection() as session:
        values = {"channel": "again", "key": b"1"}
        await pipeline.commit(session, (NOTE, values))
        await session.execute("SELECT %s::int", (1,))
        await session.rollback()
        await pipeline.begin(session, (COUNT, {"channel": "again"}))
        await pipeline.commit(session, (NOTE, values | {"key": b"2"}))
    assert await _count(rt, "again") == 2


async def test_pipeline_prepares_a_repeated_statement_once(rt: Runtime) -> None:
    async with rt.pool.connection() as session:
        calls = [(NOTE, {"channel": "many", "key": bytes([each])}) for each in range(5)]
        await pipeline.execute_pipeline(session, *calls)
        cursor = await session.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement = %s",
            (NOTE.text.decode(),),
        )
        assert await cursor.fetchone() == (1,)
    assert await _count(rt, "many") == 5


async def test_pipeline_values_of_any_size_round_trip(rt: Runtime) -> None:
    large = os.urandom(MANY)
    async with rt.pool.connection() as session:
        for number in (7, 70_000, -7_000_000):
            values = {"bytes": large, "number": number, "none": None}
            assert await pipeline.run(session, ECHO, values) == [(large, number, None, number + 1)]


async def test_pipeline_cancellation_leaves_no_connection_behind(rt: Runtime) -> None:
    async with rt.pool.connection() as session:
        waiting = asyncio.create_task(pipeline.begin(session, (WAIT, {"seconds": 30.0})))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert session.closed
    assert await _count(rt, "interrupted") == 0
