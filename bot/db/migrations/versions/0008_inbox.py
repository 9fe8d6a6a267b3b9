"""Add labels and call-back times of cases, saved views, and titles of canned replies."""

import sqlalchemy as sa
from alembic import op

revision = "0008_inbox"
down_revision = "0007_registration_details"

_NOW = sa.text("kosh_now()")
_OPEN = sa.text("state <> 'resolved'")
_RIGHTS = (
    "GRANT SELECT, INSERT, DELETE ON case_labels TO kosh_console",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON saved_views TO kosh_console",
)
_ROW_SECURITY = (
    "ALTER TABLE case_labels ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY console_mission ON case_labels TO kosh_console"
    " USING (mission = current_setting('kosh.mission', true))",
    "ALTER TABLE saved_views ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY console_officer ON saved_views TO kosh_console"
    " USING (officer_id::text = current_setting('kosh.officer', true))",
)


def upgrade() -> None:
    op.add_column(
        "cases", sa.Column("labels", sa.ARRAY(sa.Text), nullable=False, server_default="{}")
    )
    op.add_column("cases", sa.Column("call_back_at", sa.TIMESTAMP(timezone=True)))
    op.add_column("canned_replies", sa.Column("title", sa.Text, nullable=False, server_default=""))
    op.create_index(
        "cases_call_back",
        "cases",
        ["mission", "call_back_at", "id"],
        postgresql_where=sa.text("state <> 'resolved' AND call_back_at IS NOT NULL"),
    )
    op.create_index("cases_country", "cases", ["mission", "country"], postgresql_where=_OPEN)
    op.create_table(
        "case_labels",
        sa.Column("mission", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=_NOW),
    )
    officer = sa.ForeignKey("officers.id", ondelete="CASCADE")
    op.create_table(
        "saved_views",
        sa.Column("officer_id", sa.Uuid, officer, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=_NOW),
    )
    for statement in (*_RIGHTS, *_ROW_SECURITY):
        op.execute(sa.text(statement))


def downgrade() -> None:
    op.drop_table("saved_views")
    op.drop_table("case_labels")
    op.drop_column("canned_replies", "title")
    op.drop_index("cases_country", "cases")
    op.drop_index("cases_call_back", "cases")
    for column in ("call_back_at", "labels"):
        op.drop_column("cases", column)
