"""Keep the topics of requests and registry matters that joined a case."""

import sqlalchemy as sa
from alembic import op

revision = "0023_case_joined_topics"
down_revision = "0022_case_first_topic"


def upgrade() -> None:
    op.add_column(
        "cases",
        sa.Column("joined_topics", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    )


def downgrade() -> None:
    op.drop_column("cases", "joined_topics")
