"""Create the table of reports on sentences that sound wrong in a language.

The bot counts reports per sentence, without the person. Officers add comments; editors close
reports.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0011_wording_reports"
down_revision = "0010_recordings"

TABLE = "wording_reports"
_DAY = sa.text("(kosh_now())::date")

RIGHTS: Sequence[str] = (
    # The bot needs SELECT on these columns to find the open row of the sentence that it counts.
    "GRANT INSERT (sentence, language), UPDATE (count),"
    " SELECT (sentence, language, officer, count, closed_on) ON wording_reports TO kosh_app",
    "GRANT SELECT, INSERT (sentence, language, comment, officer), UPDATE (closed_by, closed_on)"
    " ON wording_reports TO kosh_console",
    "GRANT SELECT (created_on, closed_on), DELETE ON wording_reports TO kosh_retention",
    "ALTER TABLE wording_reports ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY app_counts ON wording_reports TO kosh_app"
    " USING (officer IS NULL) WITH CHECK (officer IS NULL)",
    "CREATE POLICY console_read ON wording_reports FOR SELECT TO kosh_console USING (true)",
    "CREATE POLICY console_own ON wording_reports FOR INSERT TO kosh_console"
    " WITH CHECK (officer::text = current_setting('kosh.officer', true))",
    "CREATE POLICY console_close ON wording_reports FOR UPDATE TO kosh_console USING (true)"
    " WITH CHECK (closed_by::text = current_setting('kosh.officer', true))",
    "CREATE POLICY retention_all ON wording_reports TO kosh_retention USING (true)",
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("officer", sa.Uuid, sa.ForeignKey("officers.id")),
        sa.Column("count", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column("created_on", sa.Date, nullable=False, server_default=_DAY),
        sa.Column("closed_by", sa.Uuid, sa.ForeignKey("officers.id")),
        sa.Column("closed_on", sa.Date),
    )
    op.create_index(
        "wording_reports_of_chats",
        TABLE,
        ["sentence", "language"],
        unique=True,
        postgresql_where=sa.text("officer IS NULL AND closed_on IS NULL"),
    )
    for statement in RIGHTS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table(TABLE)
