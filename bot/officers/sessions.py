"""Console sessions in PostgreSQL, so that a flush of Valkey neither ends nor revives one.

Only the hash of a token is stored. All functions need a connection with the console's role.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID, uuid4

from bot.db import pipeline
from bot.db.connection import Transaction as Connection
from bot.db.statements import execute, fetch_all, fetch_value
from bot.officers import directory, statements
from bot.officers.directory import Officer

_TOKEN_LENGTH = 43


class AuthMethod(StrEnum):
    """Authentication method of a session."""

    DEMO = "demo"
    CODE = "code"  # password and one-time code
    PASSKEY = "passkey"
    SERVICE = "service"  # the ministry's or mission's own sign-in


@dataclass(frozen=True, slots=True)
class Session:
    """A valid session."""

    id: UUID
    officer_id: UUID
    strength: AuthMethod
    device: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Authenticated:
    """An authenticated officer with session, language, mission's time zone and current time."""

    session: Session
    officer: Officer
    language: str
    zone: str
    now: datetime


_SESSION = 6


async def begin(connection: Connection, officer_id: UUID, strength: AuthMethod, device: str) -> str:
    """Start a session; return the token for the cookie, which is stored nowhere else."""
    token = token_urlsafe(32)
    await execute(
        connection,
        statements.BEGIN_SESSION,
        session=uuid4(),
        hash=_hash(token),
        officer=officer_id,
        method=strength.value,
        on_device=device,
    )
    return token


async def authenticate(connection: Connection, token: str, *, seen: bool) -> Authenticated | None:
    """Return the officer of a token, in one round trip, or None; `seen` counts this as activity."""
    if len(token) != _TOKEN_LENGTH:
        return None
    values = {"token": _hash(token), "seen": seen}
    found, zones, _none = await pipeline.execute_pipeline(
        connection, (statements.PRESENT, values), (statements.ZONE, {}), (statements.SEEN, values)
    )
    if not found:
        return None
    *columns, language, now, _mission = found[0]
    zone = zones[0][0] if zones else "UTC"
    officer = directory.read(tuple(columns[_SESSION:]))
    return Authenticated(_session(tuple(columns[:_SESSION])), officer, language, zone, now)


async def of_officer(connection: Connection, officer_id: UUID) -> list[Session]:
    """Return an officer's valid sessions, newest first."""
    found = await fetch_all(connection, statements.SESSIONS, officer=officer_id)
    return [_session(row) for row in found]


async def exists(connection: Connection, session_id: UUID) -> bool:
    """Return True if the session was not ended since its request arrived."""
    return bool(await fetch_value(connection, statements.SESSION_EXISTS, session=session_id))


async def end(connection: Connection, officer_id: UUID, session_id: UUID) -> None:
    """End one session of this officer."""
    await execute(connection, statements.END_SESSION, session=session_id, officer=officer_id)


async def end_all(connection: Connection, officer_id: UUID, *, but: UUID | None = None) -> None:
    """End an officer's sessions except `but`.

    Used after a change of role, scope or password, and on request.
    """
    await execute(connection, statements.END_SESSIONS, officer=officer_id, but=but)


def _session(row: tuple[object, ...]) -> Session:
    id_, officer_id, strength, *rest = row
    return Session(id_, officer_id, AuthMethod(strength), *rest)  # type: ignore[arg-type]


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
