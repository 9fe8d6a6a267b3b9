"""Counts of the cases of the account's mission in the 30 days before today, in multiples of 5."""

from typing import Annotated

from fastapi import Request

from bot.desk import published_counts
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Scope
from bot.runtime import Runtime
from bot.web.api.problems import ResponseBody, problems
from bot.web.api.requests import api_router, needs, note


class Count(ResponseBody):
    """The number of cases of one topic, language or country, rounded down to a multiple of 5.

    A topic, language or country with fewer than 5 cases is omitted.
    """

    name: str
    """The value: a topic, a language (BCP 47) or a country (ISO 3166-1 alpha-2)."""
    count: int
    """Number of cases."""


class Day(ResponseBody):
    """The numbers of cases opened and closed on a day.

    Each number is rounded down to a multiple of 5, and is null below 5.
    """

    day: str
    """The day in UTC (ISO 8601)."""
    opened: int | None
    """Number of cases opened."""
    closed: int | None
    """Number of cases closed."""


class Statistics(ResponseBody):
    """Counts of the cases of the account's mission in the 30 days before today."""

    opened: int | None
    """Cases opened, rounded down to a multiple of 5; null below 5."""
    came_back: int | None
    """Cases that returned to the queue, rounded down to a multiple of 5; null below 5."""
    topics: list[Count]
    """Cases by topic."""
    languages: list[Count]
    """Cases by the person's language."""
    countries: list[Count]
    """Cases by the country where the person lives."""
    days: list[Day]
    """Cases by day, the earliest first."""


router = api_router("statistics")


@router.get("", responses=problems())
async def read_statistics(
    request: Request, system: Annotated[Officer, needs(Scope.STATISTICS_READ)]
) -> Statistics:
    """Return counts of the cases of the account's mission in the 30 days before today."""
    rt: Runtime = request.app.state.rt
    found = await published_counts.read(rt, system)
    async with rt.pool.connection() as transaction:
        await note(transaction, system, Action.STATISTICS_READ, "statistics")
    return Statistics.model_validate(found)
