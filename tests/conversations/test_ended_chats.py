"""The chat that gave a join code ends the chats that joined by it; no chat ends an older one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import pytest

from bot.conversations import disconnecting
from bot.people import identities, joined_chats, secure_links
from bot.people.joined_chats import JoinedChat
from bot.runtime import Runtime
from flows.engine import join_screens
from flows.engine.events import Pressed, Said
from tests.conversations.test_joining import is_joined, join, press, state_of
from tests.database_locks import wait_for_blocked_session
from tests.person_client import Guest
from tests.telegram_member import Member, consented_member

DAY = date(2026, 11, 30)


@pytest.fixture
async def owner(rt: Runtime) -> AsyncIterator[Member]:
    """Yield a registered person on Telegram."""
    async with consented_member(rt) as member:
        yield member


async def _conversation_places(rt: Runtime) -> list[tuple[str | None, str]]:
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT updates_channel, channel FROM conversations")
        return await cursor.fetchall()


async def test_chat_that_gave_the_code_ends_the_joined_chat(rt: Runtime, owner: Member) -> None:
    guest = await join(rt, owner)
    await guest.go("web")
    await owner.do(Said("/mydata"))
    offered = {each.data for sent in owner.phone.received for row in sent.buttons for each in row}
    assert {join_screens.DISCONNECT, f"{join_screens.DISCONNECT}:web"} <= offered
    await owner.do(Pressed(f"{join_screens.DISCONNECT}:web"))
    assert await is_joined(rt, guest)
    await press(owner, "web")
    assert not await is_joined(rt, guest)
    assert await _conversation_places(rt) == [(None, "telegram")]
    heard = [line for each in await guest.heard() for line in each.paragraphs]
    assert rt.languages.render(disconnecting.ENDED_NOTICE, "ru") in heard
    await guest.do(Said("/start"))
    state = await guest.conversation()
    assert state is not None
    assert not state.is_persistent


async def test_joined_chat_cannot_end_the_chat_that_gave_the_code(
    rt: Runtime, owner: Member
) -> None:
    guest = await join(rt, owner)
    await guest.go("web")
    await guest.do(Pressed(f"{join_screens.DISCONNECT}:telegram"))
    await guest.go("telegram")
    assert await is_joined(rt, guest)
    async with rt.pool.connection() as transaction:
        person = await identities.find(rt, transaction, "telegram", "501")
        assert person is not None
        assert await identities.joined_channels(transaction, person) == ["telegram", "web"]


async def test_message_of_a_chat_is_not_applied_once_the_chat_was_ended(
    rt: Runtime, owner: Member, admin_url: str
) -> None:
    guest = await join(rt, owner)
    await guest.go("web")
    await owner.do(Pressed(f"{join_screens.DISCONNECT}:web"))
    asked = (await state_of(owner)).asked
    assert asked is not None
    async with asyncio.TaskGroup() as tasks, rt.pool.connection() as blocker:
        await blocker.execute("SELECT FROM conversations FOR UPDATE")
        tasks.create_task(owner.do(Pressed(f"{asked.nonce}:web")))
        await wait_for_blocked_session(rt, admin_url)
        tasks.create_task(guest.do(Said("/menu")))
        await wait_for_blocked_session(rt, admin_url, 2)
    assert not await is_joined(rt, guest)
    assert await _conversation_places(rt) == [(None, "telegram")]


async def _open_page(rt: Runtime, owner: Member, channel: str) -> Guest:
    """Open a visit to the secure page from the owner's chat on a channel; return the page."""
    person = await owner.person()
    async with rt.pool.connection() as transaction:
        token = await secure_links.create_link(rt, transaction, person, channel)
        name = await secure_links.redeem_link(rt, transaction, token)
    assert name is not None
    return Guest(rt, name)


async def test_message_of_a_page_is_not_applied_once_its_chat_was_ended(
    rt: Runtime, owner: Member, admin_url: str
) -> None:
    guest = await join(rt, owner)
    await guest.go("web")
    page = await _open_page(rt, owner, "web")
    await owner.do(Pressed(f"{join_screens.DISCONNECT}:web"))
    asked = (await state_of(owner)).asked
    assert asked is not None
    async with asyncio.TaskGroup() as tasks, rt.pool.connection() as blocker:
        await blocker.execute("SELECT FROM conversations FOR UPDATE")
        tasks.create_task(owner.do(Pressed(f"{asked.nonce}:web")))
        await wait_for_blocked_session(rt, admin_url)
        tasks.create_task(page.do(Said("/join")))
        await wait_for_blocked_session(rt, admin_url, 2)
    assert not await is_joined(rt, page)
    assert await _conversation_places(rt) == [(None, "telegram")]


async def test_ended_chat_gets_the_notice_also_while_the_page_is_open(
    rt: Runtime, owner: Member
) -> None:
    page = await _open_page(rt, owner, "telegram")
    guest = await join(rt, owner)
    await guest.go("web")
    await owner.do(Pressed(f"{join_screens.DISCONNECT}:web"))
    await press(owner, "web")
    assert not await is_joined(rt, guest)
    notice = rt.languages.render(disconnecting.ENDED_NOTICE, "ru")
    assert notice in [line for each in await guest.heard() for line in each.paragraphs]
    assert notice not in [line for each in await page.heard() for line in each.paragraphs]


def test_chat_can_end_only_younger_chats_that_joined_through_it() -> None:
    first, second = JoinedChat("telegram", None, DAY), JoinedChat("web", "telegram", DAY)
    third = JoinedChat("whatsapp", "web", DAY)
    chats = [first, second, third]
    assert joined_chats.detachable(chats, "telegram") == [second, third]
    assert joined_chats.detachable(chats, "web") == [third]
    assert joined_chats.detachable(chats, "whatsapp") == []
    # The web chat is newer than the chat that joined by the code of an earlier web chat.
    assert joined_chats.detachable([first, third, second], "web") == []
