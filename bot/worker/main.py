"""Main loop of the worker: runs the job queues, and the periodic jobs (sweeps, retention)."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import procrastinate
import psycopg
from psycopg_pool import PoolTimeout

from bot import broadcasts, notifications, outgoing_webhooks, uploads
from bot.concurrency import shutdown
from bot.config.sources import ConfigError
from bot.conversations import external_events, receive, upload_events
from bot.desk import auto_assignment, case_sweeps, duty_group, form_funnel, undelivered_answers
from bot.editorial import referrers
from bot.observability import logging
from bot.operations import health, key_rotation, rollback_guard
from bot.privacy import erasure, retention
from bot.registrations import registry_codes, submissions
from bot.runtime import DatabaseUnavailable, Runtime
from bot.worker import newer_jobs
from bot.worker.sweeps import (
    _write,
    announce_replies,
    end_registrations,
    forget_spent,
    forget_unfinished,
    remind,
    sweep,
    sweep_files,
    sweep_writes,
)
from flows import lifetimes

SWEEP_SECONDS = 1.0
CONCURRENCY = 10
SHARDS_AT_ONCE = 4
DEFAULT = "default"
# Seconds between polls of the job queues. The database notifies workers of jobs in the default
# queue, so polling it is a fallback. The queue of broadcasts is only polled.
FETCH_SECONDS = {DEFAULT: 5.0, broadcasts.QUEUE: 0.5}
# Intervals in seconds. The jobs of a worker whose last heartbeat is 10 s old are run again. This is
# safe, because each job checks in the database which of its work is done.
HEARTBEAT_SECONDS, DEAD_AFTER_SECONDS = 1.0, 10.0
RETENTION_SECONDS = 3600.0
RELEASE_SECONDS = 600.0
COUNT_SECONDS = 900.0
MONTH_SECONDS = 3600.0
NOTE_SECONDS = 5.0
FORGET_SECONDS = 30.0
REMIND_SECONDS = 10.0
ASK_SECONDS = 60.0
VERIFY_SECONDS = 6 * 3600.0
# For jobs that no sweep repeats. Retried without a limit, so that a long failure of the database
# loses no job. A worker that stops cancels a job that runs longer than GRACE_SECONDS.
DATABASE_RETRY = procrastinate.RetryStrategy(
    wait=newer_jobs.RETRY_SECONDS,
    retry_exceptions=[
        *newer_jobs.NEWER,
        psycopg.OperationalError,
        asyncio.CancelledError,  # type: ignore[list-item]
    ],
)

_logger = logging.get()


async def work(rt: Runtime) -> None:
    """Run all jobs and all periodic sweeps until cancelled."""
    rt = await registry_codes.verify_codes(rt)
    app = newer_jobs.worker_app()

    @app.task(name=submissions.TASK, queue=DEFAULT)
    async def write(write: str) -> None:
        await _write(rt, UUID(write))

    @app.task(name=uploads.FETCH_TASK, queue=DEFAULT)
    async def fetch(upload: str) -> None:
        await receive.deliver(rt, await upload_events.fetch_upload(rt, UUID(upload)))

    @app.task(name=uploads.SEND_TASK, queue=DEFAULT)
    async def send(upload: str) -> None:
        await receive.deliver(rt, await upload_events.send_upload(rt, UUID(upload)))

    register_notification_task(app, rt)
    register_opt_out_task(app, rt)
    _know_broadcasts(app, rt)
    async with app.open_async(rt.pool), asyncio.TaskGroup() as group:
        group.create_task(_run(app, DEFAULT, CONCURRENCY))
        _announce(group, app, rt)
        _start_sweeps(group, app, rt)


def _start_sweeps(group: asyncio.TaskGroup, app: procrastinate.App, rt: Runtime) -> None:
    """Start the periodic sweeps as tasks of a group."""
    level, audit = rollback_guard.HighWaterMark(), health.AuditWatch()
    group.create_task(_every(SWEEP_SECONDS, lambda: sweep(rt)))
    group.create_task(_every(SWEEP_SECONDS, lambda: sweep_writes(rt)))
    group.create_task(_every(SWEEP_SECONDS, lambda: sweep_files(rt)))
    group.create_task(_every(SWEEP_SECONDS, lambda: retry_stalled(app)))
    group.create_task(_every(SWEEP_SECONDS, lambda: case_sweeps.sweep_cases(rt)))
    group.create_task(_every(REMIND_SECONDS, lambda: undelivered_answers.reopen_undelivered(rt)))
    group.create_task(_every(SWEEP_SECONDS, lambda: auto_assignment.auto_assign(rt)))
    group.create_task(_every(SWEEP_SECONDS, lambda: duty_group.update_duty_group(rt)))
    group.create_task(_every(SWEEP_SECONDS, lambda: notifications.send_due(rt)))
    group.create_task(_every(SWEEP_SECONDS, lambda: notifications.send_hints(rt)))
    group.create_task(_send_webhooks(rt))
    group.create_task(_every(REMIND_SECONDS, lambda: notifications.find_unstaffed(rt)))
    group.create_task(_every(MONTH_SECONDS, lambda: notifications.find_ending(rt)))
    group.create_task(_every(REMIND_SECONDS, lambda: remind(rt)))
    group.create_task(_every(REMIND_SECONDS, lambda: announce_replies(rt)))
    group.create_task(_every(FORGET_SECONDS, lambda: forget_spent(rt, lately=True)))
    group.create_task(_every(RELEASE_SECONDS, lambda: referrers.release(rt)))
    group.create_task(_every(RETENTION_SECONDS, lambda: _retain(rt)))
    group.create_task(_every(RETENTION_SECONDS, lambda: forget_failed_jobs(app)))
    group.create_task(_every(NOTE_SECONDS, lambda: erasure.append_journal(rt)))
    group.create_task(_every(NOTE_SECONDS, lambda: level.note(rt)))
    group.create_task(_every(MONTH_SECONDS, lambda: _rotate_keys_monthly(rt)))
    group.create_task(_every(COUNT_SECONDS, lambda: form_funnel.count_steps(rt)))
    group.create_task(_every(ASK_SECONDS, lambda: health.ask_platforms(rt)))
    group.create_task(_every(VERIFY_SECONDS, lambda: audit.verify(rt)))


async def announce(rt: Runtime) -> None:
    """Run only the jobs of announcements (broadcasts) until cancelled.

    A process that runs this is an additional worker beside one that runs `work`.
    """
    app = newer_jobs.worker_app()
    _know_broadcasts(app, rt)
    async with app.open_async(rt.pool), asyncio.TaskGroup() as group:
        _announce(group, app, rt)
        group.create_task(_every(SWEEP_SECONDS, lambda: retry_stalled(app)))


def register_notification_task(app: procrastinate.App, rt: Runtime) -> None:
    """Register the task that queues notifications to officers in the job queue `app`.

    A job may have a kind of notification that only a newer version of Kosh knows. The job is then
    retried until a worker of that version takes it. A job that meets a failure of the database is
    also retried, because no sweep repeats it. `fan_out` is one transaction, so this is safe.
    """

    @app.task(name=notifications.TASK, queue=DEFAULT, retry=DATABASE_RETRY)
    async def notify(kind: str, subject: str) -> None:
        await notifications.fan_out(rt, notifications.known_kind(kind), subject)


def register_opt_out_task(app: procrastinate.App, rt: Runtime) -> None:
    """Register the task that ends a subscription in the job queue `app`.

    The platform refused a broadcast to the subscriber. A job that meets a failure of the database
    is retried, because no sweep repeats it.
    """

    @app.task(name=broadcasts.OPT_OUT_TASK, queue=DEFAULT, retry=DATABASE_RETRY)
    async def opt_out(person: str) -> None:
        await external_events.end_subscription(rt, UUID(person))


def _know_broadcasts(app: procrastinate.App, rt: Runtime) -> None:
    @app.task(name=broadcasts.SNAPSHOT_TASK, queue=broadcasts.QUEUE)
    async def snapshot(broadcast: str) -> None:
        await broadcasts.snapshot(rt, UUID(broadcast))

    @app.task(name=broadcasts.SHARD_TASK, queue=broadcasts.QUEUE)
    async def shard(broadcast: str, shard: int) -> None:
        await broadcasts.send_shard(rt, UUID(broadcast), shard)


def _announce(group: asyncio.TaskGroup, app: procrastinate.App, rt: Runtime) -> None:
    """Start tasks in `group` that run the jobs of broadcasts with their own concurrency limit.

    With this limit, broadcasts do not delay other jobs, such as registrations.
    """
    group.create_task(_run(app, broadcasts.QUEUE, SHARDS_AT_ONCE))
    group.create_task(_every(SWEEP_SECONDS, lambda: broadcasts.run_due(rt)))


async def _run(app: procrastinate.App, queue: str, concurrency: int) -> None:
    """Run the jobs of a queue, at most `concurrency` at the same time.

    If procrastinate's worker ends because of a database failure, start it again.
    """
    while True:
        try:
            await app.run_worker_async(
                queues=[queue],
                name=queue,
                concurrency=concurrency,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                fetch_job_polling_interval=FETCH_SECONDS[queue],
                install_signal_handlers=False,
                delete_jobs="successful",
                listen_notify=queue == DEFAULT,
                shutdown_graceful_timeout=shutdown.GRACE_SECONDS,
            )
        except Exception:
            _logger.exception("worker.failed")
            # If the last statements of procrastinate's worker fail at shutdown, it raises their
            # error instead of CancelledError. Raise the cancellation again.
            if shutdown.is_cancelling():
                raise asyncio.CancelledError from None
        await asyncio.sleep(SWEEP_SECONDS)


async def retry_stalled(app: procrastinate.App) -> None:
    """Run the jobs of workers without a heartbeat again; procrastinate does not do this itself."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS):
        await app.job_manager.retry_job(job)


async def forget_failed_jobs(app: procrastinate.App) -> None:
    """Delete jobs that failed long ago; a worker deletes only the successful ones."""
    await app.job_manager.delete_old_jobs(
        lifetimes.FAILED_JOB_DAYS * 24,
        include_failed=True,
        include_cancelled=True,
        include_aborted=True,
    )


async def _send_webhooks(rt: Runtime) -> None:
    async with outgoing_webhooks.dispatcher(rt) as dispatcher:
        await _every(SWEEP_SECONDS, dispatcher.start_due)


async def _retain(rt: Runtime) -> None:
    await forget_spent(rt)
    await forget_unfinished(rt)
    # Before `retain`, which deletes the same registrations without their conversations.
    await end_registrations(rt)
    if rt.settings.database_retention_url is not None:
        await retention.retain(rt)


async def _rotate_keys_monthly(rt: Runtime) -> None:
    if not rt.settings.rotate_keys_monthly:
        return
    if rt.console is None:
        _logger.warning("keys.not_rotated", code=ConfigError.code)
        return
    await key_rotation.rotate_monthly(rt)


async def _every(seconds: float, job: Callable[[], Awaitable[object]]) -> None:
    """Call the periodic job `job` repeatedly, `seconds` after the end of the last call.

    A cancellation waits until the current call has ended.
    """
    while True:
        await shutdown.finish_on_cancel(_once(job))
        await asyncio.sleep(seconds)


async def _once(job: Callable[[], Awaitable[object]]) -> None:
    """Call the periodic job `job` once and log any error.

    An unavailable database is logged as a warning only, since it has its own alert.
    """
    try:
        await job()
    except Exception as error:
        if isinstance(error, PoolTimeout) or isinstance(error.__cause__, PoolTimeout):
            _logger.warning("sweep.postponed", code=DatabaseUnavailable.code)
        else:
            _logger.exception("sweep.failed")
