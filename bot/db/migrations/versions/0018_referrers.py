"""Create the table of organisations that refer people.

The bot's role can only increment the count of registrations. Officers can read only the count that
is released once a day.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018_referrers"
down_revision = "0017_case_invitations"

TABLE = "referrers"
_DAY = sa.text("(kosh_now())::date")
_READ = "code, name, view_token_hash, ends_on, released, released_on"
_RIGHTS = (
    f"GRANT SELECT ({_READ}, registered), UPDATE (registered, released, released_on)"
    " ON referrers TO kosh_app",
    f"GRANT SELECT ({_READ}, created_by, created_on),"
    " INSERT (code, name, view_token_hash, created_by, ends_on),"
    " UPDATE (view_token_hash, ends_on) ON referrers TO kosh_console",
    "GRANT SELECT (ends_on), DELETE ON referrers TO kosh_retention",
    "ALTER TABLE referrers ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY app_counts ON referrers TO kosh_app USING (true) WITH CHECK (true)",
    "CREATE POLICY console_read ON referrers FOR SELECT TO kosh_console USING (true)",
    "CREATE POLICY console_own ON referrers FOR INSERT TO kosh_console"
    " WITH CHECK (created_by::text = current_setting('kosh.officer', true))",
    "CREATE POLICY console_change ON referrers FOR UPDATE TO kosh_console USING (true)",
    "CREATE POLICY retention_all ON referrers TO kosh_retention USING (true)",
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("view_token_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_by", sa.Uuid, sa.ForeignKey("officers.id"), nullable=False),
        sa.Column("created_on", sa.Date, nullable=False, server_default=_DAY),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("registered", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("released", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("released_on", sa.Date, nullable=False, server_default=_DAY),
    )
    op.create_index("referrers_view", TABLE, ["view_token_hash"], unique=True)
    for right in _RIGHTS:
        op.execute(sa.text(right))


def downgrade() -> None:
    op.drop_table(TABLE)
