"""Create announcements: texts, approvals, recipients, and counters kept by triggers."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0011"
down_revision = "0010"

HERE = Path(__file__).parent


def upgrade() -> None:
    # Several statements at once go only over the simple protocol, which SQLAlchemy does not use.
    connection: Any = op.get_bind().connection.driver_connection
    connection.execute((HERE / "0011_broadcasts.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise NotImplementedError("E_MIGRATION: restore a backup instead; it would be sent twice")
