"""Databases and connections that tests use one after another are as good as new."""

from typing import LiteralString

import psycopg
import pytest
from psycopg.rows import scalar_row

from bot.runtime import Pool, pool
from tests.database_reuse import ReusedConnection, Session, reused_database

STATE: LiteralString = """
SELECT pg_backend_pid(), current_setting('work_mem'), count(*) FROM pg_locks
  WHERE locktype = 'advisory' AND pid = pg_backend_pid()
"""


def test_reused_database_holds_what_the_template_holds(
    admin_url: str, template: str, admin_session: Session
) -> None:
    with (
        reused_database(admin_url, template, admin_session) as first,
        psycopg.connect(first.owner, autocommit=True) as session,
    ):
        session.execute("UPDATE test_clock SET ahead = '1 day'")
        session.execute("INSERT INTO content_items (key) VALUES ('a')")
    with reused_database(admin_url, template, admin_session) as second:
        assert second == first
        with psycopg.connect(second.owner, row_factory=scalar_row) as session:
            assert session.execute("SELECT ahead::text FROM test_clock").fetchall() == ["00:00:00"]
            assert session.execute("SELECT count(*) FROM content_items").fetchone() == 0


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE content_items ALTER COLUMN key SET STATISTICS 10",
        "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' CONNECTION LIMIT 9';"
        " END $$",
    ],
)
def test_database_is_not_used_again_when_it_was_changed(
    admin_url: str, template: str, admin_session: Session, change: LiteralString
) -> None:
    with (
        reused_database(admin_url, template, admin_session) as first,
        psycopg.connect(first.owner, autocommit=True) as session,
    ):
        session.execute(change)
    with reused_database(admin_url, template, admin_session) as second:
        assert second != first


def _pool(url: str, monkeypatch: pytest.MonkeyPatch) -> Pool:
    monkeypatch.setattr("bot.runtime.Connection", ReusedConnection)
    return pool(url, 1)


async def test_reused_connection_forgets_its_settings_and_locks(
    admin_url: str, template: str, admin_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reused_database(admin_url, template, admin_session) as urls:
        pids = []
        for _ in range(2):
            async with _pool(urls.app, monkeypatch) as opened, opened.connection() as session:
                row = await (await session.execute(STATE)).fetchone()
                assert row
                assert row[1:] == ("4MB", 0)
                pids.append(row[0])
                await session.execute("SET work_mem = '5MB'")
                await session.execute("SELECT pg_advisory_lock(1)")
        assert pids[0] == pids[1]


async def test_connection_inside_a_transaction_is_not_used_again(
    admin_url: str, template: str, admin_session: Session
) -> None:
    with reused_database(admin_url, template, admin_session) as urls:
        first = await ReusedConnection.connect(urls.app)
        await first.execute("SELECT 1")
        await first.close()
        assert first.closed


async def test_connection_that_the_server_ended_is_not_used_again(
    admin_url: str, template: str, admin_session: Session
) -> None:
    with reused_database(admin_url, template, admin_session) as urls:
        first = await ReusedConnection.connect(urls.app)
        await first.close()
        admin_session.execute("SELECT pg_terminate_backend(%s, 5000)", (first.info.backend_pid,))
        second = await ReusedConnection.connect(urls.app)
        assert second is not first
        await second.close()
