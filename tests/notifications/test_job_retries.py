"""The job that queues notifications is repeated after a failure of the database."""

import asyncio

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from bot import notifications
from bot.concurrency import shutdown
from bot.notifications import Kind
from bot.runtime import Runtime
from bot.worker import main, newer_jobs
from tests.desk.desks import ask, insert_officer
from tests.jobs import run_with_retries
from tests.notifications.notification_servers import NotificationServers
from tests.person_client import Guest


@pytest.mark.parametrize(
    "error", [PoolTimeout, psycopg.errors.AdminShutdown, psycopg.errors.DeadlockDetected]
)
async def test_notification_is_queued_after_a_failure_of_the_database(
    office: NotificationServers,
    monkeypatch: pytest.MonkeyPatch,
    error: type[psycopg.OperationalError],
) -> None:
    rt, fan_out = office.rt, notifications.fan_out
    await office.enable_notifications(await insert_officer(rt))
    async with rt.pool.connection() as session:
        await session.execute("UPDATE officers SET shift_until = kosh_now() + interval '1 hour'")
    await ask(Guest(rt))
    failures = [error("invented failure"), error("invented failure")]

    async def fail_twice(rt: Runtime, kind: Kind, subject: str) -> int:
        if failures:
            raise failures.pop()
        return await fan_out(rt, kind, subject)

    monkeypatch.setattr(notifications, "fan_out", fail_twice)
    app = newer_jobs.worker_app()
    main.register_notification_task(app, rt)
    await run_with_retries(app, rt, 3)
    assert not failures
    assert await office.states() == [("pending", None), ("pending", None)]


async def test_notification_is_queued_after_its_worker_was_stopped(
    office: NotificationServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    rt, fan_out = office.rt, notifications.fan_out
    await office.enable_notifications(await insert_officer(rt))
    async with rt.pool.connection() as session:
        await session.execute("UPDATE officers SET shift_until = kosh_now() + interval '1 hour'")
    await ask(Guest(rt))
    begun = asyncio.Event()

    async def hang(*_: object) -> int:
        begun.set()
        return await asyncio.Future[int]()

    app = newer_jobs.worker_app()
    main.register_notification_task(app, rt)
    async with app.open_async(rt.pool):
        monkeypatch.setattr(notifications, "fan_out", hang)
        monkeypatch.setattr(shutdown, "GRACE_SECONDS", 0.0)
        working = asyncio.create_task(main._run(app, main.DEFAULT, 1))
        await begun.wait()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    monkeypatch.setattr(notifications, "fan_out", fan_out)
    await run_with_retries(app, rt, 2)
    assert await office.states() == [("pending", None), ("pending", None)]
