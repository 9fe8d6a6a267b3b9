"""Measure how long the registry's planning statistics over a million invented people take.

Usage: `python -m tests.benchmarks.planning URL`
"""

import asyncio
import random
import statistics
import sys
import time

import psycopg

from bot.registry.planning import PAIRS
from bot.registry.sandbox import planning, store
from tests.registry import population

PEOPLE, HOUSEHOLDS = 1_000_000, 350_000
QUERIES = 200


async def measured(database_url: str) -> str:
    """Fill the sandbox registry's database; return the times to publish and query statistics."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await store.create_tables(connection)
    made = population.population(HOUSEHOLDS, PEOPLE, random.Random(1))
    population.store(database_url, made.rows)
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        start = time.perf_counter()
        await planning.release(connection)
        await connection.commit()
        released = time.perf_counter() - start
        times = []
        for at in range(QUERIES):
            start = time.perf_counter()
            await planning.figures(connection, PAIRS[at % len(PAIRS)], "bench")
            await connection.commit()
            times.append((time.perf_counter() - start) * 1000)
    return (
        f"{made.people} people, {made.households} households, {len(made.rows)} registrations:"
        f" release {released:.1f} s, query median {statistics.median(times):.1f} ms,"
        f" slowest {max(times):.1f} ms"
    )


if __name__ == "__main__":
    print(asyncio.run(measured(sys.argv[1])))
