"""Rate limits for calls to external programs, such as a language model.

Limits apply to the calls for all people together, and to those for each author of a text.
"""

from datetime import UTC, datetime

from bot.cache import CacheUnavailable, Draw
from bot.runtime import Runtime

HOUR, DAY = 3600, 86_400


async def draw(rt: Runtime, program: str, *authors: str, hourly: int, own_hourly: int) -> bool:
    """Count one call to a program against its hourly limits: one for all, one for each author.

    Returns False if one of the limits is reached, or if Valkey, which counts the calls, is
    unavailable.
    """
    limits = {"all": hourly, **dict.fromkeys(authors, own_hourly)}
    return await _draw(rt, [_bucket(rt, program, each, limits[each]) for each in limits])


async def draw_daily(
    rt: Runtime, program: str, *authors: str, hourly: int, daily: int, own_daily: int
) -> bool:
    """Count one call against three limits: hourly and daily for all people, daily for each author.

    Returns False if one of the limits is reached, or if Valkey is unavailable.
    """
    limits = {"day": daily, **dict.fromkeys(authors, own_daily)}
    # The key of a bucket contains the day, so that each day has a new bucket. The refill of one
    # token per day is too slow to add a token within the day.
    days = [_bucket(rt, program, each, limits[each], 1 / DAY) for each in limits]
    return await _draw(rt, [_bucket(rt, program, "all", hourly), *days])


def _bucket(rt: Runtime, program: str, name: str, most: int, rate: float = 0) -> Draw:
    key = rt.vault.ask_key(program, name, datetime.now(UTC).date())[:16]
    return Draw(f"{program}:{key}", rate or most / HOUR, most)


async def _draw(rt: Runtime, draws: list[Draw]) -> bool:
    try:
        return await rt.valkey.draw(draws) == 0
    except CacheUnavailable:
        return False
