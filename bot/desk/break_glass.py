"""Breaking the glass: an administrator, who may see no case, reads one in an emergency.

It takes two: one asks for a case by its number and says why, another opens it, for an hour and for
reading alone. The mission's leads are shown it at once, and one of them looks at it afterwards.
Every step is in the audit log, and so is the reading itself.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from bot.db.connection import Transaction
from bot.desk import views
from bot.desk.views import View
from bot.officers import permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, DenialReason, Forbidden, Reason, Role, Subject
from bot.runtime import Runtime
from bot.security import audit_log

MINUTES = 60
# Nobody opened it for so long: whoever still needs it asks again.
ASKED_HOURS = 24


@dataclass(frozen=True, slots=True)
class BreakGlassRequest:
    """A wish to read a case, and what became of it."""

    id: UUID
    case_id: UUID
    number: int
    mission: str
    asked_by: UUID
    asker: str
    reason: str
    asked_at: datetime
    granter: str
    until: datetime | None
    is_open: bool
    reviewer: str


_PANE = (
    "SELECT g.id, g.case_id, k.number, g.mission, g.asked_by, a.name, g.reason, g.asked_at,"
    " coalesce(b.name, ''), g.until, coalesce(g.until > kosh_now(), false), coalesce(r.name, '')"
    " FROM glass g JOIN cases k ON k.id = g.case_id JOIN officers a ON a.id = g.asked_by"
    " LEFT JOIN officers b ON b.id = g.granted_by LEFT JOIN officers r ON r.id = g.reviewed_by"
)


async def listing(rt: Runtime, officer: Officer) -> tuple[BreakGlassRequest, ...]:
    """What is asked for, open or not looked at yet: a lead sees those of their own mission."""
    permissions.require(officer, Action.BREAK_GLASS_READ, Subject(officer.mission))
    everywhere = Role.ADMINISTRATOR in officer.roles
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(
            f"{_PANE} WHERE (%s OR g.mission = %s) AND (g.until IS NOT NULL OR g.asked_at >"
            " kosh_now() - make_interval(hours => %s)) ORDER BY g.asked_at DESC LIMIT 25",
            (everywhere, officer.mission, ASKED_HOURS),
        )
        return tuple(BreakGlassRequest(*row) for row in await cursor.fetchall())


async def unseen(rt: Runtime, officer: Officer) -> int:
    """How many panes a lead has not looked at yet, of cases of their mission."""
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(
            "SELECT count(*) FROM glass WHERE mission = %s AND until IS NOT NULL"
            " AND reviewed_at IS NULL AND asked_by <> %s AND granted_by <> %s",
            (officer.mission, officer.id, officer.id),
        )
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def ask(rt: Runtime, officer: Officer, number: int, reason: Reason) -> UUID:
    """Ask to read a case; LookupError when there is none of that number."""
    permissions.require(officer, Action.BREAK_GLASS_ASK, Subject(officer.mission))
    pane_id = uuid4()
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(
            "INSERT INTO glass (id, case_id, mission, asked_by, reason)"
            " SELECT %s, id, mission, %s, %s FROM cases WHERE number = %s RETURNING case_id",
            (pane_id, officer.id, reason.value, number),
        )
        row = await cursor.fetchone()
        if row is None:
            raise LookupError("E_CASE: there is no such case; look at its number again")
        await _note(transaction, officer, "break_glass.asked", row[0], reason.value)
    return pane_id


async def grant(rt: Runtime, officer: Officer, pane_id: UUID) -> None:
    """Open a case to whoever asked for it, for an hour; never to oneself."""
    permissions.require(officer, Action.BREAK_GLASS_GRANT, Subject(officer.mission))
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(
            "UPDATE glass SET granted_by = %s, until = kosh_now() + make_interval(mins => %s)"
            " WHERE id = %s AND granted_by IS NULL AND asked_by <> %s"
            " AND asked_at > kosh_now() - make_interval(hours => %s) RETURNING case_id",
            (officer.id, MINUTES, pane_id, officer.id, ASKED_HOURS),
        )
        row = await cursor.fetchone()
        if row is None:
            raise Forbidden(DenialReason.OWNER)
        await _note(transaction, officer, "break_glass.granted", row[0])


async def view(rt: Runtime, officer: Officer, pane_id: UUID) -> tuple[BreakGlassRequest, View]:
    """The case behind an open pane, to whoever asked: as an officer of its mission reads it.

    Nothing can be done there: what an officer does asks for their own roles and mission.
    """
    permissions.require(officer, Action.BREAK_GLASS_ASK, Subject(officer.mission))
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(f"{_PANE} WHERE g.id = %s", (pane_id,))
        row = await cursor.fetchone()
    pane = BreakGlassRequest(*row) if row else None
    if pane is None or pane.asked_by != officer.id or not pane.is_open:
        raise Forbidden(DenialReason.OWNER)
    reader = replace(officer, mission=pane.mission, roles=frozenset({Role.OFFICER}))
    return pane, await views.view(rt, reader, pane.case_id, Reason(pane.reason))


async def review(rt: Runtime, officer: Officer, pane_id: UUID) -> None:
    """A lead of the mission has looked at why a case was opened; not who opened it."""
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute("SELECT mission FROM glass WHERE id = %s", (pane_id,))
        row = await cursor.fetchone()
        permissions.require(officer, Action.BREAK_GLASS_REVIEW, Subject(row[0] if row else ""))
        cursor = await transaction.execute(
            "UPDATE glass SET reviewed_by = %s, reviewed_at = kosh_now() WHERE id = %s"
            " AND until IS NOT NULL AND reviewed_at IS NULL AND asked_by <> %s"
            " AND granted_by <> %s RETURNING case_id",
            (officer.id, pane_id, officer.id, officer.id),
        )
        found = await cursor.fetchone()
        if found is None:
            raise Forbidden(DenialReason.OWNER)
        await _note(transaction, officer, "break_glass.reviewed", found[0])


async def _note(
    transaction: Transaction, officer: Officer, action: str, case_id: UUID, detail: str = ""
) -> None:
    await audit_log.append(
        transaction, actor=str(officer.id), action=action, subject=str(case_id), detail=detail
    )
