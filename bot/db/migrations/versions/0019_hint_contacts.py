"""Create the table of addresses for hints, which are e-mails or SMS about news in the chat."""

import sqlalchemy as sa
from alembic import op

revision = "0019_hint_contacts"
down_revision = "0018_referrers"

TABLE = "hint_contacts"
_TIME = sa.TIMESTAMP(timezone=True)
_RIGHTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON hint_contacts TO kosh_app",
    "GRANT SELECT (code_expires_at, confirmed_at), DELETE ON hint_contacts TO kosh_retention",
    # The console's role schedules a hint after an officer's message, but cannot read the address.
    "GRANT SELECT (person_id, confirmed_at, due_at, hinted_at), UPDATE (due_at, attempts)"
    " ON hint_contacts TO kosh_console",
    "ALTER TABLE hint_contacts ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY app_all ON hint_contacts TO kosh_app USING (true) WITH CHECK (true)",
    "CREATE POLICY retention_all ON hint_contacts TO kosh_retention USING (true)",
    "CREATE POLICY console_open ON hint_contacts TO kosh_console USING (EXISTS ("
    " SELECT FROM cases c WHERE c.person_id = hint_contacts.person_id"
    " AND c.state <> 'resolved'))",
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column(
            "person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("address", sa.LargeBinary, nullable=False),
        sa.Column("code", sa.LargeBinary),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("code_expires_at", _TIME, nullable=False),
        sa.Column("confirmed_at", _TIME),
        sa.Column("due_at", _TIME),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("hinted_at", _TIME),
        sa.Column("created_at", _TIME, nullable=False, server_default=sa.text("kosh_now()")),
    )
    op.create_index("hint_contacts_due_at", TABLE, ["due_at"])
    op.create_index("hint_contacts_code_expires_at", TABLE, ["code_expires_at"])
    for right in _RIGHTS:
        op.execute(sa.text(right))


def downgrade() -> None:
    op.drop_table(TABLE)
