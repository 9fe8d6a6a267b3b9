"""The first schema: database time, tables, the job queue, the roles' rights, row security."""

from pathlib import Path
from typing import Any

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None

HERE = Path(__file__).parent


def upgrade() -> None:
    # Several statements at once go only over the simple protocol, which SQLAlchemy does not use.
    connection: Any = op.get_bind().connection.driver_connection
    connection.execute((HERE / "0001_tables.sql").read_text(encoding="utf-8"))
    connection.execute(SchemaManager.get_schema())
    connection.execute((HERE / "0001_rights.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise NotImplementedError("E_MIGRATION: before the first schema there is nothing to go back to")
