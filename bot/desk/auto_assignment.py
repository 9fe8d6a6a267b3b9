"""Automatic assignment of queued cases to officers on shift.

A case is a person's request to officers.
"""

from contextlib import suppress
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, all_, any_, bindparam, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from bot import cases
from bot.cases import working_hours
from bot.concurrency import isolation
from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.db import tables as t
from bot.db.statements import NOW, fetch_one, statement
from bot.desk import officer_turns
from bot.desk.case_sweeps import ANSWERS_IN_MISSION, AT_ONCE, HANDLES_TOPIC
from bot.officers import permissions
from bot.officers.permissions import Action
from bot.runtime import Runtime
from bot.security import audit_log

MAX_HELD = 8
# Selects the most urgent queued case and, among the officers on shift who may claim it, the one
# with the fewest claimed cases. A case that a sweep returned to the queue is excluded, because it
# would be assigned and returned again and again. An officer must claim that case by hand. If no
# officer does, a sweep escalates it to the lead.
_Held = aliased(t.Case)
_HELD = (
    select(func.count().label("many"))
    .where(_Held.owner == t.Officer.id, _Held.state == "claimed")
    .lateral("held")
)
_IS_FIT = (
    ANSWERS_IN_MISSION
    & HANDLES_TOPIC
    & (t.Officer.shift_until > NOW)
    & or_(func.cardinality(t.Officer.languages) == 0, t.Case.language == any_(t.Officer.languages))
)
# An officer who gave the case away does not get it again, because that officer would have to give
# it away again and again.
_GAVE_AWAY = exists().where(
    t.CaseAction.case_id == t.Case.id,
    t.CaseAction.officer == t.Officer.id,
    t.CaseAction.action.in_([Action.CASE_RELEASE.value, Action.CASE_TRANSFER.value]),
)
_GIVE = statement(
    select(t.Case.id, t.Case.person_id, t.Officer.id, t.Case.version)
    .select_from(t.Case)
    .join(t.Mission, (t.Mission.mission == t.Case.mission) & t.Mission.auto_assign)
    .join(t.Officer, _IS_FIT & ~_GAVE_AWAY)
    .join(_HELD, true())
    .where(
        t.Case.state == "queued",
        t.Case.owner.is_(None),
        t.Case.returned == 0,
        _HELD.c.many < MAX_HELD,
        t.Case.id != all_(bindparam("tried", type_=ARRAY(Uuid))),
    )
    .order_by(
        t.Case.urgent.desc(),
        t.Case.answer_due.nulls_last(),
        t.Case.opened_at,
        _HELD.c.many,
        t.Officer.id,
    )
    .limit(1)
)


async def auto_assign(rt: Runtime) -> int:
    """Assign queued cases to officers on shift, first to the officer with the fewest cases.

    No officer gets a case that this officer gave away before. Return the number of assigned cases.
    """
    assigned_count, tried_ids = 0, list[UUID]()
    while len(tried_ids) < AT_ONCE:
        async with rt.pool.connection() as transaction:
            roles = [permissions.Role.OFFICER.value, permissions.Role.LEAD.value]
            found = await fetch_one(transaction, _GIVE, roles=roles, tried=tried_ids)
        if found is None:
            break
        tried_ids.append(found[0])
        with isolation.isolate_errors("cases"), suppress(cases.CaseConflict):
            await _assign(rt, *found)
            assigned_count += 1
    return assigned_count


async def _assign(
    rt: Runtime, case_id: UUID, person_id: UUID, officer_id: UUID, version: int
) -> None:
    """Claim the case for the officer.

    Raises CaseConflict if the case was claimed, transferred or deleted in the meantime.
    """
    async with rt.pool.connection() as transaction:
        held = await conversation_store.lock(rt, transaction, person_id)
        case = await cases.lock_case(transaction, case_id)
        if case is None or held is None:
            raise cases.CaseConflict
        desk = await working_hours.mission_settings(transaction, case.mission)
        await cases.claim(transaction, case, officer_id, desk, version)
        delivery = await officer_turns.join(rt, transaction, held, case, officer_id)
        await audit_log.append(transaction, actor="duty", action="case.given", subject=str(case_id))
    await receive.deliver(rt, delivery)
