"""Interrupted turns (the processing of an update): nothing hangs, and nothing is sent twice."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import procrastinate
import pytest
from psycopg import OperationalError
from pydantic import SecretStr

from bot.channels import ChannelCall
from bot.channels.webchat import WebChat
from bot.concurrency import shutdown
from bot.config.settings import Settings
from bot.db import connection
from bot.observability import logging, metrics
from bot.runtime import DatabaseUnavailable, Runtime, pool, runtime
from bot.security.key_files import VaultError
from bot.worker import main, sweeps
from flows.engine.events import Said
from tests.chaos.processes import at
from tests.chaos.proxy import ProxiedService, opened
from tests.person_client import Guest


class Slow(WebChat):
    """The web chat, with a `send` that waits until the test sets the event `gate`."""

    def __init__(self, rt: Runtime) -> None:
        super().__init__(rt.valkey, rt.vault)
        self.started, self.gate, self.sent = asyncio.Event(), asyncio.Event(), 0

    async def send(self, act: ChannelCall) -> str:
        self.started.set()
        await self.gate.wait()
        self.sent += 1
        return await super().send(act)


@pytest.fixture
async def proxied_runtime(chosen: Settings) -> AsyncIterator[tuple[Runtime, ProxiedService]]:
    """Yield a runtime, and the proxy of its PostgreSQL connections, which tests cut or delay."""
    lines, ports = await opened({"postgres": [urlsplit(chosen.database()).port or 0]})
    url = SecretStr(at(chosen.database(), ports["postgres"]))
    async with runtime(chosen.model_copy(update={"database_url": url})) as rt:
        yield rt, lines["postgres"]


def _slow(rt: Runtime, guest: Guest) -> Slow:
    channel = Slow(rt)
    guest.rt = replace(rt, channels={**rt.channels, "web": channel})
    return channel


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 — a pool sends no signal
            await asyncio.sleep(0.01)


async def _count_unsent(guest: Guest) -> int:
    return sum(state in ("pending", "sending") for _id, _act, state in await guest.rows())


@pytest.mark.requirement("S-9")
async def test_outbox_marks_a_message_as_sent_after_a_database_outage(
    proxied_runtime: tuple[Runtime, ProxiedService],
) -> None:
    rt, line = proxied_runtime
    guest = Guest(rt)
    await guest.consent()
    channel = _slow(rt, guest)
    turn_task = asyncio.create_task(guest.do(Said("TESTOVA")))
    await channel.started.wait()
    line.set_mode("cut", 0)
    channel.gate.set()
    await _until(lambda: rt.pool.get_stats().get("returns_bad", 0) > 0)
    line.set_mode("pass", 0)
    await turn_task
    assert (channel.sent, await _count_unsent(guest)) == (1, 0)


@pytest.mark.requirement("S-5")
async def test_turn_times_out_when_the_database_stops_responding(
    proxied_runtime: tuple[Runtime, ProxiedService], monkeypatch: pytest.MonkeyPatch
) -> None:
    rt, line = proxied_runtime
    guest = Guest(rt)
    await guest.consent()
    monkeypatch.setattr(connection, "SILENCE_SECONDS", 0.5)
    line.set_mode("drop", 0)
    with pytest.raises(OperationalError):
        async with asyncio.timeout(60):
            await guest.do(Said("TESTOVA"))
    line.set_mode("pass", 0)
    await guest.do(Said("TESTOVA"))
    assert await _count_unsent(guest) == 0


async def test_worker_survives_a_database_outage(
    proxied_runtime: tuple[Runtime, ProxiedService], monkeypatch: pytest.MonkeyPatch
) -> None:
    rt, line = proxied_runtime
    started: list[object] = []
    run = procrastinate.App.run_worker_async

    async def record_start(app: procrastinate.App, **how: Any) -> None:
        started.append(app)
        await run(app, **how)

    monkeypatch.setattr(procrastinate.App, "run_worker_async", record_start)
    task = asyncio.create_task(main.work(rt))
    await _until(lambda: bool(started))
    line.set_mode("cut", 0)
    await _until(lambda: task.done() or len(started) > 1)
    assert not task.done()
    line.set_mode("pass", 0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.requirement("S-16")
async def test_worker_marks_a_sent_message_before_shutdown(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    async with rt.pool.connection() as session:
        await session.execute("UPDATE messages SET state = 'pending', done_at = NULL, attempt = 0")
    channel = _slow(rt, guest)
    task = asyncio.create_task(main._every(1, lambda: sweeps.sweep(guest.rt)))
    await channel.started.wait()
    task.cancel()
    await asyncio.sleep(0)
    channel.gate.set()
    await asyncio.gather(task, return_exceptions=True)
    assert channel.sent
    assert await _count_unsent(guest) == 0


@pytest.mark.requirement("S-16")
async def test_worker_can_be_stopped_when_its_database_is_down(
    proxied_runtime: tuple[Runtime, ProxiedService], rt: Runtime
) -> None:
    proxied_rt, line = proxied_runtime
    task = asyncio.create_task(main.work(proxied_rt))
    async with asyncio.timeout(60):
        while not await _workers(rt):  # noqa: ASYNC110 — the library sends no signal
            await asyncio.sleep(0.05)
    line.set_mode("cut", 0)
    task.cancel()
    _done, pending = await asyncio.wait({task}, timeout=60)
    line.set_mode("pass", 0)
    assert not pending


async def _workers(rt: Runtime) -> int:
    """Return the number of registered procrastinate workers."""
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT count(*) FROM procrastinate_workers")
        (count,) = await cursor.fetchone() or (0,)
    return int(count)


async def test_shutdown_cancels_running_work_after_the_grace_period() -> None:
    started, interrupted = asyncio.Event(), asyncio.Event()

    async def wait_forever() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            interrupted.set()

    task = asyncio.create_task(shutdown.finish_on_cancel(wait_forever(), seconds=0.01))
    await started.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(60):
        await interrupted.wait()


IGNORES_CANCEL = """
import asyncio
from bot.cli.environment import run_until_signal

async def ignore_cancellation() -> None:
    print("begun", flush=True)
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass

run_until_signal(ignore_cancellation, within=0.1)
"""


@pytest.mark.release
async def test_shutdown_kills_a_process_that_does_not_stop() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", IGNORES_CANCEL, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    process.terminate()
    try:
        async with asyncio.timeout(60):
            assert await process.wait() == 1
    finally:
        if process.returncode is None:
            process.kill()


# Turns without a reachable database


@pytest.fixture
def unreachable_settings(chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings with an unreachable database and a short timeout."""
    monkeypatch.setattr("bot.runtime.DATABASE_SECONDS", 0.2)
    return chosen.model_copy(
        update={"database_url": SecretStr("postgresql://kosh_app@127.0.0.1:9/kosh")}
    )


async def test_runtime_refuses_keys_of_another_installation(
    rt: Runtime, chosen: Settings, tmp_path: Path
) -> None:
    foreign = chosen.model_copy(update={"key_dir": tmp_path / "foreign"})
    async with runtime(foreign):
        pass
    await Guest(rt).consent()
    with pytest.raises(VaultError, match="E_VAULT_FOREIGN"):
        async with runtime(foreign):
            pass


async def test_runtime_reports_a_missing_database_in_one_line(
    unreachable_settings: Settings,
) -> None:
    with pytest.raises(
        DatabaseUnavailable, match="E_DATABASE_UNAVAILABLE: PostgreSQL let nobody in"
    ):
        async with runtime(unreachable_settings):
            raise AssertionError


async def test_worker_counts_jobs_as_postponed_not_failed_in_a_database_outage(
    rt: Runtime, unreachable_settings: Settings
) -> None:
    logging.configure("error")
    before = _event_count("sweep.failed"), _event_count("sweep.postponed")
    async with pool(unreachable_settings.database(), 1) as unreachable_pool:
        task = asyncio.create_task(main.work(replace(rt, pool=unreachable_pool)))
        await _until(lambda: _event_count("sweep.postponed") > before[1] + 2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert _event_count("sweep.failed") == before[0]


def _event_count(event: str) -> float:
    return sum(
        each.value
        for family in metrics.EVENTS.collect()
        for each in family.samples
        if each.labels["event"] == event and each.name.endswith("_total")
    )
