"""Check of `doctor`: time zone data of Python and PostgreSQL know today's time of Kazakhstan.

Python computes working hours, and PostgreSQL computes quiet hours.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg

from bot.cli.findings import Finding, good, wrong
from bot.config.settings import Settings
from bot.config.sources import ConfigError
from bot.db.server_statements import TIME_IN_ZONE
from bot.db.statements import fetch_value

# Since 1 March 2024 all of Kazakhstan has UTC+5. Data from before say UTC+6 for this zone.
ZONE, OFFSET = "Asia/Almaty", timedelta(hours=5)
DAY = datetime(2024, 3, 2, tzinfo=UTC)


async def time_zones(settings: Settings) -> AsyncIterator[Finding]:
    """Yield a finding about the time zone data of Python, and one about those of PostgreSQL."""
    yield _finding("Python", DAY.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None))
    try:
        async with await psycopg.AsyncConnection.connect(
            settings.database(), connect_timeout=3
        ) as session:
            local = await fetch_value(session, TIME_IN_ZONE, zone=ZONE, at=DAY)
    except (psycopg.Error, ConfigError):
        return  # another check reports the unavailable database
    assert local is not None
    yield _finding("PostgreSQL", local)


def _finding(of: str, local: datetime) -> Finding:
    if local - DAY.replace(tzinfo=None) == OFFSET:
        return good("time_zones", f"{of} knows the time of Kazakhstan since 2024")
    description = f"{of} has time zone data from before March 2024: Kazakhstan is an hour off"
    return wrong("time_zones", description, "upgrade the package tzdata, and restart")
