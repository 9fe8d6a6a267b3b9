"""Retention of answers and registrations: finds people with data due for deletion."""

from uuid import UUID

from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_one, fetch_value, fetch_values
from bot.registrations import retention_statements, statements


async def find_expired(
    transaction: Transaction, after: UUID, limit: int = 100, *, lately: bool = False
) -> list[UUID]:
    """Return up to `limit` people, with ids after `after`, whose answers are due for deletion.

    Answers are due 24 hours after the registry accepted the registration. After it was withdrawn or
    rejected, they are due once the conversation has been idle for 30 days. People with an
    unsubmitted change are returned by each call. With `lately`, return only people whose
    answers became due in the last hour.
    """
    found = await fetch_values(
        transaction, retention_statements.SPENT, after=after, limit=limit, recent=lately
    )
    return [person_id for person_id in found if person_id is not None]


async def is_expired(transaction: Transaction, person_id: UUID) -> tuple[bool, bool]:
    """Return two booleans: if submitted answers, and if unsubmitted changes, must be deleted."""
    row = await fetch_one(transaction, retention_statements.DUE_TO_GO, person=person_id)
    return (bool(row[0]), bool(row[1])) if row else (False, False)


async def mark_expired(transaction: Transaction, person_id: UUID) -> None:
    await execute(transaction, retention_statements.MARK_SPENT, person=person_id)


async def find_ending(transaction: Transaction, after: UUID, limit: int = 100) -> list[UUID]:
    """Return up to `limit` people, with ids after `after`, whose registration must be deleted.

    A registration is deleted 12 months after the last change of its status, but not while a write
    to the registry is open. Idle people are not returned, because their conversations are deleted,
    too.
    """
    found = await fetch_values(transaction, retention_statements.ENDING, after=after, limit=limit)
    return [person_id for person_id in found if person_id is not None]


async def delete_ending(transaction: Transaction, person_id: UUID) -> bool:
    """Delete a person's old registrations; return True if the person has no other registration."""
    await execute(transaction, retention_statements.DELETE_ENDING, person=person_id)
    return await fetch_value(transaction, statements.LOCK_ALL, person=person_id) is None
