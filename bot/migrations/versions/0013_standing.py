"""Numbers of messages that stand in the chat without a row, to take them out on demand."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("ALTER TABLE conversations ADD COLUMN standing TEXT[] NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    op.execute("ALTER TABLE conversations DROP COLUMN standing")
