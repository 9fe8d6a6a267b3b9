"""The baseline schema, and the upgrade to it from revision 0013: same schema, no row lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager
from psycopg.sql import SQL, Identifier

from bot import embedded
from bot.db.migrations import MigrationError, baseline, migrate, newest
from bot.embedded import Databases
from bot.operations import backup
from bot.security.key_files import Keys
from bot.security.vault import Vault
from tests.app_stack import stack_settings

SCHEMA_0013 = (Path(__file__).parent / "schema_0013.sql").read_text("utf-8")
REVISION = """
CREATE TABLE alembic_version
  (version_num VARCHAR(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY);
INSERT INTO alembic_version VALUES ('0013');
"""
# Queries that describe the schema, by catalog.
CATALOGS: dict[str, LiteralString] = {
    "tables": """
        SELECT c.relname, c.relkind, c.relrowsecurity, c.reloptions, ARRAY(
          SELECT format('%s %s %s', grantee::regrole, privilege_type, is_grantable)
          FROM aclexplode(coalesce(c.relacl, acldefault(
            CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))) ORDER BY 1)
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
    """,
    "columns": """
        SELECT c.relname, a.attname, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum),
          format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attstorage,
          pg_get_expr(d.adbin, d.adrelid), a.attacl::text
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
        AND a.attnum > 0 AND NOT a.attisdropped
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal
    """,
    "functions": """
        SELECT oid::regprocedure::text, pg_get_functiondef(oid), ARRAY(
          SELECT format('%s %s', grantee::regrole, privilege_type)
          FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) ORDER BY 1)
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
    """,
    "policies": """
        SELECT tablename, policyname, roles::text, cmd, qual, with_check
        FROM pg_policies WHERE schemaname = 'public'
    """,
}
OWN: LiteralString = """
    SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname !~ '^(procrastinate_|alembic_)' ORDER BY relname
"""
# For each SQL type, an expression with a value that no column has by default.
VALUES = {
    "bigint": "41", "integer": "42", "boolean": "true", "bytea": "'\\x00ff'",
    "date": "'2026-02-28'",
    "jsonb": """'{"a": 1}'""", "text": "'text'", "text[]": "'{one,two}'",
    "time without time zone": "'09:30'", "timestamp with time zone": "'2026-02-28 12:00Z'",
    "uuid": "gen_random_uuid()",
}  # fmt: skip
RENAMED = {
    "updates": "processed_updates", "quarantine": "quarantined_updates",
    "case_words": "case_messages", "notes": "case_notes", "case_readers": "case_viewers",
    "glass": "break_glass_requests", "holidays": "mission_holidays", "canned": "canned_replies",
    "duty_cards": "duty_messages", "steps": "form_funnel", "links": "secure_links",
    "traits": "audience_attributes", "recipients": "broadcast_recipients",
    "approvals": "broadcast_approvals", "platform_pauses": "channel_pauses",
    "audit": "audit_entries",
}  # fmt: skip

type Row = tuple[Any, ...]


def test_migrations_form_a_linear_history_from_the_baseline() -> None:
    config = Config()
    config.set_main_option("script_location", "bot.db:migrations")
    script = ScriptDirectory.from_config(config)
    assert script.get_bases() == [baseline.REVISION]
    assert script.get_heads() == [newest()]


@pytest.mark.requirement("S-74")
def test_upgrade_from_0013_makes_the_schema_of_the_baseline(admin_url: str) -> None:
    with _former(admin_url) as former, _database(admin_url) as made:
        migrate(_for_sqlalchemy(former.owner))
        migrate(_for_sqlalchemy(made.owner))
        with psycopg.connect(former.owner) as upgraded, psycopg.connect(made.owner) as new:
            for catalog, query in CATALOGS.items():
                rows, expected = _sorted(upgraded, query), _sorted(new, query)
                assert expected, catalog
                assert [row for row in rows if row not in expected] == [], catalog
                assert [row for row in expected if row not in rows] == [], catalog


@pytest.mark.requirement("S-74")
def test_upgrade_from_0013_keeps_every_row(admin_url: str) -> None:
    with _former(admin_url) as former:
        _fill(admin_url, former)
        with psycopg.connect(former.owner) as connection:
            before = _contents(connection)
            assert all(before.values()), "each table has a row"
            # The upgrade drops only this column, which nothing wrote.
            connection.execute("ALTER TABLE quarantine DROP body")
            before["quarantine"] = _contents(connection)["quarantine"]
            connection.rollback()
        migrate(_for_sqlalchemy(former.owner))
        with psycopg.connect(former.owner) as connection:
            after = _contents(connection)
    for table, rows in before.items():
        # Later migrations add tables, and columns at the end, so compare the first columns only.
        old_columns = [row[: len(rows[0])] for row in after[RENAMED.get(table, table)]]
        assert old_columns == rows, table


def test_restore_upgrades_a_backup_of_revision_0013(
    admin_url: str, redis_url: str, tmp_path: Path
) -> None:
    with _former(admin_url) as former:
        with psycopg.connect(former.owner) as connection:
            connection.execute("INSERT INTO updates (channel, key) VALUES ('web', '1')")
        settings = stack_settings(former, redis_url, tmp_path)
        vault = Vault(Keys.create(settings.key_dir))
        path = backup.back_up(settings, vault, tmp_path / "backups")
        backup.restore(settings, vault, path)
        with psycopg.connect(former.owner) as connection:
            assert _contents(connection)["processed_updates"]


def test_migrate_refuses_a_revision_before_0013(admin_url: str) -> None:
    with _former(admin_url) as former:
        with psycopg.connect(former.owner) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0012'")
        with pytest.raises(MigrationError, match="revision 0012"):
            migrate(_for_sqlalchemy(former.owner))


@contextmanager
def _database(admin_url: str) -> Iterator[Databases]:
    name = f"kosh_{uuid4().hex[:12]}"
    try:
        yield embedded.prepare(admin_url, name)
    finally:
        embedded.drop_database(admin_url, name)


@contextmanager
def _former(admin_url: str) -> Iterator[Databases]:
    """Yield a database with the schema of revision 0013."""
    with _database(admin_url) as former:
        with psycopg.connect(former.owner) as connection:
            connection.execute(SchemaManager.get_schema())
            connection.execute(SCHEMA_0013)
            connection.execute(REVISION)
        yield former


def _fill(admin_url: str, former: Databases) -> None:
    """Insert a row into each table, as superuser with triggers and foreign keys disabled."""
    url = admin_url.rpartition("/")[0] + "/" + former.owner.rpartition("/")[2]
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        for (table,) in connection.execute(OWN).fetchall():
            columns = connection.execute(
                "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
                " WHERE attrelid = %s::regclass AND attnum > 0 AND attidentity = ''",
                (table,),
            ).fetchall()
            connection.execute(
                SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
                    Identifier(table),
                    SQL(", ").join(Identifier(name) for name, _type in columns),
                    SQL(", ").join(SQL(VALUES[kind]) for _name, kind in columns),
                )
            )


def _contents(connection: psycopg.Connection[Row]) -> dict[str, list[Row]]:
    tables = [name for (name,) in connection.execute(OWN).fetchall()]
    return {
        name: connection.execute(SQL("SELECT * FROM {}").format(Identifier(name))).fetchall()
        for name in tables
    }


def _sorted(connection: psycopg.Connection[Row], query: LiteralString) -> list[Row]:
    return sorted(connection.execute(query).fetchall(), key=lambda row: [str(each) for each in row])


def _for_sqlalchemy(url: str) -> str:
    return url.replace("postgresql", "postgresql+psycopg", 1)
