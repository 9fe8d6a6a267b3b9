"""Share of first answers within the promised time: by mission, topic, language and hour.

A case is a person's request to a mission's officers. Counts of cases are rounded down to multiples
of 5, so that the difference of two counts of one report does not reveal a count below 5.

The period is free to the day, so reports of overlapping periods together may reveal that a single
case was opened: when, and in which group, but not whose case it is. Hiding this would need separate
rounding of disjoint periods, which shows nothing of a mission with few cases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, Integer, Text, bindparam, cast, extract, func, select

from bot.cases.working_hours import FIRST_MINUTES
from bot.db import tables as t
from bot.db.statements import Statement, fetch_all, statement
from bot.desk.statistics import IS_OF_PERSON, MIN_GROUP_SIZE, round_down
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime

MAX_DAYS = 366
# No case is older. A half-typed year such as 0001 is earlier than all days that Python knows.
FIRST_DAY = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """A range of days in a time zone; both ends are inclusive."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def values(self) -> dict[str, Any]:
        """Return the period's bounds as parameters of an SQL statement."""
        begin = datetime.combine(self.first, time(), self.zone)
        end = datetime.combine(self.last + timedelta(days=1), time(), self.zone)
        return {"since": begin, "until": end, "zone": self.zone.key}


@dataclass(frozen=True, slots=True)
class Group:
    """Counts of the cases of one mission, topic, language or hour; a count from 1 to 4 is None.

    `in_time` is the percentage of answered cases whose first answer came within the promised time.
    The percentage is None if fewer than 5 cases were answered, or if it would reveal that 1 to 4
    cases were in time or late.
    """

    name: str
    opened: int | None
    answered: int | None
    in_time: int | None


_MINUTES = t.Case.answer_minutes
_PROMISED = func.coalesce(t.Mission.first_minutes, FIRST_MINUTES)
_SINCE = bindparam("since", type_=DateTime(timezone=True))
_UNTIL = bindparam("until", type_=DateTime(timezone=True))
_HOUR = cast(
    extract("hour", func.timezone(bindparam("zone", type_=Text()), t.Case.opened_at)), Integer
)


def _by(of: Any) -> Statement[*tuple[Any, ...]]:
    return statement(
        select(of, func.count(), func.count(_MINUTES), func.count().filter(_MINUTES <= _PROMISED))
        .select_from(t.Case)
        .outerjoin(t.Mission, t.Mission.mission == t.Case.mission)
        .where(t.Case.opened_at >= _SINCE, t.Case.opened_at < _UNTIL, IS_OF_PERSON)
        .group_by(of)
        .order_by(of)
    )


BY = {
    "mission": _by(t.Case.mission),
    "topic": _by(t.Case.topic),
    "language": _by(t.Case.language),
    "hour": _by(_HOUR),
}


async def report(rt: Runtime, officer: Officer, period: Period) -> dict[str, tuple[Group, ...]]:
    """Return the groups by mission, topic, language and hour for cases opened in the period.

    The cases are those of the officer's mission. If the officer may compare missions
    (`Action.STATISTICS_COMPARE`), the groups by mission cover all missions.
    """
    permissions.require(officer, Action.STATISTICS_READ, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        found = {
            name: await fetch_all(transaction, each, **period.values) for name, each in BY.items()
        }
    if permissions.is_ever_allowed(officer, Action.STATISTICS_COMPARE):
        async with rt.pool.connection() as transaction:
            found["mission"] = await fetch_all(transaction, BY["mission"], **period.values)
    return {name: tuple(_group(*row) for row in rows) for name, rows in found.items()}


def _group(name: object, opened: int, answered: int, in_time: int) -> Group:
    counts = [in_time, answered - in_time]
    shown = answered >= MIN_GROUP_SIZE and not any(0 < each < MIN_GROUP_SIZE for each in counts)
    # Rounded down, so that 100 means that no answer was late.
    share = 100 * in_time // answered if shown else None
    return Group(str(name), round_down(opened), round_down(answered), share)


def latest(today: date, zone: ZoneInfo, first: date | None, last: date | None) -> Period:
    """Return the requested period without days in the future, cut to its last 366 days.

    Without `first` and `last`, return the last 30 days. The period ends no earlier than FIRST_DAY.
    """
    end = max(min(last or today, today), FIRST_DAY)
    begin = min(first or end - timedelta(days=29), end)
    return Period(max(begin, end - timedelta(days=MAX_DAYS - 1)), end, zone)


def table(
    groups: dict[str, Sequence[Group]], names: dict[str, dict[str, str]], head: Sequence[str]
) -> list[list[str]]:
    """Return the report as a table of text, with `head` as its first row.

    `names["topic"]` maps topics to the labels to print, and so on for other kinds of groups.
    `names["kind"]` maps the kinds of groups themselves to labels.
    """
    rows = [list(head)]
    for kind, found in groups.items():
        for each in found:
            label = names.get(kind, {}).get(each.name, each.name)
            figures = (each.opened, each.answered, each.in_time)
            shown = ["" if figure is None else str(figure) for figure in figures]
            rows.append([names["kind"][kind], label, *shown])
    return rows
