"""Add the IP origin (keyed hash) of web chat cases, and groups of cases closed together as spam."""

import sqlalchemy as sa
from alembic import op

revision = "0002_case_bursts"
down_revision = "0001_baseline"

RIGHTS = """
GRANT SELECT, INSERT ON case_origins TO kosh_app;
GRANT SELECT, INSERT ON case_bursts TO kosh_app;
GRANT SELECT (case_id, created_at), DELETE ON case_origins TO kosh_retention;
GRANT SELECT (id, closed_at), DELETE ON case_bursts TO kosh_retention;
GRANT SELECT ON case_origins TO kosh_console;
GRANT SELECT, INSERT, UPDATE (reopened_at) ON case_bursts TO kosh_console;

ALTER TABLE case_origins ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_bursts ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_all ON case_origins TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY app_all ON case_bursts TO kosh_app USING (true) WITH CHECK (true);
CREATE POLICY retention_all ON case_origins TO kosh_retention USING (true);
CREATE POLICY retention_all ON case_bursts TO kosh_retention USING (true);
CREATE POLICY console_case ON case_origins FOR SELECT TO kosh_console
  USING (EXISTS (SELECT FROM cases WHERE cases.id = case_id));
CREATE POLICY console_mission ON case_bursts TO kosh_console
  USING (mission = current_setting('kosh.mission', true));
"""


def upgrade() -> None:
    """Create the tables first, so that the table `cases` is locked only to add its column."""
    moment = sa.DateTime(timezone=True)
    now = sa.text("kosh_now()")
    op.create_table(
        "case_bursts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("mission", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=False),
        sa.Column("closed_at", moment, nullable=False, server_default=now),
        sa.Column("reopened_at", moment),
    )
    op.create_table(
        "case_origins",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("network", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", moment, nullable=False, server_default=now),
        sa.PrimaryKeyConstraint("case_id", name="case_origins_pkey"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name="case_origins_case_id_fkey", ondelete="CASCADE"
        ),
    )
    op.create_index("case_origins_network", "case_origins", ["network"])
    op.add_column("cases", sa.Column("burst_id", sa.Uuid()))
    op.create_foreign_key(
        "cases_burst_id_fkey", "cases", "case_bursts", ["burst_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index(
        "cases_burst_id", "cases", ["burst_id"], postgresql_where=sa.text("burst_id IS NOT NULL")
    )
    op.execute(RIGHTS)


def downgrade() -> None:
    """Drop the column of the table `cases`, and both new tables."""
    op.drop_column("cases", "burst_id")
    op.drop_table("case_origins")
    op.drop_table("case_bursts")
