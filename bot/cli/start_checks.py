"""Check for `doctor` that a process can start: keys, database and versions fit each other."""

from collections.abc import AsyncIterator

from bot.cli.findings import Finding, good, wrong
from bot.cli.known_errors import explain
from bot.config.settings import Settings
from bot.operations import missing_keys, rollback_guard
from bot.runtime import runtime
from bot.security.key_files import Keys


async def start(settings: Settings) -> AsyncIterator[Finding]:
    """Yield one finding: the error with which every process would exit at its start, else good."""
    try:
        # In a demo, a process would create missing keys. A check must not.
        Keys.load(settings.key_dir)
        async with runtime(settings) as rt:
            await missing_keys.refuse(rt)
            await rollback_guard.refuse_older(rt)
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        yield wrong("start", message, "no process starts before this is corrected")
    else:
        yield good("start", "keys and database let processes start")
