"""A restored backup does not bring back a person who was erased after the backup."""

import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from bot.config.settings import Settings
from bot.embedded import Databases, ServiceError
from bot.officers import credentials
from bot.officers.permissions import Role
from bot.operations import backup as operation_backup
from bot.operations import key_rotation, rollback_guard
from bot.outgoing_webhooks import endpoints
from bot.outgoing_webhooks.events import EventType
from bot.people import identities
from bot.privacy import erasure
from bot.runtime import Runtime, runtime
from bot.security.key_files import Keys, VaultError
from bot.security.vault import Vault
from tests.app_stack import AppStack, running_stack
from tests.desk.desks import insert_officer
from tests.operations.test_key_rotation import settle
from tests.person_client import Guest
from tests.terminal import shell
from tests.web.database_dump import dump_rows

ERASED, REMAINING = "nobody-who-leaves", "nobody-who-stays"
ENCRYPTED_VALUES = (
    "SELECT key FROM people WHERE id = %s",
    "SELECT blind_index FROM handles WHERE person_id = %s",
    "SELECT address FROM handles WHERE person_id = %s",
    "SELECT state FROM conversations WHERE person_id = %s",
)


async def person(rt: Runtime, name: str) -> UUID | None:
    async with rt.pool.connection() as session:
        found = await identities.find(rt, session, "web", name)
    return found.id if found else None


async def is_accepted(stack: AppStack) -> bool:
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT count(*) FROM registrations WHERE number IS NOT NULL"
        )
        return await cursor.fetchone() == (2,)


async def is_journaled(stack: AppStack) -> bool:
    return stack.rt.settings.erasure_journal.exists()


def encrypted_values(databases: Databases, person_id: UUID) -> list[bytes]:
    """Return all encrypted values of a person in the database; ENCRYPTED_VALUES has the SQL."""
    with psycopg.connect(databases.owner) as session:
        return [
            bytes(row[0])
            for statement in ENCRYPTED_VALUES
            for row in session.execute(statement, (person_id,)).fetchall()
        ]


def database_files(databases: Databases, admin_url: str, services_home: Path) -> bytes:
    """Return the content of all files of the test's PostgreSQL database, after a checkpoint."""
    name = databases.owner.rsplit("/", 1)[1]
    with psycopg.connect(admin_url, autocommit=True) as session:
        session.execute("CHECKPOINT")
        row = session.execute("SELECT oid FROM pg_database WHERE datname = %s", (name,)).fetchone()
    assert row
    folder = services_home / "postgres" / "cluster" / "base" / str(row[0])
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


@pytest.mark.requirement("S-33", "S-73", "S-31")
@pytest.mark.usefixtures("closed_connections")
async def test_erased_person_does_not_return_with_a_restored_backup(
    chosen: Settings,
    databases: Databases,
    admin_url: str,
    services_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running_stack(chosen, admin_url) as stack:
        erased_guest, remaining_guest = Guest(stack.rt, ERASED), Guest(stack.rt, REMAINING)
        for guest in (erased_guest, remaining_guest):
            await guest.register()
        await stack.until(lambda: is_accepted(stack))
        erased = await person(stack.rt, ERASED)
        assert erased is not None
        erased_bytes = encrypted_values(databases, erased)
        conversation = await remaining_guest.conversation()
        backup = operation_backup.back_up(chosen, stack.rt.vault, tmp_path / "backups")
        await erased_guest.go("/delete", "yes")
        await stack.until(lambda: is_journaled(stack))
        assert await person(stack.rt, ERASED) is None
        with monkeypatch.context() as patch, pytest.raises(ServiceError, match="E_RESTORE_BUSY"):
            patch.setattr(operation_backup, "ENDING_SECONDS", 0.0)
            operation_backup.restore(chosen, stack.rt.vault, backup)

    assert len(erased_bytes) == 4
    sealed = backup.read_bytes()
    assert not any(each in sealed for each in (*erased_bytes, b"TESTOVA", ERASED.encode()))
    operation_backup.restore(chosen, Vault(Keys.load(chosen.key_dir)), backup)
    assert encrypted_values(databases, erased) == erased_bytes  # a restore alone brings them back
    async with runtime(chosen) as rt:
        assert await operation_backup.finish_restore(rt) == 1
        assert await person(rt, ERASED) is None
        assert await Guest(rt, REMAINING).conversation() == conversation
        assert await erasure.replay_journal(rt) == 0
    everything = dump_rows(databases)
    assert not any(each.hex() in everything for each in erased_bytes)
    disk = database_files(databases, admin_url, services_home)
    assert not any(each in disk for each in erased_bytes)


@pytest.fixture
async def copied(rt: Runtime, tmp_path: Path) -> AsyncIterator[Path]:
    await Guest(rt, REMAINING).consent()
    yield operation_backup.back_up(rt.settings, rt.vault, tmp_path / "backups")


@pytest.mark.usefixtures("closed_connections")
async def test_restore_waits_for_database_sessions_that_are_ending(
    chosen: Settings, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with runtime(chosen) as rt:
        await Guest(rt, REMAINING).consent()
        backup = operation_backup.back_up(chosen, rt.vault, tmp_path / "backups")
    ending = psycopg.connect(databases.app)
    monkeypatch.setattr("bot.operations.backup.sleep", lambda _seconds: ending.close())
    operation_backup.restore(chosen, Vault(Keys.load(chosen.key_dir)), backup)
    assert ending.closed


@pytest.mark.requirement("S-73", "S-29")
async def test_backup_cannot_be_restored_without_its_key_version(
    chosen: Settings, copied: Path
) -> None:
    known = Keys.load(chosen.key_dir)
    later = Vault(Keys({2: bytes(32)}, known.index, known.ask))
    with pytest.raises(VaultError) as error:
        operation_backup.restore(chosen, later, copied)
    assert error.value.code == "E_VAULT_EPOCH"


@pytest.mark.requirement("S-73")
@pytest.mark.usefixtures("closed_connections")
async def test_backup_whose_index_key_was_destroyed_is_refused(
    chosen: Settings, tmp_path: Path
) -> None:
    async with runtime(chosen) as rt:
        settle(rt)
        await Guest(rt, ERASED).consent()
        backup = operation_backup.back_up(chosen, rt.vault, tmp_path / "backups")
        await Guest(rt, ERASED).go("/delete", "yes")
        await erasure.append_journal(rt)
        await key_rotation.create(rt, "index")
        settle(rt)
        await key_rotation.rewrap_all(rt)
        await key_rotation.destroy(rt, "index", 1, now=True)
    operation_backup.restore(chosen, Vault(Keys.load(chosen.key_dir)), backup)
    async with runtime(chosen) as rt:
        with pytest.raises(VaultError, match="index-1") as error:
            await operation_backup.finish_restore(rt)
        assert error.value.code == "E_VAULT_KEYS"
        with pytest.raises(rollback_guard.OlderDatabase):
            await rollback_guard.refuse_older(rt)


async def _back_up_before_rewrapping(rt: Runtime, folder: Path) -> Path:
    """Back up under a new master key before rewrapping, then destroy the former key."""
    await key_rotation.create(rt, "epoch")
    settle(rt)
    backup = operation_backup.back_up(rt.settings, rt.vault, folder)
    await key_rotation.rewrap_all(rt)
    await key_rotation.destroy(rt, "epoch", 1, now=True)
    return backup


def _assert_needs_a_destroyed_key(chosen: Settings, databases: Databases, backup: Path) -> None:
    """Assert that the backup is refused for want of a master key, and nothing is changed."""
    before = dump_rows(databases)
    with pytest.raises(VaultError) as error:
        operation_backup.restore(chosen, Vault(Keys.load(chosen.key_dir)), backup)
    assert error.value.code == "E_VAULT_EPOCH"
    assert dump_rows(databases) == before


@pytest.mark.requirement("S-73", "S-29")
async def test_backup_before_rewrapping_needs_only_the_older_key(
    chosen: Settings, databases: Databases, tmp_path: Path
) -> None:
    async with runtime(chosen) as rt:
        settle(rt)
        await Guest(rt, REMAINING).consent()
        backup = await _back_up_before_rewrapping(rt, tmp_path / "backups")
    # The people in this backup are unreadable without the destroyed key.
    _assert_needs_a_destroyed_key(chosen, databases, backup)


@pytest.mark.requirement("S-73")
async def test_backup_with_credentials_under_the_older_key_needs_it(
    chosen: Settings, databases: Databases, tmp_path: Path
) -> None:
    async with runtime(chosen) as rt:
        assert rt.console is not None
        settle(rt)
        token = await credentials.bootstrap(rt, "TESTOVA ADMIN")
        async with rt.console.connection() as session:
            secret = credentials.new_secret()
            await credentials.enrol(rt, session, token, "caravan-of-eleven-camels", secret)
        backup = await _back_up_before_rewrapping(rt, tmp_path / "backups")
    # No officer of this backup could sign in.
    _assert_needs_a_destroyed_key(chosen, databases, backup)


@pytest.mark.requirement("S-73")
async def test_backup_with_a_webhook_under_the_older_key_needs_it(
    chosen: Settings, databases: Databases, tmp_path: Path
) -> None:
    async with runtime(chosen) as rt:
        settle(rt)
        system = await insert_officer(rt, roles=(Role.INTEGRATOR,))
        async with rt.pool.connection() as session:
            url, events = "https://portal.example/kosh", [EventType.TEST]
            await endpoints.register(rt, session, system.id, url, events)
        backup = await _back_up_before_rewrapping(rt, tmp_path / "backups")
    # The endpoint's URL and secret in this backup are unreadable.
    _assert_needs_a_destroyed_key(chosen, databases, backup)


@pytest.mark.requirement("S-73")
async def test_backup_with_an_unsent_erasure_under_the_older_key_needs_it(
    chosen: Settings, databases: Databases, tmp_path: Path
) -> None:
    async with runtime(chosen) as rt:
        settle(rt)
        guest = Guest(rt, ERASED)
        await guest.register()
        await guest.go("/delete", "yes")
        backup = await _back_up_before_rewrapping(rt, tmp_path / "backups")
    # The registry could not be asked to erase the person of this backup.
    _assert_needs_a_destroyed_key(chosen, databases, backup)


@pytest.mark.requirement("S-73")
@pytest.mark.parametrize("harm", ["cut", "altered", "joined", "foreign"])
async def test_damaged_backup_is_refused_before_any_change(
    chosen: Settings, databases: Databases, copied: Path, harm: str
) -> None:
    whole = bytearray(copied.read_bytes())
    match harm:
        case "cut":
            copied.write_bytes(whole[:-100_000])
        case "altered":
            whole[len(whole) // 2] ^= 1
            copied.write_bytes(whole)
        case "joined":
            copied.write_bytes(whole + whole[-100:])
        case _:
            copied.write_bytes(b"PGDMP" + whole)
    before = dump_rows(databases)
    with pytest.raises(VaultError) as error:
        operation_backup.restore(chosen, Vault(Keys.load(chosen.key_dir)), copied)
    assert error.value.code == "E_VAULT_INTEGRITY"
    assert dump_rows(databases) == before


@pytest.mark.requirement("S-70")
async def test_backup_process_has_no_password_in_arguments_or_environment(
    rt: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    popen = subprocess.Popen

    def record_command(command: list[str], env: dict[str, str] | None = None, **more: Any) -> Any:
        seen.extend([*map(str, command), *(env or {}).values()])
        return popen(command, env=env, **more)

    monkeypatch.setattr(subprocess, "Popen", record_command)
    operation_backup.back_up(rt.settings, rt.vault, tmp_path / "backups")
    password = rt.settings.database("owner").split(":")[2].split("@")[0]
    assert seen
    assert not any(password in each for each in seen)


# `./kosh restore`


@pytest.fixture
def environment(chosen: Settings, databases: Databases) -> Mapping[str, str]:
    """Return the environment variables with which the commands work on the test's installation."""
    assert chosen.redis_url
    Keys.create(chosen.key_dir)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("KOSH_")}
    return plain | {
        "KOSH_DEMO": "true",
        "KOSH_DATABASE_URL": databases.app,
        "KOSH_DATABASE_OWNER_URL": databases.owner,
        "KOSH_DATABASE_CONSOLE_URL": databases.console,
        "KOSH_REDIS_URL": chosen.redis_url.get_secret_value(),
        "KOSH_DATA_DIR": str(chosen.data_dir),
        "KOSH_KEY_DIR": str(chosen.key_dir),
    }


@pytest.mark.usefixtures("closed_connections")
def test_restore_without_a_file_is_refused_while_processes_run(
    databases: Databases, environment: Mapping[str, str]
) -> None:
    """Check that no message of a running installation is dropped."""
    before = dump_rows(databases)
    with psycopg.connect(databases.app):
        code, output = shell().types("restore", environment=environment)
    assert (code, output.split(":")[0]) == (2, "E_RESTORE_BUSY")
    assert dump_rows(databases) == before


def test_restore_with_replace_is_refused_without_a_file(environment: Mapping[str, str]) -> None:
    code, output = shell().types("restore", "--replace", environment=environment)
    assert (code, output.split(":")[0]) == (2, "E_RESTORE")
    assert "give the path" in output


@pytest.mark.requirement("S-33", "S-73")
@pytest.mark.usefixtures("closed_connections")
async def test_restore_is_refused_without_the_journal_of_erasures(
    chosen: Settings, databases: Databases, environment: Mapping[str, str], tmp_path: Path
) -> None:
    async with runtime(chosen) as rt:
        await Guest(rt, ERASED).consent()
        backup = operation_backup.back_up(chosen, rt.vault, tmp_path / "backups")
        await Guest(rt, ERASED).go("/delete", "yes")
        await erasure.append_journal(rt)
    journal, copy = chosen.erasure_journal, tmp_path / "copy"
    journal.rename(copy)
    before = dump_rows(databases)
    for words in (("restore", str(backup), "--replace"), ("restore",)):
        code, output = shell().types(*words, environment=environment)
        assert (code, output.split(":")[0]) == (2, "E_RESTORE")
        assert str(journal) in output
        assert "--no-journal" in output
    assert dump_rows(databases) == before

    copy.rename(journal)
    words = ("restore", str(backup), "--replace")
    code, output = shell().types(*words, environment=environment)
    assert (code, "Erased again: 1" in output) == (0, True), output
    assert f"{journal}: entries applied: 1" in output
    journal.unlink()
    code, output = shell().types(*words, "--no-journal", environment=environment)
    assert (code, "Erased again: 0" in output) == (0, True), output
    assert f"{journal}: there is no such file" in output


# `./kosh backup`


@pytest.mark.parametrize(
    ("folder", "code"), [("file", "E_BACKUP"), ("file/below", "E_BACKUP"), ("", "Usage")]
)
def test_backup_explains_a_folder_that_cannot_be_one(
    folder: str, code: str, environment: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    word = str(tmp_path / folder) if folder else ""
    ended, output = shell().types("backup", word, environment=environment)
    assert (ended, output.split(":")[0]) == (2, code), output
    assert "Traceback" not in output


async def test_backup_deletes_the_draft_of_an_earlier_one_that_was_killed(
    rt: Runtime, tmp_path: Path
) -> None:
    old, fresh = (tmp_path / f"2026-11-2{day}T21-30-00Z.new" for day in (1, 2))
    other = tmp_path / "settings.new"
    for each in (old, fresh, other):
        each.touch()
    for each in (old, other):
        os.utime(each, (0, 0))
    operation_backup.back_up(rt.settings, rt.vault, tmp_path)
    # The second file may be of a backup that runs at the same time.
    assert [each.exists() for each in (old, fresh, other)] == [False, True, True]
