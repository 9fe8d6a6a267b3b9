"""What happens to cases without anybody pressing: wake, return, escalate; and the duty group.

The duty group on Telegram gets counts and a link, nothing else: one card, edited as the counts
change, sent anew when something urgent came, so that it rings.
"""

from uuid import UUID

from bot import cases
from bot.concurrency import isolation
from bot.conversations import store as conversation_store
from bot.db.connection import Transaction
from bot.desk.duty_group import _FIRST
from bot.observability import logging
from bot.officers import directory
from bot.runtime import Runtime
from bot.security import audit_log
from flows.knowledge import missions

AT_ONCE = 100

_logger = logging.get()

# Why a case needs seeing to, most pressing first. `clock` gives deadlines to one that has come
# from another mission, whose hours could not be seen there.
_DUE = """
SELECT k.id, k.person_id, CASE
  WHEN k.state = 'snoozed' AND k.snoozed_until <= kosh_now() THEN 'wake'
  WHEN k.owner IS NOT NULL AND NOT o.active THEN 'return'
  WHEN k.state = 'claimed' AND (o.shift_until <= kosh_now() OR k.return_due <= kosh_now())
    THEN 'return'
  WHEN k.state = 'queued' AND k.mission <> ALL(%(staffed)s) THEN 'astray'
  WHEN k.answer_due IS NULL AND k.waiting_since IS NOT NULL THEN 'clock'
  WHEN k.escalated_at IS NULL AND (k.answer_due <= kosh_now()
    OR (k.resolve_due <= kosh_now() AND k.paused_at IS NULL)) THEN 'escalate'
  END AS why
FROM cases k LEFT JOIN officers o ON o.id = k.owner
WHERE k.state <> 'resolved'
"""


async def sweep_cases(rt: Runtime) -> int:
    """See to every case whose time has come; how many. Safe to run in many processes at once."""
    seen, last = 0, _FIRST
    while True:
        async with rt.pool.connection() as transaction:
            found = await _due(transaction, after=last)
        if not found:
            return seen
        for case_id, person_id, _why in found:
            with isolation.isolate_errors("cases"):
                async with rt.pool.connection() as transaction:
                    await _sweep(rt, transaction, case_id, person_id)
        seen, last = seen + len(found), found[-1][0]


async def _due(
    transaction: Transaction, case_id: UUID | None = None, after: UUID = _FIRST
) -> list[tuple[UUID, UUID, str]]:
    staffed = [*await directory.staffed(transaction), missions.GENERAL]
    cursor = await transaction.execute(
        f"SELECT id, person_id, why FROM ({_DUE}) due WHERE why IS NOT NULL"
        " AND (%(id)s::uuid IS NULL OR id = %(id)s) AND id > %(after)s ORDER BY id LIMIT %(most)s",
        {"staffed": staffed, "id": case_id, "after": after, "most": AT_ONCE},
    )
    return list(await cursor.fetchall())


async def _sweep(rt: Runtime, transaction: Transaction, case_id: UUID, person_id: UUID) -> None:
    """The person is locked before the case, and what was due may no longer be."""
    if await conversation_store.lock(rt, transaction, person_id) is None:
        return
    case = await cases.lock_case(transaction, case_id)
    due = await _due(transaction, case_id)
    if case is None or not due:
        return
    why = due[0][2]
    match why:
        case "wake":
            await cases.wake(transaction, case)
        case "return":
            await cases.release(transaction, case, case.version, by_itself=True)
            await conversation_store.bump_ownership(transaction, person_id)
        case "astray":
            await cases.redirect(transaction, case, missions.GENERAL)
        case "clock":
            await cases.set_clock(transaction, case)
        case _:
            await cases.escalate(transaction, case)
    _logger.info("case.tended", why=why)
    if why != "clock":
        await audit_log.append(
            transaction, actor="duty", action=f"case.{why}", subject=str(case_id)
        )


# Giving cases out, where a mission wants it


# The duty group
