"""A case changes hands: each change is one conditional update, so that of many at once one wins.

Every change of hands moves the version; its caller moves the conversation's epoch.
"""

from datetime import datetime
from uuid import UUID

from bot.cases import working_hours
from bot.cases.intake import person_waits_again
from bot.cases.model import Case, clock, conflict
from bot.cases.working_hours import MissionSettings
from bot.db.connection import Transaction


async def claim(
    transaction: Transaction, case: Case, officer: UUID, desk: MissionSettings, version: int
) -> None:
    """Take a case that nobody holds."""
    await _change(
        transaction, case, version,
        "owner = %(officer)s, state = 'claimed', return_due = %(due)s",
        "owner IS NULL AND state = 'queued'",
        officer=officer, due=desk.calendar().after(await clock(transaction), desk.return_minutes),
    )  # fmt: skip


async def take_over(
    transaction: Transaction, case: Case, officer: UUID, desk: MissionSettings, version: int
) -> None:
    """Take a case out of somebody else's hands."""
    await _give(
        transaction, case, officer, desk, version,
        "owner IS NOT NULL AND owner <> %(officer)s AND state <> 'resolved'",
    )  # fmt: skip


async def release(
    transaction: Transaction, case: Case, version: int, *, by_itself: bool = False
) -> None:
    """Give a case back to the queue, urgent as it was and waiting since it was."""
    await _change(
        transaction, case, version,
        "owner = NULL, state = 'queued', return_due = NULL, snoozed_until = NULL,"
        " returned = returned + %(returned)s",
        "owner IS NOT NULL AND state <> 'resolved'",
        returned=int(by_itself),
    )  # fmt: skip


async def hand_to(
    transaction: Transaction, case: Case, officer: UUID, desk: MissionSettings, version: int
) -> None:
    """Give a case into the hands of somebody."""
    await _give(
        transaction, case, officer, desk, version,
        "owner IS DISTINCT FROM %(officer)s AND state <> 'resolved'",
    )  # fmt: skip


async def _give(
    transaction: Transaction,
    case: Case,
    officer: UUID,
    desk: MissionSettings,
    version: int,
    condition: str,
) -> None:
    """A new owner, who has to answer soon unless it is the person's turn."""
    await _change(
        transaction, case, version,
        "owner = %(officer)s, snoozed_until = NULL,"
        " state = CASE WHEN state = 'waiting_person' THEN state ELSE 'claimed' END,"
        " return_due = CASE WHEN state <> 'waiting_person' THEN %(due)s::timestamptz END",
        condition,
        officer=officer, due=desk.calendar().after(await clock(transaction), desk.return_minutes),
    )  # fmt: skip


async def change_topic(transaction: Transaction, case: Case, topic: str, version: int) -> None:
    """Back to the queue under another topic."""
    await _change(
        transaction, case, version,
        "owner = NULL, state = 'queued', topic = %(topic)s, return_due = NULL,"
        " snoozed_until = NULL",
        "state <> 'resolved'",
        topic=topic,
    )  # fmt: skip


async def move(transaction: Transaction, case: Case, mission: str, version: int) -> None:
    """To the queue of another mission; the console's role can do it in no other way.

    Its deadlines are set there, by the next sweep: how another mission works can't be seen from
    this one.
    """
    cursor = await transaction.execute(
        "SELECT kosh_move_case(%s, %s, %s)", (case.id, version, mission)
    )
    row = await cursor.fetchone()
    if row is None or not row[0]:
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
        await transaction.execute("UPDATE cases SET answer_due = %s WHERE id = %s", (due, case.id))


async def escalate(transaction: Transaction, case: Case) -> None:
    """The lead has to see to it: too late for an answer, or for the end."""
    await transaction.execute(
        "UPDATE cases SET escalated_at = kosh_now() WHERE id = %s AND escalated_at IS NULL",
        (case.id,),
    )


async def redirect(transaction: Transaction, case: Case, mission: str) -> None:
    """A queue that nobody works at any more: another takes its cases over."""
    await transaction.execute(
        "UPDATE cases SET mission = %s, answer_due = NULL, version = version + 1"
        " WHERE id = %s AND owner IS NULL AND state = 'queued'",
        (mission, case.id),
    )


async def snooze(
    transaction: Transaction, case: Case, officer: UUID, until: datetime, version: int
) -> None:
    """Let a case sleep until then, or until the person writes."""
    await _change(
        transaction, case, version,
        "state = 'snoozed', snoozed_until = %(until)s, return_due = NULL,"
        " paused_at = coalesce(paused_at, kosh_now())",
        "owner = %(officer)s AND state IN ('claimed', 'waiting_person')",
        officer=officer, until=until,
    )  # fmt: skip


async def replied(
    transaction: Transaction, case: Case, officer: UUID, desk: MissionSettings, version: int
) -> None:
    """The officer has answered: now it is the person's turn. Moves no version."""
    now = await clock(transaction)
    await _change(
        transaction, case, version,
        "state = 'waiting_person', waiting_since = NULL, answer_due = NULL, return_due = NULL,"
        " snoozed_until = NULL, escalated_at = NULL, paused_at = coalesce(paused_at, %(now)s),"
        " answered_at = coalesce(answered_at, %(now)s),"
        " answer_minutes = coalesce(answer_minutes, %(minutes)s)",
        "owner = %(officer)s AND state <> 'resolved'",
        moves=0, officer=officer, now=now,
        minutes=desk.calendar().minutes(case.opened_at, now),
    )  # fmt: skip


async def resolve(transaction: Transaction, case: Case, officer: UUID, version: int) -> None:
    """Close a case that this officer holds; the owner stays written, so that replies arrive."""
    await _change(
        transaction, case, version,
        "state = 'resolved', waiting_since = NULL, answer_due = NULL, return_due = NULL,"
        " snoozed_until = NULL",
        "owner = %(officer)s AND state <> 'resolved'",
        officer=officer,
    )  # fmt: skip


async def _change(
    transaction: Transaction,
    case: Case,
    version: int,
    changes: str,
    condition: str,
    *,
    moves: int = 1,
    **values: object,
) -> None:
    cursor = await transaction.execute(
        f"UPDATE cases SET {changes}, state_at = kosh_now(), version = version + %(moves)s"
        f" WHERE id = %(id)s AND version = %(version)s AND {condition}",
        {"id": case.id, "version": version, "moves": moves, **values},
    )
    if cursor.rowcount == 0:
        raise await conflict(transaction, case.id)
