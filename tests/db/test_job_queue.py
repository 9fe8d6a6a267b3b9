"""Jobs are queued in the caller's transaction; a lost connection raises the driver's error."""

from uuid import uuid4

import psycopg
import pytest

from bot.db import job_queue
from bot.db.connection import is_unavailable
from bot.registrations import submissions
from bot.runtime import Runtime


async def _end_session(rt: Runtime, transaction: psycopg.AsyncConnection[object]) -> None:
    async with rt.pool.connection() as other:
        await other.execute("SELECT pg_terminate_backend(%s::int)", (transaction.info.backend_pid,))


@pytest.mark.parametrize("many", [False, True])
async def test_job_queue_raises_the_drivers_error_when_the_connection_ends(
    rt: Runtime, many: bool
) -> None:
    """Check that the error is recognised as an outage.

    After an outage the turn of an update is repeated, and the update does not count as one that
    always fails.
    """
    with pytest.raises(psycopg.OperationalError) as caught:
        async with rt.pool.connection() as transaction:
            await _end_session(rt, transaction)
            if many:
                await job_queue.defer_all(transaction, submissions.TASK, {"write": str(uuid4())})
            else:
                await job_queue.defer(transaction, submissions.TASK, write=str(uuid4()))
    assert is_unavailable(caught.value)
