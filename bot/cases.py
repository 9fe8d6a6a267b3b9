"""Cases: conversations in human hands. Every change of hands moves the conversation's epoch."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from bot.people import Person
from bot.queue import Session
from flows.engine.flow import OpenCase

ANYWHERE = "general"


class State(StrEnum):
    """Where a case is; while there is none, the bot has the conversation."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    WAITING = "waiting_person"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Taken(Exception):
    """Another officer holds the case, or it is closed; nothing was changed."""

    code = "E_CASE_TAKEN"


@dataclass(frozen=True, slots=True)
class Case:
    """A case without its words."""

    id: UUID
    person_id: UUID
    topic: str
    urgent: bool
    language: str
    state: str
    owner: UUID | None
    opened_at: datetime


_COLUMNS = "id, person_id, topic, urgent, language, state, owner, opened_at"


async def open_case(session: Session, person: Person, opened: OpenCase, language: str) -> UUID:
    """Put a person into the queue; one open case a person, a second request adds to it."""
    case_id = await _open_of(session, person.id)
    if case_id is None:
        case_id = uuid4()
        await session.execute(
            "INSERT INTO cases (id, person_id, mission, topic, urgent, language, state)"
            " SELECT %s, id, coalesce(mission, %s), %s, %s, %s, %s FROM people WHERE id = %s",
            (case_id, ANYWHERE, opened.topic, opened.urgent, language, State.QUEUED, person.id),
        )
    if opened.words:
        await add_words(session, person, case_id, opened.words)
    return case_id


async def relay(session: Session, person: Person, words: str) -> None:
    """Words of the person for whoever holds their case."""
    case_id = await _open_of(session, person.id)
    if case_id is not None:
        await add_words(session, person, case_id, words)


async def add_words(
    session: Session, person: Person, case_id: UUID, words: str, officer: UUID | None = None
) -> None:
    """Keep words of the person, or of the officer who answers."""
    body = person.key.seal(words.encode(), "case_words", "body", str(case_id))
    await session.execute(
        "INSERT INTO case_words (case_id, person_id, officer, body) VALUES (%s, %s, %s, %s)",
        (case_id, person.id, officer, body),
    )


async def cancel(session: Session, person_id: UUID) -> None:
    """The person goes on with the bot."""
    await session.execute(
        "UPDATE cases SET state = %s, state_at = kosh_now(), version = version + 1"
        " WHERE person_id = %s AND state <> %s",
        (State.RESOLVED, person_id, State.RESOLVED),
    )


async def waiting(session: Session) -> list[Case]:
    """Open cases, urgent ones first, then the longest waiting."""
    cursor = await session.execute(
        f"SELECT {_COLUMNS} FROM cases WHERE state <> %s ORDER BY urgent DESC, opened_at LIMIT 25",
        (State.RESOLVED,),
    )
    return [Case(*row) for row in await cursor.fetchall()]


async def find(session: Session, case_id: UUID) -> Case | None:
    cursor = await session.execute(f"SELECT {_COLUMNS} FROM cases WHERE id = %s", (case_id,))
    row = await cursor.fetchone()
    return Case(*row) if row else None


async def claim(session: Session, case_id: UUID, officer: UUID) -> None:
    """Take a case that nobody holds: one conditional update, so one winner."""
    cursor = await session.execute(
        "UPDATE cases SET owner = %s, state = %s, state_at = kosh_now(), version = version + 1"
        " WHERE id = %s AND owner IS NULL AND state = %s",
        (officer, State.CLAIMED, case_id, State.QUEUED),
    )
    if cursor.rowcount == 0:
        raise Taken


async def resolve(session: Session, case_id: UUID, officer: UUID) -> None:
    """Close a case that this officer holds."""
    cursor = await session.execute(
        "UPDATE cases SET state = %s, state_at = kosh_now(), version = version + 1"
        " WHERE id = %s AND owner = %s AND state <> %s",
        (State.RESOLVED, case_id, officer, State.RESOLVED),
    )
    if cursor.rowcount == 0:
        raise Taken


async def words(
    session: Session, person: Person, case_id: UUID
) -> list[tuple[bool, str, datetime]]:
    """A case's words in order: whether an officer's, the text, when."""
    cursor = await session.execute(
        "SELECT officer, body, at FROM case_words WHERE case_id = %s ORDER BY id", (case_id,)
    )
    place = ("case_words", "body", str(case_id))
    return [
        (officer is not None, person.key.unseal(bytes(body), *place).decode(), at)
        for officer, body, at in await cursor.fetchall()
    ]


async def _open_of(session: Session, person_id: UUID) -> UUID | None:
    cursor = await session.execute(
        "SELECT id FROM cases WHERE person_id = %s AND state <> %s LIMIT 1 FOR UPDATE",
        (person_id, State.RESOLVED),
    )
    row = await cursor.fetchone()
    return row[0] if row else None
