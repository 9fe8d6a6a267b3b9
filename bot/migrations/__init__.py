"""The schema's history; every migration must run while the code before it is still up."""

from alembic import command
from alembic.config import Config


def migrate(owner_url: str) -> None:
    """Bring the database to the newest schema, as its owner (a SQLAlchemy URL)."""
    config = _config()
    config.attributes["url"] = owner_url
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "bot:migrations")
    return config
