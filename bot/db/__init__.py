"""Database access: connection, pipeline, tables, migrations and job queue."""
