"""Add a column to every table that a turn uses.

The emulated next release writes the new column of one table.
"""

from pathlib import Path

from alembic import op
from alembic.script import ScriptDirectory

from bot.db import migrations

TABLES = (
    *("conversations", "messages", "processed_updates", "people", "handles", "consents"),
    *("registrations", "registry_writes", "cases", "case_messages"),
)

revision = "next"
down_revision = ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()


def upgrade() -> None:
    _each("ADD COLUMN IF NOT EXISTS release_seen integer")


def downgrade() -> None:
    _each("DROP COLUMN IF EXISTS release_seen")


def _each(change: str) -> None:
    """Alter one table per transaction: locks on several tables could deadlock with turns."""
    for table in TABLES:
        with op.get_context().autocommit_block():
            op.execute(f"ALTER TABLE {table} {change}")
