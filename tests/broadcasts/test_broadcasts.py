"""Draft, approval and start of an announcement: permissions and rejected actions."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import pytest
from bidi import get_display
from psycopg.errors import CheckViolation

from bot import broadcasts
from bot.broadcasts import (
    Draft,
    Purpose,
    Refusal,
    Refused,
    Rule,
    Stale,
    State,
    Words,
    content,
    pausing,
)
from bot.channels.telegram import layout as telegram_layout
from bot.channels.whatsapp import layout as whatsapp_layout
from bot.officers.permissions import Forbidden, Role
from bot.runtime import Runtime
from tests.subscribers import (
    TEXTS,
    ScriptedPlatform,
    approve,
    create_officer,
    create_officers,
    create_subscribers,
    mark_tested,
    new_draft,
    start,
    with_platforms,
)


async def _advance_clock(rt: Runtime, interval: str) -> None:
    async with rt.pool.connection() as session:
        await session.execute("UPDATE test_clock SET ahead = ahead + %s::interval", (interval,))


async def _check_refused(reason: Refusal, call: Awaitable[object]) -> str:
    with pytest.raises(Refused) as refusal:
        await call
    assert refusal.value.why is reason
    return refusal.value.detail


async def test_broadcast_runs_after_three_people_draft_approve_and_start_it(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 3)
    found = await start(rt, officers, new_draft())
    assert found.state is State.RUNNING
    history = await broadcasts.history(rt, officers.editor, found.id)
    assert [each.action for each in history] == [
        "broadcast.drafted", "broadcast.submitted", "broadcast.approved", "broadcast.started",
    ]  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
async def test_broadcast_draft_approval_and_start_each_need_their_own_role(
    rt: Runtime, role: Role
) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    officer = await create_officer(rt, role)
    found = await approve(rt, officers, new_draft())
    verbs: dict[Role, Callable[[], Awaitable[object]]] = {
        Role.EDITOR: lambda: broadcasts.draft(rt, officer, new_draft()),
        Role.APPROVER: lambda: broadcasts.approve(rt, officer, found.id, found.draft.content_hash),
        Role.LEAD: lambda: broadcasts.start(rt, officer, found.id),
    }
    for needed, verb in verbs.items():
        if needed is role:
            await verb()
        else:
            with pytest.raises(Forbidden):
                await verb()


@pytest.mark.row(93)
async def test_approver_cannot_approve_their_own_broadcast(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    both = await create_officer(rt, Role.EDITOR, Role.APPROVER)
    found = await broadcasts.draft(rt, both, new_draft())
    await mark_tested(rt, found)
    await broadcasts.ask_approval(rt, both, found.id)
    await _check_refused(
        Refusal.OWN, broadcasts.approve(rt, both, found.id, found.draft.content_hash)
    )
    with pytest.raises(CheckViolation):
        async with rt.pool.connection() as session:
            await session.execute(
                "INSERT INTO broadcast_approvals VALUES (%s, %s, %s, '', 1, kosh_now(),"
                " kosh_now())",
                (found.id, both.id, both.id),
            )
    await _check_refused(Refusal.APPROVALS, broadcasts.start(rt, officers.lead, found.id))


@pytest.mark.row(93)
async def test_broadcast_edit_voids_the_approval(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    found = await approve(rt, officers, new_draft())
    texts = {**TEXTS, "ru": Words("Проба объявления: в воскресенье центр открыт.")}
    edited = await broadcasts.edit(
        rt, officers.editor, found.id, new_draft(texts=texts), found.version
    )
    await _check_refused(Refusal.STATE, broadcasts.start(rt, officers.lead, found.id))
    await _check_refused(
        Refusal.CHANGED,
        broadcasts.approve(rt, officers.approver, found.id, found.draft.content_hash),
    )
    await mark_tested(rt, edited)
    await broadcasts.ask_approval(rt, officers.editor, found.id)
    await _check_refused(Refusal.APPROVALS, broadcasts.start(rt, officers.lead, found.id))
    # The approvals of an earlier text must not become valid again when that text is restored.
    again = await broadcasts.edit(rt, officers.editor, found.id, new_draft(), edited.version)
    assert await broadcasts.last_approved(rt, officers.editor, found.id) == found.draft
    await mark_tested(rt, again)
    await broadcasts.ask_approval(rt, officers.editor, found.id)
    await _check_refused(Refusal.APPROVALS, broadcasts.start(rt, officers.lead, found.id))


async def test_broadcast_is_paused_after_a_database_restore_until_resumed(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    soon = datetime.now(UTC) + timedelta(hours=2)
    texts = {code: Words(f"{words.body} (2)") for code, words in TEXTS.items()}
    running = await start(rt, officers, new_draft())
    waiting = await start(rt, officers, new_draft(not_before=soon, texts=texts))
    assert waiting.state is State.SCHEDULED
    async with rt.pool.connection() as session:
        await broadcasts.after_restore(session)
    found = {each.id: each for each in await broadcasts.listing(rt, officers.lead)}
    assert (found[running.id].state, found[running.id].reason) == (State.PAUSED, "restored")
    assert found[waiting.id].state is State.AWAITING
    assert (await broadcasts.resume(rt, officers.lead, running.id)).state is State.RUNNING


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00+12:00", "1999-12-31T00:00+00:00", "9999-12-31T23:59-12:00"]
)
async def test_broadcast_draft_refuses_a_time_in_an_impossible_year(
    rt: Runtime, moment: str
) -> None:
    officers = await create_officers(rt)
    draft = new_draft(not_before=datetime.fromisoformat(moment))
    await _check_refused(Refusal.LATE, broadcasts.draft(rt, officers.editor, draft))
    assert await broadcasts.listing(rt, officers.editor) == []


@pytest.mark.row(93)
async def test_broadcast_approval_expires_after_a_day(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    found = await approve(rt, officers, new_draft())
    await _advance_clock(rt, "25 hours")
    await _check_refused(Refusal.EXPIRED, broadcasts.start(rt, officers.lead, found.id))


async def test_broadcast_start_succeeds_once_when_two_officers_start_it(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    found = await approve(rt, officers, new_draft())
    tries = (broadcasts.start(rt, officers.lead, found.id) for _ in range(2))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(isinstance(each, Refused) for each in results) == [False, True]


@pytest.mark.parametrize(
    ("draft", "refusal", "detail"),
    [
        (new_draft(topic="weather"), Refusal.TOPIC, ""),
        (new_draft(topic=""), Refusal.TOPIC, ""),
        (new_draft(rule=Rule(languages=("tlh",))), Refusal.AUDIENCE, "languages"),
        (new_draft(rule=Rule(channels=("pigeon",))), Refusal.AUDIENCE, "channels"),
        (new_draft(rule=Rule(missions=("xx_nowhere",))), Refusal.AUDIENCE, "missions"),
        (new_draft(rule=Rule(registration=("secret",))), Refusal.AUDIENCE, "registration"),
        (new_draft(rule=Rule(countries=("CN", "QQ"))), Refusal.AUDIENCE, "countries"),
        (new_draft(rule=Rule(programmes=("x",))), Refusal.AUDIENCE, "programmes"),
        (new_draft(rule=Rule(regions=("x",))), Refusal.AUDIENCE, "regions"),
        (new_draft(texts={**TEXTS, "kk_Arab": Words("evil.example")}), Refusal.FORM, "texts"),
    ],
)
async def test_broadcast_refuses_unknown_values_and_names_the_field(
    rt: Runtime, draft: Draft, refusal: Refusal, detail: str
) -> None:
    officers = await create_officers(rt)
    found = await broadcasts.draft(rt, officers.editor, new_draft())
    for verb in (
        broadcasts.draft(rt, officers.editor, draft),
        broadcasts.edit(rt, officers.editor, found.id, draft, found.version),
        broadcasts.count(rt, officers.editor, draft),
    ):
        assert await _check_refused(refusal, verb) == detail
    assert (await broadcasts.find(rt, officers.editor, found.id)).draft == found.draft


async def test_broadcast_edit_is_rejected_as_stale_when_another_edit_came_first(
    rt: Runtime,
) -> None:
    officers = await create_officers(rt)
    found = await broadcasts.draft(rt, officers.editor, new_draft())
    changed = new_draft(why="changed")
    await broadcasts.edit(rt, officers.editor, found.id, changed, found.version)
    with pytest.raises(Stale):
        await broadcasts.edit(rt, officers.editor, found.id, new_draft(), found.version)


@pytest.mark.parametrize(
    ("language", "body", "refusal"),
    [
        ("uz", "", Refusal.LANGUAGE),
        ("ru", "Подробно: https://gov.kz.example.org/news", Refusal.LINK),
        ("ru", "Пишите нам: @someotherbot", Refusal.LINK),
        ("kk", "Толығырақ example.com сайтында.", Refusal.LINK),
        ("ru", "HTTPS://EVIL.EXAMPLE/x", Refusal.LINK),
        ("ru", "Тут: Evil.Example", Refusal.LINK),
        ("ru", r"Тут: https://evil.example\.gov.kz/", Refusal.LINK),
        ("ru", "Тут: https://evil.example@gov.kz/", Refusal.LINK),
        ("ru", "Тут: https://gov.kz:8443/", Refusal.LINK),
        ("ru", "Тут: http://gov.kz/", Refusal.LINK),
        ("ru", "Тут: ftp://gov.kz/", Refusal.LINK),
        ("ru", "Тут: tel:+77010000000", Refusal.LINK),
        ("ru", "Тут: https://gov.kz℀.example/", Refusal.LINK),
        ("ru", "Тут: https://gоv.kz/", Refusal.LINK),
        ("zh_Hans", "见 evil。中国", Refusal.LINK),
        ("ru", "Звоните: +7 701 000 00 07", Refusal.PHONE),
        ("ru", "Звоните: 8 (701) 000-00-07", Refusal.PHONE),
        ("kk", "Тел. 87010000007", Refusal.PHONE),
        ("zh_Hans", "电话 138 0013 8000。", Refusal.PHONE),
        ("ru", "Приём {дата} в 10:00.", Refusal.PLACEHOLDER),
        ("zh_Hans", "中心于[日期]开放。", Refusal.PLACEHOLDER),
        ("uz", "Qabul XX kuni.", Refusal.PLACEHOLDER),
        ("kk", "Хабар. " * 200, Refusal.TOO_LONG),
        ("kk", "ورتالىق سەنبىدە اشىق. gov.kz", Refusal.SCRIPT),
        ("ru", "Tsentr otkryt v subbotu.", Refusal.SCRIPT),
        ("uz", "Шанба куни марказ очиқ.", Refusal.SCRIPT),
        ("zh_Hans", "Орталық сенбіде ашық.", Refusal.SCRIPT),
    ],
    ids=[
        "none",
        "host",
        "name",
        "bare",
        "upper",
        "capital",
        "backslash",
        "userinfo",
        "port",
        "http",
        "ftp",
        "tel",
        "unparsable",
        "homoglyph",
        "ideographic dot",
        "plus",
        "grouped",
        "digits",
        "chinese phone",
        "brace",
        "bracket",
        "letters",
        "long",
        "Kazakh in Arabic letters",
        "Russian in Latin letters",
        "Uzbek in Cyrillic letters",
        "Kazakh for Chinese",
    ],
)
@pytest.mark.requirement("S-86")
@pytest.mark.row(94)
async def test_broadcast_refuses_forbidden_text_and_names_its_position(
    rt: Runtime, language: str, body: str, refusal: Refusal
) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    found = await broadcasts.draft(
        rt, officers.editor, new_draft(texts={**TEXTS, language: Words(body)})
    )
    await mark_tested(rt, found)
    assert refusal in {
        each.why for each in await broadcasts.blockers(rt, officers.editor, found.id)
    }
    detail = await _check_refused(refusal, broadcasts.ask_approval(rt, officers.editor, found.id))
    assert language in detail


async def test_broadcast_text_may_contain_names_in_another_script(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    texts = {
        "kk": "Қордың аты Otandastar Qory, мекенжайы egov.kz сайтында.",
        "ru": "Портал Ata Zholy: www.gov.kz/memleket/entities/qogam",
        "uz": "Saytda “Қандас” tugmasini bosing: oʻtgan yil.",
        "zh_Hans": "Otandastar 网页新开: www.gov.kz。",
    }
    draft = new_draft(texts={code: Words(text) for code, text in texts.items()})
    found = await broadcasts.draft(rt, officers.editor, draft)
    await mark_tested(rt, found)
    assert await broadcasts.blockers(rt, officers.editor, found.id) == []


async def test_broadcast_text_may_consist_mostly_of_names_and_addresses(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    texts = {
        "kk": "Шақырылғандар: Aigul Testova, Bolat Testov, Gulnar Testova, ERLAN TESTOV.",
        "ru": "Пишите: preregistration-of-families@migration.example.kz",
        "uz": "Hujjatlar: Алматы, Астана, Шымкент, Талдыкорган, Усть-Каменогорск, Павлодар.",
        "zh_Hans": "名单: Aigul Testova, Bolat Testov, Gulnar Testova, ERLAN TESTOV.",
    }
    draft = new_draft(texts={code: Words(text) for code, text in texts.items()})
    found = await broadcasts.draft(rt, officers.editor, draft)
    await mark_tested(rt, found)
    assert await broadcasts.blockers(rt, officers.editor, found.id) == []


async def test_broadcast_text_may_contain_dates_and_links_to_allowed_hosts(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    fine = Words(
        "5.12.2026 в 10:00, см. https://www.gov.kz/memleket и egov.kz. Т.е. в субботу."
        " HTTPS://Egov.kz: с 2026-12-05 по 31.12.2026, до 1 500 000 000 тенге, тел. 1414."
    )
    found = await broadcasts.draft(rt, officers.editor, new_draft(texts={**TEXTS, "ru": fine}))
    await mark_tested(rt, found)
    assert await broadcasts.blockers(rt, officers.editor, found.id) == []


async def test_broadcast_shows_no_number_in_reverse_in_arabic_script(rt: Runtime) -> None:
    texts = {"kk": Words("Сынақ\nКөшіп келгендерге: 1 500 000 беріледі")}
    message = content.message(rt, texts, "kk_Arab")
    assert message is not None
    assert "1 500 000" in get_display(message.paragraphs[0])
    assert message.marks[0].kind == "title"


async def test_broadcast_is_too_long_with_direction_marks(rt: Runtime) -> None:
    """Refuse a text that fits without the marks of Arabic script, but not with them."""
    text = Words("Сағат 9:00-18:00. " * 56)
    found = content.faults(rt, new_draft(texts={**TEXTS, "kk": text}))
    assert [each.detail for each in found if each.why is Refusal.TOO_LONG] == ["kk_Arab"]


async def test_broadcast_title_is_bold_on_telegram_and_whatsapp(rt: Runtime) -> None:
    texts = {"ru": Words("День открытых дверей\nВ субботу, вход свободный.")}
    message = content.message(rt, texts, "ru")
    assert message is not None
    (text, _markup), *_none = telegram_layout.parts(message)
    bold = (telegram_layout.entities(message, text) or [])[0]
    assert (bold.type, bold.offset, bold.length) == ("bold", 0, 20)
    (sent,) = whatsapp_layout.parts(message, rt.languages)
    assert sent["interactive"]["body"]["text"].startswith("*День открытых дверей*\nВ субботу")
    plain = content.message(rt, {"ru": Words("Одна строка")}, "ru")
    assert plain is not None
    assert plain.marks == ()


async def test_broadcast_approval_needs_a_test_send(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    found = await broadcasts.draft(rt, officers.editor, new_draft())
    await _check_refused(Refusal.UNTESTED, broadcasts.ask_approval(rt, officers.editor, found.id))


async def test_broadcast_refuses_the_text_of_an_earlier_broadcast(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    first = await start(rt, officers, new_draft())
    again = await broadcasts.draft(rt, officers.editor, new_draft(rule=Rule(languages=("ru",))))
    await mark_tested(rt, again)
    detail = await _check_refused(
        Refusal.REPEATED, broadcasts.ask_approval(rt, officers.editor, again.id)
    )
    assert detail == str(first.number)


async def test_broadcast_refuses_an_empty_audience_and_a_past_deadline(rt: Runtime) -> None:
    officers = await create_officers(rt)
    found = await broadcasts.draft(rt, officers.editor, new_draft())
    await mark_tested(rt, found)
    await _check_refused(
        Refusal.NO_RECIPIENTS, broadcasts.ask_approval(rt, officers.editor, found.id)
    )
    await create_subscribers(rt, 1)
    past = replace(new_draft(), not_later_than=datetime.now(UTC) - timedelta(hours=1))
    await broadcasts.edit(rt, officers.editor, found.id, past, found.version)
    await _check_refused(Refusal.LATE, broadcasts.ask_approval(rt, officers.editor, found.id))


async def test_broadcast_start_is_refused_when_the_audience_grew(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 10)
    found = await approve(rt, officers, new_draft())
    await create_subscribers(rt, 40)
    assert (
        await _check_refused(Refusal.DRIFT, broadcasts.start(rt, officers.lead, found.id))
        == "10, 50"
    )


async def test_urgent_broadcast_needs_a_reason_and_two_approvers(rt: Runtime) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 1)
    urgent = new_draft(Purpose.URGENT)
    found = await broadcasts.draft(rt, officers.editor, urgent)
    await mark_tested(rt, found)
    await _check_refused(Refusal.WHY, broadcasts.ask_approval(rt, officers.editor, found.id))
    urgent = replace(urgent, why="the border closes tonight")
    found = await broadcasts.edit(rt, officers.editor, found.id, urgent, found.version)
    await broadcasts.ask_approval(rt, officers.editor, found.id)
    await broadcasts.approve(rt, officers.approver, found.id, found.draft.content_hash)
    await _check_refused(Refusal.APPROVALS, broadcasts.start(rt, officers.lead, found.id))
    await broadcasts.approve(rt, officers.approver, found.id, found.draft.content_hash)
    await _check_refused(Refusal.APPROVALS, broadcasts.start(rt, officers.lead, found.id))
    await broadcasts.approve(rt, officers.second, found.id, found.draft.content_hash)
    assert (await broadcasts.start(rt, officers.lead, found.id)).state is State.RUNNING


async def test_broadcast_counts_excluded_people_by_reason(rt: Runtime) -> None:
    officers = await create_officers(rt)
    members = await create_subscribers(rt, 6, languages=("ru",))
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE conversations SET quiet = true WHERE person_id = %s", (members[0].id,)
        )
        await session.execute(
            "UPDATE handles SET blocked = true WHERE person_id = %s", (members[1].id,)
        )
        await session.execute("DELETE FROM handles WHERE person_id = %s", (members[2].id,))
        await session.execute("DELETE FROM subscriptions WHERE person_id = %s", (members[3].id,))
    await create_subscribers(rt, 2, channel="whatsapp", languages=("uz",))
    audience = await broadcasts.count(rt, officers.editor, new_draft())
    assert audience.included == {("ru", "telegram"): 2}
    assert audience.excluded == {"quiet": 1, "blocked": 1, "unreachable": 1, "no_template": 2}


async def test_broadcast_canary_waits_while_quiet_hours_delay_its_recipients(rt: Runtime) -> None:
    """Hold the canary's recipients, as in quiet hours; then send to six of the ten."""
    officers = await create_officers(rt)
    await create_subscribers(rt, 20)
    rt = with_platforms(rt, ScriptedPlatform())
    found = await start(rt, officers, new_draft())

    async def canary(change: LiteralString) -> tuple[int | None, bool]:
        async with rt.pool.connection() as session:
            await session.execute(change)
        await broadcasts.run_due(rt)
        async with rt.pool.connection() as session:
            cursor = await session.execute("SELECT reach, canary_until IS NULL FROM broadcasts")
            (row,) = await cursor.fetchall()
        return row[0], row[1]

    async with rt.pool.connection() as session:
        await session.execute("UPDATE broadcasts SET canary = 10")
    await broadcasts.snapshot(rt, found.id)
    held = (
        "UPDATE broadcast_recipients SET state = 'held', reason = 'quiet_hours',"
        " not_before = kosh_now() + interval '8 hours' WHERE seq < 10"
    )
    assert await canary(held) == (10, True)
    sent = "UPDATE broadcast_recipients SET state = 'accepted', not_before = NULL WHERE seq < 6"
    assert await canary(sent) == (10, False)


async def test_broadcast_canary_does_not_wait_for_a_channel_that_is_paused(rt: Runtime) -> None:
    """Use up WhatsApp's daily limit; then send to the canary's recipients on Telegram."""
    officers = await create_officers(rt)
    await create_subscribers(rt, 10)
    rt = with_platforms(rt, ScriptedPlatform(), ScriptedPlatform(name="whatsapp"))
    found = await start(rt, officers, new_draft())
    async with rt.pool.connection() as session:
        await session.execute("UPDATE broadcasts SET canary = 5")
    await broadcasts.snapshot(rt, found.id)

    async def is_tried(change: LiteralString) -> bool:
        async with rt.pool.connection() as session:
            await session.execute(change)
        await broadcasts.run_due(rt)
        async with rt.pool.connection() as session:
            cursor = await session.execute("SELECT canary_until IS NOT NULL FROM broadcasts")
            return await cursor.fetchall() == [(True,)]

    on_whatsapp = "UPDATE broadcast_recipients SET channel = 'whatsapp' WHERE seq < 5"
    async with rt.pool.connection() as session:
        await pausing.pause_channel(session, "whatsapp", 3600, "reach")
    assert not await is_tried(on_whatsapp), "no recipient of the canary can get it"
    sent = "UPDATE broadcast_recipients SET channel = 'telegram', state = 'accepted' WHERE seq = 0"
    assert await is_tried(sent)


async def test_broadcast_canary_stops_waiting_for_an_unreachable_platform(
    rt: Runtime,
) -> None:
    officers = await create_officers(rt)
    await create_subscribers(rt, 10)
    rt = with_platforms(rt, ScriptedPlatform(), ScriptedPlatform(name="whatsapp"))
    found = await start(rt, officers, new_draft())
    async with rt.pool.connection() as session:
        await session.execute("UPDATE broadcasts SET canary = 5")
    await broadcasts.snapshot(rt, found.id)
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE broadcast_recipients SET channel = 'whatsapp' WHERE seq BETWEEN 1 AND 4"
        )
        await session.execute("UPDATE broadcast_recipients SET state = 'accepted' WHERE seq = 0")

    async def ends_later() -> bool:
        async with rt.pool.connection() as session:
            await pausing.pause_channel(session, "whatsapp", 5, "unreachable")
        await broadcasts.run_due(rt)
        async with rt.pool.connection() as session:
            cursor = await session.execute("SELECT canary_until IS NOT NULL FROM broadcasts")
            return await cursor.fetchall() == [(True,)]

    assert not await ends_later()
    await _advance_clock(rt, "11 minutes")
    assert await ends_later()
