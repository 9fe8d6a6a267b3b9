"""Approval of broadcasts by officers other than the author, and the reasons that block sending.

An approval is bound to the hash of text, audience and time. An approval expires after 24 hours, and
an edit of the broadcast deletes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.broadcasts import audience, content, model, statements
from bot.broadcasts.content import Blocker
from bot.broadcasts.drafts import append_audit
from bot.broadcasts.model import Broadcast, Draft, Purpose, Refusal, Refused, State
from bot.db.connection import Transaction
from bot.db.statements import database_time, execute, fetch_all, fetch_value
from bot.notifications import Kind, notify
from bot.officers import permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime

# Allowed difference between the numbers of recipients at approval and at the start: 5 % or 20
# people, whichever is larger.
MAX_DRIFT, MIN_ = 0.05, 20


@dataclass(frozen=True, slots=True)
class Approval:
    """An officer's approval, with the number of recipients at that time.

    `counts` is False if the approval has expired, the content has changed since, or the officer is
    disabled or lost the approver role.
    """

    officer: UUID
    audience: int
    at: datetime
    expires_at: datetime
    counts: bool


async def blockers(rt: Runtime, officer: Officer, broadcast_id: UUID) -> list[Blocker]:
    """Return the reasons that block sending the broadcast now; empty if there are none."""
    permissions.require(officer, Action.BROADCAST_READ, Subject(""))
    async with rt.pool.connection() as transaction:
        found, total = await _blockers_and_total(
            rt, transaction, await model.find(transaction, broadcast_id)
        )
    return found if total else [*found, Blocker(Refusal.NO_RECIPIENTS)]


async def _blockers_and_total(
    rt: Runtime, transaction: Transaction, broadcast: Broadcast
) -> tuple[list[Blocker], int]:
    """Return the reasons that block sending the broadcast now, and the number of recipients.

    An audience without recipients is not among the reasons; callers check the number.
    """
    found = [
        *content.faults(rt, broadcast.draft),
        *_timing_blockers(broadcast, await database_time(transaction)),
    ]
    found += [
        Blocker(Refusal.UNTESTED, language)
        for language in await _untested_languages(rt, transaction, broadcast)
    ]
    if duplicate := await _find_duplicate(transaction, broadcast):
        found.append(Blocker(Refusal.REPEATED, str(duplicate)))
    if broadcast.draft.purpose is Purpose.URGENT and not broadcast.draft.why.strip():
        found.append(Blocker(Refusal.WHY))
    count = await audience.count(rt, transaction, broadcast.draft)
    return found, count.total


def _timing_blockers(broadcast: Broadcast, now: datetime) -> Iterator[Blocker]:
    draft = broadcast.draft
    end = draft.not_later_than
    if end is not None and end <= max(now, draft.not_before or now):
        yield Blocker(Refusal.LATE)


async def _untested_languages(
    rt: Runtime, transaction: Transaction, broadcast: Broadcast
) -> list[str]:
    """Return the languages whose present text was not yet sent to the operator's testers."""
    tested = dict(await fetch_all(transaction, statements.TESTS, id=broadcast.id))
    texts = broadcast.draft.texts
    return [
        language
        for language in content.written(rt)
        if language in texts and tested.get(language) != content.mark(texts[language])
    ]


async def _find_duplicate(transaction: Transaction, broadcast: Broadcast) -> int | None:
    """Return the identifying number of another broadcast with the same texts, or None.

    Only started and scheduled broadcasts are searched.
    """
    values = {"text": broadcast.draft.text_hash, "id": broadcast.id}
    return await fetch_value(transaction, statements.DUPLICATE, **values)


async def _demand_sendable(rt: Runtime, transaction: Transaction, broadcast: Broadcast) -> int:
    """Return the number of recipients, or raise Refused with the first reason against sending."""
    found, total = await _blockers_and_total(rt, transaction, broadcast)
    if found:
        raise Refused(found[0].why, found[0].detail)
    if not total:
        raise Refused(Refusal.NO_RECIPIENTS)
    return total


async def ask_approval(rt: Runtime, officer: Officer, broadcast_id: UUID) -> Broadcast:
    """Submit a draft for approval. Raises Refused if anything blocks sending it."""
    permissions.require(officer, Action.BROADCAST_DRAFT, Subject(""))
    async with rt.pool.connection() as transaction:
        broadcast = await model.find(transaction, broadcast_id, lock=True)
        if broadcast.state is not State.DRAFT:
            raise Refused(Refusal.STATE, broadcast.state)
        await _demand_sendable(rt, transaction, broadcast)
        await execute(transaction, statements.SUBMIT, id=broadcast_id)
        await append_audit(transaction, officer, "broadcast.submitted", broadcast_id)
        await notify(transaction, Kind.APPROVAL, broadcast_id)
        return await model.find(transaction, broadcast_id)


async def approve(
    rt: Runtime, officer: Officer, broadcast_id: UUID, content_hash: bytes
) -> list[Approval]:
    """Approve the content that has this hash; return all approvals of the broadcast.

    Raises Refused if the officer is the author, the content has changed, the broadcast does not
    await approval, or anything blocks sending.
    """
    permissions.require(officer, Action.BROADCAST_APPROVE, Subject(""))
    async with rt.pool.connection() as transaction:
        broadcast = await model.find(transaction, broadcast_id, lock=True)
        if broadcast.author == officer.id:
            raise Refused(Refusal.OWN)
        if broadcast.draft.content_hash != content_hash:
            raise Refused(Refusal.CHANGED)
        if broadcast.state is not State.AWAITING:
            raise Refused(Refusal.STATE, broadcast.state)
        total = await _demand_sendable(rt, transaction, broadcast)
        values = {"by": officer.id, "written_by": broadcast.author, "total": total}
        await execute(
            transaction, statements.APPROVE, id=broadcast_id, content=content_hash, **values
        )
        draft = model.encode_draft(broadcast.draft)
        await execute(transaction, statements.KEEP_AGREED, id=broadcast_id, draft=draft)
        await append_audit(
            transaction, officer, "broadcast.approved", broadcast_id, content_hash.hex()[:16]
        )
        return await of(transaction, broadcast)


async def approvals(rt: Runtime, officer: Officer, broadcast_id: UUID) -> list[Approval]:
    """Return all approvals of a broadcast, oldest first; `counts` is False for invalid ones."""
    permissions.require(officer, Action.BROADCAST_READ, Subject(""))
    async with rt.pool.connection() as transaction:
        return await of(transaction, await model.find(transaction, broadcast_id))


async def last_approved(rt: Runtime, officer: Officer, broadcast_id: UUID) -> Draft | None:
    """Return the broadcast's content as it was last approved; None if it was never approved."""
    permissions.require(officer, Action.BROADCAST_READ, Subject(""))
    async with rt.pool.connection() as transaction:
        found = await fetch_value(transaction, statements.AGREED, id=broadcast_id)
    return model.decode_draft(found) if found else None


async def of(transaction: Transaction, broadcast: Broadcast) -> list[Approval]:
    """Return the approvals of a broadcast, oldest first, in the caller's transaction.

    Invalid approvals are included, with `counts` False.
    """
    found = await fetch_all(
        transaction,
        statements.APPROVALS,
        id=broadcast.id,
        content=broadcast.draft.content_hash,
        role=permissions.Role.APPROVER.value,
    )
    return [Approval(*row) for row in found]


async def demand(rt: Runtime, transaction: Transaction, broadcast: Broadcast) -> None:
    """Raise Refused unless the broadcast may start.

    Enough approvals must be valid, and nothing may block sending. Since the first approval, the
    number of recipients may have changed by at most the share MAX_DRIFT, or by MIN_ people if that
    is more.
    """
    approvals = await of(transaction, broadcast)
    good = [each for each in approvals if each.counts]
    if len(good) < broadcast.approvers:
        raise Refused(Refusal.EXPIRED if len(approvals) > len(good) else Refusal.APPROVALS)
    total = await _demand_sendable(rt, transaction, broadcast)
    then = good[0].audience
    if abs(total - then) > max(MIN_, MAX_DRIFT * then):
        raise Refused(Refusal.DRIFT, f"{then}, {total}")
