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

from bot import access, officers, people
from bot.access import Action, Subject
from bot.officers import Officer
from bot.runtime import Runtime
from flows.engine.flow import Consent, Form, Gate, Notice, path
from flows.engine.state import Conversation

DAYS = 30
LEAST = 5
AT_ONCE = 200
MOST_PEOPLE = 20_000
FINISHED = "finished"
NOT_ASKED = (Consent, Gate, Notice)

_decode = msgspec.json.Decoder(Conversation).decode

type _Key = tuple[str, str, int, str, str]


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
    """The last 30 days of a mission's desk, and the form of the whole installation."""

    opened: int | None
    times: Times
    topics: tuple[Cell, ...]
    languages: tuple[Cell, ...]
    countries: tuple[Cell, ...]
    ratings: tuple[Cell, ...]
    days: tuple[Day, ...]
    stages: tuple[Stage, ...]


_TIMES: LiteralString = (
    "SELECT count(*), count(answer_minutes),"
    " percentile_cont(0.5) WITHIN GROUP (ORDER BY answer_minutes),"
    " percentile_cont(0.9) WITHIN GROUP (ORDER BY answer_minutes)"
    " FROM cases WHERE opened_at > kosh_now() - make_interval(days => 30)"
)
_DAYS: LiteralString = (
    "SELECT d::date::text, count(k.id) FILTER (WHERE k.opened_at::date = d::date),"
    " count(k.id) FILTER (WHERE k.state = 'resolved' AND k.state_at::date = d::date)"
    " FROM generate_series(kosh_now() - interval '29 days', kosh_now(), interval '1 day') d"
    " LEFT JOIN cases k ON k.opened_at::date = d::date"
    " OR (k.state = 'resolved' AND k.state_at::date = d::date) GROUP BY 1 ORDER BY 1"
)
_STEPS: LiteralString = (
    "SELECT flow, question, sum(reached)::int, sum(staying)::int FROM steps"
    " WHERE (%(language)s = '' OR language = %(language)s)"
    " AND (%(channel)s = '' OR channel = %(channel)s)"
    " GROUP BY flow, question ORDER BY flow, min(place)"
)
_BY: dict[str, LiteralString] = {
    "topics": "SELECT topic, count(*) FROM cases WHERE opened_at > kosh_now()"
    " - make_interval(days => 30) GROUP BY 1 ORDER BY 2 DESC, 1",
    "languages": "SELECT language, count(*) FROM cases WHERE opened_at > kosh_now()"
    " - make_interval(days => 30) GROUP BY 1 ORDER BY 2 DESC, 1",
    "countries": "SELECT country, count(*) FROM cases WHERE opened_at > kosh_now()"
    " - make_interval(days => 30) GROUP BY 1 ORDER BY 2 DESC, 1",
    "ratings": "SELECT rating, count(*) FROM cases WHERE rating IS NOT NULL AND opened_at >"
    " kosh_now() - make_interval(days => 30) GROUP BY 1 ORDER BY 1",
}


async def report(rt: Runtime, officer: Officer, language: str = "", channel: str = "") -> Report:
    """What an officer may know of the last 30 days; the form's part by language and channel."""
    access.demand(officer, Action.STATISTICS_READ, Subject(officer.mission))
    async with officers.acting(rt, officer) as session:

        async def rows(statement: LiteralString, **values: str) -> Sequence[Any]:
            return await (await session.execute(statement, values)).fetchall()

        by = {name: _cells(await rows(statement)) for name, statement in _BY.items()}
        opened, answered, half, nine = (await rows(_TIMES))[0]
        days = [Day(day, told(a), told(b)) for day, a, b in await rows(_DAYS)]
        steps = await rows(_STEPS, language=language, channel=channel)
    enough = answered >= LEAST
    return Report(
        opened=_rounded(opened),
        times=Times(told(answered), half if enough else None, nine if enough else None),
        days=tuple(days),
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
            person = people.known(rt, person_id, bytes(key), epoch)
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
        now, seen = _walked(flow.name, form, rt)
        for place, question in enumerate(seen):
            reached[name, question, place, language, channel] += 1
        if now:
            staying[name, now, seen.index(now), language, channel] += 1


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
    merged: dict[tuple[str, str, str, str], list[int]] = {}
    for (flow, question, place, language, channel), count in reached.items():
        row = merged.setdefault((flow, question, language, channel), [place, 0, 0])
        row[0], row[1] = max(row[0], place), row[1] + count
        row[2] += staying[flow, question, place, language, channel]
    async with rt.pool.connection() as session:
        # One worker after the other, or both would put the same rows.
        await session.execute("SELECT pg_advisory_xact_lock(5274369)")
        await session.execute("DELETE FROM steps")
        async with session.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO steps (flow, question, language, channel, place, reached, staying)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [(*key, *row) for key, row in merged.items()],
            )
