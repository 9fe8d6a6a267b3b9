"""The schema's history; every migration must run while the code before it is still up."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def migrate(owner_url: str) -> None:
    """Bring the database to the newest schema, as its owner (a SQLAlchemy URL)."""
    config = _config()
    config.attributes["url"] = owner_url
    command.upgrade(config, "head")


def newest() -> str:
    """The schema that this version wants."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "bot:migrations")
    return config
