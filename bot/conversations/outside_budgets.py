"""Budgets for calls to external programs: one for all people, and one for each author."""

from datetime import UTC, datetime

from bot.cache import CacheUnavailable, Draw
from bot.runtime import Runtime

HOUR = 3600


async def draw(rt: Runtime, program: str, *authors: str, hourly: int, own_hourly: int) -> bool:
    """Draw one call from the budgets of a program; return False if one of them is spent.

    Without Valkey, which counts them, no call is made.
    """
    today = datetime.now(UTC).date()
    draws = [
        Draw(f"{program}:{rt.vault.ask_key(program, name, today)[:16]}", most / HOUR, most)
        for name, most in (("all", hourly), *((author, own_hourly) for author in authors))
    ]
    try:
        return await rt.live.draw(draws) == 0
    except CacheUnavailable:
        return False
