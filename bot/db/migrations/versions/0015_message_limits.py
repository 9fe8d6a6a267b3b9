"""Create the table of limits on a person's messages to officers."""

import sqlalchemy as sa
from alembic import op

revision = "0015_message_limits"
down_revision = "0014_case_writing"

TABLE = "message_limits"
_TIME = sa.TIMESTAMP(timezone=True)
_RIGHTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON message_limits TO kosh_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON message_limits TO kosh_console",
    "GRANT SELECT (until), DELETE ON message_limits TO kosh_retention",
    "ALTER TABLE message_limits ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY app_all ON message_limits TO kosh_app USING (true) WITH CHECK (true)",
    "CREATE POLICY retention_all ON message_limits TO kosh_retention USING (true)",
    "CREATE POLICY console_mission ON message_limits TO kosh_console"
    " USING (mission = current_setting('kosh.mission', true))",
)


def upgrade() -> None:
    person = sa.ForeignKey("people.id", ondelete="CASCADE")
    case = sa.ForeignKey("cases.id", ondelete="CASCADE")
    op.create_table(
        TABLE,
        sa.Column("person_id", sa.Uuid, person, primary_key=True),
        sa.Column("case_id", sa.Uuid, case, nullable=False),
        sa.Column("mission", sa.Text, nullable=False),
        sa.Column("officer", sa.Uuid, sa.ForeignKey("officers.id"), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("per_day", sa.Integer, nullable=False),
        sa.Column("until", sa.Date, nullable=False),
        sa.Column("created_at", _TIME, nullable=False, server_default=sa.text("kosh_now()")),
        sa.Column("appeal", sa.LargeBinary),
        sa.Column("appealed_at", _TIME),
        sa.Column("kept_at", _TIME),
    )
    op.create_index("message_limits_mission", TABLE, ["mission"])
    op.create_index("message_limits_until", TABLE, ["until"])
    for right in _RIGHTS:
        op.execute(sa.text(right))


def downgrade() -> None:
    op.drop_table(TABLE)
