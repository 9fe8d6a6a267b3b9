"""What is done in the background: registry writes, sweeps, retention; and their schedule."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from hashlib import sha256
from uuid import UUID

import procrastinate
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from bot import broadcasts, outbox, uploads
from bot.channels import Arrival, Inbound, Unreadable
from bot.channels.telegram.client import Telegram
from bot.channels.webchat import DEMO_TOPIC
from bot.concurrency import isolation, shutdown
from bot.config.settings import ConfigError
from bot.conversations import external_events, receive
from bot.conversations.anonymous import Overloaded
from bot.conversations.effects import Delivery
from bot.db.job_queue import Session
from bot.desk import case_sweeps, statistics
from bot.observability import logging, tracing
from bot.operations import health, key_rotation, rollback_guard
from bot.people import reminders, subscriptions
from bot.privacy import erasure
from bot.registrations import submissions
from bot.runtime import DatabaseAway, Runtime

SWEEP_SECONDS = 1.0
CONCURRENCY = 10
SHARDS_AT_ONCE = 4
DEFAULT = "default"
# Of registrations the database tells at once; bouts of announcements can wait for a moment.
FETCH_SECONDS = {DEFAULT: 5.0, broadcasts.QUEUE: 0.5}
# A job of a worker not heard of for so long is run again: rows, not jobs, say what is done.
HEARTBEAT_SECONDS, DEAD_AFTER_SECONDS = 1.0, 10.0
RETENTION_SECONDS = 3600.0
COUNT_SECONDS = 900.0
MONTH_SECONDS = 3600.0
NOTE_SECONDS = 5.0
FORGET_SECONDS = 30.0
REMIND_SECONDS = 10.0
POLL_AGAIN_SECONDS = 1.0
ASK_SECONDS = 60.0
VERIFY_SECONDS = 6 * 3600.0

_logger = logging.get()


async def work(rt: Runtime) -> None:
    """Run jobs and sweeps until cancelled."""
    rt = await submissions.checked(rt)
    app, level = (
        procrastinate.App(connector=procrastinate.PsycopgConnector()),
        rollback_guard.Tide(),
    )

    @app.task(name=submissions.TASK, queue=DEFAULT)
    async def write(write: str) -> None:
        await _write(rt, UUID(write))

    @app.task(name=uploads.FETCH_TASK, queue=DEFAULT)
    async def fetch(upload: str) -> None:
        await receive.deliver(rt, await external_events.fetch_upload(rt, UUID(upload)))

    @app.task(name=uploads.SEND_TASK, queue=DEFAULT)
    async def send(upload: str) -> None:
        await receive.deliver(rt, await external_events.send_upload(rt, UUID(upload)))

    _know_broadcasts(app, rt)
    async with app.open_async(rt.pool), asyncio.TaskGroup() as group:
        group.create_task(_run(app, DEFAULT, CONCURRENCY))
        _announce(group, app, rt)
        group.create_task(_every(SWEEP_SECONDS, lambda: sweep(rt)))
        group.create_task(_every(SWEEP_SECONDS, lambda: sweep_writes(rt)))
        group.create_task(_every(SWEEP_SECONDS, lambda: sweep_papers(rt)))
        group.create_task(_every(SWEEP_SECONDS, lambda: retry_stalled(app)))
        group.create_task(_every(SWEEP_SECONDS, lambda: case_sweeps.tend(rt)))
        group.create_task(_every(SWEEP_SECONDS, lambda: case_sweeps.give(rt)))
        group.create_task(_every(SWEEP_SECONDS, lambda: case_sweeps.announce(rt)))
        group.create_task(_every(REMIND_SECONDS, lambda: remind(rt)))
        group.create_task(_every(FORGET_SECONDS, lambda: forget_spent(rt, lately=True)))
        group.create_task(_every(RETENTION_SECONDS, lambda: _retain(rt)))
        group.create_task(_every(NOTE_SECONDS, lambda: erasure.note_erased(rt)))
        group.create_task(_every(NOTE_SECONDS, lambda: level.note(rt)))
        group.create_task(_every(MONTH_SECONDS, lambda: _turn_the_month(rt)))
        group.create_task(_every(COUNT_SECONDS, lambda: statistics.count_steps(rt)))
        group.create_task(_every(ASK_SECONDS, lambda: health.ask_platforms(rt)))
        group.create_task(_every(VERIFY_SECONDS, lambda: health.verify_audit(rt)))


async def announce(rt: Runtime) -> None:
    """Nothing but announcements, until cancelled: for a worker beside those of `work`."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector())
    _know_broadcasts(app, rt)
    async with app.open_async(rt.pool), asyncio.TaskGroup() as group:
        _announce(group, app, rt)
        group.create_task(_every(SWEEP_SECONDS, lambda: retry_stalled(app)))


def _know_broadcasts(app: procrastinate.App, rt: Runtime) -> None:
    @app.task(name=broadcasts.SNAPSHOT_TASK, queue=broadcasts.QUEUE)
    async def snapshot(broadcast: str) -> None:
        await broadcasts.snapshot(rt, UUID(broadcast))

    @app.task(name=broadcasts.SHARD_TASK, queue=broadcasts.QUEUE)
    async def shard(broadcast: str, shard: int) -> None:
        await broadcasts.send_shard(rt, UUID(broadcast), shard)


def _announce(group: asyncio.TaskGroup, app: procrastinate.App, rt: Runtime) -> None:
    """Its own places in the worker, so that announcements keep nobody's registration waiting."""
    group.create_task(_run(app, broadcasts.QUEUE, SHARDS_AT_ONCE))
    group.create_task(_every(SWEEP_SECONDS, lambda: broadcasts.tend(rt)))


async def _run(app: procrastinate.App, queue: str, concurrency: int) -> None:
    """Run jobs; the library's worker ends when the database goes away, and is begun again."""
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
                shutdown_graceful_timeout=shutdown.FAREWELL_SECONDS,
            )
        except Exception:
            _logger.exception("worker.failed")
            # The library's worker forgets that it was cancelled when its last words fail.
            if shutdown.is_told():
                raise asyncio.CancelledError from None
        await asyncio.sleep(SWEEP_SECONDS)


async def sweep(rt: Runtime) -> None:
    """See to messages that waited for their time or were left by a crash."""
    while await outbox.sweep(rt) == outbox.SWEPT_AT_ONCE:
        pass


async def sweep_writes(rt: Runtime) -> None:
    """The same for writes to the registry, apart from it: neither waits for the other."""
    async with rt.pool.connection() as session:
        due = await submissions.due(session)
    await asyncio.gather(*(_alone("registry", _write(rt, write_id)) for write_id in due))


async def sweep_papers(rt: Runtime) -> None:
    """The same for papers, apart from it: a file takes seconds, and messages must not wait."""
    async with rt.pool.connection() as session:
        unfetched, due = await uploads.unfetched(session), await uploads.due(session)
    tried = [external_events.fetch_upload(rt, each) for each in unfetched]
    tried += [external_events.send_upload(rt, each) for each in due]
    await asyncio.gather(*(_alone("papers", _told(rt, each)) for each in tried))


async def _told(rt: Runtime, errand: Awaitable[Delivery | None]) -> None:
    await receive.deliver(rt, await errand)


async def _alone(kind: str, act: Awaitable[None]) -> None:
    with isolation.alone(kind):
        await act


async def retry_stalled(app: procrastinate.App) -> None:
    """Jobs whose worker died are run again; procrastinate never does so by itself."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS):
        await app.job_manager.retry_job(job)


async def remind(rt: Runtime) -> None:
    """Remind whoever asked for it and whose day has come."""
    async for person_id in _through(rt, reminders.due):
        with isolation.alone("reminders"):
            await receive.deliver(rt, await external_events.remind(rt, person_id))


async def forget_spent(rt: Runtime, *, lately: bool = False) -> None:
    """Forget answers that have been with the registry for a day; `lately`: an hour more at most."""
    async for person_id in _through(rt, partial(submissions.spent, lately=lately)):
        with isolation.alone("spent"):
            await external_events.forget_answers(rt, person_id)


async def forget_unfinished(rt: Runtime) -> None:
    """Forget what subscribers began and left for 30 days; the announcements go on."""
    async for person_id in _through(rt, subscriptions.idle):
        with isolation.alone("unfinished"):
            await external_events.forget_unfinished(rt, person_id)


type _Page = Callable[[Session, UUID], Awaitable[list[UUID]]]


async def _through(rt: Runtime, page: _Page) -> AsyncIterator[UUID]:
    """Everybody due, a page at a time: who can't be helped is passed, and keeps nobody back."""
    last = UUID(int=0)
    while True:
        async with rt.pool.connection() as session:
            found = await page(session, last)
        if not found:
            break
        for person_id in found:
            yield person_id
        last = found[-1]


async def _write(rt: Runtime, write_id: UUID) -> None:
    with tracing.span("job", kind="registry"):
        delivery = await external_events.write_to_registry(rt, write_id)
    await receive.deliver(rt, delivery)
    if rt.settings.demo:
        await rt.live.publish(DEMO_TOPIC, b"")


async def _retain(rt: Runtime) -> None:
    await forget_spent(rt)
    await forget_unfinished(rt)
    if rt.settings.database_retention_url is not None:
        await erasure.retain(rt)


async def _turn_the_month(rt: Runtime) -> None:
    if rt.settings.keys_monthly and rt.console is not None:
        await key_rotation.turn_the_month(rt)


async def _every(seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    """Do it again and again; whoever is told to end ends after the round that has begun."""
    while True:
        await shutdown.to_the_end(_once(act))
        await asyncio.sleep(seconds)


async def _once(act: Callable[[], Awaitable[object]]) -> None:
    """A failure is logged and ends nothing; that the database is away has an alarm of its own."""
    try:
        await act()
    except Exception as error:
        if isinstance(error, PoolTimeout) or isinstance(error.__cause__, PoolTimeout):
            _logger.warning("sweep.postponed", code=DatabaseAway.code)
        else:
            _logger.exception("sweep.failed")


async def poll(rt: Runtime) -> None:
    """Fetch Telegram's updates; a batch is confirmed only when every update of it is committed."""
    channel = rt.channels.get(Telegram.name)
    if not isinstance(channel, Telegram):
        raise ConfigError("KOSH_TELEGRAM_TOKEN isn't set; set it to the token of your bot")
    async for batch in channel.batches():
        by_handle: dict[str, list[Arrival]] = {}
        for raw in batch:
            for arrival in await _taken(partial(_parsed, rt, channel, raw)):
                by_handle.setdefault(getattr(arrival, "handle", ""), []).append(arrival)
        people = (_in_order(rt, channel, arrivals) for arrivals in by_handle.values())
        await shutdown.to_the_end(asyncio.gather(*people))


async def _parsed(rt: Runtime, channel: Telegram, raw: bytes) -> tuple[Arrival, ...]:
    try:
        return channel.parse(raw)
    except Unreadable as error:
        _logger.warning("update.unreadable", channel=channel.name, code=error.code)
        async with rt.pool.connection() as session:
            name = sha256(raw).hexdigest()
            await receive.quarantine(rt, session, channel.name, name, error.code, len(raw))
        return ()


async def _in_order(rt: Runtime, channel: Telegram, arrivals: list[Arrival]) -> None:
    """One person's updates, one after another; what is not sent then is left to the sweep."""
    for arrival in arrivals:
        delivery = await _taken(partial(receive.receive, rt, arrival))
        try:
            await receive.deliver(rt, delivery)
        except Exception:
            _logger.exception("delivery.left")
        if isinstance(arrival, Inbound) and arrival.press_id:
            await channel.acknowledge(arrival.press_id)


async def _taken[Result](take: Callable[[], Awaitable[Result]]) -> Result:
    """Try until the database has it: what is confirmed to the platform must be committed."""
    while True:
        try:
            return await take()
        except (Overloaded, OperationalError, PoolTimeout):
            await asyncio.sleep(POLL_AGAIN_SECONDS)
