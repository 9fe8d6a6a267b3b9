"""Record if a case was urgent or about danger before an officer changed its urgency or topic."""

import sqlalchemy as sa
from alembic import op

revision = "0020_case_danger"
down_revision = "0019_hint_contacts"


def upgrade() -> None:
    op.add_column(
        "cases", sa.Column("was_danger", sa.Boolean, nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.drop_column("cases", "was_danger")
