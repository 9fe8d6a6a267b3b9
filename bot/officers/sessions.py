"""Sessions of signed-in officers, in PostgreSQL: a flush of Valkey neither ends nor revives one.

Only the hash of a session's token is stored. All functions want a connection of the console's role.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe
from typing import LiteralString
from uuid import UUID, uuid4

from bot.db import pipeline
from bot.db.connection import Transaction as Connection
from bot.db.pipeline import TextStatement
from bot.officers import directory
from bot.officers.directory import Officer

IDLE_MINUTES = 15
MAX_HOURS = 8
_TOKEN_LENGTH = 43


class AuthMethod(StrEnum):
    """How an officer proved who they are."""

    DEMO = "demo"
    CODE = "code"  # password and one-time code
    PASSKEY = "passkey"
    SERVICE = "service"  # the ministry's or mission's own sign-in


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is still good."""

    id: UUID
    officer_id: UUID
    strength: AuthMethod
    device: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Authenticated:
    """Who is there in a good session, the language and zone they read in, and what time it is."""

    session: Session
    officer: Officer
    language: str
    zone: str
    now: datetime


_COLUMNS: LiteralString = "s.id, s.officer_id, s.strength, s.device, s.created_at, s.seen_at"
_GOOD: LiteralString = (
    f"s.created_at > kosh_now() - interval '{MAX_HOURS} hours'"
    f" AND s.seen_at > kosh_now() - interval '{IDLE_MINUTES} minutes'"
)
_PRESENT = TextStatement.of(
    f"SELECT {_COLUMNS}, {directory.COLUMNS}, coalesce(a.language, ''), kosh_now(),"
    " set_config('kosh.mission', o.mission, true)"
    " FROM console_sessions s JOIN officers o ON o.id = s.officer_id"
    f" LEFT JOIN accounts a ON a.officer_id = o.id WHERE s.token = %(token)s AND {_GOOD}"
    " AND o.active"
)
# The statement before has set whose.
_ZONE = TextStatement.of(
    "SELECT zone FROM missions WHERE mission = current_setting('kosh.mission', true)"
)
# Once a minute is often enough for an idle limit of minutes.
_SEEN = TextStatement.of(
    "UPDATE console_sessions s SET seen_at = kosh_now() WHERE s.token = %(token)s"
    f" AND %(seen)s AND s.seen_at < kosh_now() - interval '1 minute' AND {_GOOD}"
)
_SESSION = 6


async def begin(connection: Connection, officer_id: UUID, strength: AuthMethod, device: str) -> str:
    """Start a session; the token is for the cookie and is kept nowhere else."""
    token = token_urlsafe(32)
    await connection.execute(
        "INSERT INTO console_sessions (id, token, officer_id, strength, device)"
        " VALUES (%s, %s, %s, %s, %s)",
        (uuid4(), _hash(token), officer_id, strength, device),
    )
    return token


async def authenticate(connection: Connection, token: str, *, seen: bool) -> Authenticated | None:
    """Who comes with a token, in one trip; `seen` counts this as something the officer did."""
    if len(token) != _TOKEN_LENGTH:
        return None
    values = {"token": _hash(token), "seen": seen}
    found, zones, _none = await pipeline.execute_pipeline(
        connection, (_PRESENT, values), (_ZONE, {}), (_SEEN, values)
    )
    if not found:
        return None
    *told, language, now, _mission = found[0]
    zone = zones[0][0] if zones else "UTC"
    officer = directory.read(tuple(told[_SESSION:]))
    return Authenticated(_session(tuple(told[:_SESSION])), officer, language, zone, now)


async def of_officer(connection: Connection, officer_id: UUID) -> list[Session]:
    """An officer's good sessions, newest first."""
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} FROM console_sessions s WHERE s.officer_id = %s AND {_GOOD}"
        " ORDER BY s.created_at DESC",
        (officer_id,),
    )
    return [_session(row) for row in await cursor.fetchall()]


async def exists(connection: Connection, session_id: UUID) -> bool:
    """Whether nobody has ended a session since its request came."""
    cursor = await connection.execute("SELECT FROM console_sessions WHERE id = %s", (session_id,))
    return await cursor.fetchone() is not None


async def end(connection: Connection, officer_id: UUID, session_id: UUID) -> None:
    """End one session of this officer."""
    await connection.execute(
        "DELETE FROM console_sessions WHERE id = %s AND officer_id = %s", (session_id, officer_id)
    )


async def end_all(connection: Connection, officer_id: UUID, *, but: UUID | None = None) -> None:
    """End an officer's sessions: after a change of role, scope or password, or on their wish."""
    await connection.execute(
        "DELETE FROM console_sessions WHERE officer_id = %s AND id IS DISTINCT FROM %s",
        (officer_id, but),
    )


def _session(row: tuple[object, ...]) -> Session:
    id_, officer_id, strength, *rest = row
    return Session(id_, officer_id, AuthMethod(strength), *rest)  # type: ignore[arg-type]


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
