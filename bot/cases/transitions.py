"""A case changes hands: each change is one conditional update, so that of many at once one wins.

Every change of hands moves the version; its caller moves the conversation's epoch.
"""

from datetime import datetime
from uuid import UUID

from bot.cases import statements, working_hours
from bot.cases.intake import person_waits_again
from bot.cases.model import Case, clock, conflict
from bot.cases.working_hours import MissionSettings
from bot.db.connection import Transaction
from bot.db.statements import Statement, execute, fetch_value


async def claim(
    transaction: Transaction, case: Case, officer: UUID, desk: MissionSettings, version: int
) -> None:
    """Take a case that nobody holds."""
    due = desk.calendar().after(await clock(transaction), desk.return_minutes)
    await _change(transaction, statements.CLAIM, case, version, officer=officer, due=due)


async def take_over(
    transaction: Transaction, case: Case, officer: UUID, desk: MissionSettings, version: int
) -> None:
    """Take a case out of somebody else's hands."""
    due = desk.calendar().after(await clock(transaction), desk.return_minutes)
    await _change(transaction, statements.TAKE_OVER, case, version, officer=officer, due=due)


async def release(
    transaction: Transaction, case: Case, version: int, *, by_itself: bool = False
) -> None:
    """Give a case back to the queue, urgent as it was and waiting since it was."""
    await _change(transaction, statements.RELEASE, case, version, by_itself=int(by_itself))


async def hand_to(
    transaction: Transaction, case: Case, officer: UUID, desk: MissionSettings, version: int
) -> None:
    """Give a case into the hands of somebody."""
    due = desk.calendar().after(await clock(transaction), desk.return_minutes)
    await _change(transaction, statements.HAND_TO, case, version, officer=officer, due=due)


async def change_topic(transaction: Transaction, case: Case, topic: str, version: int) -> None:
    """Back to the queue under another topic."""
    await _change(transaction, statements.CHANGE_TOPIC, case, version, about=topic)


async def move(transaction: Transaction, case: Case, mission: str, version: int) -> None:
    """To the queue of another mission; the console's role can do it in no other way.

    Its deadlines are set there, by the next sweep: how another mission works can't be seen from
    this one.
    """
    values = {"case": case.id, "shown_version": version, "to_mission": mission}
    if not await fetch_value(transaction, statements.MOVE, **values):
        raise await conflict(transaction, case.id)


async def wake(transaction: Transaction, case: Case) -> None:
    """A case has slept enough: it is its officer's turn again, or the queue's."""
    await person_waits_again(transaction, case)


async def set_clock(transaction: Transaction, case: Case) -> None:
    """Deadlines by the hours of the mission that a case has come to."""
    desk, since = (
        await working_hours.mission_settings(transaction, case.mission),
        case.waiting_since,
    )
    if since is not None:
        due = desk.calendar().after(since, desk.first_minutes)
        await execute(transaction, statements.SET_DEADLINE, due=due, case=case.id)


async def escalate(transaction: Transaction, case: Case) -> None:
    """The lead has to see to it: too late for an answer, or for the end."""
    await execute(transaction, statements.ESCALATE, case=case.id)


async def redirect(transaction: Transaction, case: Case, mission: str) -> None:
    """A queue that nobody works at any more: another takes its cases over."""
    await execute(transaction, statements.REDIRECT, to_mission=mission, case=case.id)


async def snooze(
    transaction: Transaction, case: Case, officer: UUID, until: datetime, version: int
) -> None:
    """Let a case sleep until then, or until the person writes."""
    await _change(transaction, statements.SNOOZE, case, version, officer=officer, until=until)


async def replied(
    transaction: Transaction, case: Case, officer: UUID, desk: MissionSettings, version: int
) -> None:
    """The officer has answered: now it is the person's turn. Moves no version."""
    now = await clock(transaction)
    minutes = desk.calendar().minutes(case.opened_at, now)
    await _change(
        transaction, statements.REPLIED, case, version, officer=officer, now=now, minutes=minutes
    )


async def resolve(transaction: Transaction, case: Case, officer: UUID, version: int) -> None:
    """Close a case that this officer holds; the owner stays written, so that replies arrive."""
    await _change(transaction, statements.RESOLVE, case, version, officer=officer)


async def _change(
    transaction: Transaction, statement: Statement[()], case: Case, version: int, **values: object
) -> None:
    if not await execute(transaction, statement, case=case.id, shown_version=version, **values):
        raise await conflict(transaction, case.id)
