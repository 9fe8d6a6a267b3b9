"""Embedded PostgreSQL and Valkey servers, and the database roles and databases on them."""

from bot.embedded.db_roles import Databases, create_database, drop_database, prepare
from bot.embedded.server_process import ServiceError
from bot.embedded.servers import postgres, postgres_tool, valkey, valkey_binary

__all__ = [
    "Databases",
    "ServiceError",
    "create_database",
    "drop_database",
    "postgres",
    "postgres_tool",
    "prepare",
    "valkey",
    "valkey_binary",
]
