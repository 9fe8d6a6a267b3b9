"""PostgreSQL and Valkey where none is given, and the roles and databases on them."""

from bot.services.embedded import postgres, postgres_tool, valkey
from bot.services.folder import ServiceError
from bot.services.roles import Databases, create_database, drop_database, prepare

__all__ = [
    "Databases",
    "ServiceError",
    "create_database",
    "drop_database",
    "postgres",
    "postgres_tool",
    "prepare",
    "valkey",
]
