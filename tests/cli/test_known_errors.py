"""Errors of the database, the disk and the network have a code and a fix, and no traceback."""

import asyncio
import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import UndefinedTable

from bot import cli
from bot.cli import servers
from bot.cli.known_errors import explain
from bot.cli.servers import require_free_port
from bot.config.settings import Settings
from bot.config.sources import ConfigError
from bot.embedded.server_process import free_port
from bot.operations import backup
from bot.runtime import Runtime
from bot.security.key_files import Keys
from bot.security.vault import Vault

CANARY = "Zk7Canary-password"


def _system(number: int) -> OSError:
    return OSError(number, os.strerror(number), f"/home/{CANARY}")


@pytest.mark.parametrize(
    ("error", "code", "action"),
    [
        (
            psycopg.OperationalError(f"password {CANARY}"),
            "E_DATABASE_UNAVAILABLE",
            "whether it runs",
        ),
        (UndefinedTable(CANARY), "E_SCHEMA", "./kosh migrate"),
        (_system(errno.EADDRINUSE), "E_PORT_USED", "--port"),
        (socket.gaierror(socket.EAI_NONAME, CANARY), "E_CONFIG", "KOSH_HOST"),
        (_system(errno.EADDRNOTAVAIL), "E_CONFIG", "KOSH_METRICS_HOST"),
        (_system(errno.EACCES), "E_FILE_DENIED", "user"),
        (_system(errno.ENOSPC), "E_DISK_FULL", "make room"),
        (ExceptionGroup("tasks", [_system(errno.EADDRINUSE)]), "E_PORT_USED", "--port"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_known_error_is_explained_with_code_and_action(
    error: Exception, code: str, action: str
) -> None:
    message = explain(error)
    assert message is not None
    assert message.startswith(f"{code}: ")
    assert action in message
    assert CANARY not in message


@pytest.mark.parametrize("error", [ValueError("x"), ExceptionGroup("x", [ValueError(), OSError()])])
def test_unknown_error_is_not_explained(error: Exception) -> None:
    assert explain(error) is None


@pytest.fixture
def clean_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[pytest.MonkeyPatch]:
    """Remove this machine's settings from the environment; change to a temporary folder."""
    for name in os.environ:
        if name.startswith("KOSH_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield monkeypatch


def test_migrate_command_explains_an_unreachable_database(
    clean_environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clean_environment.setenv(
        "KOSH_DATABASE_OWNER_URL", f"postgresql://kosh_owner:{CANARY}@127.0.0.1:9/kosh"
    )
    clean_environment.setattr(sys, "argv", ["kosh", "migrate"])
    with pytest.raises(SystemExit) as exited:
        cli.main()
    message = capsys.readouterr().err
    assert exited.value.code == 2
    assert message.startswith("E_DATABASE_UNAVAILABLE: ")
    assert "Traceback" not in message
    assert CANARY not in message


def test_restore_command_explains_a_missing_file(
    clean_environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clean_environment.setattr(sys, "argv", ["kosh", "restore", "--replace", "nowhere.kosh-backup"])
    with pytest.raises(SystemExit) as exited:
        cli.main()
    assert exited.value.code == 2
    assert capsys.readouterr().err.startswith("E_RESTORE: there is no such file")


def test_server_refuses_a_port_on_which_another_program_listens() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(OSError, match="in use"),
    ):
        require_free_port(*other.getsockname())


async def test_process_refuses_a_metrics_port_on_which_another_listens(rt: Runtime) -> None:
    """Two processes with one KOSH_METRICS_PORT: the second names the cause before it ends."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        chosen = rt.settings.model_copy(update={"metrics_port": other.getsockname()[1]})
        with pytest.raises(OSError, match="in use"):
            async with servers._monitoring(replace(rt, settings=chosen)):
                await asyncio.sleep(0)


@pytest.mark.parametrize("start", ["web", "run"])
async def test_server_refuses_one_port_for_pages_and_metrics(chosen: Settings, start: str) -> None:
    """Check that the metrics do not take the place of all pages, at a public port."""
    port = free_port()
    same = chosen.model_copy(update={"port": port, "metrics_port": port})
    serving = servers._serve_web(same) if start == "web" else servers.serve_all(same, [])
    with pytest.raises(ConfigError, match="KOSH_METRICS_PORT"):
        await asyncio.wait_for(serving, 20)


@pytest.mark.parametrize(
    ("host", "metrics_host", "is_refused"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("0.0.0.0", "10.0.0.5", True),
        ("10.0.0.5", "0.0.0.0", True),
        ("::", "127.0.0.1", True),
        ("localhost", "127.0.0.1", True),
        ("10.0.0.5", "127.0.0.1", False),
        ("::1", "127.0.0.1", False),
    ],
)
def test_server_refuses_one_port_only_when_the_addresses_overlap(
    chosen: Settings, host: str, metrics_host: str, is_refused: bool
) -> None:
    hosts = {"host": host, "metrics_host": metrics_host}
    settings = chosen.model_copy(update=hosts | {"port": 9000, "metrics_port": 9000})
    refused = pytest.raises(ConfigError, match="KOSH_METRICS_PORT")
    with refused if is_refused else nullcontext():
        servers._require_two_ports(settings)


async def test_backup_leaves_no_file_when_the_disk_is_full(
    chosen: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = Vault(Keys.create(chosen.key_dir))

    def full(_self: Vault, pieces: Iterator[bytes], _needed: list[int]) -> Iterator[bytes]:
        yield next(pieces)
        raise _system(errno.ENOSPC)

    monkeypatch.setattr(Vault, "seal_backup", full)
    with pytest.raises(OSError, match="No space"):
        backup.back_up(chosen, vault, tmp_path)
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == []
