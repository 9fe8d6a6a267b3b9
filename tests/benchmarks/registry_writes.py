"""Measure how many registrations a second the sandbox registry takes.

`python -m tests.benchmarks.registry_writes` starts PostgreSQL with fsync on, the sandbox in a
process of its own, and Kosh's client, which sends registrations over HTTP. No callback is sent.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aiohttp import ClientSession

from bot import embedded
from bot.embedded.server_process import free_port
from bot.registry.client import Registry
from tests.benchmarks import processes
from tests.registry import cross_version
from tests.registry.conftest import CLIENT_ID, CLIENT_SECRET
from tests.registry.example import new_key, pre_registration


async def _measured(url: str, seconds: float, clients: int) -> list[float]:
    """Send registrations from `clients` concurrent callers; return the duration of each in s."""
    took: list[float] = []
    async with ClientSession() as session:
        registry = Registry(session, url, CLIENT_ID, CLIENT_SECRET)
        end = time.perf_counter() + seconds

        async def send() -> None:
            while (start := time.perf_counter()) < end:
                await registry.create(pre_registration(), key=new_key())
                took.append(time.perf_counter() - start)

        async with asyncio.TaskGroup() as group:
            for _each in range(clients):
                group.create_task(send())
    return took


def main() -> None:
    """Start the servers, measure, and print the rate and the latencies of the registrations."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.registry_writes")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", type=int, default=16)
    arguments = parser.parse_args()
    print("load average before:", *(f"{each:.1f}" for each in os.getloadavg()))
    with tempfile.TemporaryDirectory() as home, embedded.postgres(Path(home)) as admin_url:
        database, port = embedded.prepare(admin_url, "registry_writes").owner, free_port()
        log = Path(home) / "server.log"
        command = [sys.executable, "-m", cross_version.__name__, "serve", database, str(port)]
        with log.open("w") as written:
            server = subprocess.Popen(
                command, cwd=cross_version.ROOT, stdout=written, stderr=written
            )
        try:
            processes.listening(server, port, log)
            took = asyncio.run(
                _measured(f"http://127.0.0.1:{port}", arguments.seconds, arguments.clients)
            )
        finally:
            server.terminate()
            server.wait()
    slowest = statistics.quantiles(took, n=100)[98] * 1000
    print(
        f"{len(took)} registrations, {len(took) / arguments.seconds:.0f} a second;"
        f" median {statistics.median(took) * 1000:.1f} ms, p99 {slowest:.1f} ms"
    )


if __name__ == "__main__":
    main()
