"""The command line: which modules a command loads, when the schema is migrated, JSON output."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import typer
import uvicorn
from typer.testing import CliRunner

from bot.cli import FAMILIES, assembled
from bot.cli import environment as around
from bot.config.settings import Settings
from bot.config.sources import ConfigError
from bot.security.key_files import Keys
from tests.terminal import ROOT

NO_OFFICER = "E_OFFICER: there is no such officer; look at the list\n"


def _words(app: typer.Typer) -> set[str]:
    return set(getattr(typer.main.get_command(app), "commands", ()))


def test_settings_file_names_the_trusted_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check that uvicorn trusts the proxy. Otherwise all people share its budgets and attempts."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "")
    monkeypatch.delenv("FORWARDED_ALLOW_IPS")
    (tmp_path / "settings.env").write_text("FORWARDED_ALLOW_IPS=10.0.0.5\nPATH=/nowhere\n")
    around.load(tmp_path)
    assert uvicorn.Config("app").forwarded_allow_ips == "10.0.0.5"
    assert os.environ["PATH"] != "/nowhere"


def test_settings_file_that_does_not_exist_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check that no command works on a new, empty database because of a wrong path."""
    path = tmp_path / "setings.env"
    monkeypatch.setenv("KOSH_SETTINGS_FILE", str(path))
    with pytest.raises(ConfigError, match="KOSH_SETTINGS_FILE") as error:
        around.read(data_dir=tmp_path)
    assert str(path) not in str(error.value)
    path.touch()
    assert around.read(data_dir=tmp_path).data_dir == tmp_path


@pytest.mark.parametrize("family", FAMILIES)
def test_cli_command_group_loads_only_its_own_commands(family: str) -> None:
    words = FAMILIES[family]
    assert _words(assembled(words[0])) == set(words)


def test_cli_unknown_command_loads_every_command_group() -> None:
    everything = {word for words in FAMILIES.values() for word in words}
    assert _words(assembled("nonsense")) == _words(assembled()) == everything


def test_cli_desk_command_refuses_an_unknown_officer(
    chosen: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("database_url", "redis_url"):
        monkeypatch.setenv(f"KOSH_{name.upper()}", getattr(chosen, name).get_secret_value())
    monkeypatch.setenv("KOSH_DATA_DIR", str(chosen.data_dir))
    monkeypatch.setenv("KOSH_KEY_DIR", str(chosen.key_dir))
    monkeypatch.setenv("KOSH_DEMO", "true")
    done = CliRunner().invoke(assembled("desk"), ["desk", "list", "--officer", "Officer Nobody"])
    assert (done.exit_code, done.output) == (1, NO_OFFICER)
    with psycopg.connect(chosen.database()) as session:
        assert session.execute("SELECT count(*) FROM officers").fetchone() == (0,)


def test_cli_migrates_the_schema_only_on_start_and_restore(
    chosen: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check that other commands, such as a nightly backup, do not migrate the schema.

    Otherwise a backup could migrate it after newer code was checked out and before its release.
    """
    for name in ("database_url", "database_owner_url", "redis_url"):
        monkeypatch.setenv(f"KOSH_{name.upper()}", getattr(chosen, name).get_secret_value())
    monkeypatch.setenv("KOSH_DATA_DIR", str(chosen.data_dir))
    migrated: list[str] = []
    monkeypatch.setattr(around, "migrate", migrated.append)
    with around.running_servers(None, None, fresh=False, demo=False):
        assert migrated == []
    with around.running_servers(None, None, fresh=False, demo=False, run_migrations=True):
        assert len(migrated) == 1
    commands = Path(around.__file__).parent.glob("*.py")
    calls = {path.stem: path.read_text("utf-8").count("run_migrations=True") for path in commands}
    assert {name: many for name, many in calls.items() if many} == {
        "backups": 1,
        "demo": 1,
        "servers": 1,
    }


@pytest.mark.release
@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (["doctor", "--json"], {"what", "grade", "said", "fix"}),
        (["keys", "show", "--json"], {"kind", "version", "days", "writes", "usage"}),
    ],
)
def test_cli_json_option_prints_rows_with_the_documented_fields(
    words: list[str], fields: set[str], chosen: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("database_url", "database_retention_url", "database_console_url", "redis_url"):
        monkeypatch.setenv(f"KOSH_{name.upper()}", getattr(chosen, name).get_secret_value())
    monkeypatch.setenv("KOSH_DATA_DIR", str(chosen.data_dir))
    monkeypatch.setenv("KOSH_KEY_DIR", str(chosen.key_dir))
    Keys.create(chosen.key_dir)
    result = CliRunner().invoke(assembled(words[0]), words)
    assert result.stdout, result.exception
    rows = json.loads(result.stdout)
    assert rows
    assert all(set(row) == fields for row in rows)


def test_cli_version_command_imports_no_server_library() -> None:
    script = "import sys; sys.argv = ['kosh', 'version']\n"
    loaded = (
        "except SystemExit: print({'aiogram', 'fastapi', 'psycopg', 'sqlalchemy'} & {*sys.modules})"
    )
    code = f"{script}from bot.cli import main\ntry: main()\n{loaded}"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.splitlines()[-1] == "set()"


@pytest.mark.release
def test_shared_shell_is_closed_when_the_test_process_ends() -> None:
    program = "from tests.terminal import shell; shell()"
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_cli_refuses_a_token_whose_last_day_is_over() -> None:
    words = ["tokens", "create", "P2", "--scope", "status:read", "--until", "2020-01-01"]
    done = CliRunner().invoke(assembled("tokens"), words)
    assert (done.exit_code, "--until" in done.output) == (2, True), done.output


def test_cli_sbom_explains_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    words = ["sbom", "--to", str(tmp_path / "nowhere" / "sbom.json")]
    done = CliRunner().invoke(assembled("sbom"), words)
    assert (done.exit_code, "--to" in done.output) == (2, True), done.exception
