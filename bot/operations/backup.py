"""Encrypted backups, unreadable once their key is destroyed, and a restore that repeats erasures.

A backup is a database dump, encrypted as a stream, so that no plaintext is written to disk. The
backup does not contain its key, the installation's epoch key (see `vault`). When this key is
destroyed, the backup becomes unreadable. After a restore, everyone who was erased since the backup
is erased again before any service starts.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep, time
from typing import IO
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg.errors import UndefinedColumn, UndefinedTable
from sqlalchemy import func, select
from sqlalchemy.schema import CreateSchema, DropSchema

from bot import broadcasts, outbox
from bot.config.settings import Settings
from bot.db import tables as t
from bot.db.external_tables import ACTIVITY
from bot.db.migrations import migrate
from bot.db.pipeline import TextStatement
from bot.db.statements import execute, fetch_all_sync, fetch_values, statement
from bot.embedded import ServiceError, postgres_tool
from bot.observability import logging
from bot.officers import credentials
from bot.officers.statements import COUNT_UNDER_KEY
from bot.operations import rollback_guard
from bot.operations.key_rotation import ROWS_UNDER_EPOCH
from bot.people import hint_contacts
from bot.privacy import erasure
from bot.registrations import registry_writes
from bot.runtime import Runtime
from bot.security import audit_log
from bot.security.key_files import Keys, VaultError
from bot.security.vault import Vault

PIECE = 1 << 20
SUFFIX = ".kosh-backup"
HEAD_SUFFIX = ".audit-head"
# Names of incomplete backups, and seconds without a change after which they are deleted.
DRAFTS, DRAFT_SECONDS = "????-??-??T??-??-??Z.new", 3600
# Seconds for which a restore waits until other processes have ended their sessions, and seconds
# between two checks.
ENDING_SECONDS, CHECK_SECONDS = 5.0, 0.1

_logger = logging.get()

_CLIENTS = statement(
    select(ACTIVITY.c.usename).where(
        ACTIVITY.c.datname == func.current_database(),
        ACTIVITY.c.usename.in_(["kosh_app", "kosh_console", "kosh_retention"]),
    )
)
_DROP_SCHEMA = statement(DropSchema("public", cascade=True))
_CREATE_SCHEMA = statement(CreateSchema("public"))
# Text: SQLAlchemy has no expressions for these two statements.
_GIVE_SCHEMA = TextStatement.of("ALTER SCHEMA public OWNER TO pg_database_owner")
_INDEX_VERSIONS = statement(select(t.Handle.index_version).distinct())
_VACUUM = TextStatement.of("VACUUM FULL")


def back_up(settings: Settings, vault: Vault, folder: Path) -> Path:
    """Write a backup into `folder` and return its path.

    The backup is renamed to that path only when it is complete. The head of the audit log is
    written to a second file, so that a restored log can be checked to contain that head. Between a
    new master key and the end of rewrapping, the backup is encrypted with the oldest key that it
    needs. Raises ServiceError if pg_dump fails.
    """
    _prepare(folder)
    path = folder / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}{SUFFIX}"
    draft = path.with_suffix(".new")
    head = _audit_head(settings)
    try:
        _dump(settings, vault, draft)
    except BaseException:
        # Delete the incomplete backup: on a full disk, an incomplete backup from each night would
        # take the remaining space.
        draft.unlink(missing_ok=True)
        raise
    path.with_suffix(HEAD_SUFFIX).write_text(f"{head}\n", "ascii")
    draft.rename(path)
    return path


def _prepare(folder: Path) -> None:
    """Create the folder, and delete drafts of backups whose process was killed.

    Raises ServiceError if the path is not that of a folder.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise ServiceError(
            "E_BACKUP",
            "E_BACKUP: the path of the backup is not a folder and cannot become one"
            f" ({type(error).__name__}); name another one",
        ) from None
    for draft in folder.glob(DRAFTS):
        # Another backup, which runs at the same time, still writes its draft.
        if time() - draft.stat().st_mtime > DRAFT_SECONDS:
            draft.unlink(missing_ok=True)


def _dump(settings: Settings, vault: Vault, draft: Path) -> None:
    """Write the encrypted dump to `draft`. Raises ServiceError if pg_dump fails."""
    dump = [str(postgres_tool("pg_dump")), "--format=custom", "--no-password"]
    needed = _epochs(settings)
    with (
        _connection_environment(settings.database("owner")) as (url, environment),
        draft.open("xb") as file,
    ):
        draft.chmod(0o600)
        with subprocess.Popen(
            [*dump, f"--dbname={url}"], env=environment, stdout=subprocess.PIPE
        ) as dumping:
            assert dumping.stdout is not None
            for piece in vault.seal_backup(_read(dumping.stdout), needed):
                file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if dumping.returncode != 0:
        raise ServiceError("E_BACKUP", "E_BACKUP: pg_dump failed; read its output above")


def _epochs(settings: Settings) -> list[int]:
    """Return the versions of the master keys under which rows are encrypted.

    If the database has the schema of an earlier release, any version may be needed.
    """
    versions = list(Keys.load(settings.key_dir).epoch)
    with psycopg.connect(settings.database("owner")) as connection:
        try:
            return [
                version
                for version in versions
                for counting in (ROWS_UNDER_EPOCH, COUNT_UNDER_KEY)
                if fetch_all_sync(connection, counting, version=version) != [(0,)]
            ]
        except (UndefinedColumn, UndefinedTable):
            return versions


def _audit_head(settings: Settings) -> audit_log.Head:
    with psycopg.connect(settings.database("owner")) as connection:
        [(seq, digest)] = fetch_all_sync(connection, audit_log.HEAD)
    return audit_log.Head(seq, digest)


def restore(settings: Settings, vault: Vault, path: Path) -> None:
    """Replace the contents of the database with a backup, and migrate the schema.

    The whole file is verified before anything is changed. Raises VaultError if the file is invalid
    or its key is missing. Raises ServiceError if clients are connected or pg_restore fails.
    """
    url = settings.database("owner")
    with path.open("rb") as file:
        for _piece in vault.unseal_backup(_read(file)):
            pass
    with psycopg.connect(url, autocommit=True) as transaction:
        _require_no_clients(transaction)
        for each in (_DROP_SCHEMA, _CREATE_SCHEMA, _GIVE_SCHEMA):
            fetch_all_sync(transaction, each)
    _restore_stream(url, vault, path)
    if not migrate(settings.migration_url()):
        _logger.warning("schema.newer")


def require_no_clients(settings: Settings) -> None:
    """Raise ServiceError if web or worker processes are connected to the database."""
    with psycopg.connect(settings.database("owner"), autocommit=True) as transaction:
        _require_no_clients(transaction)


def require_journal(settings: Settings) -> None:
    """Raise ServiceError if the erasure journal is missing.

    Without it, a restore would bring back the people who were erased since the backup.
    """
    path = settings.erasure_journal.absolute()
    if erasure.count_journal(path) is None:
        raise ServiceError(
            "E_RESTORE",
            f"E_RESTORE: {path}, the list of erased people, does not exist; put its copy back, or"
            " set KOSH_ERASURE_JOURNAL to its path. If no person was erased since the backup, say"
            " --no-journal",
        )


def _require_no_clients(transaction: psycopg.Connection) -> None:
    """Raise ServiceError if web or worker processes are connected: their writes would be lost.

    Wait up to ENDING_SECONDS for sessions to end, because PostgreSQL ends a process's sessions only
    some time after the process has exited.
    """
    deadline = monotonic() + ENDING_SECONDS
    while fetch_all_sync(transaction, _CLIENTS):
        if monotonic() >= deadline:
            raise ServiceError(
                "E_RESTORE_BUSY",
                "E_RESTORE_BUSY: web or workers are running; end them and try again",
            )
        sleep(CHECK_SECONDS)


def _restore_stream(url: str, vault: Vault, path: Path) -> None:
    restoring_as = [str(postgres_tool("pg_restore")), "--single-transaction", "--exit-on-error"]
    with _connection_environment(url) as (address, environment), path.open("rb") as file:
        command = [*restoring_as, "--no-password", f"--dbname={address}"]
        with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE) as restoring:
            assert restoring.stdin is not None
            try:
                for piece in vault.unseal_backup(_read(file)):
                    restoring.stdin.write(piece)
            except BrokenPipeError:
                pass
            except BaseException:
                restoring.kill()
                raise
    if restoring.returncode != 0:
        raise ServiceError("E_RESTORE", "E_RESTORE: pg_restore failed; read its output above")


def _read(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


@contextmanager
def _connection_environment(url: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the URL without its password, and environment variables with a PGPASSFILE.

    The password must not be a command-line argument, because other users of the machine can read
    the arguments of a process.
    """
    parts = urlsplit(url)
    user, place = unquote(parts.username or ""), parts.netloc.rpartition("@")[2]
    secret = unquote(parts.password or "").replace("\\", "\\\\").replace(":", "\\:")
    with tempfile.TemporaryDirectory() as folder:
        passwords = Path(folder) / "pgpass"
        passwords.touch(mode=0o600)
        passwords.write_text(f"*:*:*:{user}:{secret}\n")
        address = parts._replace(netloc=f"{parts.username}@{place}").geturl()
        yield address, {"PATH": os.environ.get("PATH", os.defpath), "PGPASSFILE": str(passwords)}


async def finish_restore(rt: Runtime) -> int:
    """Erase everyone again who was erased since the backup; return the number of people.

    Work that is pending in the restored database may already have been done. Each module therefore
    corrects its own rows in its function `after_restore`. Raises VaultError E_VAULT_KEYS if an
    index key of the backup's time was destroyed.
    """
    await _require_index_keys(rt)
    count = await erasure.replay_journal(rt)
    url = rt.settings.database("owner")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as transaction:
        for each in (registry_writes, outbox, hint_contacts, credentials, broadcasts):
            await each.after_restore(transaction)
        # PostgreSQL keeps the rows of erased people in its data files until it rewrites the table.
        await execute(transaction, _VACUUM)
    async with rt.pool.connection() as connection:
        await audit_log.append(
            connection, actor="operator", action="restored", subject="-", detail=str(count)
        )
    await rollback_guard.accept_current(rt)
    return count


async def _require_index_keys(rt: Runtime) -> None:
    """Raise VaultError if an index key is missing under which people are in the database.

    Without this key, Kosh would find no person, and would not erase the erased people again.
    """
    async with rt.pool.connection() as transaction:
        needed = {*await fetch_values(transaction, _INDEX_VERSIONS)}
    if missing := needed - Keys.load(rt.settings.key_dir).index.keys():
        raise VaultError(
            "E_VAULT_KEYS",
            f"the restored database needs index-{max(missing)}, which does not exist; put the key"
            " back, or restore a later backup",
        )
