"""Create the schema of a new database: tables, job queue, functions, triggers, rights."""

from typing import Any

from alembic import op

from bot.db.migrations import baseline

revision = "0001_baseline"
down_revision = None


def upgrade() -> None:
    connection: Any = op.get_bind().connection.driver_connection
    baseline.create(connection)


def downgrade() -> None:
    raise NotImplementedError("E_MIGRATION: before the first schema there is nothing to go back to")
