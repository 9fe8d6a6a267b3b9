"""Checklist reminders that people asked for; only the date is stored, all get the same text.

The interval in days is `REMIND_DAYS` in `flows/lifetimes.py`.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Integer, and_, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import NOW, execute, fetch_value, fetch_values, statement

DUE_AT_ONCE = 100
# Reminders are due at 07:00 UTC, which is daytime from Turkey to Mongolia. At 13:00 UTC (21:00 in
# Ulaanbaatar) a reminder that is still due waits for the next day.
DUE_HOUR, QUIET_HOUR = 7, 13
_TODAY = func.date_trunc("day", NOW, "UTC")
_DUE_AT = _TODAY + func.make_interval(0, 0, 0, bindparam("days", type_=Integer), DUE_HOUR)
_NEXT_DUE_AT = func.date_trunc("day", NOW - timedelta(hours=DUE_HOUR), "UTC") + timedelta(
    days=1, hours=DUE_HOUR
)
_IS_DUE = and_(
    t.Reminder.due_at <= NOW,
    _TODAY + timedelta(hours=DUE_HOUR) <= NOW,
    _TODAY + timedelta(hours=QUIET_HOUR) > NOW,
)
_PUT = statement(
    insert(t.Reminder)
    .values(person_id=bindparam("person"), due_at=_DUE_AT)
    .on_conflict_do_update(index_elements=[t.Reminder.person_id], set_={"due_at": _DUE_AT})
)
_STOP = statement(delete(t.Reminder).where(t.Reminder.person_id == bindparam("person")))
_DUE = statement(
    select(t.Reminder.person_id)
    .where(_IS_DUE, t.Reminder.person_id > bindparam("after"))
    .order_by(t.Reminder.person_id)
    .limit(DUE_AT_ONCE)
)
_DUE_AT_OF = statement(select(t.Reminder.due_at).where(t.Reminder.person_id == bindparam("person")))
_POSTPONE = statement(
    update(t.Reminder)
    .where(t.Reminder.person_id == bindparam("person"), t.Reminder.due_at <= NOW)
    .values(due_at=_NEXT_DUE_AT)
)
_TAKE = statement(delete(t.Reminder).where(t.Reminder.person_id == bindparam("person"), _IS_DUE))


async def put(transaction: Transaction, person_id: UUID, days: int) -> None:
    """Schedule the person's reminder in `days` days, replacing an earlier one; 0 deletes it.

    A person has at most one reminder.
    """
    if days:
        await execute(transaction, _PUT, person=person_id, days=days)
    else:
        await execute(transaction, _STOP, person=person_id)


async def due(transaction: Transaction, after: UUID) -> list[UUID]:
    """Return ids of people with a due reminder: the next ones above `after`, in ascending order.

    No reminder is due at night.
    """
    return await fetch_values(transaction, _DUE, after=after)


async def due_at(transaction: Transaction, person_id: UUID) -> datetime | None:
    """Return the time of the person's reminder; None if none is scheduled.

    The time is in the past if the reminder waits, for example until an officer is done.
    """
    return await fetch_value(transaction, _DUE_AT_OF, person=person_id)


async def postpone(transaction: Transaction, person_id: UUID) -> None:
    """Postpone the person's reminder, if it is due, to the next time at which reminders are due."""
    await execute(transaction, _POSTPONE, person=person_id)


async def take(transaction: Transaction, person_id: UUID) -> bool:
    """Delete the person's reminder if it is due and it is day; return True if it was due."""
    return bool(await execute(transaction, _TAKE, person=person_id))
