"""Schema migrations; each must be able to run while the previous version of the code is live."""

import time
from pathlib import Path

import psycopg
from psycopg.errors import DeadlockDetected, LockNotAvailable

_GAVE_WAY = (DeadlockDetected, LockNotAvailable)
_TRIES, _PAUSE_SECONDS = 10, 1.0
_VERSIONS = Path(__file__).parent / "versions"


def migrate(owner_url: str) -> None:
    """Migrate the database to the newest schema, as its owner (a SQLAlchemy URL).

    A migration that conflicts with a turn gives way and is retried.
    """
    if _stands_at(owner_url) == newest():
        return
    # These imports take longer than the check whether there is anything to do.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import OperationalError

    config = Config()
    config.set_main_option("script_location", "bot.db:migrations")
    config.attributes["url"] = owner_url
    for left in reversed(range(_TRIES)):
        try:
            return command.upgrade(config, "head")
        except (OperationalError, *_GAVE_WAY) as error:
            if not left or not isinstance(getattr(error, "orig", error), _GAVE_WAY):
                raise
        time.sleep(_PAUSE_SECONDS)


def newest() -> str:
    """Return the number of the newest migration; they are numbered and linear."""
    return max(path.stem.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))


def _stands_at(owner_url: str) -> str:
    """Return the database's current migration; empty for a new database."""
    with psycopg.connect(owner_url.replace("+psycopg", "", 1)) as connection:
        row = connection.execute("SELECT to_regclass('public.alembic_version')").fetchone()
        if row is None or row[0] is None:
            return ""
        [at] = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
        return str(at)
