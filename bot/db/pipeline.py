"""PostgreSQL in few round trips: what belongs together goes out in one write.

A cursor of psycopg makes a trip of every statement, of BEGIN and of COMMIT, and costs a turn more
processor than its encryption does. The hot path hands statements to libpq's pipeline itself: begin
and read in one trip, write and commit in another (decision 29 has the figures). What it leaves
behind is an ordinary connection, in or out of a transaction, on which cursors work as ever.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from psycopg import abc, adapt
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

from bot.db.connection import Connection, Variant

type Rows = list[tuple[Any, ...]]
type Values = Mapping[str, Any]
type Call = tuple["Statement", Values]


_VALUE = re.compile(r"%\((\w+)\)s")
_FAILED = (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with values by name, `%(name)s` as for a cursor."""

    text: bytes
    names: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        names = tuple(dict.fromkeys(_VALUE.findall(text)))
        ours = _VALUE.sub(lambda found: f"${names.index(found[1]) + 1}", text).encode()
        return cls(ours, names)


_BEGIN, _COMMIT = Statement.of("BEGIN"), Statement.of("COMMIT")


async def begin(connection: Connection, *calls: Call) -> list[Rows]:
    """Open a transaction with its first statements."""
    return (await execute_pipeline(connection, (_BEGIN, {}), *calls))[1:]


async def run(connection: Connection, statement: Statement, values: Values) -> Rows:
    """One statement: in the open transaction or, where none is open, as one of its own."""
    return (await execute_pipeline(connection, (statement, values)))[0]


async def commit(connection: Connection, *calls: Call) -> list[Rows]:
    """The last statements of the open transaction; all of it is committed when this returns."""
    return (await execute_pipeline(connection, *calls, (_COMMIT, {})))[:-1]


async def execute_pipeline(connection: Connection, *calls: Call) -> list[Rows]:
    """Everything out at once, then all answers in; raises what psycopg would for the first error.

    Where no transaction is open the calls are one of their own, all or nothing. Whoever is
    interrupted meanwhile loses the connection: nobody could say what its server did.
    """
    pgconn, transformer = connection.pgconn, adapt.Transformer(connection)
    pgconn.enter_pipeline_mode()
    fresh: dict[Variant, bytes] = {}
    try:
        told = [_send(connection, transformer, fresh, *call) for call in calls]
        pgconn.pipeline_sync()
        results = await connection.wait(_answers(pgconn))
    except BaseException:
        pgconn.finish()
        raise
    pgconn.exit_pipeline_mode()
    for result in results:
        if result.status in _FAILED:
            raise error_from_result(result, encoding="utf-8")
    connection.prepared.update(fresh)
    return [_rows(transformer, result) for result in _executed(results, told)]


def _send(
    connection: Connection,
    transformer: abc.Transformer,
    fresh: dict[Variant, bytes],
    statement: Statement,
    values: Values,
) -> bool:
    """Put a statement into the pipeline; whether it had to be prepared, and is in `fresh` now."""
    given = [values[name] for name in statement.names]
    dumped = transformer.dump_sequence(given, [adapt.PyFormat.AUTO] * len(given)) if given else []
    types, formats = (transformer.types or (), transformer.formats) if given else ((), None)
    variant = (statement.text, types)
    name = connection.prepared.get(variant) or fresh.get(variant)
    is_new = name is None
    if name is None:
        name = fresh[variant] = next(connection.names).encode()
        connection.pgconn.send_prepare(name, statement.text, types)
    connection.pgconn.send_query_prepared(name, dumped, formats, Format.BINARY)
    return is_new


def _answers(pgconn: PGconn) -> abc.PQGen[list[PGresult]]:
    """All results up to the end of the pipeline; writes and reads as the socket lets it."""
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


def _executed(results: Sequence[PGresult], told: Sequence[object]) -> Iterator[PGresult]:
    """The answers to the statements themselves, without those to their preparation."""
    left = iter(results)
    for new in told:
        if new:
            next(left)
        yield next(left)


def _rows(transformer: abc.Transformer, result: PGresult) -> Rows:
    if result.status != ExecStatus.TUPLES_OK:
        return []
    transformer.set_pgresult(result)
    return transformer.load_rows(0, result.ntuples, tuple)
