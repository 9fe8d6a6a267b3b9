"""Add delivery reports of messages, and the time of a person's last message on each channel."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE messages ADD COLUMN receipt TEXT")
    op.execute("ALTER TABLE messages ADD COLUMN receipt_at TIMESTAMP WITH TIME ZONE")
    op.execute("ALTER TABLE messages ADD COLUMN price TEXT")
    op.execute("ALTER TABLE handles ADD COLUMN spoke_at TIMESTAMP WITH TIME ZONE")
    op.execute("CREATE INDEX messages_waiting ON messages (person_id) WHERE state = 'waiting'")
    op.execute("GRANT SELECT (due_at) ON messages TO kosh_retention")


def downgrade() -> None:
    op.execute("DROP INDEX messages_waiting")
    op.execute(
        "ALTER TABLE messages DROP COLUMN receipt, DROP COLUMN receipt_at, DROP COLUMN price"
    )
    op.execute("ALTER TABLE handles DROP COLUMN spoke_at")
