"""Real PostgreSQL and Valkey for every test, one server for the whole run."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from secrets import token_hex
from uuid import uuid4

import pytest

from bot import services
from bot.migrations import migrate
from bot.runtime import Runtime, runtime
from bot.services import Databases
from bot.settings import Settings, settings
from tests.clock import CLOCK

# Durability is tried by the crash tests, with fsync on; here it would only cost time.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
TEMPLATE = "kosh_template"


@pytest.fixture(scope="session")
def services_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of a run, so that they share the servers."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "popen-gw" in base.name else base) / "services"


@pytest.fixture(scope="session")
def admin_url(services_home: Path) -> Iterator[str]:
    with services.postgres(services_home / "postgres", FAST) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(services_home: Path) -> Iterator[str]:
    with services.valkey(services_home / "valkey") as url:
        yield url
