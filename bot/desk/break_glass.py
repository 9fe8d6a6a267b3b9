"""Break-glass access: in an emergency, an administrator may read a case for one hour.

Administrators otherwise have no access to cases. One administrator requests a case by number with a
reason; another administrator grants read access. The leads of the case's mission see the access at
once, and one of them reviews it afterwards. Every step and the reading itself are audited.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Boolean, Select, Text, Uuid, bindparam, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import (
    NOW,
    ago,
    fetch_all,
    fetch_one,
    fetch_value,
    minutes_from_now,
    statement,
)
from bot.desk import views
from bot.desk.views import View
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, DenialReason, Forbidden, Reason, Role, Subject
from bot.runtime import Runtime

MINUTES = 60
# Hours after which a request that was not granted expires.
ASKED_HOURS = 24


@dataclass(frozen=True, slots=True)
class BreakGlassRequest:
    """A request of an administrator to read a case, with its grant and review, if they exist."""

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


_Request = t.BreakGlassRequest
_Asker, _Granter, _Reviewer = aliased(t.Officer), aliased(t.Officer), aliased(t.Officer)
_REQUEST: Select[*tuple[Any, ...]] = (
    select(
        _Request.id,
        _Request.case_id,
        t.Case.number,
        _Request.mission,
        _Request.asked_by,
        _Asker.name,
        _Request.reason,
        _Request.asked_at,
        func.coalesce(_Granter.name, ""),
        _Request.expires_at,
        func.coalesce(_Request.expires_at > NOW, literal(False)),
        func.coalesce(_Reviewer.name, ""),
    )
    .select_from(_Request)
    .join(t.Case, t.Case.id == _Request.case_id)
    .join(_Asker, _Asker.id == _Request.asked_by)
    .outerjoin(_Granter, _Granter.id == _Request.granted_by)
    .outerjoin(_Reviewer, _Reviewer.id == _Request.reviewed_by)
)
_OFFICER = bindparam("officer", type_=Uuid())
_BY_ID = _Request.id == bindparam("request", type_=Uuid())
_TO_REVIEW = (
    _Request.expires_at.is_not(None),
    _Request.reviewed_at.is_(None),
    _Request.asked_by != _OFFICER,
    _Request.granted_by != _OFFICER,
)
_LISTED = statement(
    _REQUEST.where(
        or_(bindparam("everywhere", type_=Boolean()), _Request.mission == bindparam("of_mission")),
        or_(_Request.expires_at.is_not(None), _Request.asked_at > ago(hours=ASKED_HOURS)),
    )
    .order_by(_Request.asked_at.desc())
    .limit(25)
)
_FOUND = statement(_REQUEST.where(_BY_ID))
_UNSEEN = statement(
    select(func.count())
    .select_from(_Request)
    .where(_Request.mission == bindparam("of_mission"), *_TO_REVIEW)
)
_ASK = statement(
    insert(_Request)
    .from_select(
        [_Request.id, _Request.case_id, _Request.mission, _Request.asked_by, _Request.reason],
        select(
            bindparam("request", type_=Uuid()),
            t.Case.id,
            t.Case.mission,
            _OFFICER,
            bindparam("why", type_=Text()),
        ).where(t.Case.number == bindparam("case_number")),
    )
    .returning(_Request.case_id)
)
_GRANT = statement(
    update(_Request)
    .where(
        _BY_ID,
        _Request.granted_by.is_(None),
        _Request.asked_by != _OFFICER,
        _Request.asked_at > ago(hours=ASKED_HOURS),
    )
    .values(granted_by=_OFFICER, expires_at=minutes_from_now(MINUTES))
    .returning(_Request.case_id)
)
_MISSION = statement(select(_Request.mission).where(_BY_ID))
_REVIEW = statement(
    update(_Request)
    .where(_BY_ID, *_TO_REVIEW)
    .values(reviewed_by=_OFFICER, reviewed_at=NOW)
    .returning(_Request.case_id)
)


async def listing(rt: Runtime, officer: Officer) -> tuple[BreakGlassRequest, ...]:
    """Return the newest 25 requests that were granted or have not expired.

    Administrators see the requests of all missions, leads the requests about cases of their own
    mission.
    """
    permissions.require(officer, Action.BREAK_GLASS_READ, Subject(officer.mission))
    everywhere = Role.ADMINISTRATOR in officer.roles
    async with rt.pool.connection() as transaction:
        values = {"everywhere": everywhere, "of_mission": officer.mission}
        found = await fetch_all(transaction, _LISTED, **values)
    return tuple(BreakGlassRequest(*row) for row in found)


async def unseen(rt: Runtime, officer: Officer) -> int:
    """Return the number of granted accesses that this officer, as a lead, has yet to review."""
    async with rt.pool.connection() as transaction:
        values = {"of_mission": officer.mission, "officer": officer.id}
        return await fetch_value(transaction, _UNSEEN, **values) or 0


async def ask(rt: Runtime, officer: Officer, number: int, reason: Reason) -> UUID:
    """Request access to the case with this number, and return the request's id.

    Raises LookupError if there is no such case.
    """
    permissions.require(officer, Action.BREAK_GLASS_ASK, Subject(officer.mission))
    request_id = uuid4()
    values = {"request": request_id, "officer": officer.id, "why": reason.value}
    async with rt.pool.connection() as transaction:
        case_id = await fetch_value(transaction, _ASK, case_number=number, **values)
        if case_id is None:
            raise LookupError("E_CASE: there is no such case; look at its number again")
        await _note(transaction, officer, "break_glass.asked", case_id, reason.value)
    return request_id


async def grant(rt: Runtime, officer: Officer, request_id: UUID) -> None:
    """Grant another administrator's request for one hour.

    Raises Forbidden if the officer made the request, or if the request has expired or was already
    granted.
    """
    permissions.require(officer, Action.BREAK_GLASS_GRANT, Subject(officer.mission))
    async with rt.pool.connection() as transaction:
        case_id = await fetch_value(transaction, _GRANT, request=request_id, officer=officer.id)
        if case_id is None:
            raise Forbidden(DenialReason.OWNER)
        await _note(transaction, officer, "break_glass.granted", case_id)


async def view(rt: Runtime, officer: Officer, request_id: UUID) -> tuple[BreakGlassRequest, View]:
    """Return a granted request and its case, as an officer of the case's mission sees the case.

    Only the requester may read it. Actions on the case remain forbidden, because they check the
    administrator's own roles and mission. Raises Forbidden once the hour is over.
    """
    permissions.require(officer, Action.BREAK_GLASS_ASK, Subject(officer.mission))
    async with rt.pool.connection() as transaction:
        row = await fetch_one(transaction, _FOUND, request=request_id)
    request = BreakGlassRequest(*row) if row else None
    if request is None or request.asked_by != officer.id or not request.is_open:
        raise Forbidden(DenialReason.OWNER)
    # The administrator's own list of topics does not count, as the access is to this case.
    reader = replace(
        officer, mission=request.mission, roles=frozenset({Role.OFFICER}), topics=frozenset()
    )
    return request, await views.view(rt, reader, request.case_id, Reason(request.reason))


async def review(rt: Runtime, officer: Officer, request_id: UUID) -> None:
    """Record the review of a granted request by a lead of the case's mission.

    Raises Forbidden for other officers, and for a lead who requested or granted the access.
    """
    async with rt.pool.connection() as transaction:
        mission = await fetch_value(transaction, _MISSION, request=request_id)
        permissions.require(officer, Action.BREAK_GLASS_REVIEW, Subject(mission or ""))
        case_id = await fetch_value(transaction, _REVIEW, request=request_id, officer=officer.id)
        if case_id is None:
            raise Forbidden(DenialReason.OWNER)
        await _note(transaction, officer, "break_glass.reviewed", case_id)


async def _note(
    transaction: Transaction, officer: Officer, action: str, case_id: UUID, detail: str = ""
) -> None:
    await directory.record_action(transaction, officer, action, str(case_id), detail)
