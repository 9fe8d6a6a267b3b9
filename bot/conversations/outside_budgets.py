"""Budgets for calls to external programs: one for all people, and one for each author."""

from datetime import UTC, datetime

from bot.cache import CacheUnavailable, Draw
from bot.runtime import Runtime

HOUR, DAY = 3600, 86_400


async def draw(rt: Runtime, program: str, *authors: str, hourly: int, own_hourly: int) -> bool:
    """Draw one call from the budgets of a program; return False if one of them is spent.

    Without Valkey, which counts them, no call is made.
    """
    limits = {"all": hourly, **dict.fromkeys(authors, own_hourly)}
    return await _draw(rt, [_bucket(rt, program, each, limits[each]) for each in limits])


async def draw_daily(
    rt: Runtime, program: str, *authors: str, hourly: int, daily: int, own_daily: int
) -> bool:
    """Draw one call as `draw` does, from budgets of a day too; that of an author is of a day."""
    limits = {"day": daily, **dict.fromkeys(authors, own_daily)}
    # The names change daily, and one token of a day never comes back before that.
    days = [_bucket(rt, program, each, limits[each], 1 / DAY) for each in limits]
    return await _draw(rt, [_bucket(rt, program, "all", hourly), *days])


def _bucket(rt: Runtime, program: str, name: str, most: int, rate: float = 0) -> Draw:
    key = rt.vault.ask_key(program, name, datetime.now(UTC).date())[:16]
    return Draw(f"{program}:{key}", rate or most / HOUR, most)


async def _draw(rt: Runtime, draws: list[Draw]) -> bool:
    try:
        return await rt.live.draw(draws) == 0
    except CacheUnavailable:
        return False
