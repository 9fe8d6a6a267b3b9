"""A movable database clock: in test databases only, `kosh_now()` adds an offset."""

from typing import LiteralString

from bot.runtime import Runtime

SHIFTED: LiteralString = """
CREATE OR REPLACE FUNCTION kosh_now() RETURNS timestamptz LANGUAGE sql VOLATILE
  RETURN clock_timestamp() + (SELECT ahead FROM public.test_clock);
"""
CLOCK: LiteralString = (
    """
CREATE TABLE test_clock (ahead interval NOT NULL);
INSERT INTO test_clock VALUES ('0');
GRANT SELECT, UPDATE ON test_clock TO PUBLIC;
"""
    + SHIFTED
)


async def advance_database_clock(rt: Runtime, interval: str) -> None:
    """Advance the database clock by an SQL interval."""
    async with rt.pool.connection() as session:
        await session.execute("UPDATE test_clock SET ahead = ahead + %s::interval", (interval,))


async def advance_database_clock_to_hour(rt: Runtime, hour: int) -> None:
    """Advance the database clock to the next time at which it is `hour` o'clock in UTC."""
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE test_clock SET ahead = ahead + (date_trunc('day',"
            " kosh_now() + make_interval(hours => 24 - %s), 'UTC')"
            " + make_interval(hours => %s) - kosh_now())",
            (hour, hour),
        )
