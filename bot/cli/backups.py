"""`backup` and `restore`: write encrypted backups that expire with their key, and restore them."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.environment import Data, running_servers
from bot.config.settings import Settings
from bot.operations import backup as operation_backup
from bot.privacy import erasure
from bot.runtime import runtime
from bot.security.key_files import Keys
from bot.security.vault import Vault

app = typer.Typer()


def _folder(word: str) -> Path:
    """Return the folder; refuse "", as an unset variable, which would be the current folder."""
    if not word.strip():
        raise typer.BadParameter("the folder is empty; name one")
    return Path(word)


Folder = Annotated[
    Path,
    typer.Argument(
        parser=_folder, metavar="FOLDER", help="Folder for the backup, which names itself."
    ),
]
Backup = Annotated[
    Path | None, typer.Argument(help="The backup; without it, only repeat the erasures.")
]
Replace = Annotated[
    bool,
    typer.Option("--replace", help="Confirm that the backup replaces all data in the database."),
]

NoJournal = Annotated[
    bool,
    typer.Option(
        "--no-journal",
        help="Restore although the list of erased people (KOSH_ERASURE_JOURNAL) does not exist."
        " People who were erased since the backup then come back.",
    ),
]


@app.command()
def backup(folder: Folder, data: Data = None) -> None:
    """Write an encrypted backup of the database.

    The backup is readable as long as the key with which it is encrypted exists.
    """
    with running_servers(data, None, fresh=False, demo=False) as (settings, _sandbox):
        path = operation_backup.back_up(settings, Vault(Keys.load(settings.key_dir)), folder)
    head = path.with_suffix(operation_backup.HEAD_SUFFIX)
    typer.echo(f"{path}: {path.stat().st_size} bytes. It holds no key; keep those apart.")
    typer.echo(f"{head}: the head of the audit log, {head.read_text('ascii').strip()}")


@app.command()
def restore(
    path: Backup = None,
    replace: Replace = False,
    no_journal: NoJournal = False,
    data: Data = None,
) -> None:
    """Restore a backup, and erase again all people who were erased since the backup was written.

    Stop web servers and workers first.
    """
    _require_complete_arguments(path, replace=replace)

    async def replay(settings: Settings) -> int:
        async with runtime(settings) as rt:
            return await operation_backup.finish_restore(rt)

    with running_servers(data, None, fresh=False, demo=False, run_migrations=True) as (
        settings,
        _sandbox,
    ):
        if path is None:
            # Correcting the database drops messages and sessions, which running processes need.
            operation_backup.require_no_clients(settings)
        if not no_journal:
            operation_backup.require_journal(settings)
        if path is not None:
            operation_backup.restore(settings, Vault(Keys.load(settings.key_dir)), path)
        count = asyncio.run(replay(settings))
    _report_journal(settings.erasure_journal.absolute())
    typer.echo(
        f"Erased again: {count}. Officers who were disabled since are active again, and revoked"
        " tokens of the API, deleted passkeys and old passwords are valid again. Look at the"
        " officers and at `./kosh tokens list`."
    )


def _report_journal(path: Path) -> None:
    entries = erasure.count_journal(path)
    fact = "there is no such file" if entries is None else f"entries applied: {entries}"
    typer.echo(f"List of erased people, {path}: {fact}.")


def _require_complete_arguments(path: Path | None, *, replace: bool) -> None:
    """Exit with status 2 if a backup is given without --replace, the reverse, or no such file."""
    if path is None and not replace:
        return
    if path is None:
        fault = "--replace needs a backup; give the path that `backup` printed"
    elif not replace:
        fault = "everything in the database would go; say --replace"
    elif not path.is_file():
        fault = "there is no such file; give the path that `backup` printed"
    else:
        return
    typer.echo(f"E_RESTORE: {fault}", err=True)
    raise typer.Exit(2)
