"""Let the console's database role queue jobs that notify officers, and no other jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0024_console_jobs"
down_revision = "0023_case_joined_topics"

JOBS, EVENTS = "procrastinate_jobs", "procrastinate_events"
_RIGHTS = (
    f"GRANT SELECT (id), INSERT (queue_name, task_name, priority, lock, queueing_lock, args,"
    f" scheduled_at) ON {JOBS} TO kosh_console",
    # A trigger of the job queue adds an event for each job.
    f"GRANT INSERT (job_id, type) ON {EVENTS} TO kosh_console",
    f"GRANT USAGE ON SEQUENCE {JOBS}_id_seq, {EVENTS}_id_seq TO kosh_console",
    f"ALTER TABLE {JOBS} ENABLE ROW LEVEL SECURITY",
    f"CREATE POLICY app_all ON {JOBS} TO kosh_app USING (true) WITH CHECK (true)",
    f"CREATE POLICY console_notify ON {JOBS} TO kosh_console"
    " USING (task_name = 'notifications.fan_out')",
)


def upgrade() -> None:
    for right in _RIGHTS:
        op.execute(sa.text(right))


def downgrade() -> None:
    op.execute(sa.text(f"DROP POLICY console_notify ON {JOBS}"))
    op.execute(sa.text(f"DROP POLICY app_all ON {JOBS}"))
    op.execute(sa.text(f"ALTER TABLE {JOBS} DISABLE ROW LEVEL SECURITY"))
    op.execute(sa.text(f"REVOKE ALL ON {JOBS}, {EVENTS} FROM kosh_console"))
    op.execute(sa.text(f"REVOKE ALL ON SEQUENCE {JOBS}_id_seq, {EVENTS}_id_seq FROM kosh_console"))
