"""`./kosh bench pooled`: the same turn with and without PgBouncer in transaction mode."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bot.embedded import Databases
from bot.embedded.server_process import free_port
from tests.benchmarks import processes
from tests.benchmarks.environment import Environment, Server, open_environment
from tests.benchmarks.protocol import LoadResult
from tests.benchmarks.report import table

TEAM = 4
# Connections of PgBouncer to PostgreSQL, for four processes with eight connections each.
SERVER_CONNECTIONS = 8
CHATS = 1_000
# PgBouncer ignores start-up options, so database roles set them (docs/explanation/capacity.md).
CONFIG = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
auth_type = plain
auth_file = {folder}/users
pool_mode = transaction
max_client_conn = 1000
default_pool_size = {connections}
max_prepared_statements = 500
ignore_startup_parameters = options
unix_socket_dir =
"""
UNPRIVILEGED_USER = "nobody"


def measured(rounds: int, seconds: float) -> str:
    """Measure four web processes on PostgreSQL directly, and four through PgBouncer."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        return "No pgbouncer here; install it (apt install pgbouncer) and try again."
    with open_environment() as environment:
        straight = environment.database("kosh_straight")
        with between(program, environment.folder, environment.database("kosh_pooled")) as pooled:
            teams = {
                "PostgreSQL": _team(environment, straight),
                "PgBouncer": _team(environment, pooled),
            }
            found: dict[str, list[LoadResult]] = {name: [] for name in teams}
            for _round in range(rounds + 1):
                for name, first in teams.items():
                    found[name].append(
                        environment.drive(first.port, seconds, chats=CHATS, at_once=64)
                    )
    return table(_lines(found))


def _team(environment: Environment, database: Databases) -> Server:
    first = environment.serve(database, core=None)
    for _ in range(TEAM - 1):
        environment.serve(database, core=None, port=first.port)
    return first


@contextmanager
def between(program: str, place: Path, databases: Databases) -> Iterator[Databases]:
    """Start PgBouncer with a folder in `place`; yield the databases with URLs through it."""
    url, listen = urlsplit(databases.app), free_port()
    folder = place / "pgbouncer"
    folder.mkdir()
    for each in (place, folder):
        each.chmod(0o755)
    config = CONFIG.format(
        host=url.hostname, port=url.port, listen=listen, folder=folder,
        connections=SERVER_CONNECTIONS,
    )  # fmt: skip
    Path(folder, "pgbouncer.ini").write_text(config, "utf-8")
    Path(folder, "users").write_text(f'"{url.username}" "{url.password}"\n', "utf-8")
    with (folder / "log").open("w") as log:
        # PgBouncer refuses to run as root; only root can change the user.
        user = UNPRIVILEGED_USER if os.geteuid() == 0 else None
        started = subprocess.Popen(
            [program, folder / "pgbouncer.ini"], stdout=log, stderr=log, user=user
        )
        try:
            processes.listening(started, listen, folder / "log")
            at = f"postgresql://{url.username}:{url.password}@127.0.0.1:{listen}{url.path}"
            yield replace(databases, app=at)
        finally:
            # After SIGTERM PgBouncer would wait for its clients, which end only later.
            started.send_signal(signal.SIGQUIT)
            started.wait()


def _lines(found: dict[str, list[LoadResult]]) -> Iterator[tuple[str, ...]]:
    yield f"{TEAM} web processes on", "turns", "failed", "turns/s", "p50 ms", "p99 ms"
    for name, (_warming, *rounds) in found.items():
        yield (
            name,
            f"{sum(each.turns for each in rounds)}",
            f"{sum(each.failed for each in rounds)}",
            f"{median(each.turns / each.seconds for each in rounds):.0f}",
            f"{median(each.p50 for each in rounds):.1f}",
            f"{median(each.p99 for each in rounds):.1f}",
        )
