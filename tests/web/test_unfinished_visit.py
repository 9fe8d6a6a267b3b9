"""Messages of officers and of the registry during a visit to the secure page."""

from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest

from bot import desk
from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.officers.directory import Officer
from bot.outbox import sender
from bot.people import identities
from flows.engine import screens
from flows.engine.events import Joined
from flows.engine.registration import Acknowledged, RegistrationStatus
from flows.engine.upload_states import REFUSALS, Refusal
from flows.papers import PASSPORT
from tests.app_stack import AppStack
from tests.desk.desks import insert_officer, new_idempotency_key, stored_case
from tests.emulators.telegram import User
from tests.visitor import Visitor
from tests.web import secure_page, telegram_chat

IMAGE = b"\xff\xd8\xff not an image"


async def _case_id(stack: AppStack) -> UUID:
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT id FROM cases")
        (case_id,) = await cursor.fetchone() or (None,)
    assert isinstance(case_id, UUID)
    return case_id


async def _requested_paper(stack: AppStack, user: User) -> tuple[Officer, UUID, str]:
    """Let an officer ask for a paper; return the officer, the case and the link to send it."""
    rt, case_id = stack.rt, await _case_id(stack)
    officer, count = await insert_officer(rt), len(user.received)
    await desk.claim(
        rt, officer, case_id, (await stored_case(rt, case_id)).version, key=new_idempotency_key()
    )
    version = (await stored_case(rt, case_id)).version
    await desk.ask_document(
        rt, officer, case_id, version, key=new_idempotency_key(), document=PASSPORT.paper
    )

    def links() -> list[str]:
        rows = [row for each in user.received[count:] for row in each.buttons]
        return [button.url for row in rows for button in row if button.url]

    await user.wait(lambda _chat: bool(links()))
    return officer, case_id, secure_page.link_to(stack, links()[-1])


@pytest.mark.parametrize("minutes", [0, 20])
async def test_reply_during_an_abandoned_visit_reaches_the_messenger(
    stack: AppStack, minutes: int
) -> None:
    user = await telegram_chat.user_with_case(stack, 7201)
    officer, case_id, link = await _requested_paper(stack, user)
    async with Visitor.at(stack.url) as visitor:
        assert (await secure_page.enter(visitor, link))[0] == 200
    await stack.ahead(f"{minutes} minutes")
    version = (await stored_case(stack.rt, case_id)).version
    await desk.reply(
        stack.rt, officer, case_id, version, key=new_idempotency_key(), words="Come on Monday"
    )
    await stack.ahead("31 minutes")
    async with stack.rt.pool.connection() as session:
        await session.execute("DELETE FROM handles WHERE expires_at < kosh_now()")
    await sender.sweep(stack.rt)
    await user.say("Is there an answer?")
    await user.wait(lambda chat: any("Come on Monday" in each.text for each in chat))


async def test_upload_during_a_visit_is_answered_there_after_a_reply(stack: AppStack) -> None:
    user = await telegram_chat.user_with_case(stack, 7202)
    officer, case_id, link = await _requested_paper(stack, user)
    async with Visitor.at(stack.url) as visitor:
        _status, page = await secure_page.enter(visitor, link)
        version = (await stored_case(stack.rt, case_id)).version
        await desk.reply(
            stack.rt,
            officer,
            case_id,
            version,
            key=new_idempotency_key(),
            words="Testova, thank you",
        )
        await user.wait(lambda chat: any("thank you" in each.text for each in chat))
        endpoint, form = secure_page.answer_form(page, IMAGE)
        async with visitor.session.post(f"{stack.url}/chat/{endpoint}", data=form) as answer:
            page = await answer.text()
    assert "thank you" not in page
    assert stack.rt.languages.render(REFUSALS[Refusal.BROKEN], "ru") in page


async def test_officer_who_joins_during_a_visit_ends_it(stack: AppStack) -> None:
    user = stack.telegram.user(7203, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    link = await secure_page.new_link(stack, user)
    async with Visitor.at(stack.url) as visitor:
        assert (await secure_page.enter(visitor, link))[0] == 200
        async with stack.rt.pool.connection() as session:
            person = await identities.find(stack.rt, session, "telegram", str(user.id))
            assert person is not None
            delivery = await receive.take_turn(stack.rt, session, person.id, Joined())
        await telegram_chat.wait_for_reply(user, partial(receive.deliver, stack.rt, delivery))
        assert stack.rt.languages.render(screens.JOINED, "ru") in user.last.text
        async with visitor.session.get(f"{stack.url}/chat") as answer:
            assert secure_page.CLOSED in await answer.text()


async def test_status_from_the_registry_during_a_visit_does_not_end_it(stack: AppStack) -> None:
    user = stack.telegram.user(7204, first_name="Test")
    await secure_page.answer_to_surname(stack, user)
    known = RegistrationStatus("received", "KZ-1", write_first=True)
    async with stack.rt.pool.connection() as session:
        person = await identities.find(stack.rt, session, "telegram", str(user.id))
        assert person is not None
        held = await conversation_store.lock(stack.rt, session, person.id)
        assert held is not None
        registered = replace(held.conversation, registration=known)
        await conversation_store.save_state(stack.rt, session, held, registered)
    link = await secure_page.new_link(stack, user)
    async with Visitor.at(stack.url) as visitor:
        assert (await secure_page.enter(visitor, link))[0] == 200
        async with stack.rt.pool.connection() as session:
            event = Acknowledged("accepted", "KZ-1")
            delivery = await receive.take_turn(stack.rt, session, person.id, event)
        await telegram_chat.wait_for_reply(user, partial(receive.deliver, stack.rt, delivery))
        assert stack.rt.languages.render(screens.UPDATE, "ru") in user.last.text
        async with visitor.session.get(f"{stack.url}/chat") as answer:
            assert secure_page.CLOSED not in await answer.text()
