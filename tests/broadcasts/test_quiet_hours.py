"""Announcements during quiet hours: recipients who are held until the morning."""

from dataclasses import replace
from datetime import time

from bot import broadcasts
from bot.broadcasts import Purpose, Words
from bot.runtime import Runtime
from tests.subscribers import (
    TEXTS,
    ScriptedPlatform,
    count_states,
    create_officers,
    create_subscribers,
    new_draft,
    snapshot_all,
    start,
    with_platforms,
)

NIGHT = (time(21), time(8))


async def _set_clock(rt: Runtime, moment: str) -> None:
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE test_clock SET ahead = ahead + (%s::timestamptz - kosh_now())", (moment,)
        )


async def test_recipients_held_at_night_use_no_whatsapp_daily_limit(rt: Runtime) -> None:
    post = ScriptedPlatform("whatsapp", window=24 * 3600)
    rt = with_platforms(rt, post)
    rt = replace(rt, settings=rt.settings.model_copy(update={"whatsapp_daily_limit": 30}))
    await _set_clock(rt, "2026-12-10 22:00+05")
    await create_subscribers(rt, 60, channel="whatsapp", languages=("ru",))
    texts = {code: Words(words.body, "news") for code, words in TEXTS.items()}
    found = await start(rt, await create_officers(rt), new_draft(texts=texts, quiet=NIGHT))
    await snapshot_all(rt, found)
    for moment, sent in (
        ("2026-12-10 22:01+05", 0),
        ("2026-12-11 08:01+05", 30),
        ("2026-12-11 20:00+05", 30),
        ("2026-12-12 12:00+05", 60),
    ):
        await _set_clock(rt, moment)
        await broadcasts.send_shard(rt, found.id, 0)
        await broadcasts.send_shard(rt, found.id, 0)
        assert len(post.sent) == sent, moment


async def test_urgent_broadcast_is_sent_during_quiet_hours(rt: Runtime) -> None:
    rt = with_platforms(rt, ScriptedPlatform())
    await _set_clock(rt, "2026-12-10 23:00+05")
    await create_subscribers(rt, 3, languages=("ru",))
    urgent = new_draft(Purpose.URGENT, why="a fraud is going on", quiet=NIGHT)
    found = await start(rt, await create_officers(rt), urgent)
    await snapshot_all(rt, found)
    await broadcasts.send_shard(rt, found.id, 0)
    assert await count_states(rt, found) == {"accepted": 3}
