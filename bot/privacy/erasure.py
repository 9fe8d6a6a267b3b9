"""Erasure of people, its journal outside of the database, and its replay after a restore.

A tombstone is a keyed hash of an erased person's id. The journal has the tombstones.
"""

import asyncio
import errno
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import LargeBinary, bindparam, delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import (
    arrays,
    execute,
    fetch_all,
    fetch_value,
    fetch_values,
    statement,
)
from bot.people import identities
from bot.people.identities import Person
from bot.registrations import submissions
from bot.runtime import Runtime
from bot.security import audit_log

_EARLIEST = datetime.min.replace(tzinfo=UTC)
# Transactions may commit in an order other than that of their timestamps. Therefore tombstones are
# read again from an hour before the last one in the journal.
_OVERLAP = timedelta(hours=1)
# A line of the journal: a time, and a tombstone in hexadecimal digits.
_LINE = re.compile(r"(\S+) ([0-9a-f]{32})")

_HASHES = arrays(hashes=LargeBinary)
_DELETE_PERSON = statement(delete(t.Person).where(t.Person.id == bindparam("person")))
_ADD_TOMBSTONE = statement(
    insert(t.Tombstone).values(hash=bindparam("hash")).on_conflict_do_nothing()
)
_ADD_TOMBSTONES = statement(
    insert(t.Tombstone).from_select([t.Tombstone.hash], select(_HASHES)).on_conflict_do_nothing()
)
_TOMBSTONES_SINCE = statement(
    select(t.Tombstone.created_at, t.Tombstone.hash)
    .where(t.Tombstone.created_at > bindparam("since"))
    .order_by(t.Tombstone.created_at)
)
_TOMBSTONES = statement(select(t.Tombstone.hash))
_LACKS_TOMBSTONES = statement(
    select(
        exists().select_from(_HASHES).where(~exists().where(t.Tombstone.hash == _HASHES.c.hashes))
    )
)
_PEOPLE = statement(select(t.Person.id))


async def erase(rt: Runtime, transaction: Transaction, person: Person) -> None:
    """Erase a person: key, handles, answers, messages. Also withdraw the person's registration."""
    await submissions.request_erasure(rt, transaction, person.id)
    await execute(transaction, _DELETE_PERSON, person=person.id)
    rt.vault.forget(person.id)
    hashed = rt.vault.index("tombstone", str(person.id))
    await execute(transaction, _ADD_TOMBSTONE, hash=hashed)
    await audit_log.append(transaction, actor="person", action="erased", subject=str(uuid4()))


# The journal of erasures is a file outside of the database, because a restored database lacks the
# erasures after its backup. Each line has a time and a tombstone, which does not identify the
# person.


async def append_journal(rt: Runtime) -> int:
    """Append new tombstones (hashes of erased people's ids) to the erasure journal; count them."""
    path = rt.settings.erasure_journal
    noted, last = await asyncio.to_thread(_read_journal, path)
    async with rt.pool.connection() as transaction:
        since = last - _OVERLAP if last else _EARLIEST
        rows = await fetch_all(transaction, _TOMBSTONES_SINCE, since=since)
    fresh = [(at, hashed) for at, hashed in rows if hashed not in noted]
    if fresh:
        lines = "".join(f"{at.isoformat()} {hashed.hex()}\n" for at, hashed in fresh)
        await asyncio.to_thread(_append, path, lines)
    return len(fresh)


def _read_journal(path: Path) -> tuple[frozenset[bytes], datetime | None]:
    """Return the erasure journal's tombstones, and the time of its last line (None if empty).

    Skips empty lines and lines that a full disk cut off. `append_journal` appends the latter again.
    """
    if not path.exists():
        return frozenset(), None
    lines = [
        line for each in path.read_text("ascii").split("\n") if (line := _LINE.fullmatch(each))
    ]
    last = datetime.fromisoformat(lines[-1][1]) if lines else None
    return frozenset(bytes.fromhex(line[2]) for line in lines), last


def _append(path: Path, lines: str) -> None:
    """Append lines to the erasure journal and flush it to the disk.

    One write call writes all lines, so that lines of several workers do not interleave. If a full
    disk cut off the last line of the file, a line break is written first. It is written only then,
    because it would otherwise leave an empty line, which earlier builds of Kosh cannot read.
    Raises OSError if the disk does not take all lines.
    """
    content = lines.encode("ascii")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            content = b"\n" + content
        written = os.write(handle, content)
        os.fsync(handle)
        if written < len(content):
            raise OSError(errno.ENOSPC, "the erasure journal was not written completely")
    finally:
        os.close(handle)


async def has_all_tombstones(rt: Runtime) -> bool:
    """Return True if the database has all tombstones (erased people's hashes) of the journal.

    A database restored from a backup lacks the tombstones of erasures after the backup.
    """
    hashes, _last = await asyncio.to_thread(_read_journal, rt.settings.erasure_journal)
    async with rt.pool.connection() as transaction:
        return not await fetch_value(transaction, _LACKS_TOMBSTONES, hashes=list(hashes))


def count_journal(path: Path) -> int | None:
    """Return the number of people in the erasure journal; None if the file does not exist."""
    return len(_read_journal(path)[0]) if path.is_file() else None


async def replay_journal(rt: Runtime) -> int:
    """Repeat the erasures of the journal after a restore; return how many people it concerned."""
    hashes, _last = _read_journal(rt.settings.erasure_journal)
    async with rt.pool.connection() as transaction:
        # Insert all tombstones, also those of people who are not in the restored database.
        await execute(transaction, _ADD_TOMBSTONES, hashes=list(hashes))
        hashes |= {*await fetch_values(transaction, _TOMBSTONES)}
        everybody = await fetch_values(transaction, _PEOPLE)
    known = [each for each in everybody if hashes & {*rt.vault.indexes("tombstone", str(each))}]
    for person_id in known:
        async with rt.pool.connection() as transaction:
            person = await identities.load(rt, transaction, person_id)
            if person is not None:
                await erase(rt, transaction, person)
    return len(known)
