"""Console sessions in PostgreSQL.

They are not in Valkey: if Valkey lost its data, all sessions would end, and a revoked session could
return. Only the hash of a session's token is stored. All functions require a connection with the
console's database role.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from secrets import token_urlsafe
from uuid import UUID, uuid4

from bot.db import pipeline
from bot.db.connection import Transaction as Connection
from bot.db.statements import execute, fetch_all, fetch_value
from bot.officers import directory, statements
from bot.officers.directory import Officer
from bot.security.token_hash import token_hash
from flows.knowledge.missions import default_zone

_TOKEN_LENGTH = 43


class AuthMethod(StrEnum):
    """How an officer signed in, such as by passkey or by password and code."""

    DEMO = "demo"
    CODE = "code"  # password and one-time code
    PASSKEY = "passkey"
    SERVICE = "service"  # the OpenID Connect service of the ministry or mission


@dataclass(frozen=True, slots=True)
class Session:
    """A session that has neither expired nor ended."""

    id: UUID
    officer_id: UUID
    strength: AuthMethod
    device: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Authenticated:
    """An authenticated officer with session and console language.

    `zone` is the time zone of the officer's mission, and `now` the database's time.
    """

    session: Session
    officer: Officer
    language: str
    zone: str
    now: datetime


_SESSION = 6


async def begin(connection: Connection, officer_id: UUID, strength: AuthMethod, device: str) -> str:
    """Start a session; return its token for the cookie. Only a hash of the token is stored."""
    token = token_urlsafe(32)
    await execute(
        connection,
        statements.BEGIN_SESSION,
        session=uuid4(),
        hash=token_hash(token),
        officer=officer_id,
        method=strength.value,
        on_device=device,
    )
    return token


async def authenticate(connection: Connection, token: str, *, seen: bool) -> Authenticated | None:
    """Return the officer of a session token in one round trip; None if the token is invalid.

    `seen` counts the request as activity of the officer, which extends the idle limit.
    """
    if len(token) != _TOKEN_LENGTH:
        return None
    values = {"token": token_hash(token), "seen": seen}
    found, zones, _none = await pipeline.execute_pipeline(
        connection, (statements.PRESENT, values), (statements.ZONE, {}), (statements.SEEN, values)
    )
    if not found:
        return None
    *columns, language, now, _mission = found[0]
    officer = directory.read(tuple(columns[_SESSION:]))
    zone = zones[0][0] if zones else default_zone(officer.mission)
    return Authenticated(_session(tuple(columns[:_SESSION])), officer, language, zone, now)


async def of_officer(connection: Connection, officer_id: UUID) -> list[Session]:
    """Return an officer's valid sessions, newest first."""
    found = await fetch_all(connection, statements.SESSIONS, officer=officer_id)
    return [_session(row) for row in found]


async def exists(connection: Connection, session_id: UUID) -> bool:
    """Return True if the session still exists; it may have ended during a long request."""
    return bool(await fetch_value(connection, statements.SESSION_EXISTS, session=session_id))


async def end(connection: Connection, officer_id: UUID, session_id: UUID) -> None:
    """End one session of an officer; do nothing for a session of another officer."""
    await execute(connection, statements.END_SESSION, session=session_id, officer=officer_id)


async def end_all(connection: Connection, officer_id: UUID, *, but: UUID | None = None) -> None:
    """End all sessions of an officer except `but`.

    Used on the officer's request, after a change of the officer's account, and with a new password,
    passkey or one-time link.
    """
    await execute(connection, statements.END_SESSIONS, officer=officer_id, but=but)


def _session(row: tuple[object, ...]) -> Session:
    id_, officer_id, strength, *rest = row
    return Session(id_, officer_id, AuthMethod(strength), *rest)  # type: ignore[arg-type]
