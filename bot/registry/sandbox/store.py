"""Storage of registrations ("entries") and of callbacks to send, in PostgreSQL."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from psycopg import AsyncConnection

from bot.db.statements import execute, fetch_all, fetch_one, fetch_value
from bot.registry.contract import (
    NUMBER_ALPHABET,
    Acknowledgement,
    State,
    StatusCallback,
)
from bot.registry.sandbox import life, statements, tables
from bot.registry.sandbox.errors import Objection

type Connection = AsyncConnection[Any]
type Verdict = Literal["ACCEPTED", "REJECTED", "NEEDS_INFORMATION", "DUPLICATE", "PASSED_ON"]


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
