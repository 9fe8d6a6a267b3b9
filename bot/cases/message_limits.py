"""Storage of limits on a person's messages to officers, and of appeals against them.

Officers set a limit for a person who abuses officers.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Date,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    bindparam,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from bot.cases.model import Case
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import NOW, execute, fetch_all, fetch_one, fetch_value, statement
from bot.notifications import Kind, notify
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine import safety

_CONTEXT = ("message_limits", "appeal", "")
_PERSON = t.MessageLimit.person_id == bindparam("person", type_=Uuid())
_OF_CASE = t.MessageLimit.case_id == bindparam("case", type_=Uuid())
_VALUES: dict[str, Any] = {
    "case_id": bindparam("case", type_=Uuid()),
    "mission": bindparam("of_mission", type_=Text()),
    "officer": bindparam("by", type_=Uuid()),
    "reason": bindparam("why", type_=Text()),
    "per_day": bindparam("most", type_=Integer()),
    "until": bindparam("last", type_=Date()),
    "created_at": NOW,
    "appeal": None,
    "appealed_at": None,
    "kept_at": None,
}
_SET = statement(
    insert(t.MessageLimit)
    .values(person_id=bindparam("person", type_=Uuid()), **_VALUES)
    .on_conflict_do_update(index_elements=[t.MessageLimit.person_id], set_=_VALUES)
)
_APPEAL = statement(
    update(t.MessageLimit)
    .where(_PERSON, t.MessageLimit.appeal.is_(None))
    .values(appeal=bindparam("sealed", type_=LargeBinary()), appealed_at=NOW)
    .returning(t.MessageLimit.case_id)
)
_PLACE = statement(
    select(t.MessageLimit.person_id, t.MessageLimit.mission, t.MessageLimit.officer).where(_OF_CASE)
)
_DANGER = statement(
    select(or_(t.Case.was_danger, t.Case.urgent, t.Case.topic == safety.TOPIC)).where(
        t.Case.id == bindparam("case", type_=Uuid())
    )
)
_LIFT = statement(delete(t.MessageLimit).where(_PERSON))
_KEEP = statement(
    update(t.MessageLimit)
    .where(_PERSON, t.MessageLimit.appeal.is_not(None), t.MessageLimit.kept_at.is_(None))
    .values(kept_at=NOW)
)
# Message limits with an open appeal come first, then those whose appeal was answered.
_LISTED = statement(
    select(
        t.MessageLimit.case_id,
        t.Case.number,
        t.Officer.name,
        t.MessageLimit.reason,
        t.MessageLimit.per_day,
        t.MessageLimit.until,
        t.MessageLimit.created_at,
        t.MessageLimit.kept_at,
        t.MessageLimit.appeal,
        t.Person.id,
        t.Person.key,
        t.Person.key_version,
    )
    .join(t.Case, t.Case.id == t.MessageLimit.case_id)
    .join(t.Officer, t.Officer.id == t.MessageLimit.officer)
    .join(t.Person, t.Person.id == t.MessageLimit.person_id)
    .where(t.MessageLimit.mission == bindparam("of_mission"))
    .order_by(
        t.MessageLimit.appeal.is_(None),
        t.MessageLimit.kept_at.is_not(None),
        t.MessageLimit.created_at,
    )
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A limit on a person's messages, as leads see it; `appeal` is '' if there is no appeal."""

    case_id: UUID
    number: int
    officer: str
    reason: str
    per_day: int
    until: date
    created_at: datetime
    kept_at: datetime | None
    appeal: str


async def limit_messages(
    transaction: Transaction, case: Case, officer: UUID, reason: str, per_day: int, until: date
) -> None:
    """Store a limit on the person's messages; replace an earlier limit together with its appeal."""
    await execute(
        transaction, _SET, person=case.person_id, case=case.id, of_mission=case.mission,
        by=officer, why=reason, most=per_day, last=until,
    )  # fmt: skip


async def appeal(transaction: Transaction, person: Person, words: str) -> None:
    """Store the person's appeal against their message limit, and notify the leads.

    Only one appeal against each limit is stored; further ones are ignored.
    """
    sealed = person.key.seal(words.encode(), *_CONTEXT)
    case_id = await fetch_value(transaction, _APPEAL, person=person.id, sealed=sealed)
    if case_id is not None:
        await notify(transaction, Kind.APPEAL, case_id)


async def was_danger(transaction: Transaction, case_id: UUID) -> bool:
    """Return True if the case is or ever was marked as urgent or about danger."""
    return bool(await fetch_value(transaction, _DANGER, case=case_id))


async def limit_of_case(transaction: Transaction, case_id: UUID) -> tuple[UUID, str, UUID] | None:
    """Return person, mission and officer of the message limit that was set in a case.

    Return None if the case has no limit.
    """
    return await fetch_one(transaction, _PLACE, case=case_id)


async def lift_limit(transaction: Transaction, person_id: UUID) -> bool:
    return bool(await execute(transaction, _LIFT, person=person_id))


async def keep_limit(transaction: Transaction, person_id: UUID) -> bool:
    """Record that a lead read the appeal and kept the message limit.

    Return False if no appeal is open.
    """
    return bool(await execute(transaction, _KEEP, person=person_id))


async def listed_limits(rt: Runtime, transaction: Transaction, mission: str) -> list[Listed]:
    """Return the message limits of a mission, those with an open appeal first."""
    rows = await fetch_all(transaction, _LISTED, of_mission=mission)
    return [Listed(*row[:8], _words(rt, row[8], row[9], row[10], row[11])) for row in rows]


def _words(rt: Runtime, sealed: bytes | None, person_id: UUID, key: bytes, key_version: int) -> str:
    if sealed is None:
        return ""
    person = identities.open_person(rt, person_id, key, key_version)
    return person.key.unseal(sealed, *_CONTEXT).decode()
