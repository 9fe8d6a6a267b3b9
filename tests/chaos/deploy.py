"""A migration for the test alone, in two steps: add a column, and later remove it.

Processes of both releases run side by side between the steps.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.exc import OperationalError

from bot.db import migrations

HERE = Path(__file__).parent
TRIES = 5


def expand(owner: str) -> None:
    """Apply the migrations that the next release requires, while the current one runs."""
    _tried(lambda: command.upgrade(_config(owner), "next"))


def contract(owner: str) -> None:
    """Remove the added columns, which no running release writes any more."""
    _tried(lambda: command.downgrade(_config(owner), "-1"))


def _config(owner: str) -> Config:
    places = (Path(migrations.__file__).parent / "versions", HERE / "release")
    config = Config()
    config.set_main_option("script_location", "bot.db:migrations")
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", os.pathsep.join(map(str, places)))
    config.attributes["url"] = owner.replace("postgresql", "postgresql+psycopg", 1)
    return config


def _tried(step: Callable[[], None]) -> None:
    """Apply a migration; repeat it up to TRIES times if it waits too long for a lock."""
    for attempt in range(1, TRIES + 1):
        try:
            return step()
        except OperationalError:
            if attempt == TRIES:
                raise
            time.sleep(1)
