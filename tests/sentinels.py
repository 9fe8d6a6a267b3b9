"""Two Valkey servers, a primary and a replica, with three sentinels that watch them."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from bot.embedded import valkey_binary
from bot.embedded.server_process import free_port

NAME = "kosh"
PASSWORD = "an-invented-password-for-tests"
TIMEOUT_SECONDS = 30.0
SERVERS, SENTINELS = 2, 3
SERVER = f"""
bind 127.0.0.1
save ""
appendonly no
maxmemory 64mb
maxmemory-policy noeviction
loglevel warning
repl-diskless-sync-delay 0
user default off
user kosh on >{PASSWORD} ~* &* +@all -@admin
user replica on >{PASSWORD} +psync +replconf +ping
user sentinel on >{PASSWORD} allchannels +multi +replicaof +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client +script|kill
masteruser replica
masterauth {PASSWORD}
"""  # noqa: E501
SENTINEL = f"""
bind 127.0.0.1
loglevel warning
requirepass {PASSWORD}
sentinel sentinel-pass {PASSWORD}
sentinel monitor {NAME} 127.0.0.1 {{primary}} 2
sentinel auth-user {NAME} sentinel
sentinel auth-pass {NAME} {PASSWORD}
sentinel down-after-milliseconds {NAME} {{silence_ms}}
sentinel failover-timeout {NAME} 10000
sentinel parallel-syncs {NAME} 1
"""


@dataclass(frozen=True, slots=True)
class SentinelServers:
    """The running servers and sentinels; the first server is the primary until a failover."""

    ports: tuple[int, ...]
    servers: tuple[subprocess.Popen[bytes], ...]
    sentinels: tuple[subprocess.Popen[bytes], ...]

    @property
    def url(self) -> str:
        """Return the URL of the sentinels, the value of Kosh's setting `redis_url`."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports[SERVERS:])
        login = f"kosh:{PASSWORD}"
        return f"redis+sentinel://{login}@{hosts}/{NAME}?sentinel_password={PASSWORD}"

    def address(self, number: int) -> str:
        """Return the URL of one server by its number."""
        return f"redis://kosh:{PASSWORD}@127.0.0.1:{self.ports[number]}/0"

    def kill_primary(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the first primary: SIGKILL, or SIGSTOP as if its machine were silent."""
        self.servers[0].send_signal(number)

    def silence_sentinel(self) -> None:
        """Stop the first sentinel, which then accepts connections and does not answer."""
        self.sentinels[0].send_signal(signal.SIGSTOP)

    def hand_over(self) -> None:
        """Order a planned failover."""
        with self._sentinel(0) as connection:
            connection.execute_command("SENTINEL", "FAILOVER", NAME)

    def swap(self) -> None:
        """Make the replica the primary and the primary its replica; all connections stay open."""
        for number, primary in ((1, ("NO", "ONE")), (0, ("127.0.0.1", str(self.ports[1])))):
            with Redis(
                port=self.ports[number], username="sentinel", password=PASSWORD, protocol=2
            ) as server:
                server.execute_command("REPLICAOF", *primary)

    def await_agreement(self) -> None:
        """Wait until each sentinel knows the replica and the other sentinels."""
        _await(lambda: all(map(self._knows_all, range(SENTINELS))))

    def _knows_all(self, number: int) -> bool:
        with self._sentinel(number) as connection:
            state: Any = connection.sentinel_masters()[NAME]
            (replica, *_more) = connection.sentinel_slaves(NAME) or [{}]
        others: int = state["num-other-sentinels"]
        return others == SENTINELS - 1 and replica.get("master-link-status") == "ok"

    def _sentinel(self, number: int) -> Redis:
        return Redis(port=self.ports[SERVERS + number], password=PASSWORD, protocol=2)


@contextmanager
def watched(folder: Path, silence_ms: int = 500) -> Iterator[SentinelServers]:
    """Start the servers and sentinels in a folder; kill them when the block ends.

    The sentinels replace the primary when it was silent for `silence_ms`.
    """
    first = free_port(SERVERS + SENTINELS)
    ports = tuple(range(first, first + SERVERS + SENTINELS))
    sentinel = SENTINEL.format(primary=first, silence_ms=silence_ms)
    texts = (SERVER, f"{SERVER}replicaof 127.0.0.1 {first}\n", *[sentinel] * SENTINELS)
    with ExitStack() as ending:
        started = tuple(
            ending.enter_context(_process(folder, port, text))
            for port, text in zip(ports, texts, strict=True)
        )
        yield SentinelServers(ports, started[:SERVERS], started[SERVERS:])


@contextmanager
def _process(folder: Path, port: int, text: str) -> Iterator[subprocess.Popen[bytes]]:
    config = folder / f"{port}.conf"
    config.write_text(f"port {port}\n{text}")
    options = ["--sentinel"] if "sentinel monitor" in text else []
    with (folder / f"{port}.log").open("wb") as log:
        started = subprocess.Popen(
            [valkey_binary(), config, *options], cwd=folder, stdout=log, stderr=log
        )
    try:
        _await(lambda: _listens(port))
        yield started
    finally:
        started.kill()
        started.wait()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _await(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not is_done():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)
