"""Assign waiting cases to officers on shift."""

from contextlib import suppress
from uuid import UUID

from bot import cases, outbox
from bot.cases import working_hours
from bot.concurrency import isolation
from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.desk.case_sweeps import AT_ONCE
from bot.officers import permissions
from bot.runtime import Runtime
from bot.security import audit_log
from flows.engine.events import Joined

MAX_HELD = 8
# The most pressing case that somebody on shift can take, and who of them holds fewest. A case that
# came back once is not given again: it would go round; it is taken by hand, or shown to the lead.
_GIVE = """
SELECT k.id, k.person_id, o.id
FROM cases k
JOIN missions m ON m.mission = k.mission AND m.gives
JOIN officers o ON o.mission = k.mission AND o.active AND o.roles && %(roles)s
  AND o.shift_until > kosh_now()
  AND (o.topics = '{}' OR k.topic = ANY(o.topics))
  AND (o.languages = '{}' OR k.language = ANY(o.languages))
CROSS JOIN LATERAL (
  SELECT count(*) AS many FROM cases h WHERE h.owner = o.id AND h.state = 'claimed'
) held
WHERE k.state = 'queued' AND k.owner IS NULL AND k.returned = 0 AND held.many < %(most)s
  AND k.id <> ALL(%(tried)s)
ORDER BY k.urgent DESC, k.answer_due NULLS LAST, k.opened_at, held.many, o.id
LIMIT 1
"""


async def auto_assign(rt: Runtime) -> int:
    """Give cases to officers on shift, fairly; how many. What nobody can take waits on."""
    given, tried = 0, list[UUID]()
    while len(tried) < AT_ONCE:
        async with rt.pool.connection() as transaction:
            roles = [permissions.Role.OFFICER, permissions.Role.LEAD]
            values = {"roles": roles, "most": MAX_HELD, "tried": tried}
            found = await (await transaction.execute(_GIVE, values)).fetchone()
        if found is None:
            break
        case_id, person_id, officer_id = found
        tried.append(case_id)
        with isolation.isolate_errors("cases"), suppress(cases.CaseConflict):
            await _assign(rt, case_id, person_id, officer_id)
            given += 1
    return given


async def _assign(rt: Runtime, case_id: UUID, person_id: UUID, officer_id: UUID) -> None:
    """As if the officer had taken it: the claim decides, whoever else reaches for it."""
    async with rt.pool.connection() as transaction:
        held = await conversation_store.lock(rt, transaction, person_id)
        case = await cases.lock_case(transaction, case_id)
        if case is None or held is None:
            raise cases.CaseConflict
        desk = await working_hours.mission_settings(transaction, case.mission)
        await cases.claim(transaction, case, officer_id, desk, case.version)
        await outbox.drop_bot_messages(transaction, person_id, officer_id)
        delivery = await receive.take_turn(rt, transaction, person_id, Joined(), moved=True)
        await audit_log.append(transaction, actor="duty", action="case.given", subject=str(case_id))
    await receive.deliver(rt, delivery)
