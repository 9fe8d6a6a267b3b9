"""Client of the emulated platform: acts for people, and follows the platform's journal."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec

FOLLOW_SECONDS = 0.03
SENDS = ("sendMessage", "editMessageText")


class Call(msgspec.Struct, tag_field="kind", tag="call", frozen=True):
    """A call of the bot; `sent` is the id of the message that it sent, or None."""

    method: str
    params: dict[str, Any]
    at: float
    status: int
    sent: int | None = None


class Arrival(msgspec.Struct, tag_field="kind", tag="update", frozen=True):
    """An update that an action of a person created."""

    update_id: int
    update: dict[str, Any]
    at: float


class Delivery(msgspec.Struct, tag_field="kind", tag="delivery", frozen=True):
    """An attempt to deliver an update to the bot; `attempt` is -1 when the update expires."""

    update_id: int
    attempt: int
    status: int
    at: float

    @property
    def acknowledged(self) -> bool:
        return 200 <= self.status <= 299


type Entry = Call | Arrival | Delivery

_decode = msgspec.json.Decoder(Entry).decode


@dataclass(frozen=True)
class Screen:
    """A message with buttons: its text, and each button's payload by the key of its answer."""

    text: str
    buttons: Mapping[str, str]

    @property
    def nonce(self) -> int:
        """Return the number of the question, which rises with each question; 0 if there is none."""
        heads = (data.partition(":")[0] for data in self.buttons.values())
        return max((int(head) for head in heads if head.isdecimal()), default=0)


@dataclass
class Chat:
    """State of one chat: its newest screen, an event for changes, and updates not accepted yet."""

    screen: Screen | None = None
    begun: bool = False
    ended: bool = False
    arrived: int = 0
    waiting: set[int] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def change(self) -> None:
        """Wake up all tasks that wait for a change."""
        self.changed.set()
        self.changed = asyncio.Event()


@dataclass
class Platform:
    """Client of the emulated platform; it learns only from the journal what Kosh sent."""

    http: aiohttp.ClientSession
    url: str
    entries: list[Entry] = field(default_factory=list)
    senders: dict[int, int] = field(default_factory=dict)
    chats: dict[int, Chat] = field(default_factory=dict)
    acknowledged: set[int] = field(default_factory=set)
    arrived: int = 0
    expired: int = 0
    calls: int = 0

    @property
    def behind(self) -> int:
        """Return the number of updates that are neither accepted nor expired."""
        return self.arrived - len(self.acknowledged) - self.expired

    @property
    def progress(self) -> int:
        """Return a measure of progress, which rises with each accepted update and bot call."""
        return len(self.acknowledged) + self.calls

    async def join(self, chat: int) -> None:
        """Create a person with a chat on the platform."""
        self.chats[chat] = Chat()
        assert await self.act("user", id=chat, first_name="Testova", language_code="ru")

    async def set_delivery(self, **settings: Any) -> None:
        """Change how the platform delivers updates from now on, for instance each one twice."""
        await self.act("delivery_options", **settings)

    async def act(self, verb: str, **what: Any) -> bool:
        """Perform an action of a person; return False if the platform rejects it."""
        async with self.http.post(f"{self.url}/_control/{verb}", json=what) as answer:
            return answer.status == 200

    async def follow(self) -> None:
        """Read new entries of the journal repeatedly, until cancelled."""
        while True:
            await self.read()
            await asyncio.sleep(FOLLOW_SECONDS)

    async def read(self) -> None:
        url = f"{self.url}/_control/journal?since={len(self.entries)}"
        async with self.http.get(url) as answer:
            for line in (await answer.read()).splitlines():
                self._note(_decode(line))

    def _note(self, entry: Entry) -> None:
        self.entries.append(entry)
        match entry:
            case Arrival(update_id, update):
                self.arrived += 1
                self._await(update_id, sender(update))
            case Delivery():
                if entry.acknowledged or entry.attempt < 0:
                    self._settle(entry.update_id)
                self.expired += entry.attempt < 0
                self.acknowledged |= {entry.update_id} if entry.acknowledged else set()
            case Call(method, params, status=200) if method in SENDS:
                self.calls += 1
                self._show(params)
            case _:
                self.calls += 1

    def _await(self, update_id: int, chat_id: int) -> None:
        self.senders[update_id] = chat_id
        chat = self.chats[chat_id]
        chat.arrived += 1
        chat.waiting.add(update_id)

    def _settle(self, update_id: int) -> None:
        chat = self.chats[self.senders[update_id]]
        chat.waiting.discard(update_id)
        chat.change()

    def _show(self, params: dict[str, Any]) -> None:
        screen = Screen(params["text"], keys(params.get("reply_markup")))
        chat = self.chats[params["chat_id"]]
        # A message without a question number and with a menu button is a reply in a case, unless it
        # offers topics after free text: then it is not a screen to answer.
        is_offer = any(each.startswith("?") for each in screen.buttons)
        if screen.nonce or ("!menu" in screen.buttons and not is_offer):
            chat.screen = screen
            chat.change()


def sender(update: dict[str, Any]) -> int:
    """Return the id of the chat that an update came from."""
    content = next(value for name, value in update.items() if name != "update_id")
    return int(content["from"]["id"])


def keys(markup: Any) -> dict[str, str]:
    """Return the payloads of a message's buttons by key: `yes` for `17:yes`, `!exit` for itself."""
    rows = (markup or {}).get("inline_keyboard", ())
    sent = [button["callback_data"] for row in rows for button in row if "callback_data" in button]
    return {data.partition(":")[2] or data: data for data in sent}
