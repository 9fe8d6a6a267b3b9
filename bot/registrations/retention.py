"""Find and mark answers whose retention period has ended."""

from uuid import UUID

from bot.db.connection import Transaction

ANSWERS_KEPT = "24 hours"
DRAFT_KEPT = "30 days"
LATELY = "1 hour"
_IDLE = f"""
c.updated_at < kosh_now() - interval '{DRAFT_KEPT}'
AND NOT EXISTS (SELECT FROM cases k WHERE k.person_id = r.person_id)
"""
# What the registry refused is nowhere but here.
_REFUSED = """
EXISTS (
  SELECT FROM registry_writes w WHERE w.registration_id = r.id
    AND w.kind = 'submit' AND w.state = 'rejected'
    AND NOT EXISTS (
      SELECT FROM registry_writes n WHERE n.registration_id = r.id
        AND n.kind = 'submit' AND n.number > w.number))
"""
# What was sent has been with the registry for a day, and nothing newer is on its way there; or
# it was taken back or refused, and nobody has come back to it.
_SPENT = f"""
(r.state = 'accepted' OR (r.state IN ('withdrawn', 'rejected') OR {_REFUSED}) AND ({_IDLE}))
AND NOT r.answers_gone AND NOT EXISTS (
  SELECT FROM registrations n WHERE n.person_id = r.person_id AND n.created_at > r.created_at)
AND r.state_at < kosh_now() - interval '{ANSWERS_KEPT}'
AND NOT EXISTS (
  SELECT FROM registry_writes w WHERE w.registration_id = r.id
    AND w.state IN ('pending', 'unknown', 'sending'))
"""


async def expired(
    transaction: Transaction, after: UUID, limit: int = 100, *, lately: bool = False
) -> list[UUID]:
    """The next people whose answers are to be forgotten here: with the registry for a day, or left.

    Who left a change unsent is met again and again; `lately`, only in the first hour after it.
    """
    cursor = await transaction.execute(
        "SELECT DISTINCT r.person_id FROM registrations r"
        " JOIN conversations c ON c.person_id = r.person_id"
        f" WHERE {_SPENT} AND (NOT {_REFUSED} OR {_IDLE}) AND r.person_id > %s AND (NOT %s"
        f"   OR r.state_at > kosh_now() - interval '{ANSWERS_KEPT}' - interval '{LATELY}')"
        " ORDER BY r.person_id LIMIT %s",
        (after, lately, limit),
    )
    return [row[0] for row in await cursor.fetchall()]


async def is_expired(transaction: Transaction, person_id: UUID) -> tuple[bool, bool]:
    """Whether a person's answers are to be forgotten now: those sent, and a change not sent."""
    cursor = await transaction.execute(
        f"SELECT bool_or(NOT {_REFUSED} OR {_IDLE}), bool_or({_IDLE}) FROM registrations r"
        f" JOIN conversations c ON c.person_id = r.person_id WHERE {_SPENT} AND r.person_id = %s",
        (person_id,),
    )
    row = await cursor.fetchone()
    return (bool(row[0]), bool(row[1])) if row else (False, False)


async def mark_expired(transaction: Transaction, person_id: UUID) -> None:
    await transaction.execute(
        "UPDATE registrations SET answers_gone = true WHERE person_id = %s", (person_id,)
    )
