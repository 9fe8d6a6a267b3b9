"""A long message that fails between its parts: kept and continued, or said to be incomplete."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot import outbox
from bot.channels import Inbound, Message
from bot.channels.telegram.client import Telegram
from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.observability import logging
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.events import Event, Pressed, Said, Started
from tests.desk.desks import ahead
from tests.emulators.telegram import TOKEN, Emulator, Flooded, Slow, User
from tests.person_client import TO_CONSENT

pytestmark = pytest.mark.requirement("S-12")
FIRST, SECOND, THIRD = "а" * 4096, "б" * 4096, "в"
LONG = Message((FIRST, SECOND, THIRD), language="ru")


@pytest_asyncio.fixture
async def telegram(rt: Runtime) -> AsyncIterator[Emulator]:
    channels: Any = rt.channels
    async with Emulator(limits=False) as emulator, aiohttp.ClientSession() as http:
        channels["telegram"] = Telegram(http, TOKEN, emulator.url)
        yield emulator
        assert emulator.journal.mistakes() == []


class Member:
    """A known person on Telegram."""

    def __init__(self, rt: Runtime, phone: User) -> None:
        self.rt, self.phone, self.updates = rt, phone, 0

    def inbound(self, event: Event) -> Inbound:
        self.updates += 1
        name = str(self.phone.person.id)
        return Inbound("telegram", f"{self.updates}", name, name, event)

    async def do(self, event: Event) -> None:
        update = self.inbound(event)
        await receive.deliver(self.rt, await receive.receive(self.rt, update))

    async def person(self) -> Person:
        async with self.rt.pool.connection() as session:
            update = self.inbound(Started())
            held, _fresh, _now = await conversation_store.claim(self.rt, session, update)
            await session.rollback()
        assert held is not None
        return held.person

    async def gets(self, message: Message, edited: str = "") -> None:
        """Queue a message for the person, or an edit of the message `edited`."""
        person = await self.person()
        row = outbox.Row("edit" if edited else "send", message, external_id=edited)
        async with self.rt.pool.connection() as session:
            await outbox.enqueue(session, person, "telegram", (row,))

    @property
    def texts(self) -> list[str]:
        return [each.text for each in self.phone.received]


@pytest_asyncio.fixture
async def member(rt: Runtime, telegram: Emulator) -> Member:
    found = Member(rt, telegram.user(501, language_code="ru", started=True))
    await found.do(Started())
    for nonce, key in enumerate((*TO_CONSENT, "yes"), 1):
        await found.do(Pressed(f"{nonce}:{key}"))
    for each in found.phone.received:
        await found.phone.delete(each)
    return found


async def _try(rt: Runtime) -> None:
    await outbox.sweep(rt)
    await ahead(rt, "301 seconds")


@pytest.mark.parametrize("edited", ["", "999999"])
async def test_partial_message_is_continued_and_nothing_is_deleted(
    rt: Runtime, telegram: Emulator, member: Member, edited: str
) -> None:
    await member.gets(LONG, edited)
    for arrived in (1, 2, 3):
        if arrived < 3:
            telegram.fail(Slow(0), method="sendMessage")
            telegram.fail(Flooded(3), method="sendMessage")
        await _try(rt)
        assert member.texts == [FIRST, SECOND, THIRD][:arrived]
    assert telegram.journal.calls("deleteMessages") == []
    await member.do(Said("выход"))
    assert not {FIRST, SECOND, THIRD} & {*member.texts}


async def test_partial_message_stays_and_is_said_after_the_last_attempt(
    rt: Runtime, telegram: Emulator, member: Member
) -> None:
    await member.gets(LONG)
    telegram.fail(Slow(0), method="sendMessage")
    telegram.fail(Flooded(3), times=outbox.MAX_ATTEMPTS, method="sendMessage")
    with capture_logs() as lines:
        for _attempt in range(outbox.MAX_ATTEMPTS):
            await _try(rt)
    await _try(rt)
    first, notice = member.texts
    assert first == FIRST
    assert "2" in notice
    assert "3" in notice
    [line] = [each for each in lines if each["event"] == "message.incomplete"]
    assert (line["log_level"], line["code"], line["count"]) == ("warning", "E_SEND_THROTTLED", 1)
    assert {*line} - {"log_level"} <= logging.ALLOWED
    await member.do(Said("выход"))
    assert FIRST not in member.texts
