"""Create reminders that people asked for: person and date."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE reminders (
          person_id UUID NOT NULL,
          due_at TIMESTAMP WITH TIME ZONE NOT NULL,
          CONSTRAINT reminders_pkey PRIMARY KEY (person_id),
          CONSTRAINT reminders_person_id_fkey FOREIGN KEY (person_id)
            REFERENCES people (id) ON DELETE CASCADE
        )
        """
    )
    op.execute("CREATE INDEX reminders_due_at ON reminders (due_at)")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON reminders TO kosh_app")


def downgrade() -> None:
    op.execute("DROP TABLE reminders")
