"""Add files of cases, the library of forms, and forms attached to canned replies."""

import sqlalchemy as sa
from alembic import op

revision = "0009_case_files"
down_revision = "0008_inbox"

_NOW = sa.text("kosh_now()")
_RIGHTS = (
    "GRANT SELECT, INSERT ON case_files TO kosh_app, kosh_console",
    "GRANT UPDATE ON case_files TO kosh_app",
    "GRANT SELECT, INSERT, DELETE ON form_files TO kosh_console",
)
_ROW_SECURITY = (
    "ALTER TABLE case_files ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY app_all ON case_files TO kosh_app USING (true) WITH CHECK (true)",
    "CREATE POLICY console_case ON case_files TO kosh_console"
    " USING (EXISTS (SELECT FROM cases WHERE cases.id = case_id))",
    "ALTER TABLE form_files ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY console_mission ON form_files TO kosh_console"
    " USING (mission = current_setting('kosh.mission', true))",
)


def upgrade() -> None:
    op.add_column("canned_replies", sa.Column("form", sa.Text, nullable=False, server_default=""))
    _add_case_files()
    _add_form_files()
    for statement in (*_RIGHTS, *_ROW_SECURITY):
        op.execute(sa.text(statement))


def _add_case_files() -> None:
    op.create_table(
        "case_files",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "case_id", sa.Uuid, sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column(
            "person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=_NOW),
        sa.Column("state", sa.Text, nullable=False, server_default="ready"),
        sa.Column("channel", sa.Text),
        sa.Column("source", sa.LargeBinary),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=_NOW),
    )
    op.create_index(
        "case_files_open",
        "case_files",
        ["due_at"],
        postgresql_where=sa.text("state = 'fetching'"),
    )
    op.create_index("case_files_case_id", "case_files", ["case_id"])
    op.create_index("case_files_person_id", "case_files", ["person_id"])


def _add_form_files() -> None:
    op.create_table(
        "form_files",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("mission", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=_NOW),
        sa.UniqueConstraint("mission", "name", "language"),
    )


def downgrade() -> None:
    op.drop_table("form_files")
    op.drop_table("case_files")
    op.drop_column("canned_replies", "form")
