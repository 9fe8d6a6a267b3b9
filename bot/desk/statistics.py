"""Numbers of a desk and of the form, never of a person: what is under five is not told.

Where people are in the form is counted by a job, because only it can open what is sealed; the
console reads the counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime

DAYS = 30
MIN_GROUP_SIZE = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """A number with its name; `count` is None where it is too small to be told."""

    name: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Times:
    """First answers in minutes of work: within which time half of them came, and nine of ten."""

    answered: int | None
    half: float | None
    nine_of_ten: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """Cases opened and closed on a day, as ISO writes it."""

    day: str
    opened: int | None
    closed: int | None


@dataclass(frozen=True, slots=True)
class Stage:
    """A question of a flow: how many people came to it, how many of them stay at it."""

    flow: str
    question: str
    reached: int | None
    staying: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """The last 30 days of a mission's desk, and the form of the whole installation.

    `closed` is the time to the end of a case, in real time, `came_back` how many cases returned to
    the queue; `live_in` are countries with enough people in the form to be told apart.
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


_TIMES: LiteralString = (
    "SELECT count(*), count(answer_minutes),"
    " percentile_cont(0.5) WITHIN GROUP (ORDER BY answer_minutes),"
    " percentile_cont(0.9) WITHIN GROUP (ORDER BY answer_minutes)"
    " FROM cases WHERE opened_at > (SELECT kosh_now() - interval '30 days')"
)
_CLOSED: LiteralString = (
    "SELECT count(*) FILTER (WHERE state = 'resolved'), count(*) FILTER (WHERE returned > 0),"
    " percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM state_at - opened_at) / 60)"
    " FILTER (WHERE state = 'resolved')"
    " FROM cases WHERE opened_at > (SELECT kosh_now() - interval '30 days')"
)
_COUNTRIES: LiteralString = (
    "SELECT country FROM steps WHERE country <> '' GROUP BY 1 HAVING max(reached) >= 5 ORDER BY 1"
)
# Each side is counted once, then joined by day: days joined with cases took 11 s of 100,000.
_DAYS: LiteralString = (
    "WITH opened AS (SELECT opened_at::date AS d, count(*) AS n FROM cases"
    " WHERE opened_at > (SELECT kosh_now() - interval '30 days') GROUP BY 1),"
    " closed AS (SELECT state_at::date AS d, count(*) AS n FROM cases WHERE state = 'resolved'"
    " AND state_at > (SELECT kosh_now() - interval '30 days') GROUP BY 1)"
    " SELECT day.d::text, coalesce(opened.n, 0), coalesce(closed.n, 0)"
    " FROM (SELECT kosh_now()::date - n AS d FROM generate_series(0, 29) n) day"
    " LEFT JOIN opened USING (d) LEFT JOIN closed USING (d) ORDER BY 1"
)
_STEPS: LiteralString = (
    "SELECT flow, question, sum(reached)::int, sum(staying)::int FROM steps"
    " WHERE (%(language)s = '' OR language = %(language)s)"
    " AND (%(channel)s = '' OR channel = %(channel)s)"
    " AND (%(country)s = '' OR country = %(country)s)"
    " GROUP BY flow, question ORDER BY flow, min(place)"
)
_BY: dict[str, LiteralString] = {
    "topics": "SELECT topic, count(*) FROM cases WHERE opened_at >"
    " (SELECT kosh_now() - interval '30 days') GROUP BY 1 ORDER BY 2 DESC, 1",
    "languages": "SELECT language, count(*) FROM cases WHERE opened_at >"
    " (SELECT kosh_now() - interval '30 days') GROUP BY 1 ORDER BY 2 DESC, 1",
    "countries": "SELECT country, count(*) FROM cases WHERE opened_at >"
    " (SELECT kosh_now() - interval '30 days') GROUP BY 1 ORDER BY 2 DESC, 1",
    "ratings": "SELECT rating, count(*) FROM cases WHERE rating IS NOT NULL AND opened_at >"
    " (SELECT kosh_now() - interval '30 days') GROUP BY 1 ORDER BY 1",
}


async def report(
    rt: Runtime, officer: Officer, language: str = "", channel: str = "", country: str = ""
) -> Report:
    """What an officer may know of the last 30 days; the form's part as it is narrowed down."""
    permissions.require(officer, Action.STATISTICS_READ, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:

        async def rows(statement: LiteralString, **values: str) -> Sequence[Any]:
            return await (await transaction.execute(statement, values)).fetchall()

        by = {name: _cells(await rows(statement)) for name, statement in _BY.items()}
        opened, answered, half, nine = (await rows(_TIMES))[0]
        ended, returned, closed = (await rows(_CLOSED))[0]
        days = [Day(day, suppress_small(a), suppress_small(b)) for day, a, b in await rows(_DAYS)]
        steps = await rows(_STEPS, language=language, channel=channel, country=country)
        live_in = [row[0] for row in await rows(_COUNTRIES)]
    enough = answered >= MIN_GROUP_SIZE
    return Report(
        opened=_rounded(opened),
        times=Times(suppress_small(answered), half if enough else None, nine if enough else None),
        closed=float(closed) if ended >= MIN_GROUP_SIZE else None,
        came_back=suppress_small(returned),
        days=tuple(days),
        live_in=tuple(live_in),
        stages=tuple(
            Stage(f, q, suppress_small(reached), suppress_small(stay))
            for f, q, reached, stay in steps
        ),
        **by,
    )


def suppress_small(count: int) -> int | None:
    """A count that may be shown: nobody is recognised by it."""
    return None if 0 < count < MIN_GROUP_SIZE else count


def _cells(rows: Iterable[Sequence[Any]]) -> tuple[Cell, ...]:
    return tuple(Cell(str(name or ""), suppress_small(count)) for name, count in rows)


def _rounded(count: int) -> int | None:
    """A total in steps of five, or the one hidden part of a list would be its difference."""
    return count - count % MIN_GROUP_SIZE if count >= MIN_GROUP_SIZE else suppress_small(count)
