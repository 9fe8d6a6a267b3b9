"""What keeps broadcasts moving, once a second in one of the workers: begins, feeds, ends, sweeps.

All of it can be found in the rows, so that nothing is lost with a worker, a job or a restart.
"""

from typing import Any, LiteralString
from uuid import UUID

from bot.broadcasts import audience, model, pausing
from bot.broadcasts.model import Broadcast, Purpose, State
from bot.broadcasts.sender import SHARD
from bot.db import job_queue
from bot.db.connection import Transaction, long_statements
from bot.runtime import Runtime

SHARD_TASK = "broadcasts.shard"
SNAPSHOT_TASK = "broadcasts.snapshot"
QUEUE = "broadcasts"
# So many shards are in the queue at most, and so few before there are more.
MAX_FED, MIN_FED = 64, 16
URGENT_FIRST = 10
AT_ONCE = 10_000
# A worker that was not heard of for so long has nothing in hand any more, or what it has is leased.
SILENCE_SECONDS = 3.0
CANARY_MINUTES, URGENT_CANARY_MINUTES = 10, 1
# So much of the canary may fail.
MAX_FAILED = 0.2
MAX_SNAPSHOT = 1800
_LOCK = 5273851920482


async def run_due(rt: Runtime) -> None:
    """See to every broadcast that is under way."""
    async with rt.pool.connection() as transaction:
        if not await _alone(transaction, _LOCK):
            return
        await transaction.execute(
            "UPDATE broadcasts SET state = 'running', state_at = kosh_now()"
            " WHERE state = 'scheduled' AND not_before <= kosh_now()"
        )
        cursor = await transaction.execute(_UNDER_WAY)
        under_way = [row[0] for row in await cursor.fetchall()]
    for broadcast_id in under_way:
        async with rt.pool.connection() as transaction:
            await _clear(transaction, await model.find(transaction, broadcast_id))
        # Apart: it locks the broadcast's row, and whoever does that has none of a recipient yet.
        async with rt.pool.connection() as transaction:
            await _run(transaction, await model.find(transaction, broadcast_id))


_UNDER_WAY: LiteralString = """
SELECT b.id FROM broadcasts b
WHERE b.state IN ('running', 'paused') OR (b.state = 'cancelled' AND EXISTS (
  SELECT FROM broadcast_counts c WHERE c.broadcast_id = b.id AND c.count > 0
    AND c.state IN ('planned', 'held', 'claimed')))
ORDER BY b.purpose <> 'urgent', b.started_at
"""


async def _alone(transaction: Transaction, lock: int) -> bool:
    """Whether no other worker is at it; the lock ends with the transaction."""
    cursor = await transaction.execute("SELECT pg_try_advisory_xact_lock(%s)", (lock,))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def _clear(transaction: Transaction, broadcast: Broadcast) -> None:
    """Take those out whose worker is dead, or who won't get it any more."""
    await transaction.execute(_DOUBT, (broadcast.id,))
    if broadcast.total is not None:
        await transaction.execute(_TOO_LATE, {"id": broadcast.id, "most": AT_ONCE})


async def _run(transaction: Transaction, broadcast: Broadcast) -> None:
    if broadcast.state is not State.RUNNING:
        return
    if broadcast.total is None:
        await ask_for_snapshot(transaction, broadcast)
        return
    await transaction.execute("SELECT pg_notify('kosh_broadcast', %s)", (str(broadcast.id),))
    if await _left(transaction, broadcast.id) == 0:
        await _end(transaction, broadcast)
    elif await _canary_is_well(transaction, broadcast):
        await _feed(transaction, broadcast)


# Whoever claimed them is dead, or so slow that nobody knows: never sent again by itself.
_DOUBT: LiteralString = """
UPDATE recipients SET state = 'in_doubt', reason = 'crash', lease_until = NULL
WHERE broadcast_id = %s AND state = 'claimed' AND lease_until < kosh_now()
"""

_TOO_LATE: LiteralString = """
WITH over AS (
  SELECT id, state FROM broadcasts
  WHERE id = %(id)s AND (state = 'cancelled' OR not_later_than <= kosh_now())
), few AS MATERIALIZED (
  SELECT r.seq FROM recipients r JOIN over ON over.id = r.broadcast_id
  WHERE r.broadcast_id = %(id)s AND r.state IN ('planned', 'held')
  LIMIT %(most)s FOR UPDATE OF r SKIP LOCKED
)
UPDATE recipients r SET at = kosh_now(), not_before = NULL,
  state = CASE WHEN over.state = 'cancelled' THEN 'cancelled' ELSE 'skipped' END,
  reason = CASE WHEN over.state = 'cancelled' THEN '' ELSE 'late' END
FROM few, over WHERE r.broadcast_id = %(id)s AND r.seq = few.seq
"""


async def ask_for_snapshot(transaction: Transaction, broadcast: Broadcast) -> None:
    """Have a worker make everybody's row, unless that is asked for already."""
    if not await _queued(transaction, SNAPSHOT_TASK, broadcast.id):
        await job_queue.defer(
            transaction,
            SNAPSHOT_TASK,
            queue=QUEUE,
            priority=URGENT_FIRST,
            broadcast=str(broadcast.id),
        )


async def _queued(transaction: Transaction, task: str, broadcast_id: UUID) -> int:
    cursor = await transaction.execute(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s AND queue_name = %s"
        " AND status = 'todo' AND args->>'broadcast' = %s",
        (task, QUEUE, str(broadcast_id)),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _left(transaction: Transaction, broadcast_id: UUID) -> int:
    cursor = await transaction.execute(
        "SELECT coalesce(sum(count), 0) FROM broadcast_counts"
        " WHERE broadcast_id = %s AND state IN ('planned', 'held', 'claimed')",
        (broadcast_id,),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _end(transaction: Transaction, broadcast: Broadcast) -> None:
    """Unless somebody who held its row has planned it anew for one meanwhile: counted once more."""
    now = await model.find(transaction, broadcast.id, lock=True)
    if now.state is State.RUNNING and await _left(transaction, broadcast.id) == 0:
        await transaction.execute(
            "UPDATE broadcasts SET state = 'done', state_at = kosh_now(), reason = ''"
            " WHERE id = %s",
            (broadcast.id,),
        )


_CANARY: LiteralString = """
SELECT count(*) FILTER (WHERE state IN ('planned', 'claimed')),
  count(*) FILTER (WHERE state IN ('failed', 'in_doubt')), count(*)
FROM recipients WHERE broadcast_id = %s AND seq < %s
"""


async def _canary_is_well(transaction: Transaction, broadcast: Broadcast) -> bool:
    """Whether there is something to send: the first few, or, when those went well, the others."""
    cursor = await transaction.execute(
        "SELECT reach, canary_until, canary_until <= kosh_now() FROM broadcasts WHERE id = %s",
        (broadcast.id,),
    )
    row = await cursor.fetchone()
    if row is None or row[0] is None:
        return row is not None
    reach, until, over = row
    cursor = await transaction.execute(_CANARY, (broadcast.id, reach))
    found = await cursor.fetchone()
    assert found is not None
    going, failed, all_of_them = found
    if going:
        return True
    if until is None:
        urgent = broadcast.draft.purpose is Purpose.URGENT
        await transaction.execute(
            "UPDATE broadcasts SET canary_until = kosh_now() + make_interval(mins => %s)"
            " WHERE id = %s",
            (URGENT_CANARY_MINUTES if urgent else CANARY_MINUTES, broadcast.id),
        )
    elif over:
        # Whatever is decided of it, this was the canary: resuming goes on with the others.
        await transaction.execute(
            "UPDATE broadcasts SET reach = NULL WHERE id = %s", (broadcast.id,)
        )
        if failed > MAX_FAILED * all_of_them:
            await pausing.halt(transaction, broadcast.id, "canary")
    return False


# The next shards in which something is due, each found by one look into the index: with a join to
# `b` in place of its values the planner would sort all that is left, once for each shard.
_DUE: LiteralString = """
WITH RECURSIVE b AS MATERIALIZED (
  SELECT coalesce(reach, 2147483647) AS reach, kosh_now() AS now FROM broadcasts
  WHERE id = %(id)s
), fed AS MATERIALIZED (
  SELECT (j.args->>'shard')::int AS shard FROM procrastinate_jobs j
  LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
  WHERE j.task_name = %(task)s AND j.queue_name = %(queue)s AND j.args->>'broadcast' = %(id)s::text
    AND (j.status = 'todo' OR j.status = 'doing'
      AND w.last_heartbeat > clock_timestamp() - make_interval(secs => %(silence)s))
), due (shard) AS (
  SELECT -1
  UNION ALL
  SELECT (
    SELECT r.seq / %(shard)s FROM recipients r
    WHERE r.broadcast_id = %(id)s AND r.state = 'planned' AND r.channel = ANY(%(channels)s)
      AND r.seq >= (due.shard + 1) * %(shard)s AND r.seq < (SELECT reach FROM b)
      AND (r.not_before IS NULL OR r.not_before <= (SELECT now FROM b))
    ORDER BY r.seq LIMIT 1)
  FROM due WHERE due.shard IS NOT NULL
), held AS (
  SELECT DISTINCT h.seq / %(shard)s AS shard FROM (
    SELECT r.seq FROM recipients r
    WHERE r.broadcast_id = %(id)s AND r.state = 'held' AND r.not_before <= (SELECT now FROM b)
      AND r.channel = ANY(%(channels)s) AND r.seq < (SELECT reach FROM b)
    ORDER BY r.not_before LIMIT %(most_held)s) AS h
), found AS (
  SELECT shard FROM (SELECT shard FROM due WHERE shard >= 0 LIMIT %(most)s) AS next
  UNION SELECT shard FROM held
)
SELECT shard FROM found WHERE shard NOT IN (SELECT shard FROM fed WHERE shard IS NOT NULL)
ORDER BY shard LIMIT %(most)s
"""


async def _feed(transaction: Transaction, broadcast: Broadcast) -> None:
    """Ask for the next bouts, if few are asked for; a shard has one at a time."""
    channels = await _awake(transaction, broadcast.id)
    if not channels or await _queued(transaction, SHARD_TASK, broadcast.id) >= MIN_FED:
        return
    values: dict[str, Any] = {
        "id": broadcast.id,
        "task": SHARD_TASK,
        "silence": SILENCE_SECONDS,
        "queue": QUEUE,
        "shard": SHARD,
        "channels": channels,
        "most": MAX_FED,
        "most_held": MAX_FED * SHARD,
    }
    cursor = await transaction.execute(_DUE, values)
    priority = URGENT_FIRST if broadcast.draft.purpose is Purpose.URGENT else 0
    bouts = [{"broadcast": str(broadcast.id), "shard": row[0]} for row in await cursor.fetchall()]
    await job_queue.defer_all(transaction, SHARD_TASK, *bouts, queue=QUEUE, priority=priority)


async def _awake(transaction: Transaction, broadcast_id: UUID) -> list[str]:
    """Channels on which somebody waits and whose platform has not asked us to."""
    cursor = await transaction.execute(
        "SELECT DISTINCT c.channel FROM broadcast_counts c WHERE c.broadcast_id = %s"
        " AND c.count > 0 AND c.state IN ('planned', 'held') AND NOT EXISTS ("
        "   SELECT FROM platform_pauses p WHERE p.channel = c.channel AND p.until > kosh_now())",
        (broadcast_id,),
    )
    return [row[0] for row in await cursor.fetchall()]


_ROWS: LiteralString = (
    "INSERT INTO recipients (broadcast_id, seq, person_id, channel, language, state)"
    " SELECT %(id)s, row_number() OVER (ORDER BY random()) - 1, person_id, channel, language,"
    " 'planned' FROM (" + audience.AUDIENCE + ") AS found WHERE against = ''"
)

_COUNTED: LiteralString = """
INSERT INTO broadcast_counts (broadcast_id, channel, state, reason, count)
SELECT broadcast_id, channel, state, reason, count(*) FROM recipients WHERE broadcast_id = %s
GROUP BY 1, 2, 3, 4
"""


async def snapshot(rt: Runtime, broadcast_id: UUID) -> int:
    """Make everybody's row, in one transaction; 0 when they are made or being made."""
    async with rt.pool.connection() as transaction:
        broadcast = await model.find(transaction, broadcast_id)
        if broadcast.total is not None or not await _alone(transaction, _LOCK + broadcast.number):
            return 0
        # Looked at again under the lock: another may have been faster.
        broadcast = await model.find(transaction, broadcast_id)
        if broadcast.total is not None:
            return 0
        values = await audience.values(rt, transaction, broadcast.draft)
        async with long_statements(transaction, MAX_SNAPSHOT):
            made = await transaction.execute(_ROWS, values | {"id": broadcast_id})
            await transaction.execute(_COUNTED, (broadcast_id,))
        await transaction.execute(
            "UPDATE broadcasts SET total = %(made)s, reach = CASE WHEN canary > 0"
            " AND canary < %(made)s THEN canary END WHERE id = %(id)s",
            {"made": made.rowcount, "id": broadcast_id},
        )
        # Whoever comes first goes at once, not at the next round.
        now = await model.find(transaction, broadcast_id)
        if made.rowcount and now.state is State.RUNNING:
            await _feed(transaction, now)
        return made.rowcount
