"""Fixtures: real PostgreSQL and Valkey servers, shared by all tests of a test run."""

import fcntl
import gc
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg.sql import SQL

from bot import embedded
from bot import runtime as bot_runtime
from bot.config.settings import Settings
from bot.db.connection import Connection
from bot.db.migrations import migrate
from bot.embedded import Databases, servers
from bot.runtime import Runtime, runtime
from tests.app_stack import AppStack, running_stack, stack_settings
from tests.clock import CLOCK
from tests.database_reuse import (
    ReusedConnection,
    close_unused_connections,
    drop_unused_databases,
    reused_database,
)

# Settings that save time. Without fsync a crash may lose data, but crash tests use other servers.
# Passwords are hashed in one round, because each test opens a dozen connections.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "scram_iterations": "1",
}
TEMPLATE = "kosh_template"
# Rules for pg_hba.conf. The first two roles and the databases of the registry sandbox get nearly
# all connections. They need no password, which saves a third of a connection's CPU time. Passwords
# are still needed for backup, retention and the chaos test.
ACCESS = """host all kosh_app,kosh_console 127.0.0.1/32 trust
host /^sandbox_ kosh_owner 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""


# Folder in memory, and the free bytes that it must have. Each test's database is 10 MB of files;
# copying them takes a tenth of the time if they are in memory.
MEMORY, MIN_FREE_BYTES = Path("/dev/shm"), 6 << 30
HOME = pytest.StashKey[Path]()
# Number of new objects after which Python looks for garbage. With its default of 2,000, a test
# process spends 2 % of its CPU time on this.
MAX_YOUNG_OBJECTS = 50_000

# On a busy machine, an example may take longer than Hypothesis allows by default (200 ms).
settings.register_profile("kosh", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kosh")


# Test files that start first, in the order of their duration. If a slow one started last, idle
# processes would wait for it.
SLOWEST_FIRST = (
    "test_tutorial.py", "test_schemathesis.py", "test_typed.py", "test_announcing.py",
    "test_uploads.py", "test_console.py", "test_chat.py", "test_whatsapp_service_templates.py",
    "test_journeys.py", "test_whatsapp_journey.py", "test_bursts.py", "test_broadcasts.py",
    "test_phone_in_other_hands.py", "test_whatsapp_receipts.py", "test_withheld_messages.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: place for place, name in enumerate(SLOWEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Exclude existing objects from garbage collection, so that it takes less time."""
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres", type=Path, help="Where another PostgreSQL's programs are, such as the oldest."
    )


def pytest_configure(config: pytest.Config) -> None:
    worker_input = getattr(config, "workerinput", None)
    gc.set_threshold(MAX_YOUNG_OBJECTS)
    config.stash[HOME] = Path(worker_input["services"]) if worker_input else _new_home()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["services"] = str(node.config.stash[HOME])


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(config.stash[HOME], ignore_errors=True)


def _new_home() -> Path:
    has_space = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MIN_FREE_BYTES
    home = Path(tempfile.mkdtemp(prefix="kosh-tests-", dir=MEMORY if has_space else None))
    _access(home).write_text(ACCESS)
    return home


def _access(home: Path) -> Path:
    """Return the path of pg_hba.conf, which says which database roles need a password."""
    return home / "pg_hba.conf"


@pytest.fixture(scope="session")
def services_home(pytestconfig: pytest.Config) -> Path:
    """Return the folder that all processes of a test run share, so that they share the servers."""
    return pytestconfig.stash[HOME]


@pytest.fixture(scope="session")
def admin_url(services_home: Path, pytestconfig: pytest.Config) -> Iterator[str]:
    programs = pytestconfig.getoption("postgres")
    with pytest.MonkeyPatch.context() as patch:
        if programs:
            patch.setattr(servers, "_postgres_binaries", lambda name: iter([programs / name]))
        chosen = FAST | {"hba_file": str(_access(services_home))}
        with embedded.postgres(services_home / "postgres", chosen) as url:
            yield url


@pytest.fixture(scope="session")
def redis_url(services_home: Path) -> Iterator[str]:
    with embedded.valkey(services_home / "valkey") as url:
        yield url


@pytest.fixture(scope="session")
def template(admin_url: str, services_home: Path) -> str:
    """Return the name of a migrated database with a movable clock; tests copy it."""
    with alone(services_home / "template.lock"):
        databases = embedded.prepare(admin_url, TEMPLATE)
        with psycopg.connect(databases.owner, autocommit=True) as session:
            done = session.execute("SELECT to_regclass('test_clock')").fetchone()
            if done is None or done[0] is None:
                migrate(databases.owner.replace("postgresql", "postgresql+psycopg", 1))
                session.execute(CLOCK)
                _reduce_scram_rounds(admin_url)
    return TEMPLATE


def _reduce_scram_rounds(admin_url: str) -> None:
    """Store the administrator's password again with few SCRAM rounds, so that logins are fast."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(SQL("ALTER ROLE postgres PASSWORD {}").format(admin.info.password))


@pytest.fixture(scope="session")
def admin_session(admin_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Yield a session that creates and drops the databases of all tests.

    All tests share this session: two connections for each test would take a third of the time that
    it takes to create and drop the test's database.
    """
    with psycopg.connect(admin_url, autocommit=True) as session:
        yield session


@pytest.fixture
def databases(
    admin_url: str, template: str, admin_session: psycopg.Connection[tuple[object, ...]]
) -> Iterator[Databases]:
    """Yield a database that no other test uses at the same time."""
    with (
        patch.object(bot_runtime, "Connection", ReusedConnection),
        reused_database(admin_url, template, admin_session) as urls,
    ):
        yield urls


@pytest.fixture
def new_database(admin_url: str, admin_session: psycopg.Connection[tuple[object, ...]]) -> None:
    """Give the test a new database, because deleted rows of earlier tests change its figures."""
    drop_unused_databases(admin_url, admin_session)


@pytest.fixture
def closed_connections(databases: Databases) -> Iterator[None]:
    """Let pools close their connections, for a test that requires a database without sessions."""
    close_unused_connections()
    with patch.object(bot_runtime, "Connection", Connection):
        yield


@pytest.fixture
def chosen(databases: Databases, redis_url: str, tmp_path: Path) -> Settings:
    """Return settings for a test's runtime; Valkey is shared, with separate keys for each test."""
    return stack_settings(databases, redis_url, tmp_path)


@pytest.fixture
async def rt(chosen: Settings) -> AsyncIterator[Runtime]:
    async with runtime(chosen) as opened:
        yield opened


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock on the file, so that the processes of a test run execute the block in turn."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
async def stack(chosen: Settings, admin_url: str) -> AsyncIterator[AppStack]:
    async with running_stack(chosen, admin_url) as stack:
        yield stack
