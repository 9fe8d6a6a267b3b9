"""Create one-time links to the secure page, and web chat handles that expire with it."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE links (
          token BYTEA NOT NULL,
          person_id UUID NOT NULL,
          channel TEXT NOT NULL,
          created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
          expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
          used_at TIMESTAMP WITH TIME ZONE,
          CONSTRAINT links_pkey PRIMARY KEY (token),
          CONSTRAINT links_person_id_fkey FOREIGN KEY (person_id)
            REFERENCES people (id) ON DELETE CASCADE
        )
        """
    )
    op.execute("CREATE INDEX links_person_id ON links (person_id)")
    op.execute("CREATE INDEX links_expires_at ON links (expires_at)")
    op.execute("ALTER TABLE handles ADD COLUMN home TEXT")
    op.execute("ALTER TABLE handles ADD COLUMN until TIMESTAMP WITH TIME ZONE")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON links TO kosh_app")
    op.execute("GRANT SELECT (expires_at), DELETE ON links TO kosh_retention")
    op.execute("GRANT SELECT (until), DELETE ON handles TO kosh_retention")


def downgrade() -> None:
    op.execute("DROP TABLE links")
    op.execute("ALTER TABLE handles DROP COLUMN home")
    op.execute("ALTER TABLE handles DROP COLUMN until")
