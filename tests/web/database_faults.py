"""Faults of the database server that a test causes."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.sql import SQL, Identifier, Literal


@contextmanager
def stopped_database(admin_url: str, database: str) -> Iterator[None]:
    """Make a database unreachable in the block: end its connections and allow no new ones."""

    def allow_connections(allowed: bool) -> None:
        statement = SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        session.execute(statement.format(Identifier(database), Literal(allowed)))

    with psycopg.connect(admin_url, autocommit=True) as session:
        allow_connections(False)
        try:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                (database,),
            )
            yield
        finally:
            allow_connections(True)
