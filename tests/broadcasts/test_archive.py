"""Past announcements: which of them everybody may read, and which only their recipients."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot import broadcasts
from bot.broadcasts import State
from bot.runtime import Runtime
from tests.crowd import (
    Post,
    a_draft,
    all_at_once,
    crew,
    crowd,
    posted,
    started,
)
from tests.desk.desks import ahead


async def _listed(rt: Runtime) -> list[tuple[datetime, str]]:
    """Return time and Russian text of the past announcements that everybody may read."""
    async with rt.pool.connection() as session:
        found = await broadcasts.latest_announcements(session, 5)
    return [(each.at, each.texts["ru"]) for each in found]


async def test_archive_shows_no_cancelled_or_held_announcement(rt: Runtime) -> None:
    officers = await crew(rt)
    await crowd(rt, 1)
    rt = posted(rt, Post())
    found = await started(rt, officers, a_draft())
    await all_at_once(rt, found)
    assert len(await _listed(rt)) == 1
    await broadcasts.pause(rt, officers.lead, found.id)
    assert await _listed(rt) == []
    await broadcasts.resume(rt, officers.lead, found.id)
    assert len(await _listed(rt)) == 1
    await broadcasts.cancel(rt, officers.lead, found.id)
    assert await _listed(rt) == []


async def test_archive_dates_a_scheduled_announcement_by_its_start(rt: Runtime) -> None:
    officers = await crew(rt)
    await crowd(rt, 1)
    soon = datetime.now(UTC) + timedelta(days=3)
    found = await started(rt, officers, replace(a_draft(), not_before=soon))
    assert found.state is State.SCHEDULED
    await ahead(rt, "73 hours")
    await broadcasts.run_due(rt)
    await all_at_once(rt, found)
    ((at, _text),) = await _listed(rt)
    assert at > soon
