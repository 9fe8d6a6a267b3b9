"""Numbers of a desk and of the form, never of a person: what is under five is not told.

Where people are in the form is counted by a job, because only it can open what is sealed; the
console reads the counts.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import msgspec

from bot import cases
from bot.concurrency import isolation
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.people import identities
from bot.runtime import Runtime
from flows.engine.flow import Consent, Form, Gate, Notice, path
from flows.engine.state import Conversation

DAYS = 30
LEAST = 5
AT_ONCE = 200
# Ids are random: where there are more, these are drawn by lot, and shares are what to look at.
MOST_PEOPLE = 20_000
FINISHED = "finished"
NOT_ASKED = (Consent, Gate, Notice)

_decode = msgspec.json.Decoder(Conversation).decode

type _Key = tuple[str, str, int, str, str, str]


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
    permissions.demand(officer, Action.STATISTICS_READ, Subject(officer.mission))
    async with directory.acting(rt, officer) as session:

        async def rows(statement: LiteralString, **values: str) -> Sequence[Any]:
            return await (await session.execute(statement, values)).fetchall()

        by = {name: _cells(await rows(statement)) for name, statement in _BY.items()}
        opened, answered, half, nine = (await rows(_TIMES))[0]
        ended, returned, closed = (await rows(_CLOSED))[0]
        days = [Day(day, told(a), told(b)) for day, a, b in await rows(_DAYS)]
        steps = await rows(_STEPS, language=language, channel=channel, country=country)
        live_in = [row[0] for row in await rows(_COUNTRIES)]
    enough = answered >= LEAST
    return Report(
        opened=_rounded(opened),
        times=Times(told(answered), half if enough else None, nine if enough else None),
        closed=float(closed) if ended >= LEAST else None,
        came_back=told(returned),
        days=tuple(days),
        live_in=tuple(live_in),
        stages=tuple(Stage(f, q, told(reached), told(stay)) for f, q, reached, stay in steps),
        **by,
    )


def told(count: int) -> int | None:
    """A count that may be shown: nobody is recognised by it."""
    return None if 0 < count < LEAST else count


def _cells(rows: Iterable[Sequence[Any]]) -> tuple[Cell, ...]:
    return tuple(Cell(str(name or ""), told(count)) for name, count in rows)


def _rounded(count: int) -> int | None:
    """A total in steps of five, or the one hidden part of a list would be its difference."""
    return count - count % LEAST if count >= LEAST else told(count)


async def count_steps(rt: Runtime) -> int:
    """Count anew where people of the last 30 days are in the form; how many were looked at."""
    reached: Counter[_Key] = Counter()
    staying: Counter[_Key] = Counter()
    looked, last = 0, UUID(int=0)
    while looked < MOST_PEOPLE and (found := await _next(rt, last)):
        for person_id, key, epoch, state, language, channel in found:
            with isolation.alone("steps"):
                person = identities.known(rt, person_id, bytes(key), epoch)
                sealed = person.key.unseal(bytes(state), "conversations", "state", "")
                _count(rt, _decode(sealed), language, channel, reached, staying)
        looked, last = looked + len(found), found[-1][0]
    await _keep(rt, reached, staying)
    return looked


async def _next(rt: Runtime, after: UUID) -> Sequence[Any]:
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT c.person_id, p.key, p.key_epoch, c.state, c.language, c.channel"
            " FROM conversations c JOIN people p ON p.id = c.person_id WHERE c.person_id > %s"
            " AND c.updated_at > kosh_now() - make_interval(days => %s)"
            " ORDER BY c.person_id LIMIT %s",
            (after, DAYS, AT_ONCE),
        )
        return await cursor.fetchall()


def _count(
    rt: Runtime,
    talk: Conversation,
    language: str,
    channel: str,
    reached: Counter[_Key],
    staying: Counter[_Key],
) -> None:
    for name, form in talk.forms.items():
        flow = rt.flows.get(name)
        if flow is None or flow.hands_over:
            continue
        lives_in = cases.country(talk.forms)
        now, seen = _walked(flow.name, form, rt)
        for place, question in enumerate(seen):
            reached[name, question, place, language, channel, lives_in] += 1
        if now:
            staying[name, now, seen.index(now), language, channel, lives_in] += 1


def _walked(name: str, form: Form, rt: Runtime) -> tuple[str, list[str]]:
    """The question at which somebody stays, and those they came to, each once."""
    way = path(rt.flows[name], form)
    now = way.current(form.cursor)
    seen: list[str] = []
    for step in way.steps:
        if not isinstance(step.item, NOT_ASKED) and step.item.name not in seen:
            seen.append(step.item.name)
        if step is now:
            return (step.item.name if step.item.name in seen else ""), seen
    return "", [*seen, FINISHED]


async def _keep(rt: Runtime, reached: Counter[_Key], staying: Counter[_Key]) -> None:
    merged: dict[tuple[str, str, str, str, str], list[int]] = {}
    for (flow, question, place, language, channel, country), count in reached.items():
        row = merged.setdefault((flow, question, language, channel, country), [place, 0, 0])
        row[0], row[1] = max(row[0], place), row[1] + count
        row[2] += staying[flow, question, place, language, channel, country]
    async with rt.pool.connection() as session:
        # One worker after the other, or both would put the same rows.
        await session.execute("SELECT pg_advisory_xact_lock(5274369)")
        await session.execute("DELETE FROM steps")
        async with session.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO steps (flow, question, language, channel, country, place, reached,"
                " staying) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                [(*key, *row) for key, row in merged.items()],
            )
