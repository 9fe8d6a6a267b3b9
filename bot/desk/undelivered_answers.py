"""Reopens closed cases whose last answer did not reach the person."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, exists, or_, select
from sqlalchemy.orm import aliased

from bot import cases
from bot.concurrency import isolation
from bot.conversations import store as conversation_store
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import ago, fetch_all, statement
from bot.observability import logging
from bot.officers import directory
from bot.officers.permissions import Action
from bot.runtime import Runtime
from bot.security import audit_log
from flows.knowledge import missions

# Days after the closing in which a failed answer reopens a case. Platforms report failures within
# minutes, and a person whose telephone was off for longer has asked again.
REOPEN_DAYS = 3
AT_ONCE = 100

_logger = logging.get()

_HAS_FAILED = (
    t.Message.state.in_(["failed", "undeliverable"]),
    t.Message.done_at > t.Case.state_at,
)
_REPLY = aliased(t.Message)
# The person does not know of a reply that waits behind a notice, if the notice failed. Notices are
# messages of the case without an officer.
_IS_UNANNOUNCED = exists().where(
    _REPLY.person_id == t.Case.person_id,
    _REPLY.state == "waiting",
    _REPLY.case_id == t.Case.id,
    _REPLY.officer.is_not(None),
    t.Message.person_id == t.Case.person_id,
    t.Message.case_id == t.Case.id,
    t.Message.officer.is_(None),
    *_HAS_FAILED,
)
# True for a case with an officer's message that failed after the case's last change of state, or
# that waits behind a notice that failed after it.
IS_UNDELIVERED = or_(
    exists().where(
        t.CaseMessage.case_id == t.Case.id,
        t.Message.id == t.CaseMessage.message_id,
        *_HAS_FAILED,
    ),
    _IS_UNANNOUNCED,
)
_OTHER = aliased(t.Case)
_IS_SERVED_IN_OTHER = exists().where(
    _OTHER.person_id == t.Case.person_id,
    _OTHER.id != t.Case.id,
    or_(_OTHER.state != "resolved", _OTHER.opened_at > t.Case.state_at),
)
# The action that closes a case is stored in the transaction that closes it, shortly before. A case
# that the person cancelled, or that was closed by a message limit, has no such action.
_CLOSED_BY_OFFICER = exists().where(
    t.CaseAction.case_id == t.Case.id,
    t.CaseAction.action == Action.CASE_RESOLVE.value,
    t.CaseAction.created_at > t.Case.state_at - timedelta(minutes=1),
)
_ID = bindparam("case", type_=Uuid())
_CLOSED = statement(
    select(t.Case.id, t.Case.person_id)
    .where(
        t.Case.state == "resolved",
        t.Case.owner.is_not(None),
        # The index `cases_closed` needs the missions.
        t.Case.mission == any_(bindparam("staffed", type_=ARRAY(Text))),
        t.Case.state_at > ago(days=REOPEN_DAYS),
        or_(_ID.is_(None), t.Case.id == _ID),
        IS_UNDELIVERED,
        _CLOSED_BY_OFFICER,
        ~_IS_SERVED_IN_OTHER,
    )
    .order_by(t.Case.state_at)
    .limit(AT_ONCE)
)


async def reopen_undelivered(rt: Runtime) -> int:
    """Reopen the cases that were closed before their answer failed; return their number.

    Each case returns to its owner, who sees at the message why it failed. It stays closed if its
    person cancelled it or was blocked, or has another case that is open or was opened later.
    Several processes may run this at the same time.
    """
    async with rt.pool.connection() as transaction:
        found = await _closed(transaction)
    count = 0
    for case_id, person_id in found:
        with isolation.isolate_errors("cases"):
            async with rt.pool.connection() as transaction:
                count += await _reopen(rt, transaction, case_id, person_id)
    return count


async def _closed(transaction: Transaction, case_id: UUID | None = None) -> list[tuple[UUID, UUID]]:
    staffed = [*await directory.staffed_missions(transaction), missions.GENERAL]
    return await fetch_all(transaction, _CLOSED, staffed=staffed, case=case_id)


async def _reopen(rt: Runtime, transaction: Transaction, case_id: UUID, person_id: UUID) -> bool:
    """Lock the person, then the case; reopen it if this is still needed."""
    if await conversation_store.lock(rt, transaction, person_id) is None:
        return False
    case = await cases.lock_case(transaction, case_id)
    if case is None or not await _closed(transaction, case_id):
        return False
    if not await cases.reopen(transaction, case):
        return False
    _logger.info("case.swept", reason="undelivered")
    await audit_log.append(
        transaction, actor="duty", action="case.undelivered", subject=str(case_id)
    )
    return True
