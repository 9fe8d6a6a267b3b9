"""Whether the database is the one that was here before, or an older one put in its place.

Whatever brings an old database back (a dump, WAL, a snapshot of a disk), its numbers go back with
it. A worker notes outside how far they have come. Whoever starts and finds less acts on nothing:
who was erased since would be there again, and what was sent would be sent once more.
"""

import asyncio
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bot.config.settings import ConfigError
from bot.privacy import erasure
from bot.runtime import Runtime

# Each grows with what is done, and a restored database has it as it was.
_NUMBERS = (
    "SELECT (SELECT seq FROM audit_head),"
    " coalesce(pg_sequence_last_value('messages_id_seq'), 0),"
    " coalesce(pg_sequence_last_value('procrastinate_jobs_id_seq'), 0)"
)
_NAMES = ("audit", "messages", "jobs")

type Numbers = Mapping[str, int]


class OlderDatabase(ConfigError):
    """Somebody restored the database, and nobody was erased again yet."""

    code = "E_DATABASE_OLDER"

    def __init__(self) -> None:
        super().__init__(
            "the database is older than what was seen here before, so it was restored. Run"
            " `./kosh restore`: it erases again who was erased since, and settles the rest"
        )


class HighWaterMark:
    """Notes how far the numbers have come, round by round."""

    def __init__(self) -> None:
        self._seen: Numbers = {}

    async def note(self, rt: Runtime) -> None:
        """Write down what the round before saw: by now a crash of the server can't take it back."""
        path, sure = _file(rt), self._seen
        self._seen = await _numbers(rt)
        noted = await asyncio.to_thread(_read, path)
        if any(sure[name] > noted.get(name, -1) for name in sure):
            await asyncio.to_thread(_write, path, sure)


async def refuse_older(rt: Runtime) -> None:
    """Raise OlderDatabase if the numbers went back, or somebody erased is not known as such."""
    noted = await asyncio.to_thread(_read, _file(rt))
    now = await _numbers(rt)
    went_back = any(now[name] < number for name, number in noted.items())
    if went_back or not await erasure.has_all_tombstones(rt):
        raise OlderDatabase


async def settle(rt: Runtime) -> None:
    """After a restore: from here on this database is the one."""
    await asyncio.to_thread(_write, _file(rt), await _numbers(rt))


def forget(erased: Path) -> None:
    """The database goes on purpose, and all that was noted of it too."""
    for path in (erased, erased.with_name("tide")):
        path.unlink(missing_ok=True)


async def _numbers(rt: Runtime) -> Numbers:
    async with rt.pool.connection() as transaction:
        row = await (await transaction.execute(_NUMBERS)).fetchone()
    assert row is not None
    return dict(zip(_NAMES, row, strict=True))


def _file(rt: Runtime) -> Path:
    return rt.settings.erased.with_name("tide")


def _read(path: Path) -> Numbers:
    lines = path.read_text("ascii").splitlines() if path.exists() else ()
    return {name: int(number) for name, number in (line.split() for line in lines)}


def _write(path: Path, numbers: Numbers) -> None:
    """Whole or not at all: whoever reads meanwhile sees the one before."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A name of its own: in containers every process has the same number.
    opened, draft = tempfile.mkstemp(prefix=".tide.", dir=path.parent)
    with os.fdopen(opened, "w", encoding="ascii") as file:
        file.writelines(f"{name} {number}\n" for name, number in numbers.items())
    Path(draft).replace(path)
