"""The baseline schema as SQL, and the upgrade to it from revision 0013, the last one before it.

`create` and `upgrade` end with the same functions, triggers, rights and policies. The upgrade is
needed until the first release; a test compares the catalogs of an upgraded and a new database.
"""

from pathlib import Path
from typing import Any

import psycopg
from procrastinate.schema import SchemaManager

REVISION, FORMER = "0001_baseline", "0013"
_FOLDER = Path(__file__).parent


def create(connection: psycopg.Connection[Any]) -> None:
    """Create the schema in an empty database."""
    _run(connection, "tables.sql")
    connection.execute(SchemaManager.get_schema())
    _run(connection, "functions.sql")
    _run(connection, "rights.sql")


def upgrade(connection: psycopg.Connection[Any]) -> None:
    """Rename tables and columns of revision 0013 to the baseline's names; all rows are kept."""
    _run(connection, "upgrade_0013.sql")
    _run(connection, "functions.sql")
    _run(connection, "rights.sql")


def _run(connection: psycopg.Connection[Any], name: str) -> None:
    """Execute an SQL file of this folder.

    It is executed without parameters, because psycopg then accepts several statements at once.
    """
    connection.execute((_FOLDER / name).read_text(encoding="utf-8"))
