"""Add to the desk: uploads, views of cases, assignment of cases, and break-glass access."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0012"
down_revision = "0011"

HERE = Path(__file__).parent


def upgrade() -> None:
    # As every turn begins: with locks on several tables it and they would wait for one another.
    op.execute("LOCK TABLE conversations")
    # Several statements at once go only over the simple protocol, which SQLAlchemy does not use.
    connection: Any = op.get_bind().connection.driver_connection
    connection.execute((HERE / "0012_desk.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise NotImplementedError("E_MIGRATION: restore a backup instead; papers would lose their wall")
