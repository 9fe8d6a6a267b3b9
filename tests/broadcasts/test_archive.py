"""Past announcements: which of them everybody may read, and which only their recipients."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bidi import get_display

from bot import broadcasts
from bot.broadcasts import Broadcast, Rule, State, Words, archive
from bot.i18n import Languages
from bot.people import identities
from bot.runtime import Runtime
from flows.engine.text import verbatim
from tests.clock import advance_database_clock
from tests.subscribers import (
    TEXTS,
    BroadcastOfficers,
    ScriptedPlatform,
    create_officers,
    create_subscribers,
    new_draft,
    snapshot_all,
    start,
    with_platforms,
)

WORDS = Languages()


async def _listed(rt: Runtime, person_id: UUID | None = None) -> list[tuple[datetime, str]]:
    """Return time and Russian text of the past announcements that a person may read."""
    async with rt.pool.connection() as session:
        found = await broadcasts.latest_announcements(session, 5, person_id)
    return [(each.at, each.texts["ru"]) for each in found]


async def _sent(rt: Runtime, officers: BroadcastOfficers, rule: Rule, number: int = 0) -> Broadcast:
    """Return an announcement that was sent to all recipients whom the rule selects."""
    texts = {code: Words(f"{words.body} ({number})") for code, words in TEXTS.items()}
    found = await start(rt, officers, new_draft(rule=rule, texts=texts))
    await snapshot_all(rt, found)
    await broadcasts.send_shard(rt, found.id, 0)
    return found


def test_archive_shows_no_number_in_reverse_in_arabic_script() -> None:
    phone = "+7 7172 64 57 00"
    text = archive.text_in({"kk": f"Телефон: {phone}"}, "kk_Arab")
    assert phone in get_display(text, base_dir="R")
    assert phone in get_display(WORDS.render(verbatim(text), "kk_Arab"), base_dir="R")


async def test_archive_shows_no_cancelled_or_held_announcement(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    rt = with_platforms(rt, ScriptedPlatform())
    found = await start(rt, officers, new_draft())
    await snapshot_all(rt, found)
    assert len(await _listed(rt)) == 1
    await broadcasts.pause(rt, officers.lead, found.id)
    assert await _listed(rt) == []
    await broadcasts.resume(rt, officers.lead, found.id)
    assert len(await _listed(rt)) == 1
    await broadcasts.cancel(rt, officers.lead, found.id)
    assert await _listed(rt) == []


async def test_archive_dates_a_scheduled_announcement_by_its_start(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    soon = datetime.now(UTC) + timedelta(days=3)
    found = await start(rt, officers, replace(new_draft(), not_before=soon))
    assert found.state is State.SCHEDULED
    await advance_database_clock(rt, "73 hours")
    await broadcasts.run_due(rt)
    await snapshot_all(rt, found)
    ((at, _text),) = await _listed(rt)
    assert at > soon


async def test_archive_shows_a_targeted_announcement_only_to_its_recipients(rt: Runtime) -> None:
    officers = await create_officers(rt)
    addressed, _skipped = await create_subscribers(rt, 2, languages=("ru",))
    (other,) = await create_subscribers(rt, 1, languages=("ru",), topic="rules")
    async with rt.pool.connection() as session:
        await identities.set_mission(session, addressed.id, "tr_ankara")
    rt = with_platforms(rt, ScriptedPlatform())
    await _sent(rt, officers, Rule(missions=("tr_ankara",)))
    assert len(await _listed(rt, addressed.id)) == 1
    assert await _listed(rt, other.id) == []
    assert await _listed(rt) == []


async def test_archive_shows_a_public_announcement_behind_many_targeted(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1, languages=("ru",))
    rt = with_platforms(rt, ScriptedPlatform())
    public = await _sent(rt, officers, Rule(languages=("ru",)))
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO broadcasts (id, state, author, canary, purpose, topic, audience, total,"
            " started_at) SELECT gen_random_uuid(), 'done', author, 50, 'news', 'events',"
            """ '{"missions": ["cn_beijing"]}', 1, kosh_now()"""
            " FROM broadcasts, generate_series(1, 30)"
        )
        await session.execute(
            "INSERT INTO broadcast_texts (broadcast_id, language, body, template)"
            " SELECT id, 'ru', 'Только для Пекина.', '' FROM broadcasts WHERE id <> %s",
            (public.id,),
        )
    ((_at, text),) = await _listed(rt)
    assert "Пекина" not in text
