"""Store by which channel's code a chat joined a person, so that this channel can end the chat."""

import sqlalchemy as sa
from alembic import op

revision = "0025_joined_chats"
down_revision = "0024_console_jobs"


def upgrade() -> None:
    op.add_column("handles", sa.Column("joined_by", sa.Text))


def downgrade() -> None:
    op.drop_column("handles", "joined_by")
