"""Check for `doctor` that no fact expires soon or is overdue for its review."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg

from bot.cli.findings import Finding, doubtful, good
from bot.config.settings import Settings
from bot.config.sources import ConfigError
from bot.content import LiveContent, endings
from bot.db.connection import Connection

DO = "an editor opens the sources and publishes a later last day: docs/how-to/change-content.md"


async def facts(settings: Settings) -> AsyncIterator[Finding]:
    """Yield one finding: a warning if facts expire soon or were not checked in time, else good.

    The facts are the shipped ones and those that editors published. Yield nothing without a
    database.
    """
    content = LiveContent()
    try:
        async with await Connection.connect(settings.database(), connect_timeout=3) as session:
            await content.load(session)
    except (psycopg.Error, ConfigError):
        return  # another check reports the unavailable database
    found = endings.counts(content.on(datetime.now(UTC).date()))
    if any(found.values()):
        description = (
            f"{found['ended']} ended, {found['ends']} end within 30 days, "
            f"{found['unchecked']} were not checked in time"
        )
        yield doubtful("facts", description, DO)
    else:
        yield good("facts", "none ends within 30 days")
