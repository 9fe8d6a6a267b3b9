"""A person on the Telegram emulator who gave consent; no web server runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bot import outbox
from bot.channels import Inbound, Message
from bot.channels.telegram.client import Telegram
from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.events import Event, Pressed, Started
from tests.emulators.telegram import TOKEN, Emulator, User
from tests.person_client import TO_CONSENT


class Member:
    """A person on Telegram who gave consent; `phone` shows only the messages after the consent."""

    def __init__(self, rt: Runtime, telegram: Emulator, phone: User) -> None:
        self.rt, self.telegram, self.phone, self.updates = rt, telegram, phone, 0

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
        """Enqueue a message for the person, or an edit of the message with the id `edited`."""
        person = await self.person()
        row = outbox.Row("edit" if edited else "send", message, external_id=edited)
        async with self.rt.pool.connection() as session:
            await outbox.enqueue(session, person, "telegram", (row,))

    @property
    def texts(self) -> list[str]:
        return [each.text for each in self.phone.received]


@asynccontextmanager
async def consented_member(rt: Runtime) -> AsyncIterator[Member]:
    """Run a Telegram emulator; yield a person who gave consent.

    Fail at the end if the emulator rejected a call of the bot as a mistake.
    """
    channels: Any = rt.channels
    async with Emulator(limits=False) as telegram, aiohttp.ClientSession() as http:
        channels["telegram"] = Telegram(http, TOKEN, telegram.url)
        found = Member(rt, telegram, telegram.user(501, language_code="ru", started=True))
        await found.do(Started())
        for nonce, key in enumerate((*TO_CONSENT, "yes"), 1):
            await found.do(Pressed(f"{nonce}:{key}"))
        for each in found.phone.received:
            await found.phone.delete(each)
        yield found
        assert telegram.journal.mistakes() == []
