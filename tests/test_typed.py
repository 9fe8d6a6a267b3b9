"""The commands on pages for operators work exactly as printed, with real services."""

import os
import re
import shlex
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
import typer

from bot.cli import assembled
from bot.config.settings import Settings
from bot.embedded import Databases, postgres_tool
from bot.operations import rollback_guard
from bot.people import identities
from bot.privacy import erasure, retention
from bot.runtime import Runtime, runtime
from tests.person_client import Guest
from tests.terminal import shell

pytestmark = pytest.mark.release

ROOT = Path(__file__).parents[1]
PAGES = (
    "how-to/add-officers",
    "how-to/backup-and-restore",
    "how-to/connect-channels",
    "how-to/install",
    "how-to/monitor",
    "how-to/respond-to-a-breach",
    "how-to/rotate-keys",
    "how-to/runbooks",
    "how-to/systemd",
    "how-to/troubleshoot",
    "how-to/upgrade",
    "tutorials/first-ten-minutes",
)
COMMAND = re.compile(
    r"`(?:KOSH_\S+=\S+ )*\./kosh ([^`]+)`|^ *(?:KOSH_\S+ )*\./kosh ([^#`\n]+)", re.M
)
SELECT = re.compile(r"`(SELECT [^`]+)`|^\s*(SELECT [^;]+);", re.MULTILINE)
# Commands that this file does not run. Other tests run them: tests/installation.py and tests/chaos
# run the commands that do not end (STAYS), tests/cli/test_init.py runs `init` and `profile`, which
# call platforms, and tests/web runs the commands for announcements.
STAYS = {"demo", "demo --channels", "run", "web", "work", "poll", "chaos upgrade"}
ELSEWHERE = {
    *("init", "init --no-input --mission tr_ankara", "profile", "facts due"),
    *("whatsapp templates", "whatsapp templates --texts"),
    *(f"broadcast {act} --officer NAME" for act in ("list", "pause N", "progress N")),
}
HOUR = 3600


def _commands(page: str) -> set[str]:
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    lines = (one or other for one, other in COMMAND.findall(text))
    return {" ".join(line.replace('"', "").split()) for line in lines}


def _everything() -> set[str]:
    return set[str]().union(*map(_commands, PAGES))


@pytest.mark.parametrize("page", PAGES)
def test_docs_commands_and_options_exist(page: str) -> None:
    for line in _commands(page):
        words = shlex.split(line.replace(" N", " 1").replace("…", "1:00"))
        command = typer.main.get_command(assembled())
        context = command.make_context("kosh", words, resilient_parsing=False)
        while hasattr(command, "resolve_command"):
            left = [*context._protected_args, *context.args]
            name, command, rest = command.resolve_command(context, left)
            context = command.make_context(name, rest, parent=context)


# Commands typed by an operator


class Operator:
    """An operator who types commands in a terminal; `folder` is for backups."""

    def __init__(self, chosen: Settings, databases: Databases, folder: Path) -> None:
        assert chosen.redis_url
        plain = {name: value for name, value in os.environ.items() if not name.startswith("KOSH_")}
        self.folder = folder
        self.environment = plain | {
            "KOSH_DEMO": "true",
            "KOSH_DATABASE_URL": databases.app,
            "KOSH_DATABASE_OWNER_URL": databases.owner,
            "KOSH_DATABASE_RETENTION_URL": databases.retention,
            "KOSH_DATABASE_CONSOLE_URL": databases.console,
            "KOSH_REDIS_URL": chosen.redis_url.get_secret_value(),
            "KOSH_DATA_DIR": str(chosen.data_dir),
            "KOSH_KEY_DIR": str(chosen.key_dir),
        }

    def types(self, *lines: str, code: int = 0) -> str:
        """Type commands that the pages contain, with placeholders filled in; return the output.

        The last command must end with exit status `code`.
        """
        assert set(lines) <= _everything(), lines
        return self.runs(*lines, code=code)

    def runs(self, *lines: str, code: int = 0) -> str:
        """Run commands in separate processes up to the first that fails; return the output."""
        filled = {"FOLDER": str(self.folder), "FILE": str(self.newest), "…": self.head}
        output = ""
        for line in lines:
            words = [filled.get(word, word) for word in shlex.split(line)]
            ended, more = shell().types(*words, environment=self.environment)
            output += more
            if ended:
                break
        assert ended == code, (lines, output)
        return output

    @property
    def newest(self) -> Path | None:
        return max(self.folder.glob("*"), default=None)

    @property
    def head(self) -> str:
        with psycopg.connect(self.environment["KOSH_DATABASE_OWNER_URL"]) as session:
            row = session.execute("SELECT seq, encode(hash, 'hex') FROM audit_head").fetchone()
        assert row
        return f"{row[0]}:{row[1]}"


@pytest.fixture
def operator(chosen: Settings, databases: Databases, tmp_path: Path) -> Operator:
    return Operator(chosen, databases, tmp_path / "backups")


def _an_hour_passes(keys: Path) -> None:
    for path in keys.glob("*.key"):
        made = path.stat().st_mtime - 2 * HOUR
        os.utime(path, (made, made))
    assert time.time() > 2 * HOUR


@pytest.mark.requirement("S-73", "S-77", "S-29")
@pytest.mark.usefixtures("closed_connections")
async def test_docs_commands_succeed_from_installation_to_breach_report(
    operator: Operator, chosen: Settings
) -> None:
    """Type the commands of an installation, a backup, a restore, a stolen key and a breach."""
    typed = operator.types
    assert re.fullmatch(r"[\w-]{43}", typed("officers push-key").strip()), "a private key of P-256"
    output = typed("keys first", "migrate", "officers first NAME", "officers link NAME")
    assert output.count("/console") == 2, output
    # The PostgreSQL server of the tests has fsync off, which `doctor` reports.
    assert "fsync" in typed("doctor", code=1)
    async with runtime(chosen) as rt:
        await Guest(rt, "nobody-who-stays").consent()
        # Erase a person first, because a restore needs the journal that the first erasure creates.
        leaving = Guest(rt, "nobody-who-leaves")
        await leaving.consent()
        await leaving.go("/delete", "yes")
        await erasure.append_journal(rt)
    typed("backup FOLDER")
    async with runtime(chosen) as rt:
        await Guest(rt, "nobody-who-came-later").consent()
    output = typed("restore FILE --replace", "restore")
    assert output.count("Erased again: 0") == output.count("./kosh tokens list") == 2
    async with runtime(chosen) as rt, rt.pool.connection() as session:
        assert await identities.find(rt, session, "web", "nobody-who-stays")
        assert await identities.find(rt, session, "web", "nobody-who-came-later") is None

    typed("audit verify", "audit verify --anchor …")
    typed("keys new epoch", "keys new index", "keys new ask")
    _an_hour_passes(chosen.key_dir)
    output = typed(
        "keys rewrap",
        "keys show",
        "breach",
        "breach --until 2026-11-21T00:00",
        "breach --since 2026-11-20T08:00 --until 2026-11-21T00:00 --table messages",
    )
    assert re.search(r"epoch.2", output), output
    assert "epoch-7" in typed("breach --epoch 7", code=2)
    assert "keys destroy epoch N --now" in _everything()
    operator.runs("keys destroy epoch 1 --now")
    assert "E_VAULT_EPOCH" in typed("restore FILE --replace", code=2)
    typed("backup FOLDER")
    assert "keys destroy index N --now" in _everything()
    operator.runs("keys destroy index 1 --now")
    typed("restore FILE --replace", "tokens list")


def test_docs_commands_are_all_run_by_a_test() -> None:
    source = Path(__file__).read_text("utf-8")
    typed = set(re.findall(r'"([^"\n]+)"', source))
    assert _everything() - typed - STAYS - ELSEWHERE == set()


@pytest.mark.parametrize("page", ["how-to/troubleshoot", "how-to/runbooks"])
def test_docs_sql_queries_run(page: str, databases: Databases) -> None:
    queries = SELECT.findall((ROOT / "docs" / f"{page}.md").read_text("utf-8"))
    assert queries
    with psycopg.connect(databases.owner) as session:
        for one, other in queries:
            session.execute((one or other).encode())


@pytest.mark.requirement("S-34")
async def test_runbook_statement_restores_a_revoked_retention_privilege(
    rt: Runtime, databases: Databases
) -> None:
    [grant] = re.findall(r"`(GRANT [^`]+)`", (ROOT / "docs/how-to/runbooks.md").read_text("utf-8"))
    with psycopg.connect(databases.owner, autocommit=True) as owner:
        owner.execute("REVOKE ALL ON secure_links FROM kosh_retention")
        assert "secure_links" not in await retention.retain(rt)
        owner.execute(grant.encode())
        assert "secure_links" in await retention.retain(rt)


# A backup restored without `./kosh restore`


def _run(tool: str, *words: str) -> None:
    subprocess.run([postgres_tool(tool), *words], check=True)


@pytest.mark.requirement("S-33")
@pytest.mark.usefixtures("closed_connections")
async def test_database_restored_by_hand_is_refused_until_erasures_are_replayed(
    operator: Operator, chosen: Settings, databases: Databases, tmp_path: Path
) -> None:
    dump = tmp_path / "by-hand.dump"
    level = rollback_guard.HighWaterMark()
    async with runtime(chosen) as rt:
        leaving = Guest(rt, "nobody-who-leaves")
        await leaving.consent()
        _run("pg_dump", "--format=custom", f"--file={dump}", f"--dbname={databases.owner}")
        for _round in range(2):
            await level.note(rt)
        await rollback_guard.refuse_older(rt)
        await leaving.go("/delete", "yes")
        await erasure.append_journal(rt)
        for _round in range(2):
            await level.note(rt)
        await rollback_guard.refuse_older(rt)
    clean = ("--clean", "--if-exists", "--single-transaction")
    _run("pg_restore", *clean, f"--dbname={databases.owner}", str(dump))

    for stays in ("work", "web --port 0"):
        output = operator.runs(stays, code=2)
        assert "E_DATABASE_OLDER" in output
        assert "./kosh restore" in output
    async with runtime(chosen) as rt:
        async with rt.pool.connection() as session:
            assert await identities.find(rt, session, "web", "nobody-who-leaves")
        # Delete the recorded counters: the erasure journal alone is enough to detect an older
        # database.
        (chosen.erasure_journal.with_name("high-water-mark")).unlink()
        with pytest.raises(rollback_guard.OlderDatabase):
            await rollback_guard.refuse_older(rt)
    assert "Erased again: 1" in operator.runs("restore")
    async with runtime(chosen) as rt:
        await rollback_guard.refuse_older(rt)
        async with rt.pool.connection() as session:
            assert await identities.find(rt, session, "web", "nobody-who-leaves") is None
