"""SQL statements about the database server, its schema version, and the connected role."""

from sqlalchemy import DateTime, Text, and_, bindparam, func, or_, select

from bot.db.external_tables import ATTRIBUTES, CLASSES, NAMESPACES, ROLES
from bot.db.statements import statement

IS_PRIVILEGED = statement(
    select(or_(ROLES.c.rolsuper, ROLES.c.rolbypassrls)).where(
        ROLES.c.rolname == func.current_user()
    )
)
"""True if the connected role bypasses row security."""

IS_DURABLE = statement(
    select(
        and_(
            func.current_setting("fsync") == "on",
            func.current_setting("synchronous_commit") != "off",
        )
    )
)
"""True if a committed transaction survives a crash of the server."""

COLUMNS = statement(
    select(CLASSES.c.relname, ATTRIBUTES.c.attname)
    .join(ATTRIBUTES, ATTRIBUTES.c.attrelid == CLASSES.c.oid)
    .join(NAMESPACES, NAMESPACES.c.oid == CLASSES.c.relnamespace)
    .where(NAMESPACES.c.nspname == "public", ATTRIBUTES.c.attnum > 0, ~ATTRIBUTES.c.attisdropped)
)
"""Table and name of every column, including those that the role may not read."""

CLOCK = statement(select(func.clock_timestamp(type_=DateTime(timezone=True))))
TIME_IN_ZONE = statement(
    select(
        func.timezone(
            bindparam("zone", type_=Text()),
            bindparam("at", type_=DateTime(timezone=True)),
            type_=DateTime(),
        )
    )
)
"""The local time of a time zone at a point in time."""

_IS_WRITABLE = func.current_setting("transaction_read_only") == "off"
IS_WRITABLE = statement(select(_IS_WRITABLE))
"""True if transactions may write. False on a standby server, for example."""

TAKE_TRANSACTION_ID = statement(select(func.pg_current_xact_id()).where(_IS_WRITABLE))
"""Returns no row if transactions may not write."""
