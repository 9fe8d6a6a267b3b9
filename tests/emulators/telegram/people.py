"""A person who uses Telegram: actions, messages on the phone, and waiting for messages."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from .contents import (
    PDF,
    contact_content,
    dice_content,
    document_content,
    file_content,
    location_content,
    poll_content,
    venue_content,
)
from .keyboards import Button
from .platform_state import Chat, Message, Person, PlatformState, Press
from .text import commands_in, is_blank, units
from .wire import Params

TIMEOUT_SECONDS = 60
START_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")


@dataclass(frozen=True, slots=True)
class User:
    """A person whose actions create the bot's updates immediately. Timeouts are in seconds."""

    world: PlatformState
    person: Person

    @property
    def id(self) -> int:
        """Return the user's id, which is also that of their private chat."""
        return self.person.id

    @property
    def place(self) -> Chat:
        """Return the person's private chat with the bot."""
        return self.world.chats[self.person.id]

    @property
    def chat(self) -> list[Message]:
        """Return the messages of the private chat; deleted ones have `deleted` set."""
        return list(self.place.messages.values())

    @property
    def received(self) -> list[Message]:
        """Return the bot's messages that are not deleted."""
        return [one for one in self.chat if one.from_bot and not one.deleted]

    @property
    def last(self) -> Message:
        """Return the bot's newest message."""
        return self.received[-1]

    @property
    def keyboard(self) -> list[str]:
        """Return the button labels of the reply keyboard below the input field."""
        return self.place.keyboard.labels if self.place.keyboard else []

    @property
    def presses(self) -> list[Press]:
        """Return the person's presses of inline buttons, with the bot's answers."""
        return [one for one in self.world.presses.values() if one.person == self.id]

    async def say(self, text: str, chat: Chat | None = None) -> Message:
        """Write a text of 1 to 4096 UTF-16 units into the private chat or the given group.

        In a group, only commands and mentions of the bot reach the bot.
        """
        if is_blank(text) or units(text) > 4096:
            raise ValueError("a person can write 1 to 4096 characters at once")
        message = self._put({}, chat, text=text, entities=tuple(commands_in(text)))
        if chat is None or text.startswith("/") or f"@{self.world.username}" in text:
            self.world.create_message_update(chat or self.place, message)
        return message

    async def start(self, payload: str = "") -> Message:
        """Open the bot by its link and press Start; unblock the bot if it is blocked."""
        if not START_PAYLOAD.fullmatch(payload):
            raise ValueError("a start payload has at most 64 of A-Z a-z 0-9 _ -")
        if self.person.blocked:
            await self.unblock()
        return await self.say(f"/start {payload}".strip())

    async def press(self, what: str, message: Message | None = None) -> Press:
        """Press an inline button, found by label or data.

        The button is looked up in `message` as the caller read it, even if the bot has edited it
        since. Without `message`, it is looked up in the newest message that has the button.
        """
        message, button = self._find(what, message)
        if button.data is None:
            raise LookupError(f"pressing {what!r} doesn't tell the bot anything")
        press = self.world.press(self.id)
        self.world.create_press_update(
            self.place, self.place.messages[message.id], press, button.data
        )
        return press

    async def tap(self, label: str) -> Message:
        """Tap a button of the reply keyboard: send its label, or share the contact or location."""
        shown = self.place.keyboard
        buttons = [button for row in shown.buttons for button in row] if shown else []
        button = next((one for one in buttons if one.text == label), None)
        if shown is None or shown.markup is None or button is None:
            raise LookupError(f"no {label!r} on the reply keyboard, which has {self.keyboard}")
        if shown.markup.get("one_time_keyboard"):
            self.place.keyboard = None
        if button.asks_contact:
            return await self.send_contact()
        return await (self.send_location() if button.asks_location else self.say(button.text))

    async def send_contact(self, own: bool = True, of: Person | None = None) -> Message:
        """Share a contact: the person's own with `own`, otherwise the contact of `of`.

        If `own` is false and `of` is None, share the contact of a person who is not on Telegram.
        """
        return self._tell(contact_content(self.person, self.person if own else of))

    async def send_photo(
        self, data: bytes | None = None, caption: str = "", size: int | None = None, album: str = ""
    ) -> Message:
        """Send a photo; photos with the same `album` id form an album."""
        return await self.send("photo", data, caption, size, album)

    async def send_document(
        self,
        data: bytes = PDF,
        name: str = "paper.pdf",
        mime: str = "application/pdf",
        caption: str = "",
        size: int | None = None,
    ) -> Message:
        """Send a document."""
        return self._tell(document_content(self.world, data, name, mime, size), text=caption)

    async def send_voice(self) -> Message:
        """Send a voice message."""
        return await self.send("voice")

    async def send_sticker(self) -> Message:
        """Send a sticker."""
        return await self.send("sticker")

    async def send_location(self) -> Message:
        """Send a location."""
        return self._tell(location_content())

    async def send_venue(self) -> Message:
        """Send a venue."""
        return self._tell(venue_content())

    async def send_poll(self) -> Message:
        """Send a poll."""
        return self._tell(poll_content())

    async def send_dice(self) -> Message:
        """Throw a die."""
        return self._tell(dice_content())

    async def send(
        self,
        kind: str,
        data: bytes | None = None,
        caption: str = "",
        size: int | None = None,
        album: str = "",
    ) -> Message:
        """Send a file; `kind` is a key of `contents.FILES`."""
        content = file_content(self.world, kind, data, size)
        return self._tell(content | ({"media_group_id": album} if album else {}), text=caption)

    async def edit_last(self, text: str) -> Message:
        """Edit the person's newest message."""
        newest = next(one for one in self.place.newest_first if not one.from_bot and one.text)
        entities = tuple(commands_in(text))
        message = self.place.put(self.world.edit(newest, text=text, entities=entities))
        self.world.create_message_update(self.place, message, "edited_message")
        return message

    async def delete(self, message: Message) -> None:
        """Delete a message for both sides; Telegram does not report this to the bot."""
        self.place.put(replace(self.place.messages[message.id], deleted=True))

    async def open_topic(self, name: str) -> int:
        """Open a topic in the private chat and write into it from now on; return its thread id."""
        thread = self._put({"forum_topic_created": {"name": name, "icon_color": 0}}).id
        self.place.topics.add(thread)
        self.enter(thread)
        created = replace(self.place.messages[thread], thread=thread)
        self.world.create_message_update(self.place, self.place.put(created))
        return thread

    def enter(self, thread: int | None) -> None:
        """Write later messages into the topic with this thread id, or outside topics if None."""
        self.place.topic = thread

    def delete_topic(self, thread: int) -> None:
        """Delete a topic with its messages; Telegram does not report this to the bot."""
        self.place.topics.discard(thread)
        for each in self.chat:
            if each.thread == thread:
                self.place.put(replace(each, deleted=True))
        self.enter(None)

    async def block(self) -> None:
        """Block the bot."""
        self.person.blocked = True
        self.world.create_membership_update(self.place, self.person.user, "member", "kicked")

    async def unblock(self) -> None:
        """Unblock the bot."""
        self.person.blocked = False
        self.world.create_membership_update(self.place, self.person.user, "kicked", "member")

    async def add_bot_to_group(self, title: str = "Auyl") -> Chat:
        """Create a group with the bot in it, and return it."""
        group = self.world.found_group(title)
        self.world.create_membership_update(group, self.person.user, "left", "member")
        joined = {"new_chat_members": [self.world.bot], "new_chat_member": self.world.bot}
        self._tell(joined, group)
        return group

    async def remove_bot_from_group(self, group: Chat) -> None:
        """Remove the bot from a group."""
        group.standing = "kicked"
        self.world.create_membership_update(group, self.person.user, "member", "kicked")

    async def wait[T](
        self, seen: Callable[[list[Message]], T], seconds: float = TIMEOUT_SECONDS
    ) -> T:
        """Return the first true result of `seen`, called after every change of the chat."""
        try:
            return await self.place.changed.until(lambda: seen(self.chat), seconds)
        except TimeoutError as error:
            raise AssertionError(f"not seen in {seconds} s; the chat is\n{self}") from error

    async def wait_for_message(self, number: int, seconds: float = TIMEOUT_SECONDS) -> Message:
        """Wait until the bot has sent `number` messages, deleted ones included; return the last."""

        def nth(chat: list[Message]) -> Message | None:
            sent = [one for one in chat if one.from_bot]
            return sent[number - 1] if len(sent) >= number else None

        found = await self.wait(nth, seconds)
        assert found is not None
        return found

    async def wait_for_answer(self, press: Press, seconds: float = TIMEOUT_SECONDS) -> Press:
        """Wait until the bot has answered a press of a button; return the press."""
        await self.wait(lambda _: press.answered, seconds)
        return press

    def __str__(self) -> str:
        lines = (
            f"{'bot' if one.from_bot else self.person.first_name}"
            f"{' (deleted)' if one.deleted else ''}: {one.text or [*one.content]} {one.labels}"
            for one in self.chat
        )
        return "\n".join(lines)

    def _put(self, content: Params, chat: Chat | None = None, **parts: object) -> Message:
        if self.person.blocked:
            raise PermissionError("the bot is blocked: unblock it to write to it")
        if chat is None:
            self.person.started = True
        place = chat or self.place
        message = self.world.compose(self.person.user, content=content, thread=place.topic, **parts)
        return place.put(message)

    def _tell(self, content: Params, chat: Chat | None = None, text: str = "") -> Message:
        message = self._put(content, chat, text=text)
        self.world.create_message_update(chat or self.place, message)
        return message

    def _find(self, what: str, message: Message | None) -> tuple[Message, Button]:
        seen = [one for one in self.place.newest_first if one.from_bot]
        for one in [message] if message else seen:
            for button in (button for row in one.buttons for button in row):
                inline = one.markup is not None and "inline_keyboard" in one.markup
                if inline and what in (button.text, button.data):
                    return one, button
        labels = [one.labels for one in ([message] if message else seen[:3])]
        raise LookupError(f"no button {what!r}; the newest messages have {labels}")
