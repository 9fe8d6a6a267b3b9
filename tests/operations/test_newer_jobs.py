"""If only a newer version has the task of a job, the job waits for a worker of this version."""

import pytest

from bot.db import job_queue
from bot.runtime import Runtime
from bot.worker import main, newer_jobs
from flows import lifetimes
from tests.jobs import run_waiting


async def test_job_of_an_unknown_task_waits_for_a_newer_worker(rt: Runtime) -> None:
    old, newer, ran = newer_jobs.worker_app(), newer_jobs.worker_app(), list[str]()

    async def run(subject: str) -> None:
        ran.append(subject)

    old.task(name="known", queue="default")(run)
    newer.task(name="added", queue="default")(run)
    async with rt.pool.connection() as session:
        await job_queue.defer(session, "added", subject="new")
        await job_queue.defer(session, "known", subject="old")
    await run_waiting(old, rt)
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT task_name, status::text, scheduled_at > now() FROM procrastinate_jobs"
        )
        assert await cursor.fetchall() == [("added", "todo", True)]
        assert ran == ["old"]
        await session.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    await run_waiting(newer, rt)
    assert ran == ["old", "new"]


@pytest.mark.parametrize("status", ["failed", "cancelled", "aborted"])
async def test_unsuccessful_job_is_deleted_after_its_lifetime(rt: Runtime, status: str) -> None:
    app = newer_jobs.worker_app()

    async def fail() -> None:
        raise RuntimeError("invented failure")

    app.task(name="failing", queue="default")(fail)
    async with rt.pool.connection() as session:
        await job_queue.defer(session, "failing")
    await run_waiting(app, rt)
    async with rt.pool.connection() as session:
        change = "UPDATE procrastinate_jobs SET status = %s::procrastinate_job_status"
        await session.execute(change, (status,))
    counts = []
    for age in ("0 days", f"{lifetimes.FAILED_JOB_DAYS} days 1 hour"):
        async with rt.pool.connection() as session:
            await session.execute("UPDATE procrastinate_events SET at = at - %s::interval", (age,))
        async with app.open_async(rt.pool):
            await main.forget_failed_jobs(app)
        async with rt.pool.connection() as session:
            cursor = await session.execute("SELECT status::text FROM procrastinate_jobs")
            counts.append(await cursor.fetchall())
    assert counts == [[(status,)], []]
