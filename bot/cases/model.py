"""What a case is, and how one is found."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from bot.db.connection import Transaction
from bot.officers import permissions

MIN_ANSWERED = 5


class State(StrEnum):
    """Where a case is; while there is none, the bot has the conversation."""

    QUEUED = permissions.QUEUED
    CLAIMED = permissions.CLAIMED
    WAITING = permissions.WAITING
    SNOOZED = permissions.SNOOZED
    RESOLVED = permissions.RESOLVED


class CaseConflict(Exception):
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
    def subject(self) -> permissions.Subject:
        """What the policy has to know."""
        return permissions.Subject(self.mission, self.topic, self.state, self.owner)


COLUMNS = (
    "k.id, k.number, k.person_id, k.mission, k.topic, k.urgent, k.language, k.country, k.state,"
    " k.owner, k.version, k.opened_at, k.state_at, k.waiting_since, k.answer_due, k.resolve_due,"
    " k.paused_at, k.snoozed_until, k.escalated_at, k.answered_at, k.returned, k.rating"
)


async def clock(transaction: Transaction) -> datetime:
    """The database's time."""
    row = await (await transaction.execute("SELECT kosh_now()")).fetchone()
    assert row is not None
    now: datetime = row[0]
    return now


async def find(transaction: Transaction, case_id: UUID) -> Case | None:
    cursor = await transaction.execute(f"SELECT {COLUMNS} FROM cases k WHERE id = %s", (case_id,))
    row = await cursor.fetchone()
    return Case(*row) if row else None


async def lock_case(transaction: Transaction, case_id: UUID) -> Case | None:
    """A case, locked until the transaction ends; its person must be locked before."""
    cursor = await transaction.execute(
        f"SELECT {COLUMNS} FROM cases k WHERE id = %s FOR UPDATE", (case_id,)
    )
    row = await cursor.fetchone()
    return Case(*row) if row else None


async def open_of(transaction: Transaction, person_id: UUID) -> Case | None:
    cursor = await transaction.execute(
        f"SELECT {COLUMNS} FROM cases k WHERE person_id = %s AND state <> %s LIMIT 1 FOR UPDATE",
        (person_id, State.RESOLVED),
    )
    row = await cursor.fetchone()
    return Case(*row) if row else None


async def median(transaction: Transaction, mission: str) -> int | None:
    """Working minutes to the first answer, in the middle of last week's; None when too few."""
    cursor = await transaction.execute(
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY answer_minutes) FROM cases"
        " WHERE mission = %s AND answered_at > kosh_now() - interval '7 days'"
        " HAVING count(*) >= %s",
        (mission, MIN_ANSWERED),
    )
    row = await cursor.fetchone()
    return round(row[0]) if row and row[0] is not None else None


async def next_for(
    transaction: Transaction, mission: str, topics: frozenset[str], languages: frozenset[str]
) -> Case | None:
    """The case that should be taken next by somebody of those topics and languages."""
    cursor = await transaction.execute(
        f"SELECT {COLUMNS} FROM cases k WHERE mission = %s AND state = %s AND owner IS NULL"
        " AND (%s OR topic = ANY(%s)) AND (%s OR language = ANY(%s))"
        " ORDER BY urgent DESC, escalated_at NULLS LAST, answer_due NULLS LAST, opened_at LIMIT 1",
        (mission, State.QUEUED, not topics, sorted(topics), not languages, sorted(languages)),
    )
    row = await cursor.fetchone()
    return Case(*row) if row else None


async def conflict(transaction: Transaction, case_id: UUID) -> CaseConflict:
    """Who has the case now, for somebody who came too late."""
    cursor = await transaction.execute(
        "SELECT coalesce(o.name, ''), k.version FROM cases k"
        " LEFT JOIN officers o ON o.id = k.owner AND k.state <> 'resolved' WHERE k.id = %s",
        (case_id,),
    )
    row = await cursor.fetchone()
    return CaseConflict(*row) if row else CaseConflict()
