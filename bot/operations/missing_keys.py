"""Missing keys: rows of people need a key whose file does not exist.

Without an index key, no person under it is found: people would register twice, and could not erase
their data. Without an epoch key, the data of the people under it cannot be read.
"""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection
from sqlalchemy import Float, cast, func, select, tablesample
from sqlalchemy.orm import aliased

from bot.config.settings import Settings
from bot.db import tables as t
from bot.db.statements import Statement, fetch_values, statement
from bot.runtime import Runtime
from bot.security.key_files import Keys, Kind, VaultError

# Part of each table that is read at a start: 500 pages of 8 KB, chosen at random. A smaller table
# is read completely. With millions of people, reading all rows would delay each start.
SAMPLED_BYTES = 500 * 8192

type Key = tuple[Kind, int]
type _Versions = Sequence[tuple[Kind, Statement[int]]]


def _percentage(table: str) -> Any:
    """Return the percentage of a table that SAMPLED_BYTES are."""
    size = func.greatest(func.pg_relation_size(table), 1)
    return cast(func.least(100.0, 100.0 * SAMPLED_BYTES / size), Float)


_PEOPLE = aliased(t.Person, tablesample(t.Person.__table__, _percentage("people")))
_HANDLES = aliased(t.Handle, tablesample(t.Handle.__table__, _percentage("handles")))
_SAMPLED: _Versions = (
    ("epoch", statement(select(_PEOPLE.key_version).distinct())),
    ("index", statement(select(_HANDLES.index_version).distinct())),
)
_ALL: _Versions = (
    ("epoch", statement(select(t.Person.key_version).distinct())),
    ("index", statement(select(t.Handle.index_version).distinct())),
)


async def refuse(rt: Runtime) -> None:
    """Raise VaultError E_VAULT_KEYS if a sample of people needs a key that does not exist."""
    async with rt.pool.connection() as transaction:
        if missing := await _find(transaction, rt.settings, _SAMPLED):
            raise VaultError(
                "E_VAULT_KEYS",
                f"{', '.join(f'{kind}-{version}' for kind, version in missing)} does not exist, but"
                " people in the database need it; put the file back from its copy, and make no new"
                " key",
            )


async def find_all(rt: Runtime) -> list[Key]:
    """Return every key that people need and that does not exist; read the rows of all people."""
    async with rt.pool.connection() as transaction:
        return await _find(transaction, rt.settings, _ALL)


async def _find(
    transaction: AsyncConnection[Any], settings: Settings, versions: _Versions
) -> list[Key]:
    # Read the files before the rows: a key is destroyed only when no row needs it any more.
    known = Keys.load(settings.key_dir)
    needed = [
        (kind, each)
        for kind, reading in versions
        for each in await fetch_values(transaction, reading)
    ]
    return sorted((kind, each) for kind, each in needed if each not in known.of(kind))
