"""Endpoints and dead letters (undelivered events), which the console lists and can send again."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.db.statements import execute, fetch_all, fetch_value
from bot.officers import permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.outgoing_webhooks import endpoints, statements
from bot.outgoing_webhooks.endpoints import ACTIVE, Endpoint, Refused
from bot.runtime import Runtime
from bot.security import audit_log


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that could not be delivered; `reason` is why the last attempt failed."""

    id: int
    type: str
    reason: str
    attempt: int
    created_at: datetime
    done_at: datetime


@dataclass(frozen=True, slots=True)
class Overview:
    """An endpoint with its newest dead letters."""

    endpoint: Endpoint
    letters: tuple[DeadLetter, ...]


async def listing(rt: Runtime, officer: Officer) -> tuple[Overview, ...]:
    """Return all endpoints, the disabled ones first, with their dead letters."""
    permissions.require(officer, Action.WEBHOOK_READ, Subject(officer.mission))
    async with rt.pool.connection() as transaction:
        rows = await fetch_all(transaction, statements.ALL)
        dead = await fetch_all(transaction, statements.DEAD)
    letters = defaultdict[UUID, list[DeadLetter]](list)
    for number, endpoint, kind, reason, attempt, created_at, done_at in dead:
        assert done_at is not None
        letters[endpoint].append(DeadLetter(number, kind, reason, attempt, created_at, done_at))
    found = [endpoints.read(rt, row) for row in rows]
    return tuple(Overview(each, tuple(letters[each.id])) for each in found)


async def redeliver(rt: Runtime, officer: Officer, endpoint: UUID, letter: int | None) -> None:
    """Queue the dead letter `letter` of an endpoint again, with the same id; None queues all.

    Raises LookupError if there is no such dead letter, or Refused if the endpoint is disabled.
    """
    permissions.require(officer, Action.WEBHOOK_EDIT, Subject(officer.mission))
    async with rt.pool.connection() as transaction:
        if await fetch_value(transaction, statements.LOCK, endpoint=endpoint) not in (None, ACTIVE):
            raise Refused("disabled")
        values = {"endpoint": endpoint, "delivery": letter}
        if not (count := await execute(transaction, statements.REDELIVER, **values)):
            raise LookupError("there is no such dead letter")
        await audit_log.append(
            transaction,
            actor=str(officer.id),
            action="webhook.redelivered",
            subject=str(endpoint),
            detail=str(count),
        )


async def enable(rt: Runtime, officer: Officer, endpoint: UUID) -> None:
    """Enable a disabled endpoint. Raises LookupError if no endpoint has this id."""
    permissions.require(officer, Action.WEBHOOK_EDIT, Subject(officer.mission))
    async with rt.pool.connection() as transaction:
        if await fetch_value(transaction, statements.ENABLE, endpoint=endpoint) is None:
            raise LookupError("there is no such endpoint")
        await audit_log.append(
            transaction,
            actor=str(officer.id),
            action="webhook.enabled",
            subject=str(endpoint),
        )
