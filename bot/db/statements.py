"""SQL statements: SQLAlchemy expressions compiled once, with typed rows, and functions to run them.

An expression is compiled at its first use, with PostgreSQL's own placeholders. Parameters are
`bindparam("name")`. Any other constant becomes a literal, since a generic plan could not use a
partial index otherwise. SQLAlchemy only compiles: the pipeline sends the text over psycopg, so that
errors are psycopg's and SQLAlchemy cannot log a value.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import starmap
from typing import Any, cast, overload
from weakref import WeakSet

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor, RawCursor
from psycopg.pq import TransactionStatus
from sqlalchemy import (
    ARRAY,
    BindParameter,
    ClauseElement,
    ColumnElement,
    DateTime,
    Float,
    Insert,
    Interval,
    TableValuedAlias,
    Text,
    any_,
    column,
    func,
    select,
)
from sqlalchemy import bindparam as _bindparam
from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg, PGDialect_psycopg
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.schema import DDLElement
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import TypedReturnsRows
from sqlalchemy.types import TypeEngine

from bot.db import pipeline
from bot.db.connection import SILENCE_SECONDS, STATEMENT_SECONDS, Connection

NOW: ColumnElement[datetime] = func.kosh_now(type_=DateTime(timezone=True))
"""The database's current time, which tests can set."""


def ago(**units: float) -> ColumnElement[datetime]:
    """Return the database's current time minus a constant interval, given as for `timedelta`."""
    return NOW - timedelta(**units)


def minutes_from_now(minutes: int) -> ColumnElement[datetime]:
    """Return the database's current time plus a constant number of minutes."""
    return NOW + timedelta(minutes=minutes)


def seconds(name: str) -> ColumnElement[timedelta]:
    """Return an SQL interval whose number of seconds is the SQL parameter `name`."""
    value = _bindparam(name, type_=Float())
    return func.make_interval(0, 0, 0, 0, 0, 0, value, type_=Interval())


def seconds_from_now(name: str) -> ColumnElement[datetime]:
    """Return the database's current time plus as many seconds as the SQL parameter `name` says."""
    return NOW + seconds(name)


def seconds_ago(name: str) -> ColumnElement[datetime]:
    """Return the database's current time minus as many seconds as the SQL parameter `name` says."""
    return NOW - seconds(name)


def any_of[T](column: InstrumentedAttribute[T], name: str) -> ColumnElement[bool]:
    """Return the condition that the column's value is in the list of the SQL parameter `name`."""
    return column == any_(_bindparam(name, type_=ARRAY(column.type)))


def arrays(**columns: type[TypeEngine[Any]]) -> TableValuedAlias:
    """Return a table (UNNEST); each column is the list in the SQL parameter of the same name."""
    lists = [_bindparam(name, type_=ARRAY(kind)) for name, kind in columns.items()]
    listed = func.unnest(*lists).table_valued(*starmap(column, columns.items()))
    return listed.render_derived()


class _Compiler(PGCompiler_psycopg):
    """Compiler that renders constants as literals and casts parameters to their type."""

    def visit_bindparam(self, bindparam: BindParameter[Any], **options: Any) -> str:  # type: ignore[override]
        if not bindparam.required:
            options["literal_binds"] = True
        rendered = str(super().visit_bindparam(bindparam, **options))  # type: ignore[no-untyped-call]
        kind = bindparam.type.dialect_impl(self.dialect)
        if not bindparam.required or kind.render_bind_cast or kind._isnull:
            return rendered
        return f"{rendered}::{self.dialect.type_compiler_instance.process(kind)}"


class _Dialect(PGDialect_psycopg):
    statement_compiler = _Compiler
    supports_statement_cache = False


_DIALECT = _Dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


KNOWN = WeakSet["Statement[*tuple[Any, ...]]"]()
"""All statements of the process; a test prepares each against the schema."""


class Statement[*Ts]:
    """An SQL statement (`text`) with rows of the types `Ts`; `names` are its parameters."""

    __slots__ = ("__weakref__", "_expression", "names", "text")

    names: tuple[str, ...]
    text: bytes

    def __init__(self, expression: ClauseElement) -> None:
        self._expression = expression
        KNOWN.add(self)

    def __getattr__(self, name: str) -> Any:
        # Python calls `__getattr__` only for a slot that is still empty, so the expression is
        # compiled only once.
        if name not in ("names", "text"):
            raise AttributeError(name)
        compiled = self._expression.compile(dialect=_DIALECT)
        # Statements that define schema objects (DDL) have no parameters.
        self.names = tuple(getattr(compiled, "positiontup", None) or ())
        self.text = str(compiled).encode()
        return getattr(self, name)


@overload
def statement[*Ts](expression: TypedReturnsRows[*Ts]) -> Statement[*Ts]: ...
@overload
def statement(expression: UpdateBase | DDLElement) -> Statement[()]: ...
def statement(expression: ClauseElement) -> Statement[*tuple[Any, ...]]:
    """Return a statement that is compiled at its first use."""
    if isinstance(expression, Insert) and not expression._returning:
        # Without `inline`, SQLAlchemy would add RETURNING with the primary key.
        expression = expression.inline()
    return Statement(expression)


async def fetch_all[*Ts](
    transaction: AsyncConnection[Any], statement: Statement[*Ts], /, **values: Any
) -> list[tuple[*Ts]]:
    """Run a statement and return all rows."""
    rows, _count = await _send(transaction, statement, values)
    return cast(list[tuple[*Ts]], rows)


async def fetch_one[*Ts](
    transaction: AsyncConnection[Any], statement: Statement[*Ts], /, **values: Any
) -> tuple[*Ts] | None:
    """Run a statement and return the first row, or None if there is none."""
    rows, _count = await _send(transaction, statement, values)
    return cast(tuple[*Ts], rows[0]) if rows else None


async def fetch_value[T](
    transaction: AsyncConnection[Any], statement: Statement[T], /, **values: Any
) -> T | None:
    """Run a statement and return the only column of the first row, or None if there is no row."""
    rows, _count = await _send(transaction, statement, values)
    return cast(T, rows[0][0]) if rows else None


async def fetch_values[T](
    transaction: AsyncConnection[Any], statement: Statement[T], /, **values: Any
) -> list[T]:
    """Run a statement and return the only column of all rows."""
    rows, _count = await _send(transaction, statement, values)
    return [row[0] for row in rows]


async def execute(
    transaction: AsyncConnection[Any], statement: pipeline.Sendable, /, **values: Any
) -> int:
    """Run a statement; return how many rows it wrote, or how many it read if it writes none."""
    _rows, count = await _send(transaction, statement, values)
    return count


def fetch_all_sync(
    connection: psycopg.Connection[Any], statement: pipeline.Sendable, /, **values: Any
) -> pipeline.Rows:
    """Run a statement on a connection without asyncio and return all rows."""
    cursor = RawCursor(connection)
    cursor.execute(statement.text, [values[name] for name in statement.names])
    return cursor.fetchall() if cursor.description else []


DATABASE_TIME = statement(select(NOW))


async def database_time(transaction: AsyncConnection[Any]) -> datetime:
    """Return the database's current time."""
    now = await fetch_value(transaction, DATABASE_TIME)
    assert now is not None
    return now


_ALLOW_LONG = statement(
    select(
        func.set_config("statement_timeout", _bindparam("timeout", type_=Text()), True),
        func.set_config("work_mem", "128MB", True),
    )
)


@asynccontextmanager
async def long_statements(connection: AsyncConnection[Any], seconds: int) -> AsyncIterator[None]:
    """Let statements of the open transaction run for `seconds`, with more memory (work_mem).

    Use it only for rare statements over many rows, since each may use 128 MB per sort or hash.
    """
    assert isinstance(connection, Connection)
    await execute(connection, _ALLOW_LONG, timeout=f"{seconds}s")
    connection.silence = seconds + float(SILENCE_SECONDS - STATEMENT_SECONDS)
    try:
        yield
    finally:
        connection.silence = None


async def _send(
    transaction: AsyncConnection[Any],
    statement: pipeline.Sendable,
    values: dict[str, Any],
) -> tuple[pipeline.Rows, int]:
    """Run a statement in the open transaction; open one if there is none, as a cursor does."""
    if not isinstance(transaction, Connection):
        given = [values[name] for name in statement.names]
        cursor = AsyncRawCursor(transaction)
        await cursor.execute(statement.text, given)
        rows = await cursor.fetchall() if cursor.description else []
        return rows, cursor.rowcount
    idle = transaction.info.transaction_status is TransactionStatus.IDLE
    return await pipeline.send_one(
        transaction, statement, values, opens=idle and not transaction.autocommit
    )
