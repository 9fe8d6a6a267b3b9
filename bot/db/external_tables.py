"""Tables of PostgreSQL and of procrastinate, with the columns that Kosh's statements read."""

from sqlalchemy import BigInteger, Boolean, DateTime, Integer, Text, column, table
from sqlalchemy.dialects.postgresql import JSONB

ACTIVITY = table("pg_stat_activity", column("datname", Text), column("usename", Text))
ATTRIBUTES = table(
    "pg_attribute",
    column("attrelid", Integer),
    column("attname", Text),
    column("attnum", Integer),
    column("attisdropped", Boolean),
)
CLASSES = table(
    "pg_class", column("oid", Integer), column("relname", Text), column("relnamespace", Integer)
)
DATABASES = table("pg_database", column("datname", Text))
NAMESPACES = table("pg_namespace", column("oid", Integer), column("nspname", Text))
ROLES = table(
    "pg_roles",
    column("rolname", Text),
    column("rolsuper", Boolean),
    column("rolbypassrls", Boolean),
)

JOBS = table(
    "procrastinate_jobs",
    column("id", BigInteger),
    column("queue_name", Text),
    column("task_name", Text),
    column("status", Text),
    column("scheduled_at", DateTime(timezone=True)),
    column("args", JSONB),
)
JOB_EVENTS = table(
    "procrastinate_events",
    column("job_id", BigInteger),
    column("type", Text),
    column("at", DateTime(timezone=True)),
)
