"""Create cases with deadlines, notes, working hours, canned replies and access of officers."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0004"
down_revision = "0003"

HERE = Path(__file__).parent


def upgrade() -> None:
    # Several statements at once go only over the simple protocol, which SQLAlchemy does not use.
    connection: Any = op.get_bind().connection.driver_connection
    connection.execute((HERE / "0004_cases.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise NotImplementedError("E_MIGRATION: restore a backup instead; cases would lose their owner")
