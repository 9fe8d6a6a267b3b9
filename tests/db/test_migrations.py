"""A migration that blocks a turn is rolled back and retried."""

import pytest
from alembic import command
from psycopg.errors import DeadlockDetected, InsufficientPrivilege, LockNotAvailable
from sqlalchemy.exc import OperationalError as Raised

from bot.db import migrations


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
    monkeypatch.setattr(migrations, "_is_newest", lambda _url: False)
    monkeypatch.setattr(migrations, "_PAUSE_SECONDS", 0)
    if tries == 1:
        with pytest.raises(Raised):
            migrations.migrate("postgresql+psycopg://")
    else:
        migrations.migrate("postgresql+psycopg://")
    assert len(attempts) == tries
