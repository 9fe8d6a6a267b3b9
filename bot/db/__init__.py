"""The connection, the pipeline, tables, migrations and the job queue."""
