"""Create uploads, encrypted in chunks until the registry has them."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _uploads()
    _chunks()
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON uploads, upload_chunks TO kosh_app")
    op.execute("GRANT SELECT (id, state, created_at, state_at) ON uploads TO kosh_retention")
    op.execute("GRANT DELETE ON uploads TO kosh_retention")


def _uploads() -> None:
    op.execute(
        """
        CREATE TABLE uploads (
          id UUID NOT NULL,
          person_id UUID NOT NULL,
          registration_id UUID,
          paper TEXT NOT NULL,
          state TEXT NOT NULL,
          channel TEXT,
          source BYTEA,
          mark BYTEA,
          digest BYTEA,
          media_type TEXT,
          pages INTEGER,
          size INTEGER,
          received INTEGER DEFAULT 0 NOT NULL,
          attempts INTEGER DEFAULT 0 NOT NULL,
          reason TEXT,
          document UUID,
          created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
          state_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
          due_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
          CONSTRAINT uploads_pkey PRIMARY KEY (id),
          CONSTRAINT uploads_person_id_fkey FOREIGN KEY (person_id)
            REFERENCES people (id) ON DELETE CASCADE,
          CONSTRAINT uploads_registration_id_fkey FOREIGN KEY (registration_id)
            REFERENCES registrations (id) ON DELETE SET NULL
        )
        """
    )
    op.execute("CREATE INDEX uploads_person_id ON uploads (person_id)")
    op.execute("CREATE INDEX uploads_registration_id ON uploads (registration_id)")
    op.execute(
        "CREATE INDEX uploads_open ON uploads (due_at)"
        " WHERE state IN ('fetching', 'checking', 'pending', 'sending', 'unknown')"
    )


def _chunks() -> None:
    # Sealed pieces don't get smaller: no time is spent on trying.
    op.execute(
        """
        CREATE TABLE upload_chunks (
          upload_id UUID NOT NULL,
          number INTEGER NOT NULL,
          body BYTEA STORAGE EXTERNAL NOT NULL,
          CONSTRAINT upload_chunks_pkey PRIMARY KEY (upload_id, number),
          CONSTRAINT upload_chunks_upload_id_fkey FOREIGN KEY (upload_id)
            REFERENCES uploads (id) ON DELETE CASCADE
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE upload_chunks")
    op.execute("DROP TABLE uploads")
