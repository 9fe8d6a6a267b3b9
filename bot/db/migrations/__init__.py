"""The schema's history; every migration must run while the code before it is still up."""

import time
from pathlib import Path

import psycopg
from psycopg.errors import DeadlockDetected, LockNotAvailable

_GAVE_WAY = (DeadlockDetected, LockNotAvailable)
_TRIES, _PAUSE_SECONDS = 10, 1.0
_VERSIONS = Path(__file__).parent / "versions"


def migrate(owner_url: str) -> None:
    """Bring the database to the newest schema, as its owner (a SQLAlchemy URL).

    A migration that meets a turn gives way to it, and is tried again.
    """
    if _stands_at(owner_url) == newest():
        return
    # They cost a start more than looking whether there is anything to do.
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
    """The last migration: they are numbered, and form one line."""
    return max(path.stem.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))


def _stands_at(owner_url: str) -> str:
    """The migration that a database has come to; empty for a new one."""
    with psycopg.connect(owner_url.replace("+psycopg", "", 1)) as connection:
        row = connection.execute("SELECT to_regclass('public.alembic_version')").fetchone()
        if row is None or row[0] is None:
            return ""
        [at] = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
        return str(at)
