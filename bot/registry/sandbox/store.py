"""Storage of registrations ("entries"), of writes, and of callbacks to send, in PostgreSQL."""

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, assert_never
from uuid import uuid4

from psycopg import AsyncConnection
from pydantic import BaseModel

from bot.db.statements import execute, fetch_all, fetch_one, fetch_value
from bot.registry.contract import (
    NUMBER_ALPHABET,
    Acknowledgement,
    Changes,
    ConsentWithdrawal,
    PreRegistration,
    QuestionAnswer,
    State,
    StatusCallback,
)
from bot.registry.households import Household
from bot.registry.sandbox import life, statements, tables
from bot.registry.sandbox.errors import Objection, parse

type Connection = AsyncConnection[Any]
type Verdict = Literal["ACCEPTED", "REJECTED", "NEEDS_INFORMATION", "DUPLICATE", "PASSED_ON"]


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


@dataclass(frozen=True)
class Letter:
    """A callback to send to the bot; `attempts` is the number of attempts made before."""

    id: int
    body: str
    attempts: int


async def create_tables(connection: Connection) -> None:
    """Create missing tables. A lock serializes sandboxes that start at the same time."""
    await execute(connection, statements.LOCK_SCHEMA)
    for each in tables.creation():
        await execute(connection, each)


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


async def lock(connection: Connection, key: str) -> None:
    """Lock an idempotency key until the transaction ends.

    Raises `Objection` (in-progress) if another transaction has locked the key.
    """
    if not await fetch_value(connection, statements.LOCK_KEY, key=key):
        raise Objection("in-progress")


async def find(connection: Connection, key: str) -> Acknowledgement | None:
    """Return the registration that the write with this key created or changed, as it is now.

    Returns None if there is no such write. Raises `Objection` (in-progress) if the key is locked.
    """
    await lock(connection, key)
    return _acknowledgement(await fetch_one(connection, statements.BY_KEY, key=key))


async def read(connection: Connection, number: str) -> Acknowledgement:
    """Return the registration with this number. Raises `Objection` (not-found)."""
    row = await fetch_one(connection, statements.BY_NUMBER, number=number)
    acknowledgement = _acknowledgement(row)
    if acknowledgement is None:
        raise Objection("not-found")
    return acknowledgement


async def another_registration(connection: Connection, own: Acknowledgement) -> Acknowledgement:
    """Return the acknowledgement of another registration, or else an invented one.

    The fault `wrong_number` sends it as the response.
    """
    row = await fetch_one(connection, statements.ANOTHER, number=own.number)
    invented = {"number": new_number(), "idempotency_key": secrets.token_urlsafe(24)}
    return _acknowledgement(row) or own.model_copy(update=invented)


async def set_verdict(connection: Connection, number: str, verdict: Verdict) -> None:
    """Set the decision on a registration, due now. Raises `Objection`: not-found, closed."""
    if not await execute(connection, statements.SET_VERDICT, number=number, verdict=verdict):
        await read(connection, number)
        raise Objection("closed")


async def ask(connection: Connection, number: str, asking: life.Asking) -> None:
    """Ask the person a question and queue its callback. Raises `Objection`: not-found, closed."""
    await _tell(connection, number, await life.ask(connection, number, asking))


async def report_step(connection: Connection, number: str, stepping: life.Stepping) -> None:
    """Store a Kandas step and queue its callback. Raises `Objection`: not-found, closed."""
    is_changed = await life.report(connection, number, stepping)
    await _tell(connection, number, is_changed, with_step=True)


async def _tell(
    connection: Connection, number: str, is_changed: bool, *, with_step: bool = False
) -> None:
    now = await read(connection, number)
    if not is_changed:
        raise Objection("closed")
    await life.note(connection, number, with_step=with_step)
    await _post(connection, life.callback(now, datetime.now(UTC)))


async def decide_one(connection: Connection) -> bool:
    """Decide on the registration that has been due longest; return False if none is due.

    Also queues the callbacks that report the decision.
    """
    row = await fetch_one(connection, statements.DECIDE)
    if row is None:
        return False
    number, at, doubled = row
    await life.note(connection, number)
    callback = life.callback(await read(connection, number), at)
    await _post(connection, callback)
    if doubled:
        await _post(connection, callback)
        await _post(connection, _one_before(callback))
    return True


async def next_letter(connection: Connection) -> Letter | None:
    """Return the callback to send now, or None; a registration's callbacks are sent in order."""
    row = await fetch_one(connection, statements.NEXT_CALLBACK)
    return Letter(*row) if row else None


async def note_delivery(connection: Connection, letter: Letter, *, retry: float | None) -> None:
    """Record the result of an attempt to send a callback.

    The callback is delivered if `retry` is None; otherwise it is due again in `retry` seconds.
    """
    if retry is None:
        await execute(connection, statements.DELIVERED, callback=letter.id)
    else:
        await execute(connection, statements.RETRY, callback=letter.id, delay=retry)


async def until_decision(connection: Connection) -> float | None:
    """Return the seconds until the next decision is due; None if no registration awaits one."""
    return await fetch_value(connection, statements.UNTIL_DECISION)


async def until_letter(connection: Connection) -> float | None:
    """Return the seconds until the next callback is due; None if there is none."""
    return await fetch_value(connection, statements.UNTIL_CALLBACK)


async def entries(connection: Connection, limit: int | None = None) -> list[dict[str, Any]]:
    """Return the newest `limit` registrations (None: all), with their writes and callbacks."""
    rows = await fetch_all(connection, statements.ENTRIES, limit=limit)
    return [dict(zip(statements.ENTRY_FIELDS, row, strict=True)) for row in rows]


async def counts(connection: Connection) -> dict[str, int]:
    """Return the number of registrations by state; states without registrations are omitted."""
    return dict(await fetch_all(connection, statements.COUNTS))


def new_number() -> str:
    """Return a new registration number: KS, the year, and eight random letters or digits."""
    first, second = ("".join(secrets.choice(NUMBER_ALPHABET) for _ in range(4)) for _ in range(2))
    return f"KS-{datetime.now(UTC).year}-{first}-{second}"


def _acknowledgement(row: tuple[Any, ...] | None) -> Acknowledgement | None:
    if row is None:
        return None
    found = dict(zip(Acknowledgement.model_fields, row, strict=True))
    found["question"] = life.question_of(found["question"])
    found["step"] = life.step_of(found["step"])
    return Acknowledgement.model_validate(found)


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


async def _post(connection: Connection, callback: StatusCallback) -> None:
    body = callback.model_dump_json()
    await execute(connection, statements.POST, number=callback.number, body=body)


def _one_before(callback: StatusCallback) -> StatusCallback:
    received: State = "RECEIVED"
    return callback.model_copy(
        update={
            "event_id": uuid4(),
            "state": received,
            "version": callback.version - 1,
            "reason_code": None,
        }
    )
