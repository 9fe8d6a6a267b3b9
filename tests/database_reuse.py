"""Databases and connections that the tests of a process use one after another.

A new database takes 40 ms of PostgreSQL's CPU time and a new connection up to 10 ms, because each
reads the catalogs again. Emptying a database takes about 5 ms.
"""

import asyncio
import atexit
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from select import POLLIN, poll
from typing import Any, LiteralString, Self
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL, Composed, Identifier, Literal

from bot import embedded
from bot.db.connection import Connection
from bot.embedded import Databases

type Session = psycopg.Connection[tuple[Any, ...]]
type _Table = tuple[str, str]  # schema and name

# DISCARD ALL without DEALLOCATE ALL: the connection keeps its prepared statements.
_RESET: LiteralString = (
    "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *;"
    " SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES"
)
_CATALOGS = (
    "pg_class", "pg_attribute", "pg_proc", "pg_trigger", "pg_constraint", "pg_policy",
    "pg_namespace", "pg_type",
)  # fmt: skip
# Each part changes with any change of its catalog, and the last two with changes of the database
# itself, such as its limit of connections, and of its settings.
_SCHEMA = SQL(
    "SELECT {}, (SELECT xmin::text FROM pg_database WHERE datname = current_database()),"
    " (SELECT max(setconfig::text) FROM pg_db_role_setting)"
).format(
    SQL(", ").join(
        SQL("(SELECT (count(*), sum(xmin::text::bigint))::text FROM {})").format(Identifier(name))
        for name in _CATALOGS
    )
)
_TABLES: LiteralString = """
SELECT nspname::text, relname::text FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
"""
_SEQUENCES: LiteralString = """
SELECT setval(seqrelid, seqstart, false) FROM pg_sequence
  WHERE pg_sequence_last_value(seqrelid) IS NOT NULL
"""
_OTHER_SESSIONS: LiteralString = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
  WHERE datname = current_database() AND backend_type = 'client backend'
  AND pid <> pg_backend_pid() AND pid <> ALL(%s)
"""

# Maximum number of unused connections of a test process. The server has 100 for all processes.
MAX_IDLE = 12
# Open connections that no test uses, the least recently used first.
_idle = list[Any]()


class ReusedConnection(Connection):
    """A connection that stays open when it is closed, so that a later test can use it."""

    key: object = None

    @classmethod
    async def connect(cls, conninfo: str = "", **kwargs: Any) -> Self:
        """Return a connection that a pool of an earlier test closed, otherwise a new one."""
        # The pool shortens the timeout of a connection attempt as its own timeout passes.
        options = {name: value for name, value in kwargs.items() if name != "connect_timeout"}
        key = (os.getpid(), conninfo, repr(sorted(options.items())))
        for known in [each for each in reversed(_idle) if each.key == key]:
            _idle.remove(known)
            if _is_open(known):
                known.lock = asyncio.Lock()  # because each test has its own event loop
                reused: Self = known
                return reused
        opened = await super().connect(conninfo, **kwargs)
        opened.key = key
        return opened

    async def close(self) -> None:
        """Keep the connection for a later test; close it if it is inside a transaction."""
        if self.info.transaction_status != TransactionStatus.IDLE:
            await super().close()
            return
        autocommit, self.silence = self.autocommit, None
        try:
            await self.set_autocommit(True)
            await self.execute(_RESET, prepare=False)
            await self.set_autocommit(autocommit)
        except psycopg.Error:
            await super().close()
            return
        _idle.append(self)
        if len(_idle) > MAX_IDLE:
            _idle.pop(0).pgconn.finish()


def _is_open(connection: Connection) -> bool:
    """Return False if the server has ended the session: its last message then waits."""
    waiting = poll()
    waiting.register(connection, POLLIN)
    return not waiting.poll(0)


def close_unused_connections() -> None:
    """Close the connections that wait for a later test."""
    while _idle:
        _idle.pop().pgconn.finish()


atexit.register(close_unused_connections)


@dataclass
class _ReusedDatabase:
    """A copy of the template, a superuser's session in it, and what it held when it was new."""

    name: str
    urls: Databases
    session: Session

    def __post_init__(self) -> None:
        # Without triggers, rows can be deleted in any order, those of the audit log too.
        self.session.execute("SET session_replication_role = replica")
        self.schema = self._fetch(_SCHEMA)
        self.tables: list[_Table] = self._fetch(_TABLES)
        self.initial = {table: self._copy(table) for table in self._filled()}

    def _fetch(self, statement: LiteralString | Composed) -> list[tuple[Any, ...]]:
        return self.session.execute(statement).fetchall()

    def _filled(self) -> list[_Table]:
        """Return the tables that have rows."""
        counts = (
            SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(Literal(index), Identifier(*name))
            for index, name in enumerate(self.tables)
        )
        return [self.tables[index] for (index,) in self._fetch(SQL(" UNION ALL ").join(counts))]

    def _copy(self, table: _Table) -> bytes:
        with self.session.cursor().copy(SQL("COPY {} TO STDOUT").format(Identifier(*table))) as out:
            return b"".join(bytes(part) for part in out)

    def restore(self) -> bool:
        """Restore the rows of a new database; return False if this is not possible."""
        try:
            return self._restore()
        except psycopg.OperationalError:  # a test has ended all sessions
            return False

    def _restore(self) -> bool:
        idle = [each.info.backend_pid for each in _idle]
        self.session.execute(_OTHER_SESSIONS, (idle,))
        if self._fetch(_SCHEMA) != self.schema:
            return False
        with self.session.transaction():
            for table in self._filled():
                self.session.execute(SQL("DELETE FROM {}").format(Identifier(*table)))
            for table, rows in self.initial.items():
                statement = SQL("COPY {} FROM STDIN").format(Identifier(*table))
                with self.session.cursor().copy(statement) as target:
                    target.write(rows)
            self.session.execute(_SEQUENCES)
        return True


# By process, because a fork must not write to the sessions of its parent.
_unused = defaultdict[int, list[_ReusedDatabase]](list)


@contextmanager
def reused_database(admin_url: str, template: str, admin: Session) -> Iterator[Databases]:
    """Yield a database that holds what the template holds; a later test uses it again."""
    database = _take(admin_url, admin) or _create(admin_url, template, admin)
    yield database.urls
    _unused[os.getpid()].append(database)


def drop_unused_databases(admin_url: str, admin: Session) -> None:
    """Drop the databases that wait for a later test, so that the next test gets a new one."""
    close_unused_connections()
    while unused := _unused[os.getpid()]:
        embedded.drop_database(admin_url, unused.pop().name, opened=admin)


def _take(admin_url: str, admin: Session) -> _ReusedDatabase | None:
    while unused := _unused[os.getpid()]:
        if unused[-1].restore():
            return unused.pop()
        drop_unused_databases(admin_url, admin)
    return None


def _create(admin_url: str, template: str, admin: Session) -> _ReusedDatabase:
    name = f"kosh_{uuid4().hex[:12]}"
    urls = embedded.create_database(admin_url, name, template=template, opened=admin)
    url = urlsplit(admin_url)._replace(path=f"/{name}").geturl()
    session = psycopg.connect(url, autocommit=True, prepare_threshold=0)
    atexit.register(session.close)
    return _ReusedDatabase(name, urls, session)
