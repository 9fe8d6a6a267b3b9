"""Registry writes about a household: request an invitation code, join by a code, leave."""

from datetime import timedelta

from bot.db.connection import Transaction
from bot.db.statements import execute
from bot.registrations import registry_writes, write_statements
from bot.registrations.registry_writes import Write
from bot.registry.client import Registry
from bot.registry.errors import Refused
from bot.registry.households import Household, HouseholdInviting, HouseholdJoining
from flows.engine.household import HouseholdAnswered, HouseholdWrite

KINDS: dict[str, HouseholdWrite] = {"invite": "invite", "join": "join", "leave": "leave"}


async def call(registry: Registry, write: Write) -> Household | None:
    """Send a write about a household (people who move together); return the household.

    Nothing is sent after a withdrawal or an erasure, which end the household at the registry, too.
    Returns None then, and if the registry has no registration of the person. Raises RegistryError.
    """
    if write.is_withdrawing or write.person is None:
        return None
    receipt = write.receipt or await registry_writes.looked_up(registry, write)
    if receipt is None:
        return None
    if write.doubtful and await registry_writes.find(registry, write.key) is not None:
        return await registry.household(receipt)
    if write.kind == "leave":
        return await registry.leave(receipt, key=write.key)
    match write.body:
        case HouseholdInviting() as body:
            return await registry.invite(receipt, body, key=write.key)
        case HouseholdJoining() as body:
            return await registry.join(receipt, body, key=write.key)
        case _:
            return None


async def record(
    transaction: Transaction, write: Write, found: Household | None, language: str
) -> HouseholdAnswered | None:
    """Record the registry's response; return None if another attempt has recorded it.

    If `found` is None, because the registry does not have the registration, a case is opened. After
    a withdrawal, no case is opened, and the person is not notified.
    """
    values = {"write": write.id, "attempt": write.attempts}
    done = write_statements.CANCEL_WRITE if found is None else write_statements.ACCEPT_ATTEMPT
    is_recorded = await execute(transaction, done, **values)
    if not is_recorded or (found is None and write.is_withdrawing):
        return None
    kind = KINDS[write.kind]
    if found is None:
        await registry_writes.open_refusal(transaction, write, language)
        return HouseholdAnswered(kind, "refused")
    # The invitation code expires in the course of a day, so the day before is shown as its last
    # day.
    until = found.code_until.date() - timedelta(days=1) if found.code_until else None
    # Show the invitation code only to the person who requested it, and not to those who join.
    code = (found.code or "") if kind == "invite" else ""
    return HouseholdAnswered(kind, "", found.household is not None, code, until if code else None)


async def refuse(
    transaction: Transaction, write: Write, error: Refused, language: str
) -> HouseholdAnswered | None:
    """Record that the registry refused a write; return None if another attempt has recorded it.

    A wrong or expired invitation code is reported to the person. For any other refusal, a case is
    opened.
    """
    if write.kind == "join" and error.problem == "not-found":
        values = {"write": write.id, "attempt": write.attempts, "why": error.problem}
        done = bool(await execute(transaction, write_statements.REJECT_WRITE, **values))
        return HouseholdAnswered("join", "unknown_code") if done else None
    done = await registry_writes.refuse(transaction, write, error, language)
    return HouseholdAnswered(KINDS[write.kind], "refused") if done else None
