"""Scheduler of broadcasts: each second, one worker starts, feeds, ends and sweeps them.

To feed a broadcast is to queue jobs that each send to one shard (range) of its recipients. To sweep
it is to settle recipients whose sender crashed or whose time has passed. All state is in database
rows, so that nothing is lost when a worker or job crashes.
"""

from typing import Any
from uuid import UUID

from bot.broadcasts import audience, audience_statements, model, pausing, statements
from bot.broadcasts import sending_statements as sending
from bot.broadcasts.model import Broadcast, Purpose, State
from bot.broadcasts.sender import SHARD
from bot.broadcasts.statements import CANARY_MINUTES, URGENT_CANARY_MINUTES
from bot.db import job_queue
from bot.db.connection import Transaction
from bot.db.pipeline import TextStatement, run
from bot.db.statements import (
    execute,
    fetch_all,
    fetch_one,
    fetch_value,
    fetch_values,
    long_statements,
)
from bot.notifications import Kind, notify
from bot.runtime import Runtime

SHARD_TASK = "broadcasts.shard"
SNAPSHOT_TASK = "broadcasts.snapshot"
QUEUE = "broadcasts"
# If fewer than MIN_QUEUED shards (ranges of recipients) of a broadcast have a queued job, jobs for
# up to MAX_QUEUED further shards are queued.
MAX_QUEUED, MIN_QUEUED = 64, 16
URGENT_FIRST = 10
# Seconds without heartbeat after which a worker counts as crashed. The shard (range of recipients)
# to which it was sending is then queued again.
# Recipients that the crashed worker claimed remain claimed until their lease expires.
SILENCE_SECONDS = 3.0
# Largest share of canary recipients that may fail without pausing the broadcast.
MAX_FAILED = 0.2
MAX_SNAPSHOT = 1800
_LOCK = 5273851920482


async def run_due(rt: Runtime) -> None:
    """Start scheduled broadcasts that are due; then process running, paused and cancelled ones.

    A worker returns at once if another worker is starting broadcasts at that moment. A cancelled
    broadcast is processed until none of its recipients is planned, held or claimed.
    """
    async with rt.pool.connection() as transaction:
        if not await _try_lock(transaction, _LOCK):
            return
        await execute(transaction, sending.BEGIN_DUE)
        under_way = await fetch_values(transaction, sending.UNDER_WAY)
    for broadcast_id in under_way:
        async with rt.pool.connection() as transaction:
            await _clear(transaction, await model.find(transaction, broadcast_id))
        # In a separate transaction, because the broadcast must be locked before its recipients, and
        # `_clear` locks recipients.
        async with rt.pool.connection() as transaction:
            await _run(transaction, await model.find(transaction, broadcast_id))


async def _try_lock(transaction: Transaction, lock: int) -> bool:
    """Try to get an advisory lock of the database; return False if another process holds the lock.

    The database releases the lock at the end of the transaction.
    """
    return bool(await fetch_value(transaction, sending.TRY_LOCK, lock=lock))


async def _clear(transaction: Transaction, broadcast: Broadcast) -> None:
    """Set the status of recipients whose lease has expired, or to whom it is too late to send.

    With an expired lease, the status becomes `in_doubt`. Recipients with the status `planned` or
    `held` become `cancelled` if the broadcast was cancelled, or `skipped` if its end has passed.
    """
    await execute(transaction, sending.DOUBT_CRASHED, id=broadcast.id)
    if broadcast.total is not None:
        await execute(transaction, sending.END_TOO_LATE, id=broadcast.id)


async def _run(transaction: Transaction, broadcast: Broadcast) -> None:
    if broadcast.state is not State.RUNNING:
        return
    if broadcast.total is None:
        await ask_for_snapshot(transaction, broadcast)
        return
    await execute(transaction, statements.NOTIFY, broadcast=str(broadcast.id))
    if await _left(transaction, broadcast.id) == 0:
        await _end(transaction, broadcast)
    elif await _canary_passed(transaction, broadcast):
        await _queue_shards(transaction, broadcast)


async def ask_for_snapshot(transaction: Transaction, broadcast: Broadcast) -> None:
    """Queue the job that creates the rows of a broadcast's recipients, unless it is queued."""
    if not await _count_queued(transaction, SNAPSHOT_TASK, broadcast.id):
        await job_queue.defer(
            transaction,
            SNAPSHOT_TASK,
            queue=QUEUE,
            priority=URGENT_FIRST,
            broadcast=str(broadcast.id),
        )


async def _count_queued(transaction: Transaction, task: str, broadcast_id: UUID) -> int:
    values = {"task": task, "queue": QUEUE, "broadcast": str(broadcast_id)}
    return await fetch_value(transaction, sending.QUEUED, **values) or 0


async def _left(transaction: Transaction, broadcast_id: UUID) -> int:
    return int(await fetch_value(transaction, sending.LEFT, id=broadcast_id) or 0)


async def _end(transaction: Transaction, broadcast: Broadcast) -> None:
    """Set a broadcast to `done` if each recipient has a final status.

    Recipients without a final status are counted again under the lock, since one may have been set
    to `planned` in the meantime.
    """
    now = await model.find(transaction, broadcast.id, lock=True)
    if now.state is State.RUNNING and await _left(transaction, broadcast.id) == 0:
        values = {"id": broadcast.id, "new_state": "done", "why": ""}
        await execute(transaction, statements.SET_STATE, **values)
        await notify(transaction, Kind.ENDED, broadcast.id)


async def _canary_passed(transaction: Transaction, broadcast: Broadcast) -> bool:
    """Return True if jobs may be queued for the broadcast's shards (ranges of recipients).

    The canary is the first recipients. Jobs may be queued until the message was sent to them, and
    then again after the canary has passed. Up to half of them may be held meanwhile, because in
    another time zone it may be night. Recipients whose channel is paused for more than
    CANARY_MINUTES, or still does not answer after them, do not count. If no others are left, the
    canary goes on. If more than the share MAX_FAILED of the recipients who count and are not held
    failed or are in doubt, pause the broadcast.
    """
    row = await fetch_one(transaction, sending.CANARY_STATE, id=broadcast.id)
    if row is None or row[0] is None:
        return row is not None
    reach, until, over = row
    values = {"id": broadcast.id, "reach": reach}
    ((going, held, failed, all_of_them),) = await fetch_all(transaction, sending.CANARY, **values)
    if going or held > all_of_them / 2 or not all_of_them:
        return True
    if until is None:
        urgent = broadcast.draft.purpose is Purpose.URGENT
        minutes = URGENT_CANARY_MINUTES if urgent else CANARY_MINUTES
        await execute(transaction, sending.WAIT_FOR_CANARY, id=broadcast.id, minutes=minutes)
    elif over:
        # The canary (the first recipients) ends even if it failed, so that a resume continues with
        # the remaining recipients.
        await execute(transaction, sending.END_CANARY, id=broadcast.id)
        if failed > MAX_FAILED * (all_of_them - held):
            await pausing.halt(transaction, broadcast.id, "canary")
    return False


# Finds the next shards with due recipients, each by one index lookup. If the one row of the CTE `b`
# were joined instead of read by subqueries, the planner would sort all remaining recipients for
# each shard.
# Text: written as SQL, because a recursive query is clearer as SQL and its plan was measured.
_DUE = TextStatement.of("""
WITH RECURSIVE b AS MATERIALIZED (
  SELECT coalesce(reach, 2147483647) AS reach, kosh_now() AS now FROM broadcasts
  WHERE id = %(id)s
), fed AS MATERIALIZED (
  SELECT (j.args->>'shard')::int AS shard FROM procrastinate_jobs j
  LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
  WHERE j.task_name = %(task)s AND j.queue_name = %(queue)s
    AND j.args->>'broadcast' = %(name)s::text
    AND (j.status = 'todo' OR j.status = 'doing'
      AND w.last_heartbeat > clock_timestamp() - make_interval(secs => %(silence)s))
), due (shard) AS (
  SELECT -1
  UNION ALL
  SELECT (
    SELECT r.seq / %(shard)s FROM broadcast_recipients r
    WHERE r.broadcast_id = %(id)s AND r.state = 'planned' AND r.channel = ANY(%(channels)s)
      AND r.seq >= (due.shard + 1) * %(shard)s AND r.seq < (SELECT reach FROM b)
      AND (r.not_before IS NULL OR r.not_before <= (SELECT now FROM b))
    ORDER BY r.seq LIMIT 1)
  FROM due WHERE due.shard IS NOT NULL
), held AS (
  SELECT DISTINCT h.seq / %(shard)s AS shard FROM (
    SELECT r.seq FROM broadcast_recipients r
    WHERE r.broadcast_id = %(id)s AND r.state = 'held' AND r.not_before <= (SELECT now FROM b)
      AND r.channel = ANY(%(channels)s) AND r.seq < (SELECT reach FROM b)
    ORDER BY r.not_before LIMIT %(most_held)s) AS h
), found AS (
  SELECT shard FROM (SELECT shard FROM due WHERE shard >= 0 LIMIT %(most)s) AS next
  UNION SELECT shard FROM held
)
SELECT shard FROM found WHERE shard NOT IN (SELECT shard FROM fed WHERE shard IS NOT NULL)
ORDER BY shard LIMIT %(most)s
""")


async def _queue_shards(transaction: Transaction, broadcast: Broadcast) -> None:
    """Queue jobs that each send to one shard (range of recipients) of the broadcast.

    Do nothing if MIN_QUEUED or more jobs are queued.
    """
    channels = await _awake(transaction, broadcast.id)
    if not channels or await _count_queued(transaction, SHARD_TASK, broadcast.id) >= MIN_QUEUED:
        return
    values: dict[str, Any] = {
        "id": broadcast.id,
        "name": str(broadcast.id),
        "task": SHARD_TASK,
        "silence": SILENCE_SECONDS,
        "queue": QUEUE,
        "shard": SHARD,
        "channels": channels,
        "most": MAX_QUEUED,
        "most_held": MAX_QUEUED * SHARD,
    }
    rows = await run(transaction, _DUE, values)
    priority = URGENT_FIRST if broadcast.draft.purpose is Purpose.URGENT else 0
    jobs = [{"broadcast": str(broadcast.id), "shard": row[0]} for row in rows]
    await job_queue.defer_all(transaction, SHARD_TASK, *jobs, queue=QUEUE, priority=priority)


async def _awake(transaction: Transaction, broadcast_id: UUID) -> list[str]:
    """Return the channels that are not paused and have recipients to whom a message is due."""
    return await fetch_values(transaction, sending.CHANNELS_WITH_DUE_RECIPIENTS, id=broadcast_id)


async def snapshot(rt: Runtime, broadcast_id: UUID) -> int:
    """Create the broadcast's recipient rows in one transaction; return their number.

    Return 0 if the rows exist, or another worker is creating them.
    """
    async with rt.pool.connection() as transaction:
        broadcast = await model.find(transaction, broadcast_id)
        if broadcast.total is not None or not await _try_lock(
            transaction, _LOCK + broadcast.number
        ):
            return 0
        # Check again under the lock, since another worker may have created the recipient rows in
        # between.
        broadcast = await model.find(transaction, broadcast_id)
        if broadcast.total is not None:
            return 0
        values = await audience.values(rt, transaction, broadcast.draft)
        async with long_statements(transaction, MAX_SNAPSHOT):
            rows = audience_statements.MAKE_ROWS
            row_count = await execute(transaction, rows, broadcast=broadcast_id, **values)
            await execute(transaction, sending.COUNT_ROWS, id=broadcast_id)
        await execute(transaction, sending.SET_TOTAL, made=row_count, id=broadcast_id)
        # Queue the first shards (ranges of recipients) now, instead of in the scheduler's next
        # round.
        now = await model.find(transaction, broadcast_id)
        if row_count and now.state is State.RUNNING:
            await _queue_shards(transaction, now)
        return row_count
