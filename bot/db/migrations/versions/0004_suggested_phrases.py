"""Create the table of sentences that people suggested as training data."""

import sqlalchemy as sa
from alembic import op

revision = "0004_suggested_phrases"
down_revision = "0003_audit_append"

TABLE = "suggested_phrases"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column(
            "created_on", sa.Date, nullable=False, server_default=sa.text("(kosh_now())::date")
        ),
        sa.Column("state", sa.Text, nullable=False, server_default=sa.text("'new'")),
        sa.Column("intent", sa.Text, nullable=False, server_default=sa.text("''")),
    )
    op.create_index("suggested_phrases_created_on", TABLE, ["created_on"])
    # The bot's database role may add sentences but not read them.
    op.execute(sa.text("GRANT INSERT ON suggested_phrases TO kosh_app"))
    op.execute(sa.text("GRANT SELECT (created_on), DELETE ON suggested_phrases TO kosh_retention"))
    op.execute(
        sa.text("GRANT SELECT, DELETE, UPDATE (state, intent) ON suggested_phrases TO kosh_console")
    )


def downgrade() -> None:
    op.drop_table(TABLE)
