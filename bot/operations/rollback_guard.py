"""Rollback guard: detects that the database was replaced with an older state of itself.

Restoring a dump, WAL or a disk snapshot also sets the database's counters back. A worker stores the
counters' high-water mark outside of the database. A process that finds lower counters when it
starts exits, because erased people would be in the database again, and messages would be sent
twice.
"""

import asyncio
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import func, select

from bot.config.sources import ConfigError
from bot.db import tables as t
from bot.db.statements import fetch_one, statement
from bot.privacy import erasure
from bot.runtime import Runtime

# Counters that only increase, so a lower value shows that an older database was restored.
_NUMBERS = statement(
    select(
        select(t.AuditHead.seq).scalar_subquery(),
        func.coalesce(func.pg_sequence_last_value("messages_id_seq"), 0),
        func.coalesce(func.pg_sequence_last_value("procrastinate_jobs_id_seq"), 0),
    )
)
_NAMES = ("audit", "messages", "jobs")

type Numbers = Mapping[str, int]


class OlderDatabase(ConfigError):
    """The database was restored, and the erasures since the backup were not repeated yet."""

    code = "E_DATABASE_OLDER"

    def __init__(self) -> None:
        super().__init__(
            "the database is older than what was seen here before, so it was restored. Run"
            " `./kosh restore`: it erases again who was erased since, and settles the rest"
        )


class HighWaterMark:
    """Stores the counters' highest values, so that an older database can be detected."""

    def __init__(self) -> None:
        self._last_numbers: Numbers = {}

    async def note(self, rt: Runtime) -> None:
        """Store the counters that the previous call read, and read the current counters.

        The current counters are stored one call later, because they may not be durable yet: after a
        crash of the database server they could be lower than a stored mark, and no process could
        start.
        """
        path, sure = _file(rt), self._last_numbers
        self._last_numbers = await _numbers(rt)
        noted = await asyncio.to_thread(_read, path)
        if any(sure[name] > noted.get(name, -1) for name in sure):
            await asyncio.to_thread(_write, path, sure)


async def refuse_older(rt: Runtime) -> None:
    """Raise OlderDatabase if a counter is below its stored high-water mark.

    Also raise it if the database lacks an erasure that the erasure journal contains.
    """
    noted = await asyncio.to_thread(_read, _file(rt))
    now = await _numbers(rt)
    went_back = any(now[name] < number for name, number in noted.items())
    if went_back or not await erasure.has_all_tombstones(rt):
        raise OlderDatabase


async def accept_current(rt: Runtime) -> None:
    """Store the current counters as the high-water mark, after a restore."""
    await asyncio.to_thread(_write, _file(rt), await _numbers(rt))


def forget(erased: Path) -> None:
    """Delete the files of the high-water mark and of the erasure journal.

    Call it when the database is dropped on purpose. `erased` is the journal's path.
    """
    for path in (erased, erased.with_name("high-water-mark")):
        path.unlink(missing_ok=True)


async def _numbers(rt: Runtime) -> Numbers:
    async with rt.pool.connection() as transaction:
        row = await fetch_one(transaction, _NUMBERS)
    assert row is not None
    return dict(zip(_NAMES, row, strict=True))


def _file(rt: Runtime) -> Path:
    return rt.settings.erasure_journal.with_name("high-water-mark")


def _read(path: Path) -> Numbers:
    lines = path.read_text("ascii").splitlines() if path.exists() else ()
    return {name: int(number) for name, number in (line.split() for line in lines)}


def _write(path: Path, numbers: Numbers) -> None:
    """Replace the file atomically, so that concurrent readers see either version completely."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Use a unique name, since processes in different containers can have the same process id.
    opened, draft = tempfile.mkstemp(prefix=".high-water-mark.", dir=path.parent)
    try:
        with os.fdopen(opened, "w", encoding="ascii") as file:
            file.writelines(f"{name} {number}\n" for name, number in numbers.items())
        Path(draft).replace(path)
    except OSError:
        # On a full disk, each try would leave a file.
        Path(draft).unlink()
        raise
