"""Data model of a case (a person's request to officers), and queries that return cases."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from bot.cases import statements
from bot.db.connection import Transaction
from bot.db.statements import fetch_one, fetch_value
from bot.officers import permissions

# Associated data of the encryption: the original names of table and column. These strings must not
# change, because stored rows could then not be decrypted.
MESSAGE_CONTEXT, NOTE_CONTEXT = ("case_words", "body"), ("notes", "body")


class CaseConflict(Exception):
    """Another officer owns the case, or it has changed since the officer's page showed it.

    The action was not executed. `holder` is the owner's name, or ''; `version` is the case's
    current version.
    """

    code = "E_CASE_TAKEN"

    def __init__(self, holder: str = "", version: int = 0) -> None:
        super().__init__(f"{self.code}: somebody else holds this case, or it is closed")
        self.holder, self.version = holder, version


@dataclass(frozen=True, slots=True)
class Case:
    """A case without its texts; `waiting_since` is None if the person is not waiting.

    `first_topic` is the topic with which the case was opened. `joined_topics` are those of requests
    and registry matters that joined it later.
    """

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
    labels: list[str] = field(hash=False)
    call_back_at: datetime | None
    first_topic: str
    joined_topics: list[str] = field(hash=False)

    @property
    def subject(self) -> permissions.Subject:
        """Return the case's mission, topic, state and owner, on which permission checks depend."""
        return permissions.Subject(self.mission, self.topic, self.state, self.owner)


async def find(transaction: Transaction, case_id: UUID) -> Case | None:
    row = await fetch_one(transaction, statements.FIND, case=case_id)
    return Case(*row) if row else None


async def lock_case(transaction: Transaction, case_id: UUID) -> Case | None:
    """Lock a case until the end of the transaction.

    The caller must have locked the case's person before. Return None if there is no case.
    """
    row = await fetch_one(transaction, statements.LOCK, case=case_id)
    return Case(*row) if row else None


async def open_of(transaction: Transaction, person_id: UUID) -> Case | None:
    row = await fetch_one(transaction, statements.LOCK_OPEN, person=person_id)
    return Case(*row) if row else None


async def median(transaction: Transaction, mission: str) -> int | None:
    """Return the median time to a case's first answer, in minutes of working time.

    Only cases answered in the last 7 days count. Return None if these are fewer than MIN_ANSWERED.
    """
    found = await fetch_value(transaction, statements.MEDIAN, mission=mission)
    return round(found) if found is not None else None


async def next_for(
    transaction: Transaction, mission: str, topics: frozenset[str], languages: frozenset[str]
) -> Case | None:
    """Return the first case in a mission's queue with one of these topics and languages, or None.

    An empty set means all topics or all languages. Urgent cases come first.
    """
    row = await fetch_one(
        transaction,
        statements.NEXT,
        mission=mission,
        topics=sorted(topics),
        languages=sorted(languages),
    )
    return Case(*row) if row else None


async def conflict(transaction: Transaction, case_id: UUID) -> CaseConflict:
    """Return the exception CaseConflict with the case's present owner and version."""
    row = await fetch_one(transaction, statements.HOLDER, case=case_id)
    return CaseConflict(*row) if row else CaseConflict()
