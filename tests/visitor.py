"""A visitor of the web chat, who does what the page's script does, over real HTTP."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Self
from uuid import uuid4

import aiohttp

TIMEOUT_SECONDS = 60
BUBBLE = r'<li class="said kosh[^"]*" data-id="([^"]*)"[^>]*>.*?lang="([^"]*)"(.*?)</li>'
PRESS = r'name="payload" value="([^"]*)"[^>]*>([^<]*)<'


@dataclass
class Bubble:
    """A message on the page; `buttons` has the payload of each label."""

    id: str
    paragraphs: list[str]
    buttons: dict[str, str]
    lang: str

    @property
    def text(self) -> str:
        return "\n".join(self.paragraphs)


@dataclass
class Visitor:
    """A browser with the chat page open.

    `chat` is the chat's id in the page, `last` the newest message's id. `bubbles` are all messages,
    `gone` the ids of deleted ones. The session keeps the cookie.
    """

    session: aiohttp.ClientSession
    url: str
    chat: str = ""
    bubbles: list[Bubble] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    last: str = ""
    stops: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _stream: aiohttp.ClientResponse | None = None

    @classmethod
    @asynccontextmanager
    async def at(cls, url: str) -> AsyncIterator[Self]:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            visitor = cls(session, url)
            await visitor.open()
            listening = asyncio.create_task(visitor.listen())
            try:
                yield visitor
            finally:
                listening.cancel()

    async def open(self) -> None:
        async with self.session.get(f"{self.url}/chat") as answer:
            assert answer.status == 200, answer.status
            page = await answer.text()
        found = re.search(r'data-chat="([^"]*)"', page)
        assert found is not None
        self.chat = unescape(found[1])
        for bubble_id, lang, shown in re.findall(BUBBLE, page, re.DOTALL):
            written = re.findall(r"<p\b[^>]*>(.*?)</p>", shown, re.DOTALL)
            paragraphs = [unescape(re.sub(r"<[^>]*>", "", each)) for each in written]
            buttons = {unescape(label): unescape(load) for load, label in re.findall(PRESS, shown)}
            self.bubbles.append(Bubble(bubble_id, paragraphs, buttons, lang))
            self.last = bubble_id

    async def listen(self) -> None:
        """Read the event stream; reconnect as a browser does."""
        while True:
            try:
                async with self.session.get(
                    f"{self.url}/chat/stream",
                    params={"last": self.last},
                    headers={"X-Kosh-Chat": self.chat} if self.chat else {},
                    timeout=aiohttp.ClientTimeout(None),
                ) as self._stream:
                    await self._read(self._stream)
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)

    async def _read(self, answer: aiohttp.ClientResponse) -> None:
        event: dict[str, str] = {}
        async for raw in answer.content:
            line = raw.decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                event[name] = value
            elif event:
                await self._receive(event)
                event = {}

    async def _receive(self, event: dict[str, str]) -> None:
        self.last = event.get("id", self.last)
        data: dict[str, Any] = json.loads(event.get("data", "{}"))
        async with self._changed:
            if event.get("event") == "say":
                buttons = {b["label"]: b["payload"] for row in data["buttons"] for b in row}
                bubble = Bubble(data["id"], data["paragraphs"], buttons, data["lang"])
                self.bubbles.append(bubble)
            elif event.get("event") == "gone":
                self.gone += data["ids"]
            self._changed.notify_all()

    @property
    def secret(self) -> str:
        """Return the secret of the chat: the cookie, or before consent the id in the page."""
        cookies = [each.value for each in self.session.cookie_jar if each.key == "kosh"]
        return cookies[0] if cookies else self.chat

    @property
    def newest(self) -> Bubble:
        return self.bubbles[-1]

    @property
    def keys(self) -> set[str]:
        """Return the keys of the newest message's buttons: payloads without the nonce."""
        return {each.partition(":")[2] for each in self.newest.buttons.values()}

    async def wait(self, count: int) -> Bubble:
        """Wait until the page has `count` messages; return the newest."""
        async with self._changed:
            await asyncio.wait_for(
                self._changed.wait_for(lambda: len(self.bubbles) >= count), TIMEOUT_SECONDS
            )
        return self.newest

    async def say(self, text: str) -> Bubble:
        return await self._post("said", text=text)

    async def press(self, label: str) -> Bubble:
        """Press a button of the newest message and return the message that answers it.

        The button is found by its label, or by its payload with or without the part before ":". An
        answer can consist of several messages, so wait until the newest one has the button.
        """
        async with self._changed:
            payload = await asyncio.wait_for(
                self._changed.wait_for(lambda: self._payload(label)), TIMEOUT_SECONDS
            )
        return await self._post("pressed", payload=payload)

    def _payload(self, label: str) -> str:
        """Return the payload of a button of the newest message; "" if there is no such button."""
        buttons = self.newest.buttons
        found = (each for each in buttons.values() if label in (each, each.partition(":")[2]))
        return buttons.get(label) or next(found, "")

    async def give_answers(self, *answers: str) -> None:
        """Press the button with each answer as its key, on any page of buttons, or type it."""
        for answer in answers:
            seen: set[str] = set()
            # The button on the last page leads to the first page again.
            while answer not in self.keys and ">" in self.keys and not self.keys <= seen:
                seen |= self.keys
                await self.press(">")
            await (self.press(answer) if answer in self.keys else self.say(answer))

    async def send(self, what: str, **fields: str) -> tuple[int, dict[str, Any]]:
        """Post a form to /chat/`what`; return the HTTP status and the JSON response."""
        form = {"chat": self.chat, "last": self.last, "id": str(uuid4()), **fields}
        headers = {"X-Requested-With": "kosh"}
        async with self.session.post(
            f"{self.url}/chat/{what}", data=form, headers=headers
        ) as answer:
            response = await answer.json()
        if response.get("chat", self.chat) != self.chat:
            # After consent, a cookie identifies the chat. Reconnect with it, as the page does.
            self.chat = response["chat"]
            if self._stream is not None:
                self._stream.close()
        return answer.status, response

    async def _post(self, what: str, **fields: str) -> Bubble:
        seen = len(self.bubbles)
        status, answer = await self.send(what, **fields)
        assert status == 202, (status, answer)
        return await self.wait(seen + 1)
