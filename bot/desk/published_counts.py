"""A mission's counts for external systems: complete days only, rounded to multiples of 5.

An external system may request the counts as often as it likes. Current or exact counts would reveal
each new case.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, Text, cast, func, select

from bot.db import tables as t
from bot.db.pipeline import Rows
from bot.db.statements import NOW, Statement, statement
from bot.desk.statistics import DAYS, IS_OF_PERSON, MIN_GROUP_SIZE, Day
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Group:
    """Number of cases of one topic, language or country; a multiple of 5, rounded down."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of a mission's cases in 30 days, in multiples of 5; None for a count below 5.

    The days are the 30 before today. `came_back` counts the cases opened in these days that a sweep
    returned to the queue, because the officer who claimed them did not answer.
    """

    opened: int | None
    came_back: int | None
    topics: tuple[Group, ...]
    languages: tuple[Group, ...]
    countries: tuple[Group, ...]
    days: tuple[Day, ...]


# Scalar subqueries, so that PostgreSQL computes the days once per statement and can use the index
# despite row security.
_TODAY = select(cast(NOW, Date)).scalar_subquery()
_FIRST_DAY = select(cast(NOW, Date) - DAYS).scalar_subquery()
_OPENED = (t.Case.opened_at >= _FIRST_DAY, t.Case.opened_at < _TODAY, IS_OF_PERSON)
_UNTOUCHED = (t.Case.state_at >= _FIRST_DAY, t.Case.state_at < _TODAY, IS_OF_PERSON)
_TOTALS = statement(
    select(func.count(), func.count().filter(t.Case.returned > 0, *_UNTOUCHED))
    .select_from(t.Case)
    .where(*_OPENED)
)


def _by(of: Any, *conditions: Any) -> Statement[*tuple[Any, ...]]:
    return statement(select(of, func.count()).where(*conditions).group_by(of))


_TOPICS, _LANGUAGES, _COUNTRIES = (
    _by(of, *_OPENED) for of in (t.Case.topic, t.Case.language, t.Case.country)
)
_OPENED_ON = _by(cast(cast(t.Case.opened_at, Date), Text), *_OPENED)
_CLOSED_ON = _by(cast(cast(t.Case.state_at, Date), Text), t.Case.state == "resolved", *_UNTOUCHED)
_DAYS = statement(
    select(cast(cast(NOW, Date) - func.generate_series(DAYS, 1, -1), Text).label("day"))
)


async def read(rt: Runtime, officer: Officer) -> Counts:
    """Return the counts of the mission to which the account of the external system belongs."""
    permissions.require(officer, Action.STATISTICS_READ, Subject(officer.mission))
    statements = (_TOTALS, _TOPICS, _LANGUAGES, _COUNTRIES, _OPENED_ON, _CLOSED_ON, _DAYS)
    totals, topics, languages, countries, opened_on, closed_on, days = await directory.fetch_many(
        rt, officer, *((each, {}) for each in statements)
    )
    opened, came_back = totals[0]
    return Counts(
        opened=rounded(opened),
        came_back=rounded(came_back),
        topics=_groups(topics),
        languages=_groups(languages),
        countries=_groups(countries),
        days=_by_day(days, dict(opened_on), dict(closed_on)),
    )


def rounded(count: int) -> int | None:
    """Return the count rounded down to a multiple of 5; None if it is below 5.

    None is returned for 0 too, because otherwise a change from 0 to None would reveal the first
    case.
    """
    return count - count % MIN_GROUP_SIZE if count >= MIN_GROUP_SIZE else None


def _groups(rows: Rows) -> tuple[Group, ...]:
    """Return the groups with a count of at least 5, by descending rounded count, then by name."""
    shown = [(str(name or ""), rounded(count)) for name, count in rows]
    groups = [Group(name, count) for name, count in shown if count is not None]
    return tuple(sorted(groups, key=lambda each: (-each.count, each.name)))


def _by_day(days: Rows, opened: Mapping[str, int], closed: Mapping[str, int]) -> tuple[Day, ...]:
    return tuple(
        Day(day, rounded(opened.get(day, 0)), rounded(closed.get(day, 0))) for (day,) in days
    )
