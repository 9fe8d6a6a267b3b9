"""The audit log: one SQL function appends entries; only retention deletes them, after 3 years."""

from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from psycopg.sql import SQL
from typer.testing import CliRunner

from bot.cli import assembled
from bot.embedded import Databases
from bot.observability import logging
from bot.operations import backup, health
from bot.privacy import retention
from bot.runtime import Runtime
from bot.security import audit_log
from bot.security.audit_log import Head
from flows import lifetimes

pytestmark = pytest.mark.requirement("S-64")

WRITES: tuple[LiteralString, ...] = (
    "UPDATE audit_head SET seq = 0",
    "DELETE FROM audit_head",
    "INSERT INTO audit_head (singleton, seq, hash) VALUES (false, 0, '')",
    "UPDATE audit_entries SET action = 'other'",
    "DELETE FROM audit_entries",
    "DELETE FROM audit_entries WHERE seq = 3 AND created_at < now()",
    "INSERT INTO audit_entries (seq, created_at, actor, action, subject, hash)"
    " VALUES (99, now(), 'somebody', 'a', 'a', '')",
    "TRUNCATE audit_entries",
)
APPEND: LiteralString = "SELECT kosh_append_audit('somebody', 'tried', '-', '')"
YEARS = f"{lifetimes.AUDIT_YEARS} years"


async def _append(rt: Runtime, count: int) -> None:
    async with rt.pool.connection() as session:
        for number in range(count):
            await audit_log.append(session, actor="tester", action="tried", subject=str(number))


async def _broken(rt: Runtime, anchor: Head | None = None) -> int | None:
    async with rt.pool.connection() as session:
        return await audit_log.find_broken_entry(session, anchor)


async def _head(rt: Runtime) -> Head:
    async with rt.pool.connection() as session:
        return await audit_log.head(session)


async def _pass(rt: Runtime, interval: str) -> None:
    async with rt.pool.connection() as session:
        await session.execute("UPDATE test_clock SET ahead = ahead + %s::interval", (interval,))


def _cut(databases: Databases, last: int) -> None:
    """As the database's owner, delete the entries after `last`, and correct the stored head."""
    with psycopg.connect(databases.owner) as session:
        session.execute("DELETE FROM audit_entries WHERE seq > %s", (last,))
        session.execute(
            "UPDATE audit_head h SET (seq, hash) ="
            " (SELECT seq, hash FROM audit_entries ORDER BY seq DESC LIMIT 1)"
        )


@pytest.mark.parametrize("role", ["app", "console", "retention"])
@pytest.mark.parametrize("statement", WRITES)
async def test_audit_tables_cannot_be_changed_by_any_role_of_the_program(
    rt: Runtime, databases: Databases, role: str, statement: LiteralString
) -> None:
    await _append(rt, 3)
    with (
        psycopg.connect(getattr(databases, role)) as session,
        pytest.raises(InsufficientPrivilege),
    ):
        session.execute(statement)
    assert await _broken(rt) is None


async def test_officer_cannot_append_an_audit_log_entry_for_another_officer(
    rt: Runtime, databases: Databases
) -> None:
    with psycopg.connect(databases.console) as session:
        with pytest.raises(InsufficientPrivilege), session.transaction():
            session.execute(APPEND)
        session.execute("SELECT set_config('kosh.officer', 'other', true)")
        with pytest.raises(InsufficientPrivilege), session.transaction():
            session.execute(APPEND)
        session.execute("SELECT set_config('kosh.officer', 'somebody', true)")
        session.execute(APPEND)
    assert (await _head(rt)).seq == 1


def test_security_definer_functions_have_a_fixed_search_path(databases: Databases) -> None:
    with psycopg.connect(databases.owner) as session:
        found = session.execute(
            "SELECT proname, proconfig FROM pg_proc WHERE prosecdef"
            " AND pronamespace = 'public'::regnamespace"
        ).fetchall()
    assert {"kosh_append_audit", "kosh_expire_audit"} <= {name for name, _config in found}
    for name, config in found:
        assert any(each.startswith("search_path=pg_catalog") for each in config or ()), name
    for url in (databases.app, databases.console, databases.retention):
        kinds: tuple[LiteralString, ...] = ("TEMPORARY TABLE", "TABLE")
        for place in kinds:
            with psycopg.connect(url) as session, pytest.raises(InsufficientPrivilege):
                session.execute(SQL("CREATE {} audit_copy (seq bigint)").format(SQL(place)))


async def test_audit_log_verification_succeeds_after_old_entries_expired(
    rt: Runtime, databases: Databases
) -> None:
    await _append(rt, 5)
    early = await _head(rt)
    await _pass(rt, "1 year")
    await _append(rt, 5)
    anchor = await _head(rt)
    await _pass(rt, f"{lifetimes.AUDIT_YEARS - 1} years -1 hour")
    assert (await retention.retain(rt))["audit_entries"] == 0
    await _pass(rt, "2 hours")
    assert (await retention.retain(rt))["audit_entries"] == 5
    assert await _broken(rt) is None
    assert await _broken(rt, anchor) is None
    assert await _broken(rt, early) is None  # the last one deleted is still known
    assert await _broken(rt, Head(early.seq - 1, early.hash)) == early.seq - 1
    await _append(rt, 1)
    assert await _broken(rt, anchor) is None
    await _pass(rt, YEARS + " 1 hour")
    assert (await retention.retain(rt))["audit_entries"] == 6
    assert await _broken(rt) is None
    await _append(rt, 1)
    assert (await _head(rt)).seq == 12
    assert await _broken(rt) is None


async def test_audit_expiry_deletes_no_entry_after_the_first_unexpired_one(
    rt: Runtime, databases: Databases
) -> None:
    await _append(rt, 3)
    with psycopg.connect(databases.owner) as session:
        session.execute(
            "UPDATE audit_entries SET created_at = created_at - interval '9 years' WHERE seq > 1"
        )
    assert (await retention.retain(rt))["audit_entries"] == 0


async def test_worker_detects_a_truncated_audit_log(
    rt: Runtime, databases: Databases, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.configure("info")
    watch = health.AuditWatch()
    await _append(rt, 5)
    await watch.verify(rt)
    assert f'"head":"{await _head(rt)}"' in capsys.readouterr().err
    _cut(databases, 3)
    await watch.verify(rt)
    assert '"event":"audit.broken"' in capsys.readouterr().err
    await _append(rt, 4)
    await watch.verify(rt)
    assert '"number":5' in capsys.readouterr().err
    await health.AuditWatch().verify(rt)  # without the earlier head the log is in order
    assert '"event":"audit.verified"' in capsys.readouterr().err


async def test_backup_includes_the_head_of_the_audit_log(rt: Runtime, tmp_path: Path) -> None:
    await _append(rt, 4)
    written = backup.back_up(rt.settings, rt.vault, tmp_path / "backups")
    kept = written.with_suffix(backup.HEAD_SUFFIX).read_text("ascii")
    assert Head.parse(kept) == await _head(rt)


def test_audit_verify_command_rejects_a_malformed_anchor(tmp_path: Path) -> None:
    for wrong in ("12", "12:xyz", "-1:" + "0" * 64, "1:" + "0" * 63):
        ended = CliRunner().invoke(assembled(), ["audit", "verify", "--anchor", wrong])
        assert (ended.exit_code, "E_AUDIT_ANCHOR" in ended.output) == (2, True), wrong
        assert wrong not in ended.output


@pytest.mark.parametrize("text", ["0:", f"7:{'0a' * 32}", f" 123456789012:{'ff' * 32}\n"])
def test_audit_log_head_round_trips_through_text(text: str) -> None:
    assert str(Head.parse(text)) == text.strip()
