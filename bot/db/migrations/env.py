"""Alembic's way in: one connection as the owner, with short lock and statement limits."""

from alembic import context
from sqlalchemy import create_engine, pool, text

from bot.db import tables

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    # Two processes that start at once must not migrate at once.
    connection.execute(text("SELECT pg_advisory_lock(5274368)"))
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.commit()
    # Each for itself: else the locks of the first would be held until the last is through.
    context.configure(
        connection=connection, target_metadata=tables.metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
