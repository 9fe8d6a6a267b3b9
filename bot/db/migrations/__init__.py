"""Schema migrations; each must work while servers still run the previous version of the code."""

import re
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg.errors import DeadlockDetected, LockNotAvailable

_LOCK_ERRORS = (DeadlockDetected, LockNotAvailable)
_TRIES, _PAUSE_SECONDS = 10, 1.0
_LOCKED = (
    f"E_MIGRATION_LOCKED: another session held a lock during {_TRIES} attempts, so a migration is"
    " missing. Find that session with the query of the runbook KoshRefusing, end it, and repeat"
    " `./kosh migrate`"
)
_VERSIONS = Path(__file__).parent / "versions"
_FORMER = re.compile(r"\d{4}")


class MigrationError(Exception):
    """This version of the code cannot migrate the database."""


def migrate(owner_url: str) -> bool:
    """Migrate the database to the newest schema, as its owner (a SQLAlchemy URL).

    Return False if a newer version of Kosh has migrated it: this version also works with the newer
    schema, which stays unchanged. A migration that meets a lock or deadlock is rolled back and
    retried several times. Raises MigrationError.
    """
    revision = _current(owner_url)
    if revision == newest() or _is_newer(revision):
        return revision == newest()
    # Imported here, because importing Alembic is slow and not needed if the schema is the newest.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import OperationalError

    config = Config()
    config.set_main_option("script_location", "bot.db:migrations")
    config.attributes["url"] = owner_url
    for left in reversed(range(_TRIES)):
        try:
            command.upgrade(config, "head")
            break
        except (OperationalError, *_LOCK_ERRORS) as error:
            if not isinstance(getattr(error, "orig", error), _LOCK_ERRORS):
                raise
            if not left:
                raise MigrationError(_LOCKED) from error
        time.sleep(_PAUSE_SECONDS)
    return True


def newest() -> str:
    """Return the newest revision, which is the last file name; revisions are linear."""
    return max(path.stem for path in _VERSIONS.glob("[0-9]*.py"))


def _current(owner_url: str) -> str:
    with psycopg.connect(owner_url.replace("+psycopg", "", 1)) as connection:
        return _revision(connection)


def _is_newer(revision: str) -> bool:
    """Return True if a newer version added this revision; it does not belong to a former schema."""
    return revision > newest() and not _FORMER.fullmatch(revision)


def leave_former(connection: psycopg.Connection[Any]) -> None:
    """Upgrade a database from before the baseline migration to the schema of the baseline.

    Raises MigrationError if it is older than the last revision before the baseline.
    """
    from bot.db.migrations import baseline

    revision = _revision(connection)
    if not _FORMER.fullmatch(revision):
        return
    if revision != baseline.FORMER:
        raise MigrationError(
            f"E_MIGRATION: the database is at revision {revision}; first migrate it to"
            f" {baseline.FORMER} with the commit before the baseline"
        )
    baseline.upgrade(connection)
    connection.execute("UPDATE alembic_version SET version_num = %s", (baseline.REVISION,))


def _revision(connection: psycopg.Connection[Any]) -> str:
    """Return the database's current revision; '' for a new database."""
    row = connection.execute("SELECT to_regclass('public.alembic_version')").fetchone()
    if row is None or row[0] is None:
        return ""
    [revision] = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
    return str(revision)
