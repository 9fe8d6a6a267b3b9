"""Writes to registrations: each is applied once per idempotency key."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, assert_never

from pydantic import BaseModel

from bot.db.statements import execute, fetch_one
from bot.registry.contract import (
    Acknowledgement,
    Changes,
    ConsentWithdrawal,
    PreRegistration,
    QuestionAnswer,
)
from bot.registry.households import Household
from bot.registry.sandbox import life, statements
from bot.registry.sandbox.errors import Objection, parse
from bot.registry.sandbox.store import Connection, Verdict, lock, new_number, read


@dataclass(frozen=True)
class Create:
    """A write that creates a registration."""

    body: PreRegistration


@dataclass(frozen=True)
class Amend:
    """A write that replaces the whole content of a registration."""

    number: str
    body: PreRegistration


@dataclass(frozen=True)
class Patch:
    """A write that replaces some members of a registration, if `version` is its current version."""

    number: str
    version: int
    body: Changes


@dataclass(frozen=True)
class Reply:
    """A write that answers a question of the registry."""

    number: str
    body: QuestionAnswer


@dataclass(frozen=True)
class Withdraw:
    """A write that withdraws a registration and keeps its content."""

    number: str


@dataclass(frozen=True)
class WithdrawConsent:
    """A write that withdraws consent: withdraws the registration and erases its content."""

    body: ConsentWithdrawal


type Write = Create | Amend | Patch | Reply | Withdraw | WithdrawConsent


@dataclass(frozen=True)
class Plan:
    """The planned decision: its verdict, its delay in seconds, and if it is reported twice."""

    verdict: Verdict
    seconds: float
    doubled: bool


async def apply_once(
    connection: Connection,
    key: str,
    write: Write,
    plan: Plan,
    delay: Callable[[], Awaitable[None]],
) -> Acknowledgement:
    """Apply a write once per idempotency key; for a repetition, return the first response.

    `delay` waits with the key locked, if the fault `slow` is on. Raises `Objection`: in-progress,
    key-reused, closed, not-found, no-question, stale, invalid.
    """
    await lock(connection, key)
    await delay()
    earlier = await earlier_answer(connection, key, write)
    if earlier is not None:
        return Acknowledgement.model_validate_json(earlier)
    acknowledgement = await _perform(connection, key, write, plan)
    await life.note(connection, acknowledgement.number)
    await record(connection, key, write, acknowledgement)
    return acknowledgement


async def record(
    connection: Connection, key: str, write: object, answer: Acknowledgement | Household
) -> None:
    """Store the response to a write, for repetitions of the write and searches by its key."""
    await execute(
        connection,
        statements.RECORD,
        key=key,
        number=answer.number,
        operation=type(write).__name__,
        fingerprint=_fingerprint(write),
        answer=answer.model_dump_json(),
    )


async def earlier_answer(connection: Connection, key: str, write: object) -> str | None:
    """Return the stored response to the write with this idempotency key, or None.

    Raises `Objection` (key-reused) if the key was used for a different write.
    """
    row = await fetch_one(connection, statements.REPEAT, key=key)
    if row is None:
        return None
    if row[0] != _fingerprint(write):
        raise Objection("key-reused")
    return str(row[1])


def _fingerprint(write: object) -> str:
    number = getattr(write, "number", "")
    body: BaseModel | None = getattr(write, "body", None)
    parts = [type(write).__name__, number, body.model_dump_json() if body else ""]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def _perform(connection: Connection, key: str, write: Write, plan: Plan) -> Acknowledgement:
    match write:
        case Create(body):
            return await _create(connection, key, body, plan)
        case Amend(number, body):
            return await _amend(connection, key, number, body, plan)
        case Patch(number, version, body):
            return await _patch(connection, key, number, version, body, plan)
        case Reply(number, body):
            return await _reply(connection, key, number, body, plan)
        case Withdraw(number):
            return await _withdraw(connection, key, number, erase=False)
        case WithdrawConsent(body):
            return await _withdraw(connection, key, body.number, erase=True)
        case _:
            assert_never(write)


async def _create(
    connection: Connection, key: str, body: PreRegistration, plan: Plan
) -> Acknowledgement:
    number = new_number()
    await execute(connection, statements.CREATE, number=number, **_content(key, body, plan))
    return await read(connection, number)


async def _amend(
    connection: Connection, key: str, number: str, body: PreRegistration, plan: Plan
) -> Acknowledgement:
    values = _content(key, body, plan)
    amended = await execute(connection, statements.AMEND, number=number, **values)
    acknowledgement = await read(connection, number)
    if not amended:
        raise Objection("closed")
    return acknowledgement


async def _patch(
    connection: Connection, key: str, number: str, version: int, body: Changes, plan: Plan
) -> Acknowledgement:
    await read(connection, number)
    row = await fetch_one(connection, statements.QUESTIONED, number=number)
    if row is None:
        raise Objection("closed")
    # The QUESTIONED statement locked the row, so its version cannot change before the write.
    if (await read(connection, number)).version != version:
        raise Objection("stale")
    whole = parse(PreRegistration, json.dumps((row[1] or {}) | body.root).encode())
    return await _amend(connection, key, number, whole, plan)


async def _reply(
    connection: Connection, key: str, number: str, body: QuestionAnswer, plan: Plan
) -> Acknowledgement:
    await read(connection, number)
    row = await fetch_one(connection, statements.QUESTIONED, number=number)
    question = life.question_of(row[0]) if row else None
    if row is None or question is None or question.id != body.question:
        raise Objection("no-question")
    values = _content(key, life.correct(row[1] or {}, question.about, body.value), plan)
    await execute(connection, statements.REPLY, number=number, **values)
    return await read(connection, number)


def _content(key: str, body: PreRegistration, plan: Plan) -> dict[str, Any]:
    return {
        "key": key,
        "body": body.model_dump_json(),
        "details": life.details(body),
        "verdict": plan.verdict,
        "doubled": plan.doubled,
        "delay": plan.seconds,
    }


async def _withdraw(
    connection: Connection, key: str, number: str, *, erase: bool
) -> Acknowledgement:
    await execute(connection, statements.WITHDRAW, key=key, number=number, erase=erase)
    if erase:
        await execute(connection, statements.DELETE_DOCUMENTS, number=number)
    return await read(connection, number)
