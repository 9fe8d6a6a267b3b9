"""How keys change while everything runs: made, written under, emptied, destroyed.

A person's key is wrapped anew under a new epoch, without touching what it seals. Once nothing is
left under an epoch, the end of its key is the end of every backup of its time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from bot.config.settings import ConfigError
from bot.db.connection import Transaction
from bot.observability import logging
from bot.officers import credentials
from bot.people import rewrapping
from bot.registrations import submissions
from bot.runtime import Pool, Runtime
from bot.security import audit_log, key_files
from bot.security.key_files import Kind, VaultError

BATCH = 5000
EPOCH_DAYS = 30
# How long a key is kept after its successor has come: backups of its time work so long.
KEPT_DAYS: dict[Kind, int] = {"epoch": 7, "index": 45, "ask": 1}
DAY = 24 * 3600
# Rows in somebody's hands are left out of a round, and are free in the next.
ROUNDS = 60
ROUND_SECONDS = 1.0
OPERATOR = "operator"

_logger = logging.get()

type _Act = Callable[[Runtime, Transaction, UUID | None, int], Awaitable[tuple[int, UUID | None]]]

_UNDER_EPOCH: LiteralString = """
SELECT (SELECT count(*) FROM people WHERE key_epoch = %(version)s)
  + (SELECT count(*) FROM registry_writes WHERE kind = 'erase'
     AND substring(payload FROM 2 FOR 4) = int4send(%(version)s))
  + (SELECT count(*) FROM quarantine WHERE substring(body FROM 2 FOR 4) = int4send(%(version)s))
"""
_ACCOUNTS: LiteralString = """
SELECT count(*) FROM accounts WHERE substring(password FROM 2 FOR 4) = int4send(%(version)s)
"""
_UNDER_INDEX: LiteralString = "SELECT count(*) FROM handles WHERE index_version = %(version)s"


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """How it stands with a key: its age, whether it writes, how many rows still need it."""

    kind: Kind
    version: int
    days: float
    writes: bool
    usage: int


async def key_statuses(rt: Runtime) -> list[KeyStatus]:
    """Every key of the installation; nothing of what it is."""
    known = key_files.Keys.load(rt.settings.keys)
    return [
        KeyStatus(
            kind,
            version,
            key_files.age(path) / DAY,
            known.writing(kind) == version,
            await usage(rt, kind, version),
        )
        for kind, version, path in key_files.files(rt.settings.keys)
    ]


async def usage(rt: Runtime, kind: Kind, version: int) -> int:
    """How many rows can't be read or found any more without this key."""
    match kind:
        case "epoch":
            of_officers = await _count(_console(rt), _ACCOUNTS, version)
            return of_officers + await _count(rt.pool, _UNDER_EPOCH, version)
        case "index":
            return await _count(rt.pool, _UNDER_INDEX, version)
        case "ask":
            return 0


async def _count(pool: Pool, statement: LiteralString, version: int) -> int:
    async with pool.connection() as transaction:
        cursor = await transaction.execute(statement, {"version": version})
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


def _console(rt: Runtime) -> Pool:
    """Officers' secrets are under the epoch too, and only their own role reaches them."""
    if rt.console is None:
        raise ConfigError("KOSH_DATABASE_CONSOLE_URL isn't set; set it to a postgresql:// URL")
    return rt.console


async def create(rt: Runtime, kind: Kind, after: int = 0) -> int:
    """A new key, which reads at once and writes when every process knows it; its version."""
    version = key_files.add(rt.settings.keys, kind, after)
    rt.vault.refresh()
    await _note(rt, "keys.made", kind, version)
    return version


async def rewrap_all(rt: Runtime, batch: int = BATCH) -> int:
    """Bring everything under the keys that write now; how many people's keys were wrapped anew.

    Each batch commits alone: a kill costs one, and the next call goes on where it stopped.
    """
    done = 0
    for number in range(ROUNDS):
        done += await _through(rt, rewrapping.rewrap, batch)
        async with rt.pool.connection() as transaction:
            await submissions.reseal(rt, transaction)
        async with _console(rt).connection() as transaction:
            await credentials.reseal(rt, transaction)
        if await _is_renewed(rt) or number == ROUNDS - 1:
            break
        await asyncio.sleep(ROUND_SECONDS)
    await _through(rt, rewrapping.reindex_addresses, batch)
    if done:
        await _note(rt, "keys.rewrapped", "epoch", rt.vault.epoch, str(done))
    return done


async def _through(rt: Runtime, act: _Act, batch: int) -> int:
    done, after, more = 0, None, True
    while more:
        async with rt.pool.connection() as transaction:
            count, after = await act(rt, transaction, after, batch)
        done, more = done + count, after is not None
    return done


async def _is_renewed(rt: Runtime) -> bool:
    others = key_files.Keys.load(rt.settings.keys).epoch.keys() - {rt.vault.epoch}
    return not any([await usage(rt, "epoch", each) for each in others])


async def destroy(rt: Runtime, kind: Kind, version: int, *, now: bool = False) -> None:
    """End a key for good; VaultError E_VAULT_IN_USE while something needs it.

    `now` doesn't wait for the backups of its time to be out of date: after a theft they should be.
    """
    name, wait = f"{kind}-{version}", KEPT_DAYS[kind]
    if rows := await usage(rt, kind, version):
        raise VaultError("E_VAULT_IN_USE", f"{rows} rows are under {name}; `./kosh keys rewrap`")
    later = [age for of, age in _ages(rt, kind).items() if of > version]
    if not now and max(later, default=0) < wait * DAY:
        raise VaultError("E_VAULT_IN_USE", f"backups of the last {wait} days need {name}")
    key_files.destroy(rt.settings.keys, kind, version)
    rt.vault.refresh()
    await _note(rt, "keys.destroyed", kind, version)


async def rotate_monthly(rt: Runtime) -> None:
    """What a month asks for: a new epoch, everything under it, after a week the old one's end."""
    ages = {
        of: key_files.age(path)
        for kind, of, path in key_files.files(rt.settings.keys)
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
                _logger.info("keys.kept", code=error.code, version=version)


def _ages(rt: Runtime, kind: Kind) -> dict[int, float]:
    found = key_files.files(rt.settings.keys)
    return {version: key_files.age(path) for each, version, path in found if each == kind}


async def _note(rt: Runtime, action: str, kind: Kind, version: int, detail: str = "") -> None:
    _logger.info(action, kind=kind, version=version)
    subject = f"{kind}-{version}"
    async with rt.pool.connection() as transaction:
        await audit_log.append(
            transaction, actor=OPERATOR, action=action, subject=subject, detail=detail
        )
