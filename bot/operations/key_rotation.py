"""Key rotation without downtime: create a key, activate it, rewrap data keys, destroy the old key.

Envelope encryption: each person has a data key, which is encrypted with the current epoch's key.
Rotation re-encrypts (rewraps) the data keys with the new epoch's key and leaves the data unchanged.
When the old key is destroyed, all backups that were made while it was current become unreadable.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, SQLColumnExpression, bindparam, func, select

from bot.config.sources import ConfigError
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import Statement, fetch_value, statement
from bot.observability import logging
from bot.officers import api_tokens, credentials
from bot.officers.statements import COUNT_UNDER_KEY
from bot.operations import missing_keys
from bot.outgoing_webhooks import endpoints
from bot.outgoing_webhooks.statements import UNDER_EPOCH
from bot.people import rewrapping, subscriptions
from bot.registrations import submissions
from bot.runtime import Pool, Runtime
from bot.security import audit_log, key_files
from bot.security.key_files import Kind, VaultError

BATCH = 5000
EPOCH_DAYS = 30
# Days for which a key is kept after the next key of its kind was created. During these days,
# backups that need the key stay readable.
KEPT_DAYS: dict[Kind, int] = {"epoch": 7, "index": 45, "ask": 1}
DAY = 24 * 3600
# Maximum number of rounds of rewrapping. A round skips rows that another transaction has locked,
# and the next round retries them.
ROUNDS = 60
ROUND_SECONDS = 1.0
OPERATOR = "operator"

_logger = logging.get()

type _Step = Callable[[Runtime, Transaction, UUID | None, int], Awaitable[tuple[int, UUID | None]]]

_VERSION = bindparam("version", type_=Integer())


def _is_sealed_under(sealed: SQLColumnExpression[bytes | None]) -> ColumnElement[bool]:
    return func.substring(sealed, 2, 4) == func.int4send(_VERSION)


def _count_rows(*conditions: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).where(*conditions)


ROWS_UNDER_EPOCH = statement(
    select(
        _count_rows(t.Person.key_version == _VERSION).scalar_subquery()
        + _count_rows(
            t.RegistryWrite.kind == "erase", _is_sealed_under(t.RegistryWrite.payload)
        ).scalar_subquery()
        + UNDER_EPOCH
    )
)
_UNDER_INDEX = statement(
    select(
        _count_rows(t.Handle.index_version == _VERSION).scalar_subquery() + api_tokens.UNDER_INDEX
    )
)


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """A key's status: age in days, whether it encrypts new data, and how many rows need it.

    `days` is None if rows need the key, but its file does not exist.
    """

    kind: Kind
    version: int
    days: float | None
    writes: bool
    usage: int


async def key_statuses(rt: Runtime) -> list[KeyStatus]:
    """Return the status of every key, without key material, then of each key that is missing."""
    known = key_files.Keys.load(rt.settings.key_dir)
    existing = [
        KeyStatus(
            kind,
            version,
            key_files.age(path) / DAY,
            known.writing(kind) == version,
            await usage(rt, kind, version),
        )
        for kind, version, path in key_files.files(rt.settings.key_dir)
    ]
    missing = await missing_keys.find_all(rt)
    return existing + [
        KeyStatus(kind, version, None, False, await usage(rt, kind, version))
        for kind, version in missing
    ]


async def usage(rt: Runtime, kind: Kind, version: int) -> int:
    """Return the number of rows that need the key: without it they cannot be decrypted or found."""
    match kind:
        case "epoch":
            of_officers = await _count(_console(rt), COUNT_UNDER_KEY, version)
            return of_officers + await _count(rt.pool, ROWS_UNDER_EPOCH, version)
        case "index":
            async with rt.pool.connection() as transaction:
                attributes = await subscriptions.count_under_index(rt, transaction, version)
            return attributes + await _count(rt.pool, _UNDER_INDEX, version)
        case "ask":
            return 0


async def _count(pool: Pool, statement: Statement[int], version: int) -> int:
    async with pool.connection() as transaction:
        return await fetch_value(transaction, statement, version=version) or 0


def _console(rt: Runtime) -> Pool:
    """Return the console's connection pool. Raises ConfigError if it is not configured.

    Passwords and TOTP secrets of officers are encrypted with the epoch's key, and only the
    console's role can read them.
    """
    if rt.console is None:
        raise ConfigError("KOSH_DATABASE_CONSOLE_URL isn't set; set it to a postgresql:// URL")
    return rt.console


async def create(rt: Runtime, kind: Kind, after: int = 0) -> int:
    """Create a key of a kind and return its version.

    If `after` is given and the newest version is above it, another worker has created a key; then
    return that version. This process can decrypt with the new key immediately. Data is encrypted
    with the new key only once every process has loaded it.
    """
    version = key_files.add(rt.settings.key_dir, kind, after)
    rt.vault.refresh()
    await _note(rt, "keys.made", kind, version)
    return version


async def rewrap_all(rt: Runtime, batch: int = BATCH) -> int:
    """Re-encrypt everything with the current keys; return the number of rewrapped data keys.

    Each batch is committed separately, so after a crash the next call continues where it stopped.
    """
    total = 0
    for number in range(ROUNDS):
        total += await _through(rt, rewrapping.rewrap, batch)
        async with rt.pool.connection() as transaction:
            await submissions.reseal(rt, transaction)
            await endpoints.reseal(rt, transaction)
        async with _console(rt).connection() as transaction:
            await credentials.reseal(rt, transaction)
        if await _is_renewed(rt) or number == ROUNDS - 1:
            break
        await asyncio.sleep(ROUND_SECONDS)
    await _through(rt, rewrapping.reindex_addresses, batch)
    for kind, value in subscriptions.indexed_values():
        async with rt.pool.connection() as transaction:
            await subscriptions.reindex(rt, transaction, kind, value)
    if total:
        await _note(rt, "keys.rewrapped", "epoch", rt.vault.epoch, str(total))
    return total


async def _through(rt: Runtime, step: _Step, batch: int) -> int:
    total, after, more = 0, None, True
    while more:
        async with rt.pool.connection() as transaction:
            count, after = await step(rt, transaction, after, batch)
        total, more = total + count, after is not None
    return total


async def _is_renewed(rt: Runtime) -> bool:
    others = key_files.Keys.load(rt.settings.key_dir).epoch.keys() - {rt.vault.epoch}
    return not any([await usage(rt, "epoch", each) for each in others])


async def destroy(rt: Runtime, kind: Kind, version: int, *, now: bool = False) -> None:
    """Destroy a key. Raises VaultError E_VAULT_IN_USE while rows or backups need it.

    Raises VaultError E_VAULT_KEYS if there is no such key. `now` ignores backups, and is meant for
    a key that was stolen. With it, handles under an index key are deleted if the person is found by
    another handle on the same channel.
    """
    name = f"{kind}-{version}"
    if version not in key_files.Keys.load(rt.settings.key_dir).of(kind):
        raise VaultError("E_VAULT_KEYS", f"there is no key {name}; see `./kosh keys show`")
    async with rt.pool.connection() as transaction:
        is_stolen = now and kind == "index"
        dropped = await rewrapping.drop_replaced(rt, transaction, version) if is_stolen else 0
        # Other connections, such as those of `usage`, still count the deleted rows.
        if rows := await usage(rt, kind, version) - dropped:
            message = f"{rows} rows are under {name}; `./kosh keys rewrap`"
            raise VaultError("E_VAULT_IN_USE", message)
    if not now:
        _require_no_backups(rt, kind, version)
    key_files.destroy(rt.settings.key_dir, kind, version)
    rt.vault.refresh()
    await _note(rt, "keys.destroyed", kind, version)


def _require_no_backups(rt: Runtime, kind: Kind, version: int) -> None:
    """Raise VaultError E_VAULT_IN_USE if a backup that needs the key may still be readable.

    In a backup, people are found and erased again only with the index key of its time. A backup is
    readable as long as its epoch key exists.
    """
    name, wait = f"{kind}-{version}", KEPT_DAYS[kind]
    next_age = max((age for of, age in _ages(rt, kind).items() if of > version), default=0.0)
    if next_age < wait * DAY:
        raise VaultError("E_VAULT_IN_USE", f"backups of the last {wait} days need {name}")
    earlier = [of for of, age in _ages(rt, "epoch").items() if age > next_age]
    if kind == "index" and earlier:
        epoch = f"epoch-{max(earlier)}"
        raise VaultError(
            "E_VAULT_IN_USE", f"backups under {epoch} need {name}; first rotate and destroy {epoch}"
        )


async def rotate_monthly(rt: Runtime) -> None:
    """Rotate the epoch's key monthly.

    Create a key if the newest is older than EPOCH_DAYS, rewrap everything, and destroy each old key
    7 days after its successor was created.
    """
    ages = {
        of: key_files.age(path)
        for kind, of, path in key_files.files(rt.settings.key_dir)
        if kind == "epoch"
    }
    newest = max(ages)
    if ages[newest] > EPOCH_DAYS * DAY:
        await create(rt, "epoch", after=newest)
    if not await _is_renewed(rt):
        await rewrap_all(rt)
    for version in ages:
        if version < rt.vault.epoch:
            try:
                await destroy(rt, "epoch", version)
            except VaultError as error:
                _logger.info("keys.retained", code=error.code, version=version)


def _ages(rt: Runtime, kind: Kind) -> dict[int, float]:
    found = key_files.files(rt.settings.key_dir)
    return {version: key_files.age(path) for each, version, path in found if each == kind}


async def _note(rt: Runtime, action: str, kind: Kind, version: int, detail: str = "") -> None:
    _logger.info(action, kind=kind, version=version)
    subject = f"{kind}-{version}"
    async with rt.pool.connection() as transaction:
        await audit_log.append(
            transaction, actor=OPERATOR, action=action, subject=subject, detail=detail
        )
