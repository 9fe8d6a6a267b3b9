"""Statistics of a mission's cases and of the form, in multiples of 5; 1 to 4 are suppressed.

Steps of the form are counted by a job (`form_funnel`), because the console cannot decrypt
conversations.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Date,
    Integer,
    Text,
    and_,
    bindparam,
    cast,
    column,
    extract,
    func,
    literal_column,
    or_,
    select,
)

from bot.db import tables as t
from bot.db.statements import NOW, Statement, ago, fetch_all, fetch_values, statement
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime

DAYS = 30
MIN_GROUP_SIZE = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """A count of cases with the name of its topic, language, country or rating.

    `count` is None if it is suppressed because it is from 1 to 4.
    """

    name: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Times:
    """Median and 90th percentile of the time to the first answer, in minutes of working time."""

    answered: int | None
    half: float | None
    nine_of_ten: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """Number of cases opened and closed on a day (ISO date) in the mission's time zone.

    A suppressed number is None.
    """

    day: str
    opened: int | None
    closed: int | None


@dataclass(frozen=True, slots=True)
class Stage:
    """A question of a form: how many people reached it, and how many stopped at it."""

    flow: str
    question: str
    reached: int | None
    staying: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """Statistics of a mission's cases over the last 30 days, and of the forms that people fill in.

    `closed` is the median time to resolution in minutes of real time. `came_back` is the number of
    cases that a sweep returned to the queue. `live_in` lists the countries of residence by which
    the steps of the forms can be filtered.
    """

    opened: int | None
    times: Times
    closed: float | None
    came_back: int | None
    topics: tuple[Cell, ...]
    languages: tuple[Cell, ...]
    countries: tuple[Cell, ...]
    ratings: tuple[Cell, ...]
    days: tuple[Day, ...]
    live_in: tuple[str, ...]
    stages: tuple[Stage, ...]


# A scalar subquery, so that PostgreSQL computes the time once per statement and can use the index
# despite row security.
_MONTH_AGO = select(ago(days=30)).scalar_subquery()
# Cases that a lead closed as spam of a program are no requests of people.
IS_OF_PERSON = t.Case.burst_id.is_(None)
_RECENT = and_(t.Case.opened_at > _MONTH_AGO, IS_OF_PERSON)
_IS_CLOSED = t.Case.state == "resolved"
_MINUTES = t.Case.answer_minutes
_TIMES = statement(
    select(
        func.count(),
        func.count(_MINUTES),
        func.percentile_cont(0.5).within_group(_MINUTES),
        func.percentile_cont(0.9).within_group(_MINUTES),
    )
    .select_from(t.Case)
    .where(_RECENT)
)
_TO_CLOSE = extract("epoch", t.Case.state_at - t.Case.opened_at) / literal_column("60")
_CLOSED = statement(
    select(
        func.count().filter(_IS_CLOSED),
        func.count().filter(t.Case.returned > 0),
        func.percentile_cont(0.5).within_group(_TO_CLOSE).filter(_IS_CLOSED),
    )
    .select_from(t.Case)
    .where(_RECENT)
)
# Countries in which a question of a form was reached by enough people, of all languages together.
_COUNTRIES = statement(
    select(t.FormFunnel.country)
    .distinct()
    .where(t.FormFunnel.country != "")
    .group_by(t.FormFunnel.country, t.FormFunnel.flow, t.FormFunnel.question)
    .having(func.sum(t.FormFunnel.entered) >= MIN_GROUP_SIZE)
    .order_by(t.FormFunnel.country)
)


def _local_day(moment: Any) -> Any:
    """Return the SQL expression of the day of `moment` in the time zone of the parameter `zone`."""
    return cast(func.timezone(bindparam("zone", type_=Text()), moment), Date)


# Opened and closed cases are counted separately, then joined by day. A single join of days and
# cases took 11 s for 100,000 cases.
_OPENED_ON, _CLOSED_ON = _local_day(t.Case.opened_at), _local_day(t.Case.state_at)
_OPENED_BY_DAY = (
    select(_OPENED_ON.label("day"), func.count().label("n"))
    .where(_RECENT)
    .group_by(_OPENED_ON)
    .cte("opened")
)
_CLOSED_BY_DAY = (
    select(_CLOSED_ON.label("day"), func.count().label("n"))
    .where(_IS_CLOSED, t.Case.state_at > _MONTH_AGO, IS_OF_PERSON)
    .group_by(_CLOSED_ON)
    .cte("closed")
)
_BACK = func.generate_series(0, 29).table_valued(column("back", Integer), name="days_back")
_CALENDAR = select((_local_day(NOW) - _BACK.render_derived().c.back).label("day")).subquery("days")
_DAYS = statement(
    select(
        cast(_CALENDAR.c.day, Text),
        func.coalesce(_OPENED_BY_DAY.c.n, 0),
        func.coalesce(_CLOSED_BY_DAY.c.n, 0),
    )
    .select_from(_CALENDAR)
    .outerjoin(_OPENED_BY_DAY, _OPENED_BY_DAY.c.day == _CALENDAR.c.day)
    .outerjoin(_CLOSED_BY_DAY, _CLOSED_BY_DAY.c.day == _CALENDAR.c.day)
    .order_by(_CALENDAR.c.day)
)


def _is_or_any(of: Any, name: str) -> Any:
    parameter = bindparam(name, type_=Text())
    return or_(parameter == "", of == parameter)


_STEPS = statement(
    select(
        t.FormFunnel.flow,
        t.FormFunnel.question,
        cast(func.sum(t.FormFunnel.entered), Integer),
        cast(func.sum(t.FormFunnel.stopped), Integer),
    )
    .where(
        _is_or_any(t.FormFunnel.language, "language"),
        _is_or_any(t.FormFunnel.channel, "channel"),
        _is_or_any(t.FormFunnel.country, "country"),
    )
    .group_by(t.FormFunnel.flow, t.FormFunnel.question)
    .order_by(t.FormFunnel.flow, func.min(t.FormFunnel.position))
)


def _by(of: Any) -> Statement[*tuple[Any, ...]]:
    """Return the statement that counts the cases of the last 30 days by the column `of`.

    The most frequent value is first.
    """
    many = func.count()
    return statement(select(of, many).where(_RECENT).group_by(of).order_by(many.desc(), of))


_BY = {
    "topics": _by(t.Case.topic),
    "languages": _by(t.Case.language),
    "countries": _by(t.Case.country),
    "ratings": statement(
        select(t.Case.rating, func.count())
        .where(t.Case.rating.is_not(None), _RECENT)
        .group_by(t.Case.rating)
        .order_by(t.Case.rating)
    ),
}


async def report(
    rt: Runtime,
    officer: Officer,
    zone: str,
    language: str = "",
    channel: str = "",
    country: str = "",
) -> Report:
    """Return the statistics of the officer's mission over the last 30 days.

    The days are those of the time zone `zone`. `language`, `channel` and `country` filter only the
    steps of the form; '' means all.
    """
    permissions.require(officer, Action.STATISTICS_READ, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        by = {name: _cells(await fetch_all(transaction, each)) for name, each in _BY.items()}
        opened, answered, half, nine = (await fetch_all(transaction, _TIMES))[0]
        ended, returned, closed = (await fetch_all(transaction, _CLOSED))[0]
        by_day = await fetch_all(transaction, _DAYS, zone=zone)
        days = [Day(day, round_down(a), round_down(b)) for day, a, b in by_day]
        narrowed = {"language": language, "channel": channel, "country": country}
        steps = await fetch_all(transaction, _STEPS, **narrowed)
        live_in = await fetch_values(transaction, _COUNTRIES)
    enough = answered >= MIN_GROUP_SIZE
    return Report(
        opened=round_down(opened),
        times=Times(round_down(answered), half if enough else None, nine if enough else None),
        closed=float(closed) if ended >= MIN_GROUP_SIZE else None,
        came_back=round_down(returned),
        days=tuple(days),
        live_in=tuple(live_in),
        stages=tuple(
            Stage(f, q, round_down(reached), round_down(stay)) for f, q, reached, stay in steps
        ),
        **by,
    )


def _cells(rows: Iterable[Sequence[Any]]) -> tuple[Cell, ...]:
    return tuple(Cell(str(name or ""), round_down(count)) for name, count in rows)


def round_down(count: int) -> int | None:
    """Round a count down to a multiple of 5; return None for 1 to 4, which could identify people.

    With exact counts, a suppressed count could be found by subtracting the other counts.
    """
    return None if 0 < count < MIN_GROUP_SIZE else count - count % MIN_GROUP_SIZE
