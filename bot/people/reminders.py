"""Reminders that a person asked for: when, and of nothing; what is said is the same for all."""

from typing import LiteralString
from uuid import UUID

from bot.db.connection import Transaction

DUE_AT_ONCE = 100
# At seven in the morning by UTC it is day from Turkey to Mongolia.
_PUT: LiteralString = """
INSERT INTO reminders (person_id, due_at)
VALUES (%(person)s, date_trunc('day', kosh_now(), 'UTC')
  + make_interval(days => %(days)s, hours => 7))
ON CONFLICT (person_id) DO UPDATE SET due_at = excluded.due_at
"""


async def put(transaction: Transaction, person_id: UUID, days: int) -> None:
    """Remind in so many days, once; 0: not at all."""
    if days:
        await transaction.execute(_PUT, {"person": person_id, "days": days})
    else:
        await transaction.execute("DELETE FROM reminders WHERE person_id = %s", (person_id,))


async def due(transaction: Transaction, after: UUID) -> list[UUID]:
    """Who is to be reminded now: the next ones by id."""
    cursor = await transaction.execute(
        "SELECT person_id FROM reminders WHERE due_at <= kosh_now() AND person_id > %s"
        " ORDER BY person_id LIMIT %s",
        (after, DUE_AT_ONCE),
    )
    return [row[0] for row in await cursor.fetchall()]


async def take(transaction: Transaction, person_id: UUID) -> bool:
    """Whether the person is still to be reminded; after that no more."""
    cursor = await transaction.execute(
        "DELETE FROM reminders WHERE person_id = %s AND due_at <= kosh_now()", (person_id,)
    )
    return bool(cursor.rowcount)
