"""Runs the jobs of the job queue in a test."""

import procrastinate

from bot.runtime import Runtime


async def run_waiting(app: procrastinate.App, rt: Runtime) -> None:
    """Run all due jobs in a worker with the tasks of `app`; delete the successful jobs."""
    async with app.open_async(rt.pool):
        await app.run_worker_async(
            wait=False, install_signal_handlers=False, listen_notify=False,
            delete_jobs="successful",
        )  # fmt: skip


async def run_with_retries(app: procrastinate.App, rt: Runtime, times: int) -> None:
    """Run all due jobs several times; the failed jobs are due again at once."""
    for _ in range(times):
        await run_waiting(app, rt)
        async with rt.pool.connection() as session:
            await session.execute(
                "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"
            )
