"""Changes of a case's owner and state; each is a conditional update, so only one caller succeeds.

A case is a person's request to officers. Functions with a `version` raise CaseConflict if the case
no longer has that version, or is not in the required state. A change of owner increments the case's
version. The caller must increment the conversation's ownership version.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bot.cases import statements, working_hours
from bot.cases.intake import extend_deadline, person_waits_again
from bot.cases.model import Case, conflict
from bot.cases.states import State
from bot.cases.working_hours import MissionSettings
from bot.db.connection import Transaction
from bot.db.statements import Statement, database_time, execute, fetch_value
from bot.notifications import Kind, notify


async def claim(
    transaction: Transaction, case: Case, officer: UUID, desk: MissionSettings, version: int
) -> None:
    """Assign a queued case to the officer."""
    due = desk.calendar().after(await database_time(transaction), desk.claim_timeout_minutes)
    await _change(transaction, statements.CLAIM, case, version, officer=officer, due=due)


async def take_over(
    transaction: Transaction, case: Case, officer: UUID, desk: MissionSettings, version: int
) -> None:
    """Assign another officer's case to this officer."""
    due = desk.calendar().after(await database_time(transaction), desk.claim_timeout_minutes)
    await _change(transaction, statements.TAKE_OVER, case, version, officer=officer, due=due)


async def release(
    transaction: Transaction, case: Case, version: int, *, by_itself: bool = False
) -> None:
    """Return a case to the queue. Its urgency and waiting time are kept.

    If the person did not wait for an answer, the waiting time begins now, so that the case has a
    deadline and is escalated after it.

    `by_itself`: a periodic sweep, not an officer, returns the case, so the case's counter
    `returned` is incremented.
    """
    await _change(transaction, statements.RELEASE, case, version, by_itself=int(by_itself))
    await person_waits_again(transaction, replace(case, owner=None))
    await _notify_queued(transaction, case)


async def hand_to(
    transaction: Transaction, case: Case, officer: UUID, desk: MissionSettings, version: int
) -> None:
    """Assign a case, which may have another owner, to the officer `officer`, and notify them."""
    due = desk.calendar().after(await database_time(transaction), desk.claim_timeout_minutes)
    await _change(transaction, statements.HAND_TO, case, version, officer=officer, due=due)
    await notify(transaction, Kind.HANDED_OVER, case.id)


async def change_topic(transaction: Transaction, case: Case, topic: str, version: int) -> None:
    """Give a case another topic and return it to the queue, with deadlines as in `release`."""
    await _change(transaction, statements.CHANGE_TOPIC, case, version, about=topic)
    await person_waits_again(transaction, replace(case, owner=None))
    await _notify_queued(transaction, case)


async def move(transaction: Transaction, case: Case, mission: str, version: int) -> None:
    """Move a case to another mission's queue, with the database function `kosh_move_case`.

    The console's database role cannot write rows of another mission. The next sweep sets the
    answer deadline, because this role cannot read the other mission's working hours either. The
    function ends the pause of a case that awaited the person, so the resolution deadline is
    extended before, as in `release`.
    """
    await extend_deadline(transaction, case)
    values = {"case": case.id, "shown_version": version, "to_mission": mission}
    if not await fetch_value(transaction, statements.MOVE, **values):
        raise await conflict(transaction, case.id)
    await _notify_queued(transaction, case)


async def wake(transaction: Transaction, case: Case, *, is_undelivered: bool = False) -> None:
    """End the snooze or the pause of a case: return it to its owner, or to the queue.

    `is_undelivered`: an answer did not reach the person. The version is then incremented, so that
    an officer whose page still shows the answer as sent cannot close the case.
    """
    await person_waits_again(transaction, case, moves=int(is_undelivered))


async def set_clock(transaction: Transaction, case: Case) -> None:
    """Set the answer deadline of a transferred case by the working hours of its new mission."""
    desk, since = (
        await working_hours.mission_settings(transaction, case.mission),
        case.waiting_since,
    )
    if since is not None:
        due = desk.calendar().after(since, desk.first_minutes)
        await execute(transaction, statements.SET_DEADLINE, due=due, case=case.id)


async def escalate(transaction: Transaction, case: Case) -> None:
    """Mark a case past its answer deadline as escalated, and notify the mission's leads."""
    await execute(transaction, statements.ESCALATE, case=case.id)
    await notify(transaction, Kind.ESCALATED, case.id)


async def redirect(transaction: Transaction, case: Case, mission: str) -> None:
    """Move a queued case to the mission `mission`, because its own mission has no officer.

    The next sweep sets the answer deadline by the new mission's working hours, counted from the
    time since when the person waits. If the case is late, it is escalated again.
    """
    await execute(transaction, statements.REDIRECT, to_mission=mission, case=case.id)
    await _notify_queued(transaction, case)


async def snooze(
    transaction: Transaction, case: Case, officer: UUID, until: datetime, version: int
) -> None:
    """Snooze a case until a time, or until the person writes."""
    await _change(transaction, statements.SNOOZE, case, version, officer=officer, until=until)


async def record_reply(
    transaction: Transaction, case: Case, officer: UUID, desk: MissionSettings, version: int
) -> None:
    """Record that the officer answered, and set the case's state to waiting for the person.

    The version is not incremented.
    """
    now = await database_time(transaction)
    minutes = desk.calendar().minutes(case.opened_at, now)
    await _change(
        transaction, statements.REPLIED, case, version, officer=officer, now=now, minutes=minutes
    )


async def mark(
    transaction: Transaction,
    case: Case,
    version: int,
    *,
    urgent: bool | None,
    labels: Iterable[str],
) -> None:
    """Set the urgency and the labels of a case. The version is not incremented.

    `urgent` None keeps the urgency.
    """
    values = {"is_urgent": urgent, "chosen": sorted(set(labels))}
    await _change(transaction, statements.MARK, case, version, **values)
    if case.state == State.QUEUED and not case.urgent:
        await _notify_queued(transaction, replace(case, urgent=bool(urgent)))


async def set_call_back(
    transaction: Transaction, case: Case, version: int, at: datetime | None
) -> None:
    """Put a case on the call-back list, or remove it if `at` is None.

    The version is not incremented.
    """
    await _change(transaction, statements.CALL_BACK, case, version, at=at)


async def resolve(
    transaction: Transaction, case: Case, officer: UUID, version: int, seen: int | None = None
) -> None:
    """Close a case that the officer owns; the owner remains stored.

    `seen` is the id of the last message that the officer saw. CaseConflict is raised if the person
    has written since then, because no officer would read that message.
    """
    await _change(transaction, statements.RESOLVE, case, version, officer=officer, seen=seen)


async def close_unread(transaction: Transaction, case: Case, burst: UUID, version: int) -> None:
    """Close a queued case without owner, as part of a burst of unwanted cases."""
    await _change(transaction, statements.CLOSE_UNREAD, case, version, burst=burst)


async def reopen(transaction: Transaction, case: Case) -> bool:
    """Reopen a closed case: return it to its owner, or queue a case without owner.

    Return False if the case is no longer closed.
    """
    desk, now = (
        await working_hours.mission_settings(transaction, case.mission),
        await database_time(transaction),
    )
    calendar = desk.calendar()
    due = calendar.after(now, desk.first_minutes)
    resolve_due = calendar.after(now, desk.resolve_minutes)
    returns = calendar.after(now, desk.claim_timeout_minutes) if case.owner else None
    values = {"now": now, "due": due, "resolve": resolve_due, "return": returns}
    state = (State.CLAIMED if case.owner else State.QUEUED).value
    if not await execute(transaction, statements.REOPEN, case=case.id, next_state=state, **values):
        return False
    if case.owner is None:
        await _notify_queued(transaction, case)
    return True


async def _notify_queued(transaction: Transaction, case: Case) -> None:
    """Notify officers on shift of a case that is now urgent in the queue, as of a new case.

    Only its previous owner, if any, was notified of the person's last message.
    """
    if case.urgent:
        await notify(transaction, Kind.NEW_CASE, case.id)


async def _change(
    transaction: Transaction, statement: Statement[()], case: Case, version: int, **values: object
) -> None:
    if not await execute(transaction, statement, case=case.id, shown_version=version, **values):
        raise await conflict(transaction, case.id)
