"""All rows of a database as text, to search for a value that must not be stored."""

import psycopg

from bot.embedded import Databases


def dump_rows(databases: Databases) -> str:
    """Return every row of every table as text, with encrypted columns as hex."""
    with psycopg.connect(databases.owner) as session:
        tables = session.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            # Leave out the worker's heartbeat, which changes without any request.
            " AND tablename <> 'procrastinate_workers'"
        ).fetchall()
        rows = [
            str(session.execute(f"SELECT t::text FROM {table} t").fetchall()) for (table,) in tables
        ]
    return "\n".join(rows)
