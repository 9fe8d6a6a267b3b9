"""The quick exit (it hides Kosh) deletes the chat's messages, or reports those that remain."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from bot import outbox
from bot.channels import CannotEdit, ChannelCall, Inbound, Message, Rates, Throttled
from bot.conversations import deletable_messages, receive
from bot.outbox import NOT_DELETED
from bot.people import identities
from bot.runtime import Runtime
from flows.engine import commands, screens
from flows.engine.events import Event, Page, Pressed, Said, Started
from tests.clock import advance_database_clock
from tests.person_client import TO_CONSENT
from tests.subscribers import create_officers, create_subscribers, new_draft, start

pytestmark = pytest.mark.requirement("S-37")


@dataclass
class FakeMessenger:
    """A fake messenger with one person's chat.

    It keeps the visible messages of both sides by id; `gone` has the ids of deleted messages. If
    `held` is an event, Kosh's next message waits for it.
    """

    rt: Runtime
    name: str
    deletes: bool
    edits: bool = False
    joins: bool = True
    page: Page = Page.NEVER
    window: int = 0
    notifies: bool = True
    protects: bool = False
    rates: Rates = field(default_factory=Rates)
    handle: str = field(default_factory=lambda: uuid4().hex)
    messages: dict[str, Message | str] = field(default_factory=dict)
    events: int = 0
    throttled: int = 0
    sent: int = 0
    refused: int = 0
    held: asyncio.Event | None = None
    sending: asyncio.Event = field(default_factory=asyncio.Event)
    gone: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        channels: Any = self.rt.channels
        channels[self.name] = self

    async def send(self, act: ChannelCall) -> str:
        if self.held is not None and act.kind == "send" and not self.sending.is_set():
            self.sending.set()
            await self.held.wait()
        if self.throttled:
            self.throttled -= 1
            raise Throttled(delay=5)
        if act.kind == "edit":
            self.refused += 1
            raise CannotEdit
        if act.kind == "delete":
            assert self.deletes
            for each in act.external_id.split(","):
                self.gone.append(each)
                self.messages.pop(each, None)
            return act.external_id
        number = f"ours-{len(self.messages)}-{self.events}"
        assert act.message is not None
        self.sent += 1
        self.messages[number] = act.message
        return number

    async def do(self, event: Event) -> None:
        self.events += 1
        newest, press = next(reversed(self.messages), ""), ""
        if isinstance(event, Pressed):
            press = f"press-{self.events}"
        else:
            newest = f"theirs-{self.events}"
            self.messages[newest] = event.text if isinstance(event, Said) else "/start"
        update = Inbound(
            channel=self.name,
            external_id=f"update-{self.events}",
            handle=self.handle,
            address=self.handle,
            event=event,
            message_id=newest,
            press_id=press,
        )
        await receive.deliver(self.rt, await receive.receive(self.rt, update))

    async def begin(self, *pressed: str) -> None:
        """Begin a conversation and press these options one after another.

        Each question increases the nonce in the buttons' payloads by one.
        """
        await self.do(Started())
        for nonce, key in enumerate(pressed, 1):
            await self.do(Pressed(f"{nonce}:{key}"))

    @property
    def lines(self) -> list[str]:
        """Return the visible lines of the chat, in order."""
        return [
            line
            for each in self.messages.values()
            for line in ((each,) if isinstance(each, str) else each.paragraphs)
        ]


async def test_quick_exit_deletes_messages_of_an_anonymous_person(rt: Runtime) -> None:
    place = FakeMessenger(rt, "telegram", deletes=True)
    await place.begin("ru")
    await place.do(Said("Что такое кандас?"))
    await place.do(Said("выход"))
    assert place.lines == [rt.languages.render(screens.EXIT_TEXT, "ru")]


@pytest.mark.parametrize("leaving", ["выход", "/delete"])
async def test_quick_exit_and_erasure_delete_messages_before_consent(
    rt: Runtime, leaving: str
) -> None:
    place = FakeMessenger(rt, "telegram", deletes=True)
    await place.begin(*TO_CONSENT, "yes")
    await place.do(Said(leaving))
    if leaving == "/delete":
        await place.do(Said("да"))
    words = screens.EXIT_TEXT if leaving == "выход" else commands.DELETED_UNREGISTERED
    assert place.lines == [rt.languages.render(words, "ru")]


async def test_quick_exit_deletes_only_messages_younger_than_48_hours(rt: Runtime) -> None:
    place = FakeMessenger(rt, "telegram", deletes=True)
    await place.begin(*TO_CONSENT, "yes")
    await place.do(Said("Что такое кандас?"))
    await advance_database_clock(rt, "49 hours")
    await place.do(Said("Что такое Ата жолы?"))
    for _again in range(2):
        await place.do(Said("выход"))
        user_texts = [text for text in place.messages.values() if isinstance(text, str)]
        assert user_texts == ["/start", "Что такое кандас?"], "nobody can delete them any more"
    user_messages = [each for each in place.gone if each.startswith("theirs")]
    assert len(user_messages) == len(set(user_messages)), "what is gone is known no more"


async def test_quick_exit_deletes_the_newest_100_messages(rt: Runtime) -> None:
    place = FakeMessenger(rt, "telegram", deletes=True)
    await place.begin(*TO_CONSENT, "yes")
    for number in range(deletable_messages.MAX_KEPT + 1):
        await place.do(Said(f"Что такое кандас? {number}"))
    await place.do(Said("выход"))
    user_texts = [text for text in place.messages.values() if isinstance(text, str)]
    assert user_texts == ["/start", "Что такое кандас? 0"]


@pytest.mark.parametrize("answers", [("ru",), (*TO_CONSENT, "yes")])
async def test_quick_exit_by_button_deletes_all_earlier_messages(
    rt: Runtime, answers: tuple[str, ...]
) -> None:
    place = FakeMessenger(rt, "telegram", deletes=True)
    await place.begin(*answers)
    await place.do(Said("Что такое кандас?"))
    await place.do(Pressed("!exit"))
    (last,) = place.messages.values()
    assert isinstance(last, Message)
    assert last.buttons == ()
    assert len(place.gone) == len(set(place.gone))


async def test_message_ids_are_not_stored_when_the_channel_cannot_delete(rt: Runtime) -> None:
    place = FakeMessenger(rt, "whatsapp", deletes=False)
    await place.begin(*TO_CONSENT, "yes")
    await place.do(Said("Что такое кандас?"))
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT deletable_messages FROM conversations")
        assert await cursor.fetchall() == [([],)]


async def test_quick_exit_does_not_delete_a_message_twice(rt: Runtime) -> None:
    place = FakeMessenger(rt, "telegram", deletes=True)
    await place.begin("ru")
    await place.do(Said("/delete"))
    await place.do(Said("выход"))
    assert place.lines == [rt.languages.render(screens.EXIT_TEXT, "ru")]
    assert len(place.gone) == len(set(place.gone))


@pytest.mark.parametrize("answers", [("ru",), (*TO_CONSENT, "yes")])
@pytest.mark.parametrize(("name", "deletes"), [("whatsapp", False), ("telegram", True)])
async def test_quick_exit_reports_when_messages_cannot_be_deleted(
    rt: Runtime, name: str, deletes: bool, answers: tuple[str, ...]
) -> None:
    place = FakeMessenger(rt, name, deletes=deletes)
    await place.begin(*answers)
    await place.do(Said("выход"))
    *_before, last = place.messages.values()
    assert isinstance(last, Message)
    phrase = rt.languages.render(screens.EXIT_TEXT, "ru")
    truth = rt.languages.render(NOT_DELETED, "ru")
    assert last.paragraphs == ((phrase,) if deletes else (phrase, truth))


async def test_quick_exit_deletes_a_message_that_was_sent_instead_of_an_edit(rt: Runtime) -> None:
    place = FakeMessenger(rt, "telegram", deletes=True, edits=True)
    await place.begin(*TO_CONSENT, "yes")
    await place.do(Pressed("!menu"))
    menu = list(place.messages.values())[-1]
    assert isinstance(menu, Message)
    before = place.refused
    await place.do(Pressed(next(each.payload for each in menu.buttons if each.payload[-1] == ">")))
    assert place.refused > before, "nothing was to be edited"
    await place.do(Said("выход"))
    assert place.lines == [rt.languages.render(screens.EXIT_TEXT, "ru")]


async def announced(rt: Runtime, place: FakeMessenger, external_id: str, ago: str) -> None:
    """Record that an announcement was sent to the chat as message `external_id`.

    `ago` is an SQL interval.
    """
    await create_subscribers(rt, 1)
    found = await start(rt, await create_officers(rt), new_draft())
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, place.name, place.handle)
        assert person is not None
        await session.execute(
            "INSERT INTO broadcast_recipients"
            " (broadcast_id, seq, person_id, channel, language, state, external_id, state_at)"
            " VALUES (%s, 1, %s, %s, 'ru', 'accepted', %s, kosh_now() - %s::interval)",
            (found.id, person.id, place.name, external_id, ago),
        )


@pytest.mark.parametrize(("ago", "is_deleted"), [("1 hour", True), ("49 hours", False)])
@pytest.mark.parametrize("leaving", [("выход",), ("/delete", "да")])
async def test_quick_exit_deletes_a_broadcast_while_the_platform_allows_it(
    rt: Runtime, leaving: tuple[str, ...], ago: str, is_deleted: bool
) -> None:
    place = FakeMessenger(rt, "telegram", deletes=True)
    await place.begin(*TO_CONSENT, "yes")
    await announced(rt, place, "77", ago)
    for word in leaving:
        await place.do(Said(word))
    assert ("77" in place.gone) is is_deleted


async def test_quick_exit_in_one_chat_keeps_the_messages_of_other_chats(
    rt: Runtime,
) -> None:
    place, page = FakeMessenger(rt, "telegram", deletes=True), uuid4().hex
    await place.begin(*TO_CONSENT, "yes")
    await place.do(Said("Что такое кандас?"))
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, place.name, place.handle)
        assert person is not None
        assert await identities.add_handle(rt, session, person, "web", page, page)
    there = Inbound("web", uuid4().hex, page, page, Pressed("!exit"), message_id="1", press_id="1")
    await receive.deliver(rt, await receive.receive(rt, there))
    assert "Что такое кандас?" in place.lines
    await place.do(Said("выход"))
    assert place.lines == [rt.languages.render(screens.EXIT_TEXT, "ru")]


async def test_quick_exit_drops_messages_waiting_for_a_retry(rt: Runtime) -> None:
    place = FakeMessenger(rt, "telegram", deletes=True)
    await place.begin(*TO_CONSENT, "yes")
    place.throttled = 1
    await place.do(Said("/menu"))
    before = place.sent
    await place.do(Said("выход"))
    await advance_database_clock(rt, "10 seconds")
    await outbox.sweep(rt)
    assert place.lines == [rt.languages.render(screens.EXIT_TEXT, "ru")]
    assert place.sent == before + 1


async def written(rt: Runtime) -> list[str]:
    """Return the ids in the outbox's deletions, except ids that the fake messenger assigned."""
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT external_id FROM messages WHERE act = 'delete'")
        ids = [each for (row,) in await cursor.fetchall() for each in row.split(",")]
    return [each for each in ids if not each.startswith(("ours", "theirs"))]


async def test_quick_exit_deletes_messages_being_sent(rt: Runtime) -> None:
    place = FakeMessenger(rt, "telegram", deletes=True)
    await place.begin(*TO_CONSENT, "yes")
    place.held = asyncio.Event()
    slow = asyncio.create_task(place.do(Said("/menu")))
    await place.sending.wait()
    await place.do(Said("выход"))
    assert all(int(each) for each in await written(rt)), "a process of before reads them too"
    place.held.set()
    await slow
    await outbox.sweep(rt)
    assert place.lines == [rt.languages.render(screens.EXIT_TEXT, "ru")]


async def test_erasure_deletes_messages_being_sent(rt: Runtime) -> None:
    place = FakeMessenger(rt, "telegram", deletes=True)
    await place.begin(*TO_CONSENT, "yes")
    await place.do(Said("/delete"))
    place.held = asyncio.Event()
    slow = asyncio.create_task(place.do(Said("/menu")))
    await place.sending.wait()
    await place.do(Said("/delete"))
    await place.do(Said("да"))
    place.held.set()
    await slow
    assert place.lines == [rt.languages.render(commands.DELETED_UNREGISTERED, "ru")]
