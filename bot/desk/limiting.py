"""Limits on messages of a person who abuses officers: set in a case, reviewed by a lead.

The bot still answers a limited person, and messages about danger are never limited.
"""

from datetime import timedelta
from uuid import UUID

from bot import cases
from bot.cases import message_limits
from bot.cases.message_limits import Listed
from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.conversations.effects import AfterCommit
from bot.desk import officer_turns
from bot.desk.transaction import ActionContext, ActionResult, Refusal, Refused, perform
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime
from flows import lifetimes
from flows.engine.limit_screens import REASONS
from flows.engine.message_limits import LimitDecided, LimitSet

DAYS = (1, 3, 7, lifetimes.LIMIT_DAYS)
# Allowed limits: messages to officers per day; 0 blocks them.
PER_DAY = (0, 1, 3, 5)


async def limit(
    rt: Runtime,
    officer: Officer,
    case_id: UUID,
    version: int,
    *,
    key: str,
    reason: str,
    per_day: int,
    days: int,
) -> ActionResult:
    """Limit the person's messages to officers; `per_day` 0 blocks them and closes the case.

    Raises Refused if the case is urgent or about danger, or ever was. Otherwise a single officer
    could change urgency or topic in order to cut off a person in danger.
    """

    async def apply(at: ActionContext) -> AfterCommit | None:
        if reason not in REASONS or per_day not in PER_DAY or days not in DAYS:
            raise Refused(Refusal.NO_LIMIT)
        if at.case.version != version:
            raise await cases.conflict(at.transaction, case_id)
        if await message_limits.was_danger(at.transaction, case_id):
            raise Refused(Refusal.DANGER)
        until = (at.held.now + timedelta(days=days)).date()
        await message_limits.limit_messages(
            at.transaction, at.case, officer.id, reason, per_day, until
        )
        # Apply the event before the case is closed. Afterwards the console's database role cannot
        # read the conversation.
        delivery = await at.turn(LimitSet(reason, until, per_day), moved=not per_day)
        if not per_day:
            await cases.resolve(at.transaction, at.case, officer.id, version)
        return delivery

    return await perform(rt, officer, case_id, version, Action.CASE_LIMIT, key, apply)


async def listing(rt: Runtime, officer: Officer) -> list[Listed]:
    """Return the limits on people's messages in the officer's mission, with appeals.

    Reading appeals is audited.
    """
    permissions.require(officer, Action.LIMITS_READ, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        found = await message_limits.listed_limits(rt, transaction, officer.mission)
        if any(each.appeal for each in found):
            await directory.record_action(transaction, officer, Action.LIMITS_READ, officer.mission)
    return found


async def decide(rt: Runtime, officer: Officer, case_id: UUID, *, is_lifted: bool) -> None:
    """Lift the message limit that was set in a case, or keep it and so answer the appeal.

    Raises LookupError if the case has no limit, or if there is no appeal to answer. Raises Refused
    if the officer set the limit and the mission has another lead who can decide.
    """
    # The console's database role cannot read a conversation without an open case, so the bot's role
    # is used.
    async with rt.pool.connection() as transaction:
        found = await message_limits.limit_of_case(transaction, case_id)
        permissions.require(officer, Action.LIMITS_DECIDE, Subject(found[1] if found else ""))
        case = await cases.find(transaction, case_id)
        if found is None or case is None:
            raise LookupError("E_CASE: there is no such limit; look at the list")
        if found[2] == officer.id and await directory.has_other_lead(transaction, officer):
            raise Refused(Refusal.OWN_LIMIT)
        await conversation_store.lock(rt, transaction, case.person_id)
        change_limit = message_limits.lift_limit if is_lifted else message_limits.keep_limit
        if not await change_limit(transaction, case.person_id):
            raise LookupError("E_CASE: somebody else has decided; look at the list")
        delivery = await officer_turns.take(rt, transaction, case, LimitDecided(is_lifted))
        action = "limits.lifted" if is_lifted else "limits.kept"
        await directory.record_action(transaction, officer, action, str(case_id))
    await receive.deliver(rt, delivery)
