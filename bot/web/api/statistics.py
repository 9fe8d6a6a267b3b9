"""Counts of the account's mission over the 30 days before today, in multiples of 5."""

from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, ConfigDict

from bot.desk import published_counts
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Scope
from bot.runtime import Runtime
from bot.web.api.problems import problems
from bot.web.api.requests import api_router, needs, note


class Count(BaseModel):
    """The number of cases with a value, rounded down to a multiple of 5; at least 5."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    count: int


class Day(BaseModel):
    """Cases opened and closed on a day, rounded down to a multiple of 5; null below 5."""

    model_config = ConfigDict(from_attributes=True)

    day: str
    opened: int | None
    closed: int | None


class Statistics(BaseModel):
    """Counts of the account's mission over the 30 days before today."""

    model_config = ConfigDict(from_attributes=True)

    opened: int | None
    """Cases opened, rounded down to a multiple of 5; null below 5."""
    came_back: int | None
    topics: list[Count]
    languages: list[Count]
    countries: list[Count]
    days: list[Day]


router = api_router("statistics")


@router.get("", responses=problems())
async def read_statistics(
    request: Request, system: Annotated[Officer, needs(Scope.STATISTICS_READ)]
) -> Statistics:
    """Return the counts of the account's mission over the 30 days before today."""
    rt: Runtime = request.app.state.rt
    found = await published_counts.read(rt, system)
    async with rt.pool.connection() as transaction:
        await note(transaction, system, Action.STATISTICS_READ, "statistics")
    return Statistics.model_validate(found)
