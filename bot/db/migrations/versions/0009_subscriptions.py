"""Create subscriptions to announcements, and the attributes given for them as keyed tokens."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE subscriptions (
          person_id UUID NOT NULL,
          topic TEXT NOT NULL,
          discreet BOOLEAN DEFAULT false NOT NULL,
          at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
          CONSTRAINT subscriptions_pkey PRIMARY KEY (person_id, topic),
          CONSTRAINT subscriptions_person_id_fkey FOREIGN KEY (person_id)
            REFERENCES people (id) ON DELETE CASCADE
        )
        """
    )
    op.execute("CREATE INDEX subscriptions_topic ON subscriptions (topic)")
    op.execute(
        """
        CREATE TABLE traits (
          person_id UUID NOT NULL,
          kind TEXT NOT NULL,
          token BYTEA NOT NULL,
          CONSTRAINT traits_pkey PRIMARY KEY (person_id, kind),
          CONSTRAINT traits_person_id_fkey FOREIGN KEY (person_id)
            REFERENCES people (id) ON DELETE CASCADE
        )
        """
    )
    op.execute("CREATE INDEX traits_kind_token ON traits (kind, token)")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON subscriptions, traits TO kosh_app")
    op.execute("GRANT SELECT (person_id) ON subscriptions TO kosh_retention")
    op.execute("GRANT SELECT (person_id, blocked) ON handles TO kosh_retention")


def downgrade() -> None:
    op.execute("DROP TABLE traits, subscriptions")
    op.execute("REVOKE SELECT (person_id, blocked) ON handles FROM kosh_retention")
