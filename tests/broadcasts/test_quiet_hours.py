"""Announcements during quiet hours: recipients who are held until the morning."""

from dataclasses import replace
from datetime import time

from bot import broadcasts
from bot.broadcasts import Purpose, Words
from bot.runtime import Runtime
from tests.crowd import TEXTS, Post, a_draft, all_at_once, crew, crowd, fates, posted, started

NIGHT = (time(21), time(8))


async def _set_clock(rt: Runtime, moment: str) -> None:
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE test_clock SET ahead = ahead + (%s::timestamptz - kosh_now())", (moment,)
        )


async def test_recipients_held_at_night_use_no_whatsapp_daily_limit(rt: Runtime) -> None:
    post = Post("whatsapp", window=24 * 3600)
    rt = posted(rt, post)
    rt = replace(rt, settings=rt.settings.model_copy(update={"whatsapp_daily_limit": 30}))
    await _set_clock(rt, "2026-12-10 22:00+05")
    await crowd(rt, 60, channel="whatsapp", languages=("ru",))
    texts = {code: Words(words.body, "news") for code, words in TEXTS.items()}
    found = await started(rt, await crew(rt), a_draft(texts=texts, quiet=NIGHT))
    await all_at_once(rt, found)
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
    rt = posted(rt, Post())
    await _set_clock(rt, "2026-12-10 23:00+05")
    await crowd(rt, 3, languages=("ru",))
    urgent = a_draft(Purpose.URGENT, why="a fraud is going on", quiet=NIGHT)
    found = await started(rt, await crew(rt), urgent)
    await all_at_once(rt, found)
    await broadcasts.send_shard(rt, found.id, 0)
    assert await fates(rt, found) == {"accepted": 3}
