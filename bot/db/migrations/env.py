"""Alembic environment: one connection as the database's owner, with a short lock timeout."""

from typing import Any

from alembic import context
from sqlalchemy import create_engine, pool, text

from bot.db import tables
from bot.db.migrations import leave_former

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    # Serializes processes that start at the same time, so that only one of them migrates.
    connection.execute(text("SELECT pg_advisory_lock(5274368)"))
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.commit()
    with connection.begin():
        driver: Any = connection.connection.driver_connection
        leave_former(driver)
    # One transaction per migration, so that the locks of a migration are released before the next
    # one.
    context.configure(
        connection=connection, target_metadata=tables.metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
