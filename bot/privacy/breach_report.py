"""Breach report: counts the affected people, by table, time range and version of the epoch key."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Integer, Select, bindparam, distinct, func, or_, select, union
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import SelectBase

from bot.db import tables as t
from bot.db.statements import Statement, fetch_one, statement
from bot.privacy.data_inventory import INVENTORY, Protection
from bot.runtime import Runtime

# Columns with the creation time of a row. For each table, the first of these columns that it has is
# used.
_TIMES = ("created_at", "opened_at", "updated_at", "due_at", "state_at")


@dataclass(frozen=True, slots=True)
class Affected:
    """Number of affected rows and people in one table, and what the table's data is for."""

    table: str
    rows: int
    people: int
    data: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Scope of a breach: rows created from `since` until before `until`.

    With `epoch`, only rows of people whose data key was encrypted by this version of the epoch key.
    None, or "" for `table`, means no restriction.
    """

    since: datetime | None = None
    until: datetime | None = None
    epoch: int | None = None
    table: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """Numbers of affected rows and people by table, and the total number of affected people."""

    tables: tuple[Affected, ...]
    people: int


_SINCE = bindparam("since", type_=DateTime(timezone=True))
_UNTIL = bindparam("until", type_=DateTime(timezone=True))
_KEY_VERSION = bindparam("key_version", type_=Integer())


def _people_by_table() -> Iterator[tuple[str, Select[UUID]]]:
    """Yield each table with personal data, with a query that returns the person of each row."""
    for table in t.metadata.sorted_tables:
        person = table.c.id if table.name == t.Person.__tablename__ else table.c.get("person_id")
        created_at = next((table.c[each] for each in _TIMES if each in table.c), None)
        if person is None or created_at is None:
            continue
        people = aliased(t.Person)
        query = (
            select(people.id)
            .join(table, person == people.id)
            .where(
                or_(_SINCE.is_(None), created_at >= _SINCE),
                or_(_UNTIL.is_(None), created_at < _UNTIL),
                or_(_KEY_VERSION.is_(None), people.key_version == _KEY_VERSION),
            )
        )
        yield table.name, query


def _count(query: SelectBase) -> Statement[int, int]:
    """Return a statement that counts the rows of a query and the distinct people in them."""
    found = query.subquery()
    return statement(select(func.count(), func.count(distinct(found.c.id))))


_PEOPLE = dict(_people_by_table())
_COUNTS = {table: _count(query) for table, query in _PEOPLE.items()}
_COUNT_OF_ALL = _count(union(*_PEOPLE.values()))


async def count_affected(rt: Runtime, scope: Scope) -> Count:
    """Count the rows and people that a breach affects, by table. No data is decrypted for this."""
    values = {"since": scope.since, "until": scope.until, "key_version": scope.epoch}
    counts = {table: count for table, count in _COUNTS.items() if scope.table in ("", table)}
    found = []
    async with rt.pool.connection() as transaction:
        for table, count in counts.items():
            rows, people = await fetch_one(transaction, count, **values) or (0, 0)
            if rows:
                found.append(Affected(table, rows, people, _data(table)))
        if scope.table:
            people = sum(each.people for each in found)
        else:
            _rows, people = await fetch_one(transaction, _COUNT_OF_ALL, **values) or (0, 0)
    return Count(tuple(found), people)


def _data(table: str) -> str:
    """Return the purposes of a table's encrypted fields, or of all fields if none is encrypted."""
    sealed = [each for each in INVENTORY if each.table == table]
    hidden = [each for each in sealed if each.protection is not Protection.PLAIN]
    return "; ".join(dict.fromkeys(each.purpose for each in hidden or sealed))
