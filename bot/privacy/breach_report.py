"""Breach report: counts the people affected, by table, time range and key epoch."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from psycopg.sql import SQL, Composed, Identifier

from bot.privacy.data_inventory import INVENTORY, Protection
from bot.runtime import Runtime

# Columns with a row's creation time, in order of preference.
_TIMES = ("created_at", "opened_at", "at", "updated_at", "due_at")


@dataclass(frozen=True, slots=True)
class Affected:
    """Affected rows and people of one table, and the kind of data."""

    table: str
    rows: int
    people: int
    data: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Scope of a breach: rows created in a time range, of people whose key is under an epoch."""

    since: datetime | None = None
    until: datetime | None = None
    epoch: int | None = None
    table: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """Affected tables, and the total number of people."""

    tables: tuple[Affected, ...]
    people: int


async def affected(rt: Runtime, scope: Scope) -> Count:
    """Count rows and people in the scope, by table; nothing is decrypted."""
    values = {"since": scope.since, "until": scope.until, "epoch": scope.epoch}
    rows = dict(_rows(scope))
    found, people = [], 0
    async with rt.pool.connection() as transaction:
        for table, theirs in rows.items():
            cursor = await transaction.execute(_TALLY.format(theirs), values)
            row = await cursor.fetchone()
            if row is not None and row[0]:
                found.append(Affected(table, int(row[0]), int(row[1]), _data(table)))
        if rows:
            cursor = await transaction.execute(
                _TALLY.format(SQL(" UNION ").join(rows.values())), values
            )
            row = await cursor.fetchone()
            people = int(row[1]) if row is not None else 0
    return Count(tuple(found), people)


_TALLY = SQL("SELECT count(*), count(DISTINCT id) FROM ({}) theirs (id)")


def _rows(scope: Scope) -> Iterator[tuple[str, Composed]]:
    """Yield for each table a query that returns the person of every row in the scope."""
    # Import here: SQLAlchemy adds a third of a second to each start, and the servers do not need
    # it.
    from bot.db.tables import metadata

    for table in metadata.sorted_tables:
        column = "id" if table.name == "people" else "person_id"
        time = next((each for each in _TIMES if each in table.c), None)
        if column not in table.c or time is None or scope.table not in ("", table.name):
            continue
        yield (
            table.name,
            SQL(
                "SELECT p.id FROM {table} t JOIN people p ON p.id = t.{column}"
                " WHERE (%(since)s::timestamptz IS NULL OR t.{time} >= %(since)s)"
                " AND (%(until)s::timestamptz IS NULL OR t.{time} < %(until)s)"
                " AND (%(epoch)s::int IS NULL OR p.key_epoch = %(epoch)s)"
            ).format(
                table=Identifier(table.name), column=Identifier(column), time=Identifier(time)
            ),
        )


def _data(table: str) -> str:
    """Return the purposes of the table's data from the inventory."""
    sealed = [each for each in INVENTORY if each.table == table]
    hidden = [each for each in sealed if each.protection is not Protection.PLAIN]
    return "; ".join(dict.fromkeys(each.purpose for each in hidden or sealed))
