"""A migration that blocks a turn is retried; a newer schema stays as it is."""

import psycopg
import pytest
from alembic import command
from psycopg.errors import DeadlockDetected, InsufficientPrivilege, LockNotAvailable
from sqlalchemy.exc import OperationalError as Raised

from bot.db import migrations
from bot.embedded import Databases


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (Raised("ALTER TABLE people", {}, DeadlockDetected()), 3),
        (LockNotAvailable(), 3),
        (Raised("ALTER TABLE people", {}, InsufficientPrivilege()), 1),
    ],
    ids=["deadlock", "no lock", "no right"],
)
def test_migration_is_retried_only_after_a_deadlock_or_lock_timeout(
    error: Exception, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[str] = []

    def upgrade(_config: object, to: str) -> None:
        attempts.append(to)
        if len(attempts) < 3:
            raise error

    monkeypatch.setattr(command, "upgrade", upgrade)
    monkeypatch.setattr(migrations, "_current", lambda _url: "")
    monkeypatch.setattr(migrations, "_PAUSE_SECONDS", 0)
    if tries == 1:
        with pytest.raises(Raised):
            migrations.migrate("postgresql+psycopg://")
    else:
        migrations.migrate("postgresql+psycopg://")
    assert len(attempts) == tries


def test_migration_error_says_what_to_do_when_a_lock_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def upgrade(_config: object, _to: str) -> None:
        raise Raised("ALTER TABLE people", {}, LockNotAvailable())

    monkeypatch.setattr(command, "upgrade", upgrade)
    monkeypatch.setattr(migrations, "_current", lambda _url: "")
    monkeypatch.setattr(migrations, "_PAUSE_SECONDS", 0)
    with pytest.raises(migrations.MigrationError, match=r"E_MIGRATION_LOCKED: .*KoshRefusing"):
        migrations.migrate("postgresql+psycopg://")


def test_previous_version_keeps_the_schema_of_a_newer_version(databases: Databases) -> None:
    url = databases.owner.replace("postgresql", "postgresql+psycopg", 1)
    assert migrations.migrate(url)
    with psycopg.connect(databases.owner, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9000_later'")
        assert not migrations.migrate(url)
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
            ("9000_later",)
        ]


@pytest.mark.parametrize(
    ("revision", "is_known"),
    [
        ("", True), ("0013", True), ("9999", True), ("0001_baseline", True),
        (migrations.newest(), True), ("9000_later", False),
    ],
)  # fmt: skip
def test_schema_is_newer_only_after_a_later_migration(revision: str, is_known: bool) -> None:
    """Check that revisions before the baseline, which have no name, are not newer."""
    assert migrations._is_newer(revision) is not is_known
