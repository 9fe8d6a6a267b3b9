"""No person gets two announcements of news within a day; an old one excludes no recipient."""

from typing import LiteralString

from bot import broadcasts
from bot.broadcasts import Purpose, Words
from bot.runtime import Runtime
from tests.subscribers import (
    TEXTS,
    ScriptedPlatform,
    create_officers,
    create_subscribers,
    new_draft,
    snapshot_all,
    start,
    with_platforms,
)

SIZE = 4
OTHER_TEXTS = {code: Words(f"{words.body} (2)") for code, words in TEXTS.items()}


async def _advance_clock(rt: Runtime, interval: LiteralString) -> None:
    async with rt.pool.connection() as session:
        await session.execute("UPDATE test_clock SET ahead = ahead + %s::interval", (interval,))


async def _counts(rt: Runtime, purpose: Purpose = Purpose.NEWS) -> tuple[int, int]:
    """Return how many people a second announcement reaches, and how many it leaves out."""
    officers = await create_officers(rt)
    found = await broadcasts.count(rt, officers.editor, new_draft(purpose, texts=OTHER_TEXTS))
    return found.total, found.excluded.get("recent", 0)


async def test_news_leave_out_people_who_wait_for_a_running_broadcast(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, SIZE)
    rt = with_platforms(rt, ScriptedPlatform())
    await snapshot_all(rt, found := await start(rt, officers, new_draft()))
    assert await _counts(rt) == (0, SIZE)
    assert await _counts(rt, Purpose.URGENT) == (SIZE, 0)
    await broadcasts.cancel(rt, officers.lead, found.id)
    assert await _counts(rt) == (SIZE, 0)


async def test_news_leave_out_people_who_wait_for_a_paused_broadcast(rt: Runtime) -> None:
    """Check that these people get no second announcement within a day after a resume."""
    officers = await create_officers(rt)
    await create_subscribers(rt, SIZE)
    rt = with_platforms(rt, ScriptedPlatform())
    await snapshot_all(rt, found := await start(rt, officers, new_draft()))
    await broadcasts.pause(rt, officers.lead, found.id)
    assert await _counts(rt) == (0, SIZE)
    await _advance_clock(rt, "25 hours")
    assert await _counts(rt) == (SIZE, 0)


async def test_news_leave_out_recipients_of_a_broadcast_that_takes_days(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, SIZE)
    rt = with_platforms(rt, ScriptedPlatform())
    await snapshot_all(rt, found := await start(rt, officers, new_draft()))
    await _advance_clock(rt, "30 hours")
    await broadcasts.send_shard(rt, found.id, 0)
    assert await _counts(rt) == (0, SIZE)


async def test_news_reach_recipients_of_an_old_broadcast_when_it_is_retried(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, SIZE)
    rt = with_platforms(rt, ScriptedPlatform())
    await snapshot_all(rt, found := await start(rt, officers, new_draft()))
    await broadcasts.send_shard(rt, found.id, 0)
    await broadcasts.run_due(rt)
    assert await _counts(rt) == (0, SIZE)
    await _advance_clock(rt, "5 days")
    await broadcasts.retry_failed(rt, officers.lead, found.id)
    await broadcasts.run_due(rt)
    assert await _counts(rt) == (SIZE, 0)
