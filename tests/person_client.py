"""Invented people who use a channel directly, without a platform's emulator."""

from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from uuid import uuid4

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from bot.cache import Busy
from bot.channels import Inbound, Message, webchat
from bot.concurrency.batching import Batcher, SerialQueue
from bot.conversations import anonymous, receive
from bot.conversations import store as conversation_store
from bot.conversations.anonymous import Overloaded
from bot.conversations.effects import AfterCommit
from bot.runtime import Runtime
from flows.engine.events import Event, Pressed, Said, Started
from flows.engine.state import Conversation

_numbers = count(1)
LINE_SECONDS = 3
TO_CONSENT = ("ru", "preregistration", "self", "yes", "information", "CN", "unsaid", "long", "no",
              "yes", "none", "seen")  # fmt: skip
AFTER_CONSENT = ("yes", "TESTOVA", "GULNAR", "1990", "CN", "self", "no", "no")


@dataclass
class Guest:
    """A person on the web channel. `do` processes one update and sends the replies."""

    rt: Runtime
    name: str = field(default_factory=lambda: uuid4().hex)

    def inbound(self, event: Event, external_id: str = "") -> Inbound:
        return Inbound(
            channel="web",
            external_id=external_id or f"update-{next(_numbers)}",
            handle=self.name,
            address=self.name,
            event=event,
            message_id=f"own-{next(_numbers)}",
        )

    async def do(self, event: Event, external_id: str = "") -> None:
        await receive.deliver(
            self.rt, await receive.receive(self.rt, self.inbound(event, external_id))
        )

    async def press(self, key: str) -> None:
        """Press the open question's button with this key, or a control button (`!menu`)."""
        conversation = await self.conversation()
        nonce = conversation.asked.nonce if conversation and conversation.asked else 0
        await self.do(Pressed(key if key.startswith("!") else f"{nonce}:{key}"))

    async def go(self, *answers: str) -> None:
        """Give one answer after another: press the open question's button with this key, if any,
        or write the answer as text."""
        for answer in answers:
            conversation = await self.conversation()
            question = conversation.asked if conversation else None
            keys = {option.key for option in question.options} if question else set()
            if answer in keys or answer in ("-", "<", "="):
                await self.press(answer)
            else:
                await self.do(Said(answer))

    async def consent(self) -> None:
        """Open the chat and answer all questions up to the consent to store answers."""
        await self.do(Started())
        await self.go(*TO_CONSENT, "yes")

    async def register(self) -> None:
        await self.consent()
        await self.go(*AFTER_CONSENT, "submit")

    async def register_again(self) -> None:
        """Open the form after a withdrawal, consent to the same answers, and send them."""
        await self.do(Started())
        await self.go("preregistration", "yes", "submit")

    async def conversation(self) -> Conversation | None:
        async with self.rt.pool.connection() as session:
            held, _fresh, now = await conversation_store.claim(
                self.rt, session, self.inbound(Started(), uuid4().hex)
            )
            await session.rollback()
        if held is not None:
            return held.conversation
        key = self.rt.vault.ask_key("web", self.name, now.date())
        hold = await self.rt.valkey.hold(key, "looking")
        assert not isinstance(hold, Busy)
        if hold.blob is not None:
            await self.rt.valkey.keep(key, "looking", hold.blob)
        else:
            await self.rt.valkey.keep(key, "looking", None)
        return anonymous.decode(self.rt, key, hold.blob).conversation

    async def rows(self) -> list[tuple[Any, ...]]:
        async with self.rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT m.id, m.act, m.state FROM messages m JOIN handles h USING (person_id)"
                " WHERE h.blind_index = %s ORDER BY m.id",
                (self.rt.vault.index("web", self.name),),
            )
            return list(await cursor.fetchall())

    async def heard(self) -> list[Message]:
        """Return the messages that the page of an anonymous session shows."""
        found = await webchat.waiting(self.rt.valkey, self.rt.vault, self.name, "")
        return [note.say for _id, note in found if note.say]


def runtime_of_other_process(rt: Runtime) -> Runtime:
    """Return a runtime like that of another process.

    It shares the stores with `rt`, but has its own queues and batches of turns.
    """
    return replace(
        rt,
        serial_updates=SerialQueue(LINE_SECONDS),
        turns=Batcher(limit=1, concurrency=1, seconds=LINE_SECONDS),
        outcomes=rt.outcomes,
    )


async def deliver_until_accepted(rt: Runtime, update: Inbound) -> AfterCommit | None:
    """Deliver an update again and again until Kosh accepts it, as a platform does."""
    while True:
        try:
            return await receive.receive(rt, update)
        except (OperationalError, PoolTimeout, Overloaded):
            continue
