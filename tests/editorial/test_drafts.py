"""Content drafts are approved by a second person, served in all chats, and rolled back."""

import asyncio
from dataclasses import replace as changed
from datetime import date, timedelta

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from bot.channels import Message
from bot.content import LiveContent
from bot.editorial import drafts
from bot.editorial.refusals import Refusal, Refused
from bot.embedded import Databases
from bot.officers.permissions import Forbidden, Role
from bot.runtime import Runtime
from flows.engine.events import Said
from flows.knowledge.facts import fact_texts
from tests.desk.desks import audited, insert_officer
from tests.editorial.editors import (
    ITEM,
    TEXTS,
    approver,
    body,
    database_day,
    draft,
    editor,
    publish,
)
from tests.person_client import Guest

SHIPPED = drafts.SHIPPED[ITEM]
CARD = "card:tr_ankara"


async def served_text(rt: Runtime, language: str = "ru") -> str:
    """Return the text of the tested fact in a process that has just started."""
    async with rt.pool.connection() as transaction:
        content = LiveContent(rt.languages)
        await content.load(transaction)
    lines = fact_texts([SHIPPED], content.on(await database_day(rt)))
    return " ".join(rt.languages.render(each, language) for each in lines)


async def test_content_draft_is_served_only_after_approval_by_another_person(rt: Runtime) -> None:
    author, second = await editor(rt), await approver(rt)
    found = await draft(rt, author)
    assert "90" in await served_text(rt)
    await drafts.approve(rt, second, ITEM, found.number, found.content_hash)
    for language, text in TEXTS.items():
        if language != "en":
            assert text in await served_text(rt, language)
    assert "قاز" not in await served_text(rt, "kk"), "each form has its own script"
    assert "Туркия" in await served_text(rt, "uz_Cyrl"), "the other script is derived"
    actions = [action for _actor, action, _detail in await audited(rt)]
    assert actions[-2:] == ["content.drafted", "content.published"]


async def test_content_draft_cannot_be_approved_by_its_author(rt: Runtime) -> None:
    both = await insert_officer(rt, "Both Testov", roles=(Role.EDITOR, Role.APPROVER))
    found = await draft(rt, both)
    with pytest.raises(Refused) as refused:
        await drafts.approve(rt, both, ITEM, found.number, found.content_hash)
    assert refused.value.why is Refusal.OWN
    assert "90" in await served_text(rt)


async def test_content_approval_is_refused_after_an_edit(rt: Runtime) -> None:
    author, second = await editor(rt), await approver(rt)
    seen = await draft(rt, author)
    again = await draft(rt, author, until=await database_day(rt) + timedelta(days=30))
    for number, content_hash in (
        (seen.number, seen.content_hash),
        (again.number, seen.content_hash),
    ):
        with pytest.raises(Refused) as refused:
            await drafts.approve(rt, second, ITEM, number, content_hash)
        assert refused.value.why is Refusal.CHANGED


async def test_content_draft_is_refused_when_based_on_an_outdated_version(rt: Runtime) -> None:
    author = await editor(rt)
    await draft(rt, author)
    with pytest.raises(Refused) as refused:
        await drafts.save(rt, author, ITEM, await body(rt), 0)
    assert refused.value.why is Refusal.CHANGED


async def test_content_approval_is_refused_when_the_draft_has_expired(rt: Runtime) -> None:
    author, second = await editor(rt), await approver(rt)
    found = await draft(rt, author)
    async with rt.pool.connection() as session:
        await session.execute("UPDATE test_clock SET ahead = ahead + interval '91 days'")
    with pytest.raises(Refused) as refused:
        await drafts.approve(rt, second, ITEM, found.number, found.content_hash)
    assert refused.value.why is Refusal.EXPIRED


async def test_content_rollback_and_withdrawal_need_only_one_person(rt: Runtime) -> None:
    author, second = await editor(rt), await approver(rt)
    first = await publish(rt, author, second)
    later = await publish(rt, author, second, texts={each: text.replace("60", "75")
                                                     for each, text in TEXTS.items()})  # fmt: skip
    assert "75" in await served_text(rt)
    await drafts.roll_back(rt, second, ITEM, first.number, later.number)
    assert "60" in await served_text(rt)
    newest = (await drafts.history(rt, author, ITEM))[0]
    assert (newest.restores, newest.approver, newest.state) == (first.number, second.id, "live")
    await drafts.withdraw(rt, author, ITEM, newest.number)
    assert "90" in await served_text(rt)
    assert [action for _actor, action, _detail in await audited(rt)][-2:] == [
        "content.rolled_back",
        "content.withdrawn",
    ]


async def test_content_rollback_refuses_a_version_that_was_never_approved(rt: Runtime) -> None:
    author = await editor(rt)
    found = await draft(rt, author)
    with pytest.raises(Refused) as refused:
        await drafts.roll_back(rt, author, ITEM, found.number, 0)
    assert refused.value.why is Refusal.STATE


async def test_content_withdrawal_and_rollback_refuse_to_end_a_newer_version(rt: Runtime) -> None:
    author, second = await editor(rt), await approver(rt)
    first = await publish(rt, author, second)
    later = await publish(rt, author, second, texts={each: text.replace("60", "75")
                                                     for each, text in TEXTS.items()})  # fmt: skip
    for act in (
        drafts.withdraw(rt, second, ITEM, first.number),
        drafts.roll_back(rt, second, ITEM, first.number, first.number),
    ):
        with pytest.raises(Refused) as refused:
            await act
        assert refused.value.why is Refusal.CHANGED
    assert "75" in await served_text(rt)
    assert (await drafts.history(rt, author, ITEM))[0].number == later.number


async def test_published_fact_that_expired_is_replaced_by_the_shipped_text(rt: Runtime) -> None:
    """Check that the shipped sentence (without a publication number) replaces an expired fact."""
    today = await database_day(rt)
    await publish(rt, await editor(rt), await approver(rt), until=today)
    assert "60" in await served_text(rt)
    async with rt.pool.connection() as session:
        await session.execute("UPDATE test_clock SET ahead = ahead + interval '1 day'")
    assert SHIPPED.ended is not None
    assert await served_text(rt) == rt.languages.render(SHIPPED.ended, "ru")


async def test_withheld_fact_is_not_shown_to_people(rt: Runtime) -> None:
    await publish(rt, await editor(rt), await approver(rt), texts={}, silent=True)
    assert await served_text(rt) == ""


async def test_published_fact_is_omitted_in_a_language_without_a_text(rt: Runtime) -> None:
    texts = {each: text for each, text in TEXTS.items() if each != "uz"}
    author, second = await editor(rt), await approver(rt)
    wrong = await drafts.save(rt, author, ITEM, await body(rt, texts=texts), 0)
    assert [(each.why, each.language) for each in wrong] == [(Refusal.LANGUAGE, "uz")]
    await publish(rt, author, second, texts=texts, why_partial="the law is in force today")
    assert "60" in await served_text(rt, "ru")
    for form in ("uz", "uz_Cyrl"):
        assert "60" not in await served_text(rt, form)
        assert "90" not in await served_text(rt, form), "nor is the old sum said"


async def test_published_fact_is_served_in_a_chat_opened_earlier(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.go("ru", "/menu")
    await publish(rt, await editor(rt), await approver(rt))
    async with rt.pool.connection() as transaction:
        await rt.content.load(transaction)
    await guest.do(Said("Сколько дней граждане Турции могут быть без визы?"))
    assert "60 дней" in _words(await guest.heard())


def _words(messages: list[Message]) -> str:
    return " ".join(" ".join(each.paragraphs) for each in messages)


async def test_content_publication_is_loaded_when_its_notification_arrives(rt: Runtime) -> None:
    before = rt.content.snapshot
    await publish(rt, await editor(rt), await approver(rt))
    async with asyncio.timeout(60):
        while rt.content.snapshot is before:  # noqa: ASYNC110 — nothing signals it to the outside
            await asyncio.sleep(0.01)
    assert rt.content.snapshot.version == before.version + 1


async def test_contact_details_of_a_mission_are_edited_only_by_that_mission(rt: Runtime) -> None:
    lead = await insert_officer(rt, "Lead Testov", mission="tr_ankara", roles=(Role.LEAD,))
    other = await insert_officer(rt, "Other Testov", mission="tr_istanbul", roles=(Role.LEAD,))
    card = await body(rt, address="Ankara, Kilicarslan 6", telephone="+90 312 491 91 00")
    with pytest.raises(Forbidden):
        await drafts.save(rt, other, CARD, card, 0)
    with pytest.raises(Forbidden):
        await drafts.save(rt, lead, ITEM, card, 0)
    assert await drafts.save(rt, lead, CARD, card, 0) == []
    found = (await drafts.history(rt, lead, CARD))[0]
    await drafts.approve(rt, await approver(rt), CARD, found.number, found.content_hash)
    with pytest.raises(Forbidden):
        await drafts.withdraw(rt, other, CARD, found.number)
    await drafts.withdraw(rt, lead, CARD, found.number)


async def test_content_drafts_are_hidden_from_the_application_database_role(
    rt: Runtime, databases: Databases
) -> None:
    author, second = await editor(rt), await approver(rt)
    await publish(rt, author, second)
    await draft(rt, author)
    with psycopg.connect(databases.app, autocommit=True) as session:
        states = session.execute("SELECT DISTINCT state FROM content_versions").fetchall()
        assert states == [("live",)]
        for statement in (
            "UPDATE content_versions SET state = 'live'",
            "INSERT INTO content_items (key) VALUES ('fact:x')",
            "UPDATE content_head SET version = 7",
        ):
            with pytest.raises(InsufficientPrivilege):
                session.execute(statement)
    with psycopg.connect(databases.console, autocommit=True) as session:
        for column in ("body = '{}'", "content_hash = ''", "author = approver"):
            with pytest.raises(InsufficientPrivilege):
                session.execute(f"UPDATE content_versions SET {column}")


async def test_content_item_key_must_name_an_existing_fact_or_a_valid_notice(rt: Runtime) -> None:
    with pytest.raises(drafts.NoSuchItem):
        drafts.kind_of("fact:no.such")
    with pytest.raises(drafts.NoSuchItem):
        drafts.kind_of("notice:../x")
    assert drafts.kind_of("notice:border").value == "notice"


def test_live_content_without_publications_returns_the_plain_date() -> None:
    day = date(2026, 11, 28)
    assert LiveContent().on(day) is day


async def test_content_version_is_immutable_after_approval(rt: Runtime) -> None:
    author, second = await editor(rt), await approver(rt)
    first = await publish(rt, author, second)
    await publish(rt, author, second, silent=True, texts={})
    again = (await drafts.history(rt, author, ITEM))[-1]
    assert changed(again, state="live", ended_at=None) == changed(
        first, approver=second.id, approved_at=again.approved_at
    )
