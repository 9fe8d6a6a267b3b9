"""Breach report: counts the affected people, by table, time range and version of the epoch key."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    distinct,
    func,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import SelectBase

from bot.db import tables as t
from bot.db.statements import Statement, fetch_one, long_statements, statement
from bot.privacy.data_inventory import INVENTORY, Protection
from bot.runtime import Runtime

# A count reads every row of every table with data of people.
LONG_SECONDS = 600
# Columns with the creation time of a row. For each table, the first of these columns that it has is
# used.
_CREATED = ("created_at", "opened_at", "asked_at")
# Columns that show until when at least a row without a creation time existed.
_LAST = ("updated_at", "due_at", "state_at")


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

    Rows that were created before `since` are not in the scope, although they existed later. A row
    whose creation time is not stored is in the scope if it may have existed in this time.
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
        parent, link = _parent(table)
        owner = table if parent is None else parent
        person = owner.c.id if table.name == t.Person.__tablename__ else owner.c.get("person_id")
        if person is None:
            continue
        people = aliased(t.Person)
        joined = table if parent is None else table.join(parent, link)
        query = (
            select(people.id)
            .select_from(joined)
            .join(people, person == people.id)
            .where(
                _is_in_time(table, owner, people),
                or_(_KEY_VERSION.is_(None), people.key_version == _KEY_VERSION),
            )
        )
        yield table.name, query


def _parent(table: Table) -> tuple[FromClause | None, ColumnElement[bool]]:
    """Return the table through which the table's rows belong to a person, and the join's condition.

    The pieces of an upload, for example, belong to the person of the upload. Return None if the
    table has a column with the person, or if there is no such table.
    """
    if "person_id" not in table.c:
        for key in sorted(table.foreign_keys, key=lambda each: each.parent.name):
            if "person_id" in key.column.table.c:
                return key.column.table, key.parent == key.column
    return None, true()


def _is_in_time(table: Table, owner: FromClause, people: type[t.Person]) -> ColumnElement[bool]:
    """Return the condition that a row was created, or may have existed, in a scope's time."""
    created_at = _first(_CREATED, table, owner)
    last = _first(_LAST, table) if created_at is None else created_at
    first = people.created_at if created_at is None else created_at
    conditions = [or_(_UNTIL.is_(None), first < _UNTIL)]
    if last is not None:
        conditions.append(or_(_SINCE.is_(None), last >= _SINCE))
    return and_(*conditions)


def _first(names: tuple[str, ...], *tables: FromClause) -> ColumnElement[datetime] | None:
    return next((each.c[name] for each in tables for name in names if name in each.c), None)


def _count(query: SelectBase) -> Statement[int, int]:
    """Return a statement that counts the rows of a query and the distinct people in them."""
    found = query.subquery()
    return statement(select(func.count(), func.count(distinct(found.c.id))))


_PEOPLE = dict(_people_by_table())
TABLES = tuple(sorted(_PEOPLE))
_COUNTS = {table: _count(query) for table, query in _PEOPLE.items()}
_COUNT_OF_ALL = _count(union(*_PEOPLE.values()))


async def count_affected(rt: Runtime, scope: Scope) -> Count:
    """Count the rows and people that a breach affects, by table. No data is decrypted for this."""
    values = {"since": scope.since, "until": scope.until, "key_version": scope.epoch}
    counts = {table: count for table, count in _COUNTS.items() if scope.table in ("", table)}
    found = []
    async with rt.pool.connection() as transaction, long_statements(transaction, LONG_SECONDS):
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
