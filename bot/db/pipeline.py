"""Pipelined PostgreSQL statements: a group of statements is sent in one round trip.

A psycopg cursor makes a round trip for each statement, BEGIN and COMMIT, and uses more CPU time per
turn than encryption does. Turns therefore use libpq's pipeline mode directly: BEGIN and reads in
one round trip, writes and COMMIT in another (figures in decision 29). The connection leaves
pipeline mode afterwards, so that cursors work on it as usual, in or out of a transaction.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from psycopg import abc, adapt
from psycopg.errors import ReadOnlySqlTransaction, error_from_result
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

from bot.db.connection import Connection, ReadOnlyDatabase, Variant

type Rows = list[tuple[Any, ...]]
type Values = Mapping[str, Any]
type Call = tuple["Sendable", Values]


_VALUE = re.compile(r"%\((\w+)\)s")
_FAILED = (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE)


class Sendable(Protocol):
    """A statement with placeholders ($1, $2), and the names of its parameters in this order."""

    @property
    def text(self) -> bytes: ...
    @property
    def names(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class TextStatement:
    """A statement given as text, with named parameters `%(name)s` as in psycopg."""

    text: bytes
    names: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        names = tuple(dict.fromkeys(_VALUE.findall(text)))
        numbered = _VALUE.sub(lambda found: f"${names.index(found[1]) + 1}", text).encode()
        return cls(numbered, names)


_BEGIN, _COMMIT = TextStatement.of("BEGIN"), TextStatement.of("COMMIT")


async def begin(connection: Connection, *calls: Call) -> list[Rows]:
    """Open a transaction and run its first statements, in one round trip; return their rows."""
    return (await execute_pipeline(connection, (_BEGIN, {}), *calls))[1:]


async def run(connection: Connection, statement: Sendable, values: Values) -> Rows:
    """Run one statement, in the open transaction or, if there is none, in one of its own."""
    return (await execute_pipeline(connection, (statement, values)))[0]


async def commit(connection: Connection, *calls: Call) -> list[Rows]:
    """Run the last statements of the open transaction and commit, in one round trip.

    Return the rows of the statements.
    """
    return (await execute_pipeline(connection, *calls, (_COMMIT, {})))[:-1]


async def send_one(
    connection: Connection, statement: Sendable, values: Values, *, opens: bool
) -> tuple[Rows, int]:
    """Send one statement, after BEGIN if `opens` is True; return its rows and their number.

    The number counts the rows that an INSERT, UPDATE or DELETE wrote; otherwise the rows that were
    read.
    """
    call = (statement, values)
    transformer = adapt.Transformer(connection)
    calls = ((_BEGIN, {}), call) if opens else (call,)
    result = (await _results(connection, transformer, calls))[-1]
    return _rows(transformer, result), result.command_tuples or 0


async def execute_pipeline(connection: Connection, *calls: Call) -> list[Rows]:
    """Send all statements in one write, then read all answers. Raises psycopg's first error.

    Without an open transaction, the statements form one: all or none take effect. If the caller is
    cancelled before the last answer, the connection is closed, because its state at the server is
    unknown.
    """
    transformer = adapt.Transformer(connection)
    results = await _results(connection, transformer, calls)
    return [_rows(transformer, result) for result in results]


async def _results(
    connection: Connection, transformer: abc.Transformer, calls: Sequence[Call]
) -> list[PGresult]:
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    fresh: dict[Variant, bytes] = {}
    try:
        prepared = [_send(connection, transformer, fresh, *call) for call in calls]
        pgconn.pipeline_sync()
        results = await connection.wait(_answers(pgconn))
    except BaseException:
        pgconn.finish()
        raise
    pgconn.exit_pipeline_mode()
    for result in results:
        if result.status in _FAILED:
            error = error_from_result(result, encoding="utf-8")
            raise ReadOnlyDatabase if isinstance(error, ReadOnlySqlTransaction) else error
    connection.prepared.update(fresh)
    return list(_statement_results(results, prepared))


def _send(
    connection: Connection,
    transformer: abc.Transformer,
    fresh: dict[Variant, bytes],
    statement: Sendable,
    values: Values,
) -> bool:
    """Add a statement to the pipeline; return True if the server must also prepare the statement.

    A statement that must be prepared is added to `fresh` with its new name.
    """
    parameters = [values[name] for name in statement.names]
    dumped = (
        transformer.dump_sequence(parameters, [adapt.PyFormat.AUTO] * len(parameters))
        if parameters
        else []
    )
    types, formats = (transformer.types or (), transformer.formats) if parameters else ((), None)
    variant = (statement.text, types)
    name = connection.prepared.get(variant) or fresh.get(variant)
    is_new = name is None
    if name is None:
        name = fresh[variant] = next(connection.names).encode()
        connection.pgconn.send_prepare(name, statement.text, types)
    connection.pgconn.send_query_prepared(name, dumped, formats, Format.BINARY)
    return is_new


def _answers(pgconn: PGconn) -> abc.PQGen[list[PGresult]]:
    """Return all results of the pipeline; read results while sending, to avoid a deadlock."""
    results: list[PGresult] = []
    while True:
        ready = yield Wait.RW if pgconn.flush() else Wait.R
        if ready & Ready.R:
            pgconn.consume_input()
        while not pgconn.is_busy():
            result = pgconn.get_result()
            if result is None:
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                return results
            results.append(result)


def _statement_results(
    results: Sequence[PGresult], prepared: Sequence[object]
) -> Iterator[PGresult]:
    """Yield the results of the statements, without the results of preparing them."""
    left = iter(results)
    for new in prepared:
        if new:
            next(left)
        yield next(left)


def _rows(transformer: abc.Transformer, result: PGresult) -> Rows:
    if result.status != ExecStatus.TUPLES_OK:
        return []
    transformer.set_pgresult(result)
    return transformer.load_rows(0, result.ntuples, tuple)
