"""Transaction of an officer's action: lock, check key and permission, act, audit, then send.

An action changes a case, which is a person's request to officers. The key is the action's
idempotency key. Messages to the person are sent after the commit.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from sqlalchemy import bindparam, literal, select
from sqlalchemy.dialects.postgresql import insert

from bot import cases, outbox
from bot.cases import Case, working_hours
from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.conversations.effects import AfterCommit
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_value, statement
from bot.desk import officer_turns
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, DenialReason, Denied, Forbidden
from bot.runtime import Runtime
from flows.engine.events import Event, Joined

MAX_KEY = 64
_NO_CASE = "E_CASE: there is no such case; look at the list"


class Refusal(StrEnum):
    """Reason why an officer's action was not executed although the permissions allow it."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOTE_TOO_LONG = "note_too_long"
    NO_LANGUAGE = "no_language"
    NO_CANNED = "no_canned"
    NO_FORM = "no_form"
    NO_DOCUMENT = "no_document"
    NO_PAPER = "no_paper"
    NOT_FILLABLE = "not_fillable"
    NOT_ACCEPTED = "not_accepted"
    NO_FLOW = "no_flow"
    NO_INTENT = "no_intent"
    NO_OFFICER = "no_officer"
    NO_MISSION = "no_mission"
    NO_TOPIC = "no_topic"
    NO_LABEL = "no_label"
    PAST = "past"
    NO_LIMIT = "no_limit"
    DANGER = "danger"
    OWN_LIMIT = "own_limit"
    KEY_USED = "key_used"


class Refused(Exception):
    """The action cannot be executed as requested; `why` is the reason."""

    code = "E_DESK_REFUSED"

    def __init__(self, why: Refusal) -> None:
        super().__init__(f"{self.code}: {why.value}")
        self.why = why


@dataclass(frozen=True, slots=True)
class ActionResult:
    """Result of an action; `version` is the case's version after the action.

    `repeated`: the idempotency key was used before, so this call changed nothing.
    """

    case_id: UUID
    version: int
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class ActionContext:
    """Context of an action: locked person and case, mission settings, acting officer.

    `version` is the case's version that the officer's page showed.
    """

    rt: Runtime
    transaction: Transaction
    officer: Officer
    case: Case
    held: conversation_store.LockedConversation
    desk: working_hours.MissionSettings
    version: int

    async def turn(self, event: Event, *, moved: bool = False) -> AfterCommit | None:
        return await officer_turns.take(self.rt, self.transaction, self.case, event, moved=moved)

    async def lead(self) -> tuple["ActionContext", AfterCommit | None]:
        """Let the officer lead the conversation before a message, if the bot leads it.

        Otherwise the bot would take the person's answer for a message to the bot. Return the
        context with the changed conversation, and the work after the commit, if any.
        """
        if self.held.conversation.with_officer:
            return self, None
        person_id = self.case.person_id
        await outbox.drop_bot_messages(self.transaction, person_id, self.officer.id)
        delivery = await self.turn(Joined(), moved=True)
        held = await conversation_store.lock(self.rt, self.transaction, person_id)
        return replace(self, held=held or self.held), delivery


type DeskAction = Callable[[ActionContext], Awaitable[AfterCommit | None]]


async def perform(
    rt: Runtime,
    officer: Officer,
    case_id: UUID,
    version: int,
    action: Action,
    key: str,
    apply: DeskAction,
) -> ActionResult:
    async with directory.acting(rt, officer) as transaction:
        case = await cases.find(transaction, case_id)
        if case is None:
            return await _moved(rt, officer, case_id, action, key)
        held = await conversation_store.lock(rt, transaction, case.person_id)
        case = await cases.lock_case(transaction, case_id)
        if case is None:  # moved to another mission while this transaction waited for the lock
            return await _moved(rt, officer, case_id, action, key)
        if await _is_repeated(transaction, officer, case, action, key):
            return ActionResult(case_id, case.version, repeated=True)
        await _demand(transaction, officer, action, case)
        if held is None:
            raise LookupError("E_CASE: this person was erased; nothing is left to do")
        desk = await working_hours.mission_settings(transaction, case.mission)
        delivery = await apply(ActionContext(rt, transaction, officer, case, held, desk, version))
        after = await cases.find(transaction, case_id)
        await directory.record_action(transaction, officer, action.value, str(case_id))
    await receive.deliver(rt, delivery)
    return ActionResult(case_id, after.version if after else case.version + 1)


async def _moved(
    rt: Runtime, officer: Officer, case_id: UUID, action: Action, key: str
) -> ActionResult:
    """Return the first result of an action that is repeated after it moved the case away.

    The case now belongs to another mission, so the console's database role no longer sees it, and
    the bot's role is used. Raises LookupError if the action is not a repetition.
    """
    values = {"by": officer.id, "once": key, "on_case": case_id, "done": action.value}
    async with rt.pool.connection() as transaction:
        if not await fetch_value(transaction, _SAME_ACT, **values):
            raise LookupError(_NO_CASE)
        case = await _load_case(transaction, case_id)
    return ActionResult(case_id, case.version, repeated=True)


async def _load_case(transaction: Transaction, case_id: UUID) -> Case:
    case = await cases.find(transaction, case_id)
    if case is None:
        raise LookupError(_NO_CASE)
    return case


async def require_case(
    transaction: Transaction, officer: Officer, action: Action, case_id: UUID
) -> None:
    """Raise an error unless the officer may do an operation that does not change the case.

    Raises LookupError, CaseConflict or Forbidden.
    """
    await _demand(transaction, officer, action, await _load_case(transaction, case_id))


async def _demand(transaction: Transaction, officer: Officer, action: Action, case: Case) -> None:
    """Raise an error unless the officer's current roles, not those at sign-in, allow the action.

    Raises CaseConflict if only the case's state or owner forbids the action, for example because
    another officer was faster; otherwise Forbidden.
    """
    now = await directory.find(transaction, officer.id)
    answer = permissions.check(now, action, case.subject) if now else Denied(DenialReason.DISABLED)
    if isinstance(answer, Denied):
        if answer.why in (DenialReason.STATE, DenialReason.OWNER):
            raise await cases.conflict(transaction, case.id)
        raise Forbidden(answer.why)


_BY_KEY = (t.CaseAction.officer == bindparam("by"), t.CaseAction.key == bindparam("once"))
_NOTE_KEY = statement(
    insert(t.CaseAction)
    .values(
        officer=bindparam("by"),
        key=bindparam("once"),
        case_id=bindparam("on_case"),
        action=bindparam("done"),
    )
    .on_conflict_do_nothing()
)
_SAME_ACT = statement(
    select(literal(True)).where(
        *_BY_KEY,
        t.CaseAction.case_id == bindparam("on_case"),
        t.CaseAction.action == bindparam("done"),
    )
)
_CASE_OF_KEY = statement(select(t.CaseAction.case_id).where(*_BY_KEY))


async def _is_repeated(
    transaction: Transaction, officer: Officer, case: Case, action: Action, key: str
) -> bool:
    """Store the idempotency key; return True if the same action on this case used it before.

    Raises Refused if another action or case used the key, or if it is empty or too long. Keys are
    deleted with the case.
    """
    if not 0 < len(key) <= MAX_KEY:
        raise Refused(Refusal.KEY_USED)
    values = {"by": officer.id, "once": key, "on_case": case.id, "done": action.value}
    if await execute(transaction, _NOTE_KEY, **values):
        return False
    if not await fetch_value(transaction, _SAME_ACT, **values):
        raise Refused(Refusal.KEY_USED)
    return True


async def find_by_key(transaction: Transaction, officer: Officer, key: str) -> UUID | None:
    return await fetch_value(transaction, _CASE_OF_KEY, by=officer.id, once=key)
