"""The schema's history; every migration must run while the code before it is still up."""

from pathlib import Path

import psycopg

_VERSIONS = Path(__file__).parent / "versions"


def migrate(owner_url: str) -> None:
    """Bring the database to the newest schema, as its owner (a SQLAlchemy URL)."""
    if _stands_at(owner_url) == newest():
        return
    # They cost a start more than looking whether there is anything to do.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "bot:migrations")
    config.attributes["url"] = owner_url
    command.upgrade(config, "head")


def newest() -> str:
    """The last migration: they are numbered, and form one line."""
    return max(path.stem.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))


def _stands_at(owner_url: str) -> str:
    """The migration that a database has come to; empty for a new one."""
    with psycopg.connect(owner_url.replace("+psycopg", "", 1)) as session:
        row = session.execute("SELECT to_regclass('public.alembic_version')").fetchone()
        if row is None or row[0] is None:
            return ""
        [at] = session.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
        return str(at)
