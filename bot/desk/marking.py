"""Marks that officers set on cases: urgency, labels of the mission, and the call-back list.

A label is a short name by which a mission sorts its cases. The call-back list has the cases whose
person an officer will call.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from bot import cases
from bot.conversations.effects import AfterCommit
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.pipeline import Call
from bot.db.statements import execute, fetch_values, statement
from bot.desk.transaction import ActionContext, ActionResult, Refusal, Refused, perform
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime

MAX_LABELS, MAX_LABEL = 30, 30

_MISSION = bindparam("of_mission", type_=Text())
_NAME = bindparam("called", type_=Text())
_LABELS = statement(
    select(t.CaseLabel.name).where(t.CaseLabel.mission == _MISSION).order_by(t.CaseLabel.name)
)
_ADD = statement(insert(t.CaseLabel).values(mission=_MISSION, name=_NAME).on_conflict_do_nothing())
_REMOVE = statement(
    delete(t.CaseLabel).where(t.CaseLabel.mission == _MISSION, t.CaseLabel.name == _NAME)
)


async def mark(
    rt: Runtime,
    officer: Officer,
    case_id: UUID,
    version: int,
    *,
    key: str,
    urgent: bool | None,
    added: set[str],
    removed: set[str],
) -> ActionResult:
    """Set the urgency of a case, and add and remove labels; `urgent` None keeps the urgency.

    Raises Refused for a label that neither the mission offers nor the case already has.
    """

    async def apply(at: ActionContext) -> AfterCommit | None:
        known = {*await _labels(at.transaction, at.case.mission), *at.case.labels}
        if not known.issuperset(added):
            raise Refused(Refusal.NO_LABEL)
        labels = ({*at.case.labels} | added) - removed
        await cases.mark(at.transaction, at.case, version, urgent=urgent, labels=labels)
        return None

    return await perform(rt, officer, case_id, version, Action.CASE_MARK, key, apply)


async def set_call_back(
    rt: Runtime, officer: Officer, case_id: UUID, version: int, *, key: str, at: datetime | None
) -> ActionResult:
    """Put a case on the call-back list for the time `at`; None removes the case from the list.

    Raises Refused for a time in the past.
    """

    async def apply(context: ActionContext) -> AfterCommit | None:
        if at is not None and at <= context.held.now:
            raise Refused(Refusal.PAST)
        await cases.set_call_back(context.transaction, context.case, version, at)
        return None

    return await perform(rt, officer, case_id, version, Action.CASE_CALL_BACK, key, apply)


async def labels(rt: Runtime, officer: Officer) -> list[str]:
    """Return the labels that the officer's mission offers for cases."""
    permissions.require(officer, Action.CASE_LIST, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        return await _labels(transaction, officer.mission)


def labels_call(officer: Officer) -> Call:
    """Return the statement that reads the labels that the officer's mission offers for cases."""
    permissions.require(officer, Action.CASE_LIST, Subject(officer.mission))
    return _LABELS, {"of_mission": officer.mission}


async def add_label(rt: Runtime, officer: Officer, name: str) -> None:
    """Add a label to the labels that the officer's mission offers.

    Raises Refused if the label is empty or too long, or the mission has too many labels.
    """
    permissions.require(officer, Action.LABELS_EDIT, Subject(officer.mission))
    name = " ".join(name.split())
    if not name:
        raise Refused(Refusal.EMPTY)
    async with directory.acting(rt, officer) as transaction:
        if len(name) > MAX_LABEL or _is_full(await _labels(transaction, officer.mission)):
            raise Refused(Refusal.NO_LABEL)
        await execute(transaction, _ADD, of_mission=officer.mission, called=name)
        await directory.record_action(transaction, officer, "label.added", officer.mission)


async def remove_label(rt: Runtime, officer: Officer, name: str) -> None:
    """Remove a label from the labels that the officer's mission offers.

    Cases that have the label keep it.
    """
    permissions.require(officer, Action.LABELS_EDIT, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        if await execute(transaction, _REMOVE, of_mission=officer.mission, called=name):
            await directory.record_action(transaction, officer, "label.removed", officer.mission)


def _is_full(names: Iterable[str]) -> bool:
    return len(list(names)) >= MAX_LABELS


async def _labels(transaction: Transaction, mission: str) -> list[str]:
    return await fetch_values(transaction, _LABELS, of_mission=mission)
