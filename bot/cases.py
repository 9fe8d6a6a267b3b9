"""Cases: conversations in human hands. Every change of hands moves the conversation's epoch.

`version` counts changes of hands and what officers decide; words of either side do not move it, so
that a page stays good while people talk. Deadlines are in the working time of the case's mission.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from bot import access, hours, officers
from bot.hours import Desk
from bot.people import Person
from bot.queue import Session
from flows.engine.flow import Form, OpenCase
from flows.engine.text import Text
from flows.knowledge import missions

ANYWHERE = missions.GENERAL
LEAST_ANSWERED = 5


class State(StrEnum):
    """Where a case is; while there is none, the bot has the conversation."""

    QUEUED = access.QUEUED
    CLAIMED = access.CLAIMED
    WAITING = access.WAITING
    SNOOZED = access.SNOOZED
    RESOLVED = access.RESOLVED


class Taken(Exception):
    """Somebody else holds the case, or it changed since it was shown; nothing was done.

    `holder` is the officer who has it, if anybody; `version` is that of now.
    """

    code = "E_CASE_TAKEN"

    def __init__(self, holder: str = "", version: int = 0) -> None:
        super().__init__(f"{self.code}: somebody else holds this case, or it is closed")
        self.holder, self.version = holder, version


@dataclass(frozen=True, slots=True)
class Case:
    """A case without its words; `waiting_since` is when the person began to wait, if they do."""

    id: UUID
    number: int
    person_id: UUID
    mission: str
    topic: str
    urgent: bool
    language: str
    country: str
    state: str
    owner: UUID | None
    version: int
    opened_at: datetime
    state_at: datetime
    waiting_since: datetime | None
    answer_due: datetime | None
    resolve_due: datetime | None
    paused_at: datetime | None
    snoozed_until: datetime | None
    escalated_at: datetime | None
    answered_at: datetime | None
    returned: int
    rating: str | None

    @property
    def subject(self) -> access.Subject:
        """What the policy has to know."""
        return access.Subject(self.mission, self.topic, self.state, self.owner)


COLUMNS = (
    "k.id, k.number, k.person_id, k.mission, k.topic, k.urgent, k.language, k.country, k.state,"
    " k.owner, k.version, k.opened_at, k.state_at, k.waiting_since, k.answer_due, k.resolve_due,"
    " k.paused_at, k.snoozed_until, k.escalated_at, k.answered_at, k.returned, k.rating"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that a person is in now, and what can be promised; nothing for one open before."""

    case_id: UUID
    promise: tuple[Text, ...] = ()


# Opening and words


def country(forms: Mapping[str, Form]) -> str:
    """Where a person lives as far as they told; empty when they did not."""
    told = {name: each.value for form in forms.values() for name, each in form.answers.items()}
    at_home = told.get("location") == "origin"
    return told.get("residence_country") or (at_home and told.get("citizenship")) or ""


async def open_case(
    session: Session,
    person: Person,
    opened: OpenCase,
    language: str,
    forms: Mapping[str, Form] | None = None,
) -> Opened:
    """Put a person into the queue; one open case a person, a second request adds to it.

    The mission comes from the country of residence, and is stored with the case alone.
    """
    found = await _open_of(session, person.id)
    if found is not None:
        await _heard(session, found)
        result = Opened(found.id)
    else:
        result = await _insert(session, person, opened, language, country(forms or {}))
    if opened.words:
        await add_words(session, person, result.case_id, opened.words)
    return result


async def _insert(
    session: Session, person: Person, opened: OpenCase, language: str, lives_in: str
) -> Opened:
    mission = missions.candidates(lives_in, await officers.staffed(session))[0]
    desk, now = await hours.desk_of(session, mission), await clock(session)
    calendar, case_id = desk.calendar(), uuid4()
    await session.execute(
        "INSERT INTO cases (id, person_id, mission, topic, urgent, language, country, state,"
        " waiting_since, answer_due, resolve_due)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (case_id, person.id, mission, opened.topic, opened.urgent, language, lives_in,
         State.QUEUED, now, calendar.after(now, desk.first_minutes),
         calendar.after(now, desk.resolve_minutes)),
    )  # fmt: skip
    return Opened(case_id, hours.promise(desk, now, lives_in, await median(session, mission)))


async def relay(session: Session, person: Person, words: str) -> None:
    """Words of the person for whoever holds their case."""
    case = await _open_of(session, person.id)
    if case is not None:
        await _heard(session, case)
        await add_words(session, person, case.id, words)


async def _heard(session: Session, case: Case) -> None:
    """The person waits again: a case that waited for them, or slept, is somebody's turn now."""
    desk, now = await hours.desk_of(session, case.mission), await clock(session)
    calendar = desk.calendar()
    allowed = desk.next_minutes if case.answered_at else desk.first_minutes
    await session.execute(
        "UPDATE cases SET state = %s, waiting_since = coalesce(waiting_since, %s),"
        " answer_due = coalesce(answer_due, %s), return_due = coalesce(return_due, %s),"
        " resolve_due = %s, paused_at = NULL, snoozed_until = NULL,"
        " state_at = CASE WHEN state = %s THEN state_at ELSE kosh_now() END WHERE id = %s",
        (
            state := State.CLAIMED if case.owner else State.QUEUED,
            now,
            calendar.after(now, allowed),
            calendar.after(now, desk.return_minutes) if case.owner else None,
            _resumed(case, calendar, now),
            state,
            case.id,
        ),
    )


def _resumed(case: Case, calendar: hours.Calendar, now: datetime) -> datetime | None:
    """The day by which to close, later by as much working time as the case stood still."""
    if case.paused_at is None or case.resolve_due is None:
        return case.resolve_due
    return calendar.after(case.resolve_due, calendar.minutes(case.paused_at, now))


async def add_words(
    session: Session,
    person: Person,
    case_id: UUID,
    words: str,
    officer: UUID | None = None,
    canned: str = "",
    message_id: int | None = None,
) -> None:
    """Keep words of the person, or of the officer who answers with the message of that id."""
    body = person.key.seal(words.encode(), "case_words", "body", str(case_id))
    await session.execute(
        "INSERT INTO case_words (case_id, person_id, officer, body, canned, message_id)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (case_id, person.id, officer, body, canned or None, message_id),
    )


async def add_note(
    session: Session, person: Person, case_id: UUID, officer: UUID, words: str
) -> None:
    """Keep what one officer tells others; it has its own table, so that it cannot be sent."""
    body = person.key.seal(words.encode(), "notes", "body", str(case_id))
    await session.execute(
        "INSERT INTO notes (case_id, person_id, officer, body) VALUES (%s, %s, %s, %s)",
        (case_id, person.id, officer, body),
    )


async def cancel(session: Session, person_id: UUID) -> None:
    """The person goes on with the bot."""
    await session.execute(
        "UPDATE cases SET state = %s, state_at = kosh_now(), version = version + 1,"
        " waiting_since = NULL, answer_due = NULL, return_due = NULL, snoozed_until = NULL"
        " WHERE person_id = %s AND state <> %s",
        (State.RESOLVED, person_id, State.RESOLVED),
    )


async def rate(session: Session, person_id: UUID, rating: str) -> None:
    """What the person says of a case that was closed in the last week; the first word counts."""
    await session.execute(
        "UPDATE cases SET rating = coalesce(rating, %s) WHERE id ="
        " (SELECT id FROM cases WHERE person_id = %s AND state = %s"
        " AND state_at > kosh_now() - interval '7 days' ORDER BY state_at DESC LIMIT 1)",
        (rating, person_id, State.RESOLVED),
    )


# Finding


async def clock(session: Session) -> datetime:
    """The database's time."""
    row = await (await session.execute("SELECT kosh_now()")).fetchone()
    assert row is not None
    now: datetime = row[0]
    return now


async def find(session: Session, case_id: UUID) -> Case | None:
    cursor = await session.execute(f"SELECT {COLUMNS} FROM cases k WHERE id = %s", (case_id,))
    row = await cursor.fetchone()
    return Case(*row) if row else None


async def held(session: Session, case_id: UUID) -> Case | None:
    """A case, locked until the transaction ends; its person must be locked before."""
    cursor = await session.execute(
        f"SELECT {COLUMNS} FROM cases k WHERE id = %s FOR UPDATE", (case_id,)
    )
    row = await cursor.fetchone()
    return Case(*row) if row else None


async def _open_of(session: Session, person_id: UUID) -> Case | None:
    cursor = await session.execute(
        f"SELECT {COLUMNS} FROM cases k WHERE person_id = %s AND state <> %s LIMIT 1 FOR UPDATE",
        (person_id, State.RESOLVED),
    )
    row = await cursor.fetchone()
    return Case(*row) if row else None


async def median(session: Session, mission: str) -> int | None:
    """Working minutes to the first answer, in the middle of last week's; None when too few."""
    cursor = await session.execute(
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY answer_minutes) FROM cases"
        " WHERE mission = %s AND answered_at > kosh_now() - interval '7 days'"
        " HAVING count(*) >= %s",
        (mission, LEAST_ANSWERED),
    )
    row = await cursor.fetchone()
    return round(row[0]) if row and row[0] is not None else None


async def next_for(
    session: Session, mission: str, topics: frozenset[str], languages: frozenset[str]
) -> Case | None:
    """The case that should be taken next by somebody of those topics and languages."""
    cursor = await session.execute(
        f"SELECT {COLUMNS} FROM cases k WHERE mission = %s AND state = %s AND owner IS NULL"
        " AND (%s OR topic = ANY(%s)) AND (%s OR language = ANY(%s))"
        " ORDER BY urgent DESC, escalated_at NULLS LAST, answer_due NULLS LAST, opened_at LIMIT 1",
        (mission, State.QUEUED, not topics, sorted(topics), not languages, sorted(languages)),
    )
    row = await cursor.fetchone()
    return Case(*row) if row else None


# Changes of hands: each one conditional update, so that of many at once one wins


async def claim(session: Session, case: Case, officer: UUID, desk: Desk, version: int) -> None:
    """Take a case that nobody holds."""
    await _change(
        session, case, version,
        "owner = %(officer)s, state = 'claimed', return_due = %(due)s",
        "owner IS NULL AND state = 'queued'",
        officer=officer, due=desk.calendar().after(await clock(session), desk.return_minutes),
    )  # fmt: skip


async def take_over(session: Session, case: Case, officer: UUID, desk: Desk, version: int) -> None:
    """Take a case out of somebody else's hands."""
    await _give(
        session, case, officer, desk, version,
        "owner IS NOT NULL AND owner <> %(officer)s AND state <> 'resolved'",
    )  # fmt: skip


async def release(session: Session, case: Case, version: int, *, by_itself: bool = False) -> None:
    """Give a case back to the queue, urgent as it was and waiting since it was."""
    await _change(
        session, case, version,
        "owner = NULL, state = 'queued', return_due = NULL, snoozed_until = NULL,"
        " returned = returned + %(returned)s",
        "owner IS NOT NULL AND state <> 'resolved'",
        returned=int(by_itself),
    )  # fmt: skip


async def hand_to(session: Session, case: Case, officer: UUID, desk: Desk, version: int) -> None:
    """Give a case into the hands of somebody."""
    await _give(
        session, case, officer, desk, version,
        "owner IS DISTINCT FROM %(officer)s AND state <> 'resolved'",
    )  # fmt: skip


async def _give(
    session: Session, case: Case, officer: UUID, desk: Desk, version: int, condition: str
) -> None:
    """A new owner, who has to answer soon unless it is the person's turn."""
    await _change(
        session, case, version,
        "owner = %(officer)s, snoozed_until = NULL,"
        " state = CASE WHEN state = 'waiting_person' THEN state ELSE 'claimed' END,"
        " return_due = CASE WHEN state <> 'waiting_person' THEN %(due)s::timestamptz END",
        condition,
        officer=officer, due=desk.calendar().after(await clock(session), desk.return_minutes),
    )  # fmt: skip


async def change_topic(session: Session, case: Case, topic: str, version: int) -> None:
    """Back to the queue under another topic."""
    await _change(
        session, case, version,
        "owner = NULL, state = 'queued', topic = %(topic)s, return_due = NULL,"
        " snoozed_until = NULL",
        "state <> 'resolved'",
        topic=topic,
    )  # fmt: skip


async def move(session: Session, case: Case, mission: str, version: int) -> None:
    """To the queue of another mission; the console's role can do it in no other way.

    Its deadlines are set there, by the next sweep: how another mission works can't be seen from
    this one.
    """
    cursor = await session.execute("SELECT kosh_move_case(%s, %s, %s)", (case.id, version, mission))
    row = await cursor.fetchone()
    if row is None or not row[0]:
        raise await taken(session, case.id)


async def wake(session: Session, case: Case) -> None:
    """A case has slept enough: it is its officer's turn again, or the queue's."""
    await _heard(session, case)


async def set_clock(session: Session, case: Case) -> None:
    """Deadlines by the hours of the mission that a case has come to."""
    desk, since = await hours.desk_of(session, case.mission), case.waiting_since
    if since is not None:
        due = desk.calendar().after(since, desk.first_minutes)
        await session.execute("UPDATE cases SET answer_due = %s WHERE id = %s", (due, case.id))


async def escalate(session: Session, case: Case) -> None:
    """The lead has to see to it: too late for an answer, or for the end."""
    await session.execute(
        "UPDATE cases SET escalated_at = kosh_now() WHERE id = %s AND escalated_at IS NULL",
        (case.id,),
    )


async def redirect(session: Session, case: Case, mission: str) -> None:
    """A queue that nobody works at any more: another takes its cases over."""
    await session.execute(
        "UPDATE cases SET mission = %s, answer_due = NULL, version = version + 1"
        " WHERE id = %s AND owner IS NULL AND state = 'queued'",
        (mission, case.id),
    )


async def snooze(
    session: Session, case: Case, officer: UUID, until: datetime, version: int
) -> None:
    """Let a case sleep until then, or until the person writes."""
    await _change(
        session, case, version,
        "state = 'snoozed', snoozed_until = %(until)s, return_due = NULL,"
        " paused_at = coalesce(paused_at, kosh_now())",
        "owner = %(officer)s AND state IN ('claimed', 'waiting_person')",
        officer=officer, until=until,
    )  # fmt: skip


async def replied(session: Session, case: Case, officer: UUID, desk: Desk, version: int) -> None:
    """The officer has answered: now it is the person's turn. Moves no version."""
    now = await clock(session)
    await _change(
        session, case, version,
        "state = 'waiting_person', waiting_since = NULL, answer_due = NULL, return_due = NULL,"
        " snoozed_until = NULL, escalated_at = NULL, paused_at = coalesce(paused_at, %(now)s),"
        " answered_at = coalesce(answered_at, %(now)s),"
        " answer_minutes = coalesce(answer_minutes, %(minutes)s)",
        "owner = %(officer)s AND state <> 'resolved'",
        moves=0, officer=officer, now=now,
        minutes=desk.calendar().minutes(case.opened_at, now),
    )  # fmt: skip


async def resolve(session: Session, case: Case, officer: UUID, version: int) -> None:
    """Close a case that this officer holds; the owner stays written, so that replies arrive."""
    await _change(
        session, case, version,
        "state = 'resolved', waiting_since = NULL, answer_due = NULL, return_due = NULL,"
        " snoozed_until = NULL",
        "owner = %(officer)s AND state <> 'resolved'",
        officer=officer,
    )  # fmt: skip


async def _change(
    session: Session,
    case: Case,
    version: int,
    changes: str,
    condition: str,
    *,
    moves: int = 1,
    **values: object,
) -> None:
    cursor = await session.execute(
        f"UPDATE cases SET {changes}, state_at = kosh_now(), version = version + %(moves)s"
        f" WHERE id = %(id)s AND version = %(version)s AND {condition}",
        {"id": case.id, "version": version, "moves": moves, **values},
    )
    if cursor.rowcount == 0:
        raise await taken(session, case.id)


async def taken(session: Session, case_id: UUID) -> Taken:
    """Who has the case now, for somebody who came too late."""
    cursor = await session.execute(
        "SELECT coalesce(o.name, ''), k.version FROM cases k"
        " LEFT JOIN officers o ON o.id = k.owner AND k.state <> 'resolved' WHERE k.id = %s",
        (case_id,),
    )
    row = await cursor.fetchone()
    return Taken(*row) if row else Taken()
