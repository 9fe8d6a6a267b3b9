"""A person joins chats on two channels by a code, over real HTTP.

Status updates go to the chat that the person chooses; erasure covers both chats.
"""

import re
from functools import partial

from bot.conversations import disconnecting
from bot.conversations import store as conversation_store
from bot.people import identities
from bot.privacy import data_export
from flows.engine import join_screens, screens
from flows.engine.registration import Acknowledged
from flows.engine.text import Text
from tests.app_stack import AppStack
from tests.direction_marks import without_marks
from tests.emulators.telegram import Message, User
from tests.visitor import Bubble, Visitor
from tests.web import secure_page, telegram_chat, whatsapp_chat

CODE = re.compile(r"KOSH-[2-9A-Z]{4}-[2-9A-Z]{4}")
# Secret name of a web chat.
WEB_CHAT = "w" * 32


def _render(stack: AppStack, text: Text) -> str:
    return stack.rt.languages.render(text, "ru")


async def _consented_user(stack: AppStack, number: int) -> User:
    """Return a person who gave consent on Telegram."""
    user = await stack.telegram_user(number)
    await telegram_chat.consent(user)
    return user


async def _code(user: User) -> str:
    await telegram_chat.wait_for_reply(user, partial(user.say, "/menu"))
    while "join" not in telegram_chat.keys(user):
        await telegram_chat.press(user, ">")
    await telegram_chat.press(user, "join")
    found = CODE.search(without_marks(user.last.text))
    assert found is not None, user.last.text
    return found[0]


async def _confirm(stack: AppStack, user: User) -> None:
    await user.wait(
        lambda chat: "no" in telegram_chat.keys(user) and "yes" in telegram_chat.keys(user)
    )
    await telegram_chat.press(user, "yes")


async def _handles(stack: AppStack) -> list[str]:
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT channel FROM handles ORDER BY channel")
        return [each[0] for each in await cursor.fetchall()]


async def _join(stack: AppStack, user: User, visitor: Visitor) -> None:
    """Join the web chat to the Telegram chat, and choose Telegram for status updates."""
    await visitor.press("ru")
    await visitor.say(await _code(user))
    await visitor.press("yes")
    await _confirm(stack, user)
    await visitor.press("done")
    await visitor.press("telegram")


async def _wait_for_text(visitor: Visitor, text: str) -> Bubble:
    while not any(text in each.text for each in visitor.bubbles):
        await visitor.wait(len(visitor.bubbles) + 1)
    return next(each for each in reversed(visitor.bubbles) if text in each.text)


async def _updates_channel(stack: AppStack) -> str | None:
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT updates_channel FROM conversations")
        row = await cursor.fetchone()
    assert row is not None
    return None if row[0] is None else str(row[0])


async def test_web_chat_is_joined_to_telegram_and_both_are_erased(stack: AppStack) -> None:
    user = await _consented_user(stack, 8201)
    code = await _code(user)
    async with Visitor.at(stack.url) as visitor:
        await visitor.press("ru")
        await visitor.say(code)
        await visitor.press("yes")
        await _confirm(stack, user)
        joined = await visitor.press("done")
        assert _render(stack, join_screens.JOINED) in joined.text
        assert await _handles(stack) == ["telegram", "web"]
        assert [each.key for each in visitor.session.cookie_jar] == ["kosh"]
        await visitor.press("telegram")
        await visitor.say("/delete")
        await visitor.press("yes")
        assert await _handles(stack) == []
        await user.wait(lambda chat: all(each.deleted for each in chat if code in each.text))
    assert stack.telegram.journal.mistakes() == []


async def test_whatsapp_is_joined_to_telegram_without_the_phone_number(stack: AppStack) -> None:
    """Check that WhatsApp is joined only after the person has confirmed in both chats."""
    user = await _consented_user(stack, 8202)
    other = await whatsapp_chat.new_user(stack, "77010000311")
    await whatsapp_chat.wait_for_reply(other, lambda: other.say("👋"))
    await whatsapp_chat.press(other, "ru")
    code = await _code(user)
    await whatsapp_chat.wait_for_reply(other, lambda: other.say(code))
    await whatsapp_chat.press(other, "yes")
    assert await _handles(stack) == ["telegram"]
    await _confirm(stack, user)
    joined = await whatsapp_chat.press(other, "done")
    assert _render(stack, join_screens.JOINED) in joined.text
    assert set(await _handles(stack)) == {"telegram", "whatsapp"}
    await whatsapp_chat.press(other, "whatsapp")
    assert stack.whatsapp.journal.mistakes() == []
    assert stack.telegram.journal.mistakes() == []


async def test_web_chat_stays_anonymous_when_joining_is_declined_on_telegram(
    stack: AppStack,
) -> None:
    user = await _consented_user(stack, 8203)
    async with Visitor.at(stack.url) as visitor:
        await visitor.press("ru")
        await visitor.say(await _code(user))
        await visitor.press("yes")
        await user.wait(
            lambda chat: "no" in telegram_chat.keys(user) and "yes" in telegram_chat.keys(user)
        )
        await telegram_chat.press(user, "no")
        await visitor.press("done")
        async with stack.rt.pool.connection() as session:
            assert await identities.find(stack.rt, session, "web", visitor.chat) is None
        assert list(visitor.session.cookie_jar) == []


async def test_data_export_lists_joined_channels_and_disconnects_web_chat(
    stack: AppStack,
) -> None:
    user = await _consented_user(stack, 8204)
    async with Visitor.at(stack.url) as visitor:
        await _join(stack, user, visitor)
        await visitor.say("/mydata")
        data = await _wait_for_text(visitor, _render(stack, data_export.CHATS))
        web = _render(stack, join_screens.CHANNELS["web"])
        assert "Telegram" in data.text
        assert web in data.text
        assert "8204" not in data.text
        assert join_screens.DISCONNECT in data.buttons.values()
        await visitor.send("pressed", payload=join_screens.DISCONNECT)
        await _wait_for_text(visitor, _render(stack, join_screens.DISCONNECT_TEXT)[:40])
        await visitor.press("yes")
        await _wait_for_text(visitor, _render(stack, join_screens.DISCONNECTED).partition("{")[0])
        assert await _handles(stack) == ["telegram"]
        there = _render(stack, disconnecting.DISCONNECTED_NOTICE).partition("{")[0]
        await user.wait(lambda chat: any(there in without_marks(each.text) for each in chat))
        reply = await visitor.say("/mydata")
        assert _render(stack, screens.NOTHING_KEPT) in reply.text
    await telegram_chat.wait_for_reply(user, partial(user.say, "/mydata"))
    assert stack.telegram.journal.mistakes() == []


def _has_disconnect(message: Message) -> bool:
    return any(each.data == join_screens.DISCONNECT for row in message.buttons for each in row)


async def test_telegram_chat_can_be_disconnected_and_updates_go_to_web_chat(
    stack: AppStack,
) -> None:
    user = await _consented_user(stack, 8205)
    async with Visitor.at(stack.url) as visitor:
        await _join(stack, user, visitor)
        assert await _updates_channel(stack) == "telegram"
        await telegram_chat.wait_for_reply(user, partial(user.say, "/mydata"))
        await user.wait(lambda chat: any(_has_disconnect(each) for each in chat))
        await telegram_chat.wait_for_reply(user, lambda: user.press(join_screens.DISCONNECT))
        await telegram_chat.press(user, "yes")
        assert await _handles(stack) == ["web"]
        assert await _updates_channel(stack) is None
        await _wait_for_text(
            visitor, _render(stack, disconnecting.DISCONNECTED_NOTICE).partition("{")[0]
        )
        await visitor.say("/mydata")
        await visitor.say("/delete")
        while not any(each.endswith(":yes") for each in visitor.newest.buttons.values()):
            await visitor.wait(len(visitor.bubbles) + 1)
        await visitor.press("yes")
        assert await _handles(stack) == []
    assert stack.telegram.journal.mistakes() == []


async def test_unfinished_visit_does_not_divert_messages_to_a_joined_chat(stack: AppStack) -> None:
    user = await _consented_user(stack, 8204)
    await telegram_chat.press(user, "yes")
    async with stack.rt.pool.connection() as transaction:
        person = await identities.find(stack.rt, transaction, "telegram", str(user.id))
        assert person is not None
        await identities.add_handle(stack.rt, transaction, person, "web", WEB_CHAT, WEB_CHAT)
    link = await secure_page.new_link(stack, user)
    async with stack.http.post(link, data={}) as answer:
        assert answer.status == 200
    for is_over in (False, True):
        async with stack.rt.pool.connection() as transaction:
            held = await conversation_store.lock(stack.rt, transaction, person.id)
        assert held is not None
        assert held.address != WEB_CHAT
        visit = "" if is_over else "telegram"
        assert (held.channel, held.home, held.visit) == ("telegram", "", visit)
        await stack.ahead("31 minutes")


async def test_registry_news_in_a_joined_chat_does_not_end_a_visit(stack: AppStack) -> None:
    user = await _consented_user(stack, 8206)
    await telegram_chat.press(user, "yes")
    async with stack.rt.pool.connection() as transaction:
        person = await identities.find(stack.rt, transaction, "telegram", str(user.id))
        assert person is not None
        await identities.add_handle(stack.rt, transaction, person, "web", WEB_CHAT, WEB_CHAT)
        await conversation_store.choose_updates(transaction, person, "web")
    link = await secure_page.new_link(stack, user)
    async with stack.http.post(link, data={}) as answer:
        assert answer.status == 200
    for is_over in (False, True):
        async with stack.rt.pool.connection() as transaction:
            news = Acknowledged("received", "KZ-2026-TEST")
            held = await conversation_store.lock_for(stack.rt, transaction, person.id, news)
            assert held is not None
            assert (held.channel, held.address, held.home) == ("web", WEB_CHAT, "")
            await conversation_store.save_state(stack.rt, transaction, held, held.conversation)
        async with stack.rt.pool.connection() as transaction:
            held = await conversation_store.lock(stack.rt, transaction, person.id, on_page=True)
        assert held is not None
        assert held.home == ("" if is_over else "telegram")
        await stack.ahead("31 minutes")
