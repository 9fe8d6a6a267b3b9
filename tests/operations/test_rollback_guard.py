"""The rollback guard detects that an older copy of the database was restored.

It compares counters of the database with the high-water marks in a file.
"""

from typing import LiteralString

import psycopg
import pytest

from bot.embedded import Databases
from bot.operations import rollback_guard
from bot.runtime import Runtime
from tests.person_client import Guest

pytestmark = pytest.mark.requirement("S-33")

BACK: dict[str, LiteralString] = {
    "audit": "UPDATE audit_head SET seq = seq - 1",
    "messages": "SELECT setval('messages_id_seq', last_value - 1) FROM messages_id_seq",
    "jobs": "SELECT setval('procrastinate_jobs_id_seq', last_value - 1)"
    " FROM procrastinate_jobs_id_seq",
}


async def advance_counters(rt: Runtime, databases: Databases) -> None:
    """Increase each counter and record it in the file.

    `note` is called twice, because it stores the values that its previous call read.
    """
    await Guest(rt).register()
    with psycopg.connect(databases.owner, autocommit=True) as session:
        session.execute("UPDATE audit_head SET seq = seq + 2")
        session.execute("SELECT nextval('procrastinate_jobs_id_seq') FROM generate_series(1, 2)")
    level = rollback_guard.HighWaterMark()
    for _round in range(2):
        await level.note(rt)
    await rollback_guard.refuse_older(rt)


@pytest.mark.parametrize("number", BACK)
async def test_database_rollback_guard_rejects_an_older_database_until_accepted(
    rt: Runtime, databases: Databases, number: str
) -> None:
    """Decrease one counter (a key of BACK), which alone must be enough to reject the database."""
    await advance_counters(rt, databases)
    with psycopg.connect(databases.owner, autocommit=True) as session:
        session.execute(BACK[number])
    with pytest.raises(rollback_guard.OlderDatabase):
        await rollback_guard.refuse_older(rt)
    await rollback_guard.accept_current(rt)
    await rollback_guard.refuse_older(rt)


async def test_database_rollback_guard_leaves_no_draft_when_writing_fails(rt: Runtime) -> None:
    path = rt.settings.erasure_journal.with_name("high-water-mark")
    path.mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        await rollback_guard.accept_current(rt)
    assert [*path.parent.glob(".high-water-mark*")] == []


async def test_database_rollback_guard_stores_counters_only_at_its_next_call(
    rt: Runtime, databases: Databases
) -> None:
    """Check that one call of `note` does not store the values that it reads.

    A crash may undo transactions that had just been committed when `note` read the counters.
    """
    await advance_counters(rt, databases)
    await Guest(rt).register()
    await rollback_guard.HighWaterMark().note(rt)
    with psycopg.connect(databases.owner, autocommit=True) as session:
        session.execute(BACK["messages"])
    await rollback_guard.refuse_older(rt)
