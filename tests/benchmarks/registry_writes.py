"""Measure how many registrations a second the sandbox registry takes.

`python -m tests.benchmarks.registry_writes` starts PostgreSQL with fsync on, the sandbox in a
process of its own, and Kosh's client, which sends registrations over HTTP. No callback is sent.
"""

import argparse
import asyncio
import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from pathlib import Path

import uvicorn
from aiohttp import ClientError, ClientSession

from bot import embedded
from bot.registry.client import Registry
from tests.registry.conftest import CLIENT_ID, CLIENT_SECRET, sandbox_app
from tests.registry.example import new_key, pre_registration

START_SECONDS = 60.0


def _serve(database_url: str, port: int) -> None:
    uvicorn.run(sandbox_app(database_url, None), port=port, log_config=None)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def _until_ready(session: ClientSession, url: str) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                async with session.get(f"{url}/_entries"):
                    return
            except ClientError:
                await asyncio.sleep(0.1)


async def _measured(url: str, seconds: float, clients: int) -> list[float]:
    """Send registrations from so many concurrent callers; return the time of each in seconds."""
    took: list[float] = []
    async with ClientSession() as session:
        await _until_ready(session, url)
        registry = Registry(session, url, CLIENT_ID, CLIENT_SECRET)
        end = time.perf_counter() + seconds

        async def send() -> None:
            while (began := time.perf_counter()) < end:
                await registry.create(pre_registration(), key=new_key())
                took.append(time.perf_counter() - began)

        async with asyncio.TaskGroup() as group:
            for _each in range(clients):
                group.create_task(send())
    return took


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.registry_writes")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", type=int, default=16)
    given = parser.parse_args()
    print("load average before:", *(f"{each:.1f}" for each in os.getloadavg()))
    with tempfile.TemporaryDirectory() as home, embedded.postgres(Path(home)) as admin_url:
        database, port = embedded.prepare(admin_url, "registry_writes").owner, _free_port()
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(database, port))
        server.start()
        try:
            url = f"http://127.0.0.1:{port}"
            took = asyncio.run(_measured(url, given.seconds, given.clients))
        finally:
            server.terminate()
            server.join()
    slowest = statistics.quantiles(took, n=100)[98] * 1000
    print(
        f"{len(took)} registrations, {len(took) / given.seconds:.0f} a second;"
        f" median {statistics.median(took) * 1000:.1f} ms, p99 {slowest:.1f} ms"
    )


if __name__ == "__main__":
    main()
