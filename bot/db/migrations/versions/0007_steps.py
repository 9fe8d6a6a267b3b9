"""Create the form funnel: the number of people at each question, without personal data."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE steps (
          flow TEXT NOT NULL,
          question TEXT NOT NULL,
          place INTEGER NOT NULL,
          language TEXT NOT NULL,
          channel TEXT NOT NULL,
          reached INTEGER NOT NULL,
          staying INTEGER NOT NULL,
          at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
          CONSTRAINT steps_pkey PRIMARY KEY (flow, question, language, channel)
        )
        """
    )
    op.execute("GRANT SELECT, INSERT, DELETE ON steps TO kosh_app")
    op.execute("GRANT SELECT ON steps TO kosh_console")


def downgrade() -> None:
    op.execute("DROP TABLE steps")
