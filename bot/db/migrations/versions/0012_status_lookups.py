"""Add the count of failed attempts to look up a registration by its number and PIN."""

import sqlalchemy as sa
from alembic import op

revision = "0012_status_lookups"
down_revision = "0011_wording_reports"


def upgrade() -> None:
    op.add_column(
        "people",
        sa.Column("failed_lookups", sa.Integer, nullable=False, server_default=sa.text("0")),
    )
    op.execute(sa.text("GRANT UPDATE (failed_lookups) ON people TO kosh_console"))


def downgrade() -> None:
    op.drop_column("people", "failed_lookups")
