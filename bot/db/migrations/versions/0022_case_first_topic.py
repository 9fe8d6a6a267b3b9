"""Keep the topic with which a case was opened if its topic is changed."""

import sqlalchemy as sa
from alembic import op

revision = "0022_case_first_topic"
down_revision = "0021_webhooks"


def upgrade() -> None:
    op.add_column("cases", sa.Column("first_topic", sa.Text))


def downgrade() -> None:
    op.drop_column("cases", "first_topic")
