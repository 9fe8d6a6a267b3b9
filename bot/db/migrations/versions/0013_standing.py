"""Add ids of chat messages without a row, to delete them on request."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("ALTER TABLE conversations ADD COLUMN standing TEXT[] NOT NULL DEFAULT '{}'")
    # The one thing that retention writes: it takes out of the list what is too old.
    op.execute("GRANT SELECT (standing), UPDATE (standing) ON conversations TO kosh_retention")


def downgrade() -> None:
    op.execute("ALTER TABLE conversations DROP COLUMN standing")
