"""Periodic sweep of cases: end snoozes, and return, redirect or escalate cases.

To return a case is to put it back into the queue of unclaimed cases.
"""

from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Text,
    Uuid,
    all_,
    and_,
    any_,
    bindparam,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy import case as when

from bot import cases
from bot.concurrency import isolation
from bot.conversations import store as conversation_store
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import NOW, fetch_all, statement
from bot.desk.duty_group import _FIRST
from bot.desk.undelivered_answers import IS_UNDELIVERED
from bot.observability import logging
from bot.officers import directory
from bot.officers.permissions import Role
from bot.runtime import Runtime
from bot.security import audit_log
from flows.knowledge import missions

AT_ONCE = 100

_logger = logging.get()

# The action that a case needs; the first match counts. `astray` redirects a case of a mission
# without officers. `clock` sets the missing answer deadline of a case that another mission
# transferred: the transferring officer could not read the working hours of this mission.
# `undelivered` ends the wait, or the snooze, of a case whose answer did not reach the person.
_STAFFED = bindparam("staffed", type_=ARRAY(Text))
# Conditions that join a case and an officer; `roles` are those that may answer people.
ANSWERS_IN_MISSION = (
    t.Officer.active
    & (t.Officer.mission == t.Case.mission)
    & t.Officer.roles.op("&&")(bindparam("roles", type_=ARRAY(Text)))
)
HANDLES_TOPIC = or_(func.cardinality(t.Officer.topics) == 0, t.Case.topic == any_(t.Officer.topics))
# The same conditions as those of `permissions.check` for an owner who answers the person.
_MAY_ANSWER = ANSWERS_IN_MISSION & (
    HANDLES_TOPIC | (literal(Role.LEAD.value) == any_(t.Officer.roles))
)
_WHY = when(
    ((t.Case.state == "snoozed") & (t.Case.snoozed_until <= NOW), "wake"),
    (t.Case.owner.is_not(None) & not_(_MAY_ANSWER), "return"),
    (
        (t.Case.state == "claimed") & or_(t.Officer.shift_until <= NOW, t.Case.return_due <= NOW),
        "return",
    ),
    ((t.Case.state == "queued") & (t.Case.mission != all_(_STAFFED)), "astray"),
    (t.Case.state.in_(["waiting_person", "snoozed"]) & IS_UNDELIVERED, "undelivered"),
    (t.Case.answer_due.is_(None) & t.Case.waiting_since.is_not(None), "clock"),
    (
        t.Case.escalated_at.is_(None)
        & or_(
            t.Case.answer_due <= NOW,
            and_(t.Case.resolve_due <= NOW, t.Case.paused_at.is_(None)),
        ),
        "escalate",
    ),
)
_ID = bindparam("case", type_=Uuid())
_REASONS = (
    select(t.Case.id, t.Case.person_id, _WHY.label("why"))
    .select_from(t.Case)
    .outerjoin(t.Officer, t.Officer.id == t.Case.owner)
    .where(
        t.Case.state != "resolved",
        or_(_ID.is_(None), t.Case.id == _ID),
        t.Case.id > bindparam("after"),
    )
    .subquery("due")
)
_DUE = statement(
    select(_REASONS.c.id, _REASONS.c.person_id, _REASONS.c.why)
    .where(_REASONS.c.why.is_not(None))
    .order_by(_REASONS.c.id)
    .limit(AT_ONCE)
)


async def sweep_cases(rt: Runtime) -> int:
    """Process every case that needs an action; return their number.

    Several processes may run this at the same time.
    """
    count, last = 0, _FIRST
    while True:
        async with rt.pool.connection() as transaction:
            found = await _due(transaction, after=last)
        if not found:
            return count
        for case_id, person_id, _why in found:
            with isolation.isolate_errors("cases"):
                async with rt.pool.connection() as transaction:
                    await _sweep(rt, transaction, case_id, person_id)
        count, last = count + len(found), found[-1][0]


async def _due(
    transaction: Transaction, case_id: UUID | None = None, after: UUID = _FIRST
) -> list[tuple[UUID, UUID, str]]:
    staffed = [*await directory.staffed_missions(transaction), missions.GENERAL]
    values = {"staffed": staffed, "roles": directory.ANSWERING, "case": case_id, "after": after}
    return await fetch_all(transaction, _DUE, **values)


async def _sweep(rt: Runtime, transaction: Transaction, case_id: UUID, person_id: UUID) -> None:
    """Process one case: lock the person, then the case, and check again that it needs an action."""
    held = await conversation_store.lock(rt, transaction, person_id)
    if held is None:
        return
    case = await cases.lock_case(transaction, case_id)
    due = await _due(transaction, case_id)
    if case is None or not due:
        return
    why = due[0][2]
    match why:
        case "wake" | "undelivered":
            await cases.wake(transaction, case, is_undelivered=why == "undelivered")
        case "return":
            await cases.release(transaction, case, case.version, by_itself=True)
            await conversation_store.bump_ownership(transaction, held)
        case "astray":
            await cases.redirect(transaction, case, missions.GENERAL)
        case "clock":
            await cases.set_clock(transaction, case)
        case _:
            await cases.escalate(transaction, case)
    _logger.info("case.swept", reason=why)
    if why != "clock":
        await audit_log.append(
            transaction, actor="duty", action=f"case.{why}", subject=str(case_id)
        )
