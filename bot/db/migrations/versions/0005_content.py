"""Create the tables of content that editors publish in place of the shipped content.

The role kosh_console writes them. The role kosh_app can read only live versions, and the counter of
publications.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005_content"
down_revision = "0004_suggested_phrases"

_NOW = sa.text("kosh_now()")
_MOMENT = sa.DateTime(timezone=True)

RIGHTS: Sequence[str] = (
    "INSERT INTO content_head DEFAULT VALUES",
    "GRANT SELECT ON content_head, content_versions TO kosh_app",
    "GRANT SELECT, INSERT ON content_items, content_versions TO kosh_console",
    "GRANT UPDATE (state, approver, approved_at, ended_at) ON content_versions TO kosh_console",
    "GRANT SELECT, UPDATE (version) ON content_head TO kosh_console",
    "ALTER TABLE content_items ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE content_versions ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY app_live ON content_versions FOR SELECT TO kosh_app USING (state = 'live')",
    "CREATE POLICY console_read ON content_items FOR SELECT TO kosh_console USING (true)",
    "CREATE POLICY console_own ON content_items FOR INSERT TO kosh_console"
    " WITH CHECK (mission IN ('', current_setting('kosh.mission', true)))",
    "CREATE POLICY console_read ON content_versions FOR SELECT TO kosh_console USING (true)",
    "CREATE POLICY console_own ON content_versions FOR INSERT TO kosh_console"
    " WITH CHECK (author::text = current_setting('kosh.officer', true)"
    " AND EXISTS (SELECT FROM content_items i WHERE i.key = item"
    " AND i.mission IN ('', current_setting('kosh.mission', true))))",
    "CREATE POLICY console_state ON content_versions FOR UPDATE TO kosh_console"
    " USING (true) WITH CHECK (true)",
)


def upgrade() -> None:
    op.create_table(
        "content_items",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("mission", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("created_at", _MOMENT, nullable=False, server_default=_NOW),
    )
    op.create_table(
        "content_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("item", sa.Text(), sa.ForeignKey("content_items.key"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("author", sa.Uuid(), sa.ForeignKey("officers.id"), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False, server_default=_NOW),
        sa.Column("approver", sa.Uuid(), sa.ForeignKey("officers.id")),
        sa.Column("approved_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
        sa.Column("restores", sa.Integer()),
        sa.UniqueConstraint("item", "number"),
        sa.CheckConstraint(
            "approver <> author OR restores IS NOT NULL", name="content_versions_four_eyes"
        ),
    )
    op.create_index(
        "content_versions_live",
        "content_versions",
        ["item"],
        unique=True,
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_table(
        "content_head",
        sa.Column("singleton", sa.Boolean(), primary_key=True, server_default=sa.text("true")),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    for statement in RIGHTS:
        op.execute(statement)


def downgrade() -> None:
    for table in ("content_head", "content_versions", "content_items"):
        op.drop_table(table)
