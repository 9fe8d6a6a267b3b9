"""API tokens of other systems: created, listed and revoked, and recognised in requests.

A token belongs to an account. A token permits an action only if one of its scopes and the account's
roles allow the action. Only a keyed hash of the token is stored.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from secrets import token_urlsafe
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Date, bindparam, cast, delete, func, insert, or_, select, update

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import NOW, any_of, execute, fetch_all, fetch_one, fetch_values, statement
from bot.officers import permissions
from bot.officers.directory import Officer, read
from bot.officers.permissions import SCOPES, Scope
from bot.officers.statements import OFFICER
from bot.runtime import Runtime
from bot.security import audit_log

# Scanners for leaked secrets recognise a token by this prefix.
PREFIX = "kosh_"
MINUTE_LIMIT = 60
MAX_MINUTE_LIMIT = 6000

_TODAY = cast(NOW, Date)
_CREATE = statement(
    insert(t.ApiToken).values(
        id=bindparam("token_id"),
        officer_id=bindparam("officer"),
        token=bindparam("index"),
        index_version=bindparam("version"),
        scopes=bindparam("in_scopes"),
        last_day=bindparam("until"),
        minute_limit=bindparam("limit"),
    )
)
_TOKEN = (
    t.ApiToken.id,
    t.ApiToken.scopes,
    t.ApiToken.minute_limit,
    t.ApiToken.created_at,
    t.ApiToken.last_day,
    t.ApiToken.used_on,
    *OFFICER,
)
_OWNED = t.ApiToken.officer_id == t.Officer.id
_LIST = statement(
    select(*_TOKEN).join(t.Officer, _OWNED).order_by(t.Officer.name, t.ApiToken.created_at)
)
_REVOKE = statement(
    delete(t.ApiToken).where(t.ApiToken.id == bindparam("token_id")).returning(t.ApiToken.id)
)
_FIND = statement(
    select(
        or_(
            t.ApiToken.used_on.is_distinct_from(_TODAY),
            t.ApiToken.index_version != bindparam("version"),
        ),
        *_TOKEN,
    )
    .join(t.Officer, _OWNED)
    .where(
        any_of(t.ApiToken.token, "tokens"),
        t.Officer.active,
        or_(t.ApiToken.last_day.is_(None), t.ApiToken.last_day >= _TODAY),
    )
)
_USE = statement(
    update(t.ApiToken)
    .where(t.ApiToken.id == bindparam("token_id"))
    .values(used_on=_TODAY, token=bindparam("index"), index_version=bindparam("version"))
)
_SCOPES = statement(
    select(t.ApiToken.scopes).where(
        t.ApiToken.officer_id == bindparam("officer"),
        or_(t.ApiToken.last_day.is_(None), t.ApiToken.last_day >= _TODAY),
    )
)
UNDER_INDEX = (
    select(func.count())
    .select_from(t.ApiToken)
    .where(t.ApiToken.index_version == bindparam("version"))
    .scalar_subquery()
)
"""Subquery that counts the tokens whose hash uses the index key of this version."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """An API token with its account.

    The token is valid to the end of `last_day` (UTC), or without a time limit if `last_day` is
    None.
    """

    id: UUID
    scopes: frozenset[str]
    minute_limit: int
    created_on: date
    last_day: date | None
    used_on: date | None
    owner: Officer


class BadScope(ValueError):
    """The account's roles allow no action of a requested scope, so no token was created."""

    code = "E_TOKEN_SCOPE"


async def create(
    rt: Runtime,
    transaction: Transaction,
    owner: Officer,
    scopes: Iterable[Scope],
    *,
    last_day: date | None = None,
    minute_limit: int = MINUTE_LIMIT,
) -> str:
    """Create a token and return its text, which cannot be shown again.

    Raises BadScope if the account's roles do not allow a scope, or if `scopes` is empty.
    """
    requested = sorted(set(scopes))
    useless = [
        each for each in requested if not permissions.is_ever_allowed(owner, SCOPES[Scope(each)])
    ]
    if useless or not requested:
        raise BadScope(f"E_TOKEN_SCOPE: the account's roles do not allow {', '.join(useless)}")
    token, token_id = PREFIX + token_urlsafe(32), uuid4()
    await execute(
        transaction,
        _CREATE,
        token_id=token_id,
        officer=owner.id,
        index=rt.vault.index("api-token", token),
        version=rt.vault.index_version,
        in_scopes=requested,
        until=last_day,
        limit=minute_limit,
    )
    await audit_log.append(
        transaction,
        actor="terminal",
        action="token.created",
        subject=str(token_id),
        detail=f"{owner.id}: {','.join(requested)}",
    )
    return token


async def listing(transaction: Transaction) -> list[ApiToken]:
    """Return all API tokens by account, with metadata only: neither token nor hash."""
    return [_read(row) for row in await fetch_all(transaction, _LIST)]


async def scopes_of(transaction: Transaction, officer: UUID) -> frozenset[str]:
    """Return the scopes of an account's valid API tokens, even if the account is disabled."""
    rows = await fetch_values(transaction, _SCOPES, officer=officer)
    return frozenset().union(*rows)


async def revoke(transaction: Transaction, token_id: UUID) -> None:
    """Delete a token, so that it is invalid immediately. Raises LookupError for an unknown id."""
    if await fetch_one(transaction, _REVOKE, token_id=token_id) is None:
        raise LookupError("E_TOKEN: there is no such token; look at `./kosh tokens list`")
    await audit_log.append(
        transaction, actor="terminal", action="token.revoked", subject=str(token_id)
    )


async def recognise(rt: Runtime, transaction: Transaction, token: str) -> ApiToken | None:
    """Return the valid token with this text; None if it is unknown, expired or revoked.

    The first use on a day updates `used_on`. If the stored hash was made with an older key, a use
    replaces it by a hash under the current key. Only a use can do this, because the token itself is
    not stored.
    """
    if not token.startswith(PREFIX):
        return None
    version = rt.vault.index_version
    tokens = list(rt.vault.indexes("api-token", token))
    row = await fetch_one(transaction, _FIND, tokens=tokens, version=version)
    if row is None:
        return None
    is_outdated, *rest = row
    found = _read(tuple(rest))
    if is_outdated:
        await execute(transaction, _USE, token_id=found.id, index=tokens[0], version=version)
    return found


def _read(row: tuple[Any, ...]) -> ApiToken:
    token_id, scopes, limit, created_at, last_day, used_on, *officer = row
    created_on = created_at.date()
    return ApiToken(
        token_id, frozenset(scopes), limit, created_on, last_day, used_on, read(tuple(officer))
    )
