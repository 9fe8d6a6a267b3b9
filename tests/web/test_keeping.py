"""A stored checklist with real services: its encryption, export, erasure and reminders."""

import asyncio

import pytest

from bot.conversations.store import lock
from bot.i18n import Languages
from bot.people import identities
from bot.people.reminders import DUE_HOUR
from bot.privacy import data_export, retention
from bot.runtime import Runtime
from bot.worker import sweeps
from flows.engine import checklist_screens
from flows.engine.announcement_screens import SOMETHING_NEW
from flows.engine.screens import OPEN
from flows.engine.text import Text
from flows.knowledge.documents import KAZTEST
from tests.app_stack import AppStack
from tests.clock import advance_database_clock_to_hour
from tests.visitor import Bubble, Visitor
from tests.web import whatsapp_chat

WORDS = Languages()
CHECKLIST_TAPS = ("ru", "checklist", "kandas_status", "UZ", "alone", "yes", "unsaid")


def render(text: Text) -> str:
    return WORDS.render(text, "ru")


async def _save_checklist(visitor: Visitor) -> Bubble:
    await visitor.wait(1)
    for tap in CHECKLIST_TAPS:
        await visitor.press(tap)
    await visitor.wait(len(CHECKLIST_TAPS) + 2)
    await visitor.press("keep")
    return await visitor.press("yes")


async def _stored_state(rt: Runtime) -> bytes:
    """Return the encrypted state of the only conversation in the database."""
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT state FROM conversations")
        (row,) = await cursor.fetchall()
    return bytes(row[0])


async def _reminder_count(rt: Runtime) -> int:
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT count(*) FROM reminders")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.requirement("S-31")
async def test_saved_checklist_is_encrypted_exported_and_erased(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        reply = await _save_checklist(visitor)
        assert render(checklist_screens.KEPT) in reply.text
        await visitor.press("tick")
        await visitor.press(KAZTEST.key)
        assert b"kandas" not in await _stored_state(stack.rt)
        async with stack.rt.pool.connection() as session:
            cursor = await session.execute("SELECT purpose FROM consents")
            assert await cursor.fetchall() == [("checklist",)]

        count = len(visitor.bubbles)
        await visitor.say("/mydata")
        await visitor.wait(count + 2)
        text = "\n".join(bubble.text for bubble in visitor.bubbles[-2:])
        assert render(data_export.LIST) in text
        assert render(data_export.PURPOSES["checklist"]) in text
        assert render(KAZTEST.name) in text

        await visitor.say("/delete")
        await visitor.press("yes")
        async with stack.rt.pool.connection() as session:
            cursor = await session.execute("SELECT count(*) FROM people")
            assert await cursor.fetchone() == (0,)


@pytest.mark.requirement("S-36")
async def test_checklist_reminder_is_sent_once_on_its_day_without_details(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        await _save_checklist(visitor)
        await visitor.press("remind")
        before = await _stored_state(stack.rt)
        await stack.ahead("5 days")
        await sweeps.remind(stack.rt)
        assert await _reminder_count(stack.rt) == 1

        count = len(visitor.bubbles)
        await stack.ahead("2 days")
        await advance_database_clock_to_hour(stack.rt, DUE_HOUR)
        await asyncio.gather(*(sweeps.remind(stack.rt) for _worker in range(3)))
        bubble = await visitor.wait(count + 1)
        assert bubble.paragraphs == [render(SOMETHING_NEW)]
        assert list(bubble.buttons) == [render(OPEN)]
        assert await _reminder_count(stack.rt) == 0
        assert await _stored_state(stack.rt) == before, (
            "what is kept lives no longer for being reminded"
        )
        assert len(visitor.bubbles) == count + 1

        reply = await visitor.press("!list")
        assert render(KAZTEST.name) in reply.text


@pytest.mark.requirement("S-38")
async def test_reminder_is_not_sent_to_a_person_who_turned_messages_off(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        await _save_checklist(visitor)
        await visitor.press("remind")
        assert await _reminder_count(stack.rt) == 1
        await visitor.say("/stop")
        assert await _reminder_count(stack.rt) == 0

        # Insert a due reminder, as if the person had turned messages off after it was set.
        async with stack.rt.pool.connection() as session:
            await session.execute(
                "INSERT INTO reminders (person_id, due_at) SELECT id, kosh_now() FROM people"
            )
        count = len(visitor.bubbles)
        await advance_database_clock_to_hour(stack.rt, DUE_HOUR)
        await sweeps.remind(stack.rt)
        assert await _reminder_count(stack.rt) == 0
        await visitor.say("/menu")
        assert render(SOMETHING_NEW) not in "\n".join(each.text for each in visitor.bubbles[count:])


async def test_checklist_reminder_does_not_extend_the_persons_retention(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        await _save_checklist(visitor)
        await visitor.press("remind")
        await stack.ahead("7 days")
        await advance_database_clock_to_hour(stack.rt, DUE_HOUR)
        await sweeps.remind(stack.rt)
        await stack.ahead("23 days")
        await retention.retain(stack.rt)
        async with stack.rt.pool.connection() as session:
            person = await identities.find(stack.rt, session, "web", visitor.secret)
            assert person is None
            cursor = await session.execute("SELECT person_id FROM reminders")
            assert await cursor.fetchall() == []


async def test_eligibility_answers_are_not_in_the_stored_conversation(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        await _save_checklist(visitor)
        await visitor.say("/menu")
        await visitor.press("eligibility")
        await visitor.press("move")
        await visitor.say("/menu")
        async with stack.rt.pool.connection() as session:
            person = await identities.find(stack.rt, session, "web", visitor.secret)
            assert person is not None
            stored = await lock(stack.rt, session, person.id)
        assert stored is not None
        assert stored.conversation.forms == {}


async def test_whatsapp_reminder_waits_for_the_24_hour_window(stack: AppStack) -> None:
    """WhatsApp allows free text only within 24 hours of the person's last message."""
    user = await whatsapp_chat.new_user(stack, "77010000732")
    await whatsapp_chat.choose_language(user, "ru")
    for tap in CHECKLIST_TAPS[1:]:
        await whatsapp_chat.press(user, tap)

    async def can_save() -> bool:
        return "keep" in whatsapp_chat.keys(user.last)

    await stack.until(can_save)
    for tap in ("keep", "yes", "remind"):
        await whatsapp_chat.press(user, tap)
    count = len(user.received)
    await stack.ahead("7 days")
    await advance_database_clock_to_hour(stack.rt, DUE_HOUR)
    await sweeps.remind(stack.rt)
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT count(*) FROM messages WHERE state = 'waiting'")
        assert await cursor.fetchone() == (1,)
    assert len(user.received) == count
    await user.say("/menu")
    await user.wait_for_message(count + 1)
    assert render(SOMETHING_NEW) in user.received[count].text
