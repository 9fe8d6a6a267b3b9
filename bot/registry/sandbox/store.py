"""Store entries, the writes that made them, and callbacks to send, in PostgreSQL."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, assert_never
from uuid import uuid4

from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import class_row, dict_row
from pydantic import BaseModel

from bot.registry.contract import (
    NUMBER_ALPHABET,
    Acknowledgement,
    ConsentWithdrawal,
    PreRegistration,
    State,
    StatusCallback,
)
from bot.registry.sandbox.errors import Objection

type Connection = AsyncConnection[Any]
type Verdict = Literal["ACCEPTED", "REJECTED"]


@dataclass(frozen=True)
class Create:
    """A new registration."""

    body: PreRegistration


@dataclass(frozen=True)
class Amend:
    """New content for a registration."""

    number: str
    body: PreRegistration


@dataclass(frozen=True)
class Withdraw:
    """A withdrawal; the content stays."""

    number: str


@dataclass(frozen=True)
class WithdrawConsent:
    """A withdrawal of consent; the content is erased."""

    body: ConsentWithdrawal


type Write = Create | Amend | Withdraw | WithdrawConsent


@dataclass(frozen=True)
class Plan:
    """The decision on an entry: verdict, delay in seconds, and whether it is reported twice."""

    verdict: Verdict
    seconds: float
    doubled: bool


@dataclass(frozen=True)
class Letter:
    """A callback that is due."""

    id: int
    body: str
    attempts: int


async def configure(connection: Connection) -> None:
    """Set a connection of the pool to the sandbox's own schema."""
    await connection.set_autocommit(True)
    await connection.execute("SET search_path TO registry_sandbox")
    await connection.set_autocommit(False)


async def create_tables(connection: Connection) -> None:
    """Create missing tables; several sandboxes may start at once."""
    await connection.execute((Path(__file__).parent / "tables.sql").read_bytes())


async def settle(
    connection: Connection,
    key: str,
    write: Write,
    plan: Plan,
    linger: Callable[[], Awaitable[None]],
) -> Acknowledgement:
    """Carry out a write once per key and answer repetitions alike.

    `linger` is awaited while the key is held. Raises `Objection`: in-progress, key-reused, closed,
    not-found.
    """
    await lock(connection, key)
    await linger()
    fingerprint = _fingerprint(write)
    earlier = await _earlier(connection, key, fingerprint)
    if earlier is not None:
        return earlier
    acknowledgement = await _perform(connection, key, write, plan)
    await connection.execute(
        "INSERT INTO writes (key, number, operation, fingerprint, answer)"
        " VALUES (%s, %s, %s, %s, %s)",
        (
            key,
            acknowledgement.number,
            type(write).__name__,
            fingerprint,
            acknowledgement.model_dump_json(),
        ),
    )
    return acknowledgement


async def lock(connection: Connection, key: str) -> None:
    """Lock a key until the transaction ends; raise `Objection` (in-progress) if it is locked."""
    cursor = await connection.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (key,)
    )
    if not await _single(cursor):
        raise Objection("in-progress")


async def find(connection: Connection, key: str) -> Acknowledgement | None:
    """Return the registration that a write with this key made or changed, as it is now."""
    await lock(connection, key)
    cursor = connection.cursor(row_factory=class_row(Acknowledgement))
    await cursor.execute(
        "SELECT number, state, version, received_at, reason_code, key AS idempotency_key"
        " FROM writes JOIN entries USING (number) WHERE key = %s",
        (key,),
    )
    return await cursor.fetchone()


async def read(connection: Connection, number: str) -> Acknowledgement:
    """Return the registration of a number; raises `Objection` (not-found)."""
    cursor = connection.cursor(row_factory=class_row(Acknowledgement))
    await cursor.execute("SELECT * FROM acknowledged WHERE number = %s", (number,))
    acknowledgement = await cursor.fetchone()
    if acknowledgement is None:
        raise Objection("not-found")
    return acknowledgement


async def somebody_else(connection: Connection, own: Acknowledgement) -> Acknowledgement:
    """Return the acknowledgement of another entry, or an invented one."""
    cursor = connection.cursor(row_factory=class_row(Acknowledgement))
    await cursor.execute(
        "SELECT * FROM acknowledged WHERE number <> %s ORDER BY random() LIMIT 1", (own.number,)
    )
    invented = {"number": new_number(), "idempotency_key": secrets.token_urlsafe(24)}
    return await cursor.fetchone() or own.model_copy(update=invented)


async def set_verdict(connection: Connection, number: str, verdict: Verdict) -> None:
    """Decide an entry at once; raises `Objection`: not-found, closed."""
    cursor = await connection.execute(
        "UPDATE entries SET verdict = %s, due_at = clock_timestamp()"
        " WHERE number = %s AND state <> 'WITHDRAWN'",
        (verdict, number),
    )
    if not cursor.rowcount:
        await read(connection, number)
        raise Objection("closed")


async def decide_one(connection: Connection) -> bool:
    """Decide the entry that has been due longest and queue its callbacks; False if none is due."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "UPDATE entries SET state = verdict, version = version + 1, due_at = NULL,"
        " reason_code = CASE verdict WHEN 'REJECTED' THEN 'INCOMPLETE' END"
        " WHERE number = (SELECT number FROM entries WHERE due_at <= clock_timestamp()"
        " ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
        " RETURNING number, state, version, reason_code, clock_timestamp() AS at, doubled"
    )
    row = await cursor.fetchone()
    if row is None:
        return False
    doubled = row.pop("doubled")
    told = StatusCallback(event_id=uuid4(), **row)
    await _post(connection, told)
    if doubled:
        await _post(connection, told)
        await _post(connection, _one_before(told))
    return True


async def next_letter(connection: Connection) -> Letter | None:
    """Return the callback to send now: of each entry the oldest undelivered one."""
    cursor = connection.cursor(row_factory=class_row(Letter))
    await cursor.execute(
        "SELECT id, body, attempts FROM foremost"
        " WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT 1"
    )
    return await cursor.fetchone()


async def note_delivery(connection: Connection, letter: Letter, *, retry: float | None) -> None:
    """Record an attempt: delivered, or due again in `retry` seconds."""
    await connection.execute(
        "UPDATE callbacks SET attempts = attempts + 1,"
        " delivered_at = CASE WHEN %(retry)s::float8 IS NULL THEN clock_timestamp() END,"
        " due_at = clock_timestamp() + make_interval(secs => coalesce(%(retry)s::float8, 0))"
        " WHERE id = %(id)s",
        {"id": letter.id, "retry": retry},
    )


async def until_decision(connection: Connection) -> float | None:
    """Return the seconds until an entry is due for its decision; None if none waits."""
    cursor = await connection.execute(
        "SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 FROM entries"
    )
    seconds: float | None = await _single(cursor)
    return seconds


async def until_letter(connection: Connection) -> float | None:
    """Return the seconds until a callback is due; None if none waits."""
    cursor = await connection.execute(
        "SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 FROM foremost"
    )
    seconds: float | None = await _single(cursor)
    return seconds


async def entries(connection: Connection, limit: int | None = None) -> list[dict[str, Any]]:
    """Return the entries, newest first, each with its writes and callbacks."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT number, state, version, reason_code, received_at, body,"
        " created_by AS idempotency_key,"
        " (SELECT json_agg(json_build_object('key', key, 'operation', operation, 'at', at,"
        " 'repeats', repeats) ORDER BY at) FROM writes WHERE writes.number = entries.number)"
        " AS writes,"
        " (SELECT coalesce(json_agg(json_build_object('status', body::json, 'attempts', attempts,"
        " 'delivered_at', delivered_at) ORDER BY id), '[]') FROM callbacks"
        " WHERE callbacks.number = entries.number) AS callbacks,"
        " (SELECT coalesce(json_agg(json_build_object('kind', kind, 'media_type', media_type,"
        " 'pages', pages, 'size', size, 'sha256', sha256, 'repeats', repeats)"
        " ORDER BY documents.received_at), '[]') FROM documents"
        " WHERE documents.number = entries.number) AS documents"
        " FROM entries ORDER BY received_at DESC, number LIMIT %s",
        (limit,),
    )
    return await cursor.fetchall()


async def counts(connection: Connection) -> dict[str, int]:
    """Return the number of entries by state; empty states are left out."""
    cursor = await connection.execute("SELECT state, count(*) FROM entries GROUP BY state")
    return dict(await cursor.fetchall())


def new_number() -> str:
    """Return a receipt number: its year and eight random characters of 30."""
    first, second = ("".join(secrets.choice(NUMBER_ALPHABET) for _ in range(4)) for _ in range(2))
    return f"KS-{datetime.now(UTC).year}-{first}-{second}"


async def _single(cursor: AsyncCursor[Any]) -> Any:
    row = await cursor.fetchone()
    return row[0] if row else None


def _fingerprint(write: Write) -> str:
    number = getattr(write, "number", "")
    body: BaseModel | None = getattr(write, "body", None)
    parts = [type(write).__name__, number, body.model_dump_json() if body else ""]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def _earlier(connection: Connection, key: str, fingerprint: str) -> Acknowledgement | None:
    cursor = await connection.execute(
        "UPDATE writes SET repeats = repeats + 1 WHERE key = %s RETURNING fingerprint, answer",
        (key,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    if row[0] != fingerprint:
        raise Objection("key-reused")
    return Acknowledgement.model_validate_json(row[1])


async def _perform(connection: Connection, key: str, write: Write, plan: Plan) -> Acknowledgement:
    match write:
        case Create(body):
            return await _create(connection, key, body, plan)
        case Amend(number, body):
            return await _amend(connection, key, number, body, plan)
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
    await connection.execute(
        "INSERT INTO entries (number, created_by, changed_by, state, version, received_at, body,"
        " verdict, doubled, due_at) VALUES (%s, %s, %s, 'RECEIVED', 1, clock_timestamp(), %s, %s,"
        " %s, clock_timestamp() + make_interval(secs => %s))",
        (number, key, key, body.model_dump_json(), plan.verdict, plan.doubled, plan.seconds),
    )
    return await read(connection, number)


async def _amend(
    connection: Connection, key: str, number: str, body: PreRegistration, plan: Plan
) -> Acknowledgement:
    cursor = await connection.execute(
        "UPDATE entries SET changed_by = %s, state = 'RECEIVED', version = version + 1,"
        " reason_code = NULL, body = %s, verdict = %s, doubled = %s,"
        " due_at = clock_timestamp() + make_interval(secs => %s)"
        " WHERE number = %s AND state <> 'WITHDRAWN'",
        (key, body.model_dump_json(), plan.verdict, plan.doubled, plan.seconds, number),
    )
    acknowledgement = await read(connection, number)
    if not cursor.rowcount:
        raise Objection("closed")
    return acknowledgement


async def _withdraw(
    connection: Connection, key: str, number: str, *, erase: bool
) -> Acknowledgement:
    await connection.execute(
        "UPDATE entries SET changed_by = %s, state = 'WITHDRAWN',"
        " version = version + (state <> 'WITHDRAWN')::integer, reason_code = NULL, due_at = NULL,"
        " body = CASE WHEN %s THEN NULL ELSE body END WHERE number = %s",
        (key, erase, number),
    )
    if erase:
        await connection.execute("DELETE FROM documents WHERE number = %s", (number,))
    return await read(connection, number)


async def _post(connection: Connection, told: StatusCallback) -> None:
    await connection.execute(
        "INSERT INTO callbacks (number, body) VALUES (%s, %s)",
        (told.number, told.model_dump_json()),
    )


def _one_before(told: StatusCallback) -> StatusCallback:
    received: State = "RECEIVED"
    return told.model_copy(
        update={
            "event_id": uuid4(),
            "state": received,
            "version": told.version - 1,
            "reason_code": None,
        }
    )
