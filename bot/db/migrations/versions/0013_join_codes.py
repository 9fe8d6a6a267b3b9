"""Create the table of codes that join a second chat; add each person's channel for updates."""

import sqlalchemy as sa
from alembic import op

revision = "0013_join_codes"
down_revision = "0012_status_lookups"

TABLE = "join_codes"
_TIME = sa.TIMESTAMP(timezone=True)
_RIGHTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON join_codes TO kosh_app",
    "GRANT SELECT (expires_at), DELETE ON join_codes TO kosh_retention",
    "ALTER TABLE join_codes ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY app_all ON join_codes TO kosh_app USING (true) WITH CHECK (true)",
    "CREATE POLICY retention_all ON join_codes TO kosh_retention USING (true)",
)


def upgrade() -> None:
    op.add_column("conversations", sa.Column("updates_channel", sa.Text))
    op.create_table(
        TABLE,
        sa.Column("code", sa.LargeBinary, primary_key=True),
        sa.Column(
            "person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("chat", sa.LargeBinary),
        sa.Column("confirmed_at", _TIME),
        sa.Column("created_at", _TIME, nullable=False, server_default=sa.text("kosh_now()")),
        sa.Column("expires_at", _TIME, nullable=False),
    )
    op.create_index("join_codes_person_id", TABLE, ["person_id"])
    op.create_index("join_codes_expires_at", TABLE, ["expires_at"])
    for right in _RIGHTS:
        op.execute(sa.text(right))


def downgrade() -> None:
    op.drop_table(TABLE)
    op.drop_column("conversations", "updates_channel")
