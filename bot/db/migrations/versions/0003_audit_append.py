"""Allow appending to the audit log only by a function, and deletion only after three years."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0003_audit_append"
down_revision = "0002_case_bursts"


def upgrade() -> None:
    # Use the driver's connection, because without parameters it accepts several statements at once.
    connection: Any = op.get_bind().connection.driver_connection
    connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise NotImplementedError("E_MIGRATION: the log would lose the number of its first entry")
