"""`./kosh bench kills`: messages lost when a web server, PostgreSQL or Valkey is killed."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress

import msgspec
import typer

from bot.embedded import Databases
from bot.embedded.server_process import free_port
from tests.benchmarks import processes
from tests.benchmarks.environment import Environment, Server, open_environment
from tests.benchmarks.protocol import CountLosses, Losses
from tests.benchmarks.report import table
from tests.benchmarks.turn import CHAT_BLOCK, CONTENDERS, Contender

CHATS = 16
# Seconds to wait for an answer; longer than the time after which a worker takes over the reply of a
# killed process.
TIMEOUT_SECONDS = 75.0
MAX_BETWEEN = 0.5
STORES = "stores"
HEAD: tuple[str, ...] = (
    "", "killed", "acknowledged", "never taken", "never answered", "thrown back",
    "questions skipped", "the same once more", "did not start",
)  # fmt: skip


class Watched:
    """The servers of Kosh and of each compared framework, whose lost messages are counted.

    Its methods start people who write to the servers, and kill and restart servers and stores
    (PostgreSQL and Valkey). Only contenders of the kinds `durable` (Kosh) and `peer`, which store
    the conversation, take part.
    """

    def __init__(self, environment: Environment, database: Databases) -> None:
        self.environment = environment
        self.database = database
        self.contenders = [each for each in CONTENDERS if each.kind in ("durable", "peer")]
        self.ports = {each.name: free_port() for each in self.contenders}
        self.unstartable = dict.fromkeys(self.ports, 0)
        self.servers = {each.name: self._serve(each) for each in self.contenders}
        self._chance = random.Random(1)
        self._orders = 0

    def _serve(self, contender: Contender) -> Server:
        port = self.ports[contender.name]
        return self.environment.serve(self.database, server=contender.server, port=port, core=None)

    def write(self, minimum: int = 0) -> None:
        """Let new people write to each server, for at least `minimum` turns each."""
        self._orders += 1
        for number, each in enumerate(self.contenders):
            first = CHAT_BLOCK * (1 + number) + CHATS * self._orders
            path, port = each.path, self.ports[each.name]
            secret, form = self.environment.secret, each.form
            order = CountLosses(
                port, path, secret, form, first, CHATS, each.name, minimum, TIMEOUT_SECONDS
            )
            self.environment.count_losses(order)

    def kill_servers(self) -> None:
        for each in self.contenders:
            time.sleep(self._chance.uniform(0, MAX_BETWEEN))
            os.kill(self.servers[each.name].pid, signal.SIGKILL)
            self.servers[each.name] = self._started_again(each)

    def _started_again(self, contender: Contender) -> Server:
        """Restart a server.

        If its state file is damaged and it cannot start, delete the file first.
        """
        started = self._serve(contender)
        while not processes.answering(started.pid, started.port):
            self.unstartable[contender.name] += 1
            (self.environment.folder / "ptb.pickle").unlink()
            started = self._serve(contender)
        return started

    def kill_stores(self) -> None:
        time.sleep(self._chance.uniform(0, MAX_BETWEEN))
        for pid in self.environment.stores:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.environment.revive()


def measured(kills: int, store_kills: int) -> str:
    """Kill each server `kills` times in turn; then kill PostgreSQL and Valkey `store_kills` times.

    Return the numbers of lost messages as a table.
    """
    with open_environment() as environment:
        database = environment.database("kosh_kills")
        watched = Watched(environment, database)
        environment.work(database)
        rows = [HEAD]
        for what, times, kill in (
            ("server", kills, watched.kill_servers),
            (STORES, store_kills, watched.kill_stores),
        ):
            watched.write()
            time.sleep(2)
            for number in range(times):
                typer.echo(f"{what} killed {number + 1} of {times}", err=True)
                kill()
                time.sleep(1)
            rows += _rows(
                what, times, environment.stop_counting(TIMEOUT_SECONDS), watched.unstartable
            )
    return table(rows)


def _rows(
    what: str, times: int, seen: dict[str, Losses], unstartable: dict[str, int]
) -> Iterator[tuple[str, ...]]:
    for name, losses in seen.items():
        broken = unstartable[name] if what != STORES else 0
        yield name, f"{what}, {times}", *map(str, msgspec.structs.astuple(losses)), str(broken)
