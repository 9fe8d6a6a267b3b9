"""Erasure of people, its journal outside of the database, and its replay after a restore."""

import asyncio
import os
from pathlib import Path
from uuid import uuid4

from bot.db.connection import Transaction
from bot.observability import logging
from bot.people import identities
from bot.people.identities import Person
from bot.registrations import submissions
from bot.runtime import Runtime
from bot.security import audit_log

_logger = logging.get()


async def erase(rt: Runtime, transaction: Transaction, person: Person) -> None:
    """Erase a person: key, handles, answers and messages; also withdraw their registration."""
    await submissions.request_erasure(rt, transaction, person.id)
    await transaction.execute("DELETE FROM people WHERE id = %s", (person.id,))
    rt.vault.forget(person.id)
    await transaction.execute(
        "INSERT INTO tombstones (mark) VALUES (%s) ON CONFLICT DO NOTHING",
        (rt.vault.index("tombstone", str(person.id)),),
    )
    await audit_log.append(transaction, actor="person", action="erased", subject=str(uuid4()))


# Erasures are also journaled outside of the database, because a restored one lacks later erasures.
# A line has a time and a keyed hash of the person's id, which does not identify the person.


async def append_journal(rt: Runtime) -> int:
    """Append new tombstones to the erasure journal; return their number."""
    path = rt.settings.erased
    noted, last = await asyncio.to_thread(_noted, path)
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(
            "SELECT at, mark FROM tombstones WHERE at > %s::timestamptz - interval '1 hour'"
            " ORDER BY at",
            (last or "-infinity",),
        )
        fresh = [(at, mark) for at, mark in await cursor.fetchall() if bytes(mark) not in noted]
    if fresh:
        lines = "".join(f"{at.isoformat()} {bytes(mark).hex()}\n" for at, mark in fresh)
        await asyncio.to_thread(_append, path, lines)
    return len(fresh)


def _noted(path: Path) -> tuple[frozenset[bytes], str]:
    """Return the hashes in the journal, and the time of the last one."""
    if not path.exists():
        return frozenset(), ""
    lines = [line.split() for line in path.read_text("ascii").splitlines()]
    return frozenset(bytes.fromhex(line[1]) for line in lines), lines[-1][0] if lines else ""


def _append(path: Path, lines: str) -> None:
    """Append in a single write, so that workers do not mix lines, then fsync."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, lines.encode("ascii"))
        os.fsync(handle)
    finally:
        os.close(handle)


async def has_all_tombstones(rt: Runtime) -> bool:
    """Return True if the database has all tombstones of the journal.

    A restored one may lack some.
    """
    marks, _last = await asyncio.to_thread(_noted, rt.settings.erased)
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(
            "SELECT FROM unnest(%s::bytea[]) mark"
            " WHERE NOT EXISTS (SELECT FROM tombstones t WHERE t.mark = mark) LIMIT 1",
            (list(marks),),
        )
        return await cursor.fetchone() is None


async def replay_journal(rt: Runtime) -> int:
    """Erase everybody in the journal again after a restore; return their number."""
    marks, _last = _noted(rt.settings.erased)
    async with rt.pool.connection() as transaction:
        # Insert all hashes, including those of people who came and left since the backup.
        await transaction.execute(
            "INSERT INTO tombstones (mark) SELECT unnest(%s::bytea[]) ON CONFLICT DO NOTHING",
            (list(marks),),
        )
        cursor = await transaction.execute("SELECT mark FROM tombstones")
        marks |= {bytes(row[0]) for row in await cursor.fetchall()}
        cursor = await transaction.execute("SELECT id FROM people")
        everybody = [row[0] for row in await cursor.fetchall()]
    known = [each for each in everybody if marks & {*rt.vault.indexes("tombstone", str(each))}]
    for person_id in known:
        async with rt.pool.connection() as transaction:
            person = await identities.load(rt, transaction, person_id)
            if person is not None:
                await erase(rt, transaction, person)
    return len(known)
