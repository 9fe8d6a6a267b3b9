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

from bot.queue import Session as Connection

IDLE_MINUTES = 15
LONGEST_HOURS = 8
_TOKEN_LENGTH = 43


class Strength(StrEnum):
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
    strength: Strength
    device: str
    created_at: datetime
    seen_at: datetime


_GOOD: LiteralString = """
SELECT id, officer_id, strength, device, created_at, seen_at FROM console_sessions
WHERE (token = %(token)s OR officer_id = %(officer)s)
  AND created_at > kosh_now() - make_interval(hours => %(hours)s)
  AND seen_at > kosh_now() - make_interval(mins => %(minutes)s)
ORDER BY created_at DESC
"""
_LIMITS = {"hours": LONGEST_HOURS, "minutes": IDLE_MINUTES, "token": None, "officer": None}


async def begin(connection: Connection, officer_id: UUID, strength: Strength, device: str) -> str:
    """Start a session; the token is for the cookie and is kept nowhere else."""
    token = token_urlsafe(32)
    await connection.execute(
        "INSERT INTO console_sessions (id, token, officer_id, strength, device)"
        " VALUES (%s, %s, %s, %s, %s)",
        (uuid4(), _hash(token), officer_id, strength, device),
    )
    return token


async def find(connection: Connection, token: str, *, seen: bool) -> Session | None:
    """The session of a token; `seen` counts this as something the officer did."""
    if len(token) != _TOKEN_LENGTH:
        return None
    values = _LIMITS | {"token": _hash(token)}
    cursor = await connection.execute(_GOOD, values)
    row = await cursor.fetchone()
    if row is not None and seen:
        # Once a minute is often enough for an idle limit of minutes.
        await connection.execute(
            "UPDATE console_sessions SET seen_at = kosh_now() WHERE token = %(token)s"
            " AND seen_at < kosh_now() - interval '1 minute'",
            values,
        )
    return _session(row) if row else None


async def of_officer(connection: Connection, officer_id: UUID) -> list[Session]:
    """An officer's good sessions, newest first."""
    cursor = await connection.execute(_GOOD, _LIMITS | {"officer": officer_id})
    return [_session(row) for row in await cursor.fetchall()]


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
    return Session(id_, officer_id, Strength(strength), *rest)  # type: ignore[arg-type]


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
