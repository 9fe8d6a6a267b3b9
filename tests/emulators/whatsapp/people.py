"""A person who uses WhatsApp: actions, messages on the phone, and waiting for messages."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from .contents import (
    PDF,
    SAMPLES,
    contacts_content,
    file_content,
    location_content,
    reaction_content,
    store_media,
)
from .errors import reported
from .platform_state import Person, PlatformState, new_user_id, stamp
from .screen import Button, Message, Row
from .wire import Params

TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class User:
    """A person whose actions create webhook events immediately. Timeouts are in seconds."""

    world: PlatformState
    person: Person

    @property
    def phone(self) -> str:
        """Return the person's phone number, digits only."""
        return self.person.phone

    @property
    def user_id(self) -> str:
        """Return the person's business-scoped user id."""
        return self.person.user_id

    @property
    def chat(self) -> list[Message]:
        """Return all messages of the chat, including those of Kosh that did not reach the phone."""
        return list(self.person.messages.values())

    @property
    def screen(self) -> list[Message]:
        """Return the messages on the phone: the person's own, and Kosh's delivered ones."""
        return [one for one in self.chat if one.seen]

    @property
    def received(self) -> list[Message]:
        """Return Kosh's messages that reached the phone."""
        return [one for one in self.screen if one.from_bot]

    @property
    def last(self) -> Message:
        """Return the newest message of Kosh that reached the phone."""
        return self.received[-1]

    @property
    def typing(self) -> bool:
        """Return True if the person sees that Kosh is typing."""
        return self.world.now() < self.person.typing_until

    @property
    def window(self) -> bool:
        """Return True if the 24-hour window is open, in which Kosh may send any message."""
        return self.world.is_open(self.person)

    async def say(self, text: str, reply_to: Message | None = None) -> Message:
        """Write a text of 1 to 4096 characters, quoting `reply_to` if given."""
        if not text.strip() or len(text) > 4096:
            raise ValueError("a person can write 1 to 4096 characters at once")
        return self._write({"type": "text", "text": {"body": text}}, text, reply_to)

    async def press(self, title: str, message: Message | None = None) -> Message:
        """Press a reply button, found by title or data.

        The button is looked up in `message` or, if that is None, in the newest message with it.
        """
        message, button = self._find(title, message)
        if button.quick:
            content = {"type": "button", "button": {"payload": button.data, "text": button.title}}
        else:
            reply = {"id": button.data, "title": button.title}
            content = answered("button_reply", reply)
        return self._write(content, button.title, message)

    async def choose(self, title: str, message: Message | None = None) -> Message:
        """Open a list and send a row of it, found by title or data."""
        for one in [message] if message else reversed(self.received):
            for row in one.rows:
                if title in (row.title, row.data):
                    return self._write(answered("list_reply", row_reply(row)), row.title, one)
        raise LookupError(f"no row {title!r}; on the screen are {self._labels()}")

    async def answer(self, title: str) -> Message:
        """Press the button, or send the list row, with this title in Kosh's newest message."""
        has_rows = title in [part for row in self.last.rows for part in (row.title, row.data)]
        return await (self.choose if has_rows else self.press)(title)

    async def send_photo(
        self, data: bytes | None = None, caption: str = "", size: int | None = None
    ) -> Message:
        """Send a photo; WhatsApp converts photos to JPEG."""
        return await self.send("image", data, caption=caption, size=size)

    async def send_document(
        self,
        data: bytes = PDF,
        name: str = "paper.pdf",
        mime: str = "application/pdf",
        caption: str = "",
        size: int | None = None,
    ) -> Message:
        """Send a document."""
        return await self.send("document", data, mime, caption=caption, filename=name, size=size)

    async def send_voice(self) -> Message:
        """Send a voice message."""
        return await self.send("audio")

    async def send_sticker(self) -> Message:
        """Send a sticker."""
        return await self.send("sticker")

    async def send(
        self,
        kind: str,
        data: bytes | None = None,
        mime: str = "",
        *,
        caption: str = "",
        filename: str = "",
        size: int | None = None,
    ) -> Message:
        """Send a file; `kind` is a key of `contents.SAMPLES`, `size` replaces the reported size."""
        default, sample = SAMPLES[kind]
        media = store_media(self.world, sample if data is None else data, mime or default, size)
        content = file_content(kind, media, {"caption": caption, "filename": filename})
        return self._write(content, caption)

    async def send_location(self) -> Message:
        """Send a location."""
        return self._write(location_content())

    async def send_contact(self) -> Message:
        """Send the person's own contact card."""
        return self._write(contacts_content(self.phone))

    async def react(self, message: Message, emoji: str = "👍") -> Message:
        """Add a reaction to a message; an empty emoji removes it."""
        return self._write(reaction_content(message.id, emoji))

    async def send_unknown(self, code: int = 131051, kind: str = "unsupported") -> Message:
        """Send a message that the webhook reports with an error in place of its content.

        By default, the API cannot represent the content (131051: a poll, a view-once photo). With
        131052, the file was lost.
        """
        return self._write({"type": kind, "errors": [reported(code)]})

    async def send_raw(self, content: Params) -> Message:
        """Send a message with this content unchecked, for example of a type that Meta may add."""
        return self._write(content)

    async def repeat(self, message: Message) -> None:
        """Report a message to Kosh again, with the same id in a separate webhook body."""
        events = self.world.events
        fields = self._message_fields(message) | {"timestamp": stamp(self.world.now())}
        value = self.world.value(contacts=[self.person.contact], messages=[fields])
        events.add(f"person {self.person.number}", value, what=message.id)

    async def read(self) -> None:
        """Open the conversation, which marks all messages on the screen as read."""
        self._open()

    def turn_off(self) -> None:
        """Switch the phone off: Kosh's messages stay at status "sent"."""
        self.person.online = False

    def turn_on(self) -> None:
        """Switch the phone on: waiting messages are delivered in order."""
        self.person.online = True
        for one in self.chat:
            if one.from_bot and one.status == "sent":
                self.world.move(self.person, one, "delivered")

    def block(self) -> None:
        """Block Kosh's number; WhatsApp reports nothing, and messages stay at status "sent"."""
        self.person.blocked = True

    def unblock(self) -> None:
        """Unblock Kosh's number."""
        self.person.blocked = False

    def stop_marketing(self, stop: bool = True) -> None:
        """Turn Kosh's marketing messages off (or on) in WhatsApp's settings."""
        self.person.stopped_marketing = stop
        verb = "stop" if stop else "resume"
        preference = self.person.named("wa_id", "user_id") | {
            "detail": f"User requested to {verb} marketing messages",
            "category": "marketing_messages",
            "value": verb,
            "timestamp": int(self.world.now()),
        }
        parts = {"contacts": [self.person.contact], "user_preferences": [preference]}
        self.world.tell("user_preferences", self.world.value(**parts))

    def change_number(self, phone: str, user_id: str = "") -> None:
        """Change the phone number and with it the user id; a system message reports this."""
        before = replace(self.person, messages={})
        self.person.phone = phone
        self.person.user_id = user_id or new_user_id(phone)
        self.world.create_message_event(
            self.person, moved(self.world, before, self.person), contacts=False
        )

    async def wait[T](
        self, seen: Callable[[list[Message]], T], seconds: float = TIMEOUT_SECONDS
    ) -> T:
        """Return the first true result of `seen`, called after every change of the chat."""
        try:
            return await self.person.changed.until(lambda: seen(self.chat), seconds)
        except TimeoutError as error:
            raise AssertionError(f"not seen in {seconds} s; the chat is\n{self}") from error

    async def wait_for_message(self, number: int, seconds: float = TIMEOUT_SECONDS) -> Message:
        """Wait until `number` of Kosh's messages have reached the phone; return the last one."""

        def nth(_: list[Message]) -> Message | None:
            return self.received[number - 1] if len(self.received) >= number else None

        found = await self.wait(nth, seconds)
        assert found is not None
        return found

    def __str__(self) -> str:
        lines = (
            f"{'Kosh' if one.from_bot else self.person.name} ({one.kind} {one.status}): "
            f"{one.text or [*one.content]} {one.labels}"
            for one in self.chat
        )
        return "\n".join(lines)

    def _write(self, content: Params, text: str = "", reply_to: Message | None = None) -> Message:
        if self.person.blocked:
            raise PermissionError("our number is blocked: unblock it to write to it")
        if self.person.reads:
            self._open()
        now = self.world.now()
        self.person.last_wrote = now
        self.world.gate.incoming()
        message = self.person.put(
            Message(
                id=self.world.wamid(self.person),
                at=now,
                from_bot=False,
                kind=content["type"],
                text=text,
                content=content,
                reply_to=reply_to.id if reply_to else "",
                status="delivered",
            )
        )
        self.world.create_message_event(self.person, self._message_fields(message))
        return message

    def _message_fields(self, message: Message) -> Params:
        fields: Params = self.person.named("from", "from_user_id")
        fields |= {"id": message.id, "timestamp": stamp(message.at)} | message.content
        if message.reply_to:
            is_from_bot = self.person.messages[message.reply_to].from_bot
            sender = self.world.phone if is_from_bot else self.person.phone
            fields["context"] = {"from": sender, "id": message.reply_to}
        return fields

    def _open(self) -> None:
        for one in self.chat:
            if one.from_bot and one.status == "delivered":
                self.world.move(self.person, one, "read")

    def _find(self, title: str, message: Message | None) -> tuple[Message, Button]:
        for one in [message] if message else reversed(self.received):
            for button in one.buttons:
                if title in (button.title, button.data):
                    return one, button
        raise LookupError(f"no button {title!r}; on the screen are {self._labels()}")

    def _labels(self) -> list[list[str]]:
        return [one.labels for one in self.received[-3:]]


def answered(kind: str, reply: Params) -> Params:
    """Return the content of a reply to an interactive message."""
    return {"type": "interactive", "interactive": {"type": kind, kind: reply}}


def row_reply(row: Row) -> Params:
    """Return a list row in the format of a reply."""
    reply = {"id": row.data, "title": row.title}
    return reply | ({"description": row.description} if row.description else {})


def moved(world: PlatformState, before: Person, after: Person) -> Params:
    """Return the system message about a person's new phone number or user id.

    The message reports the phone numbers only if webhooks report the person's phone number as
    `wa_id`.
    """
    kind = "user_changed_number" if before.wa_id == before.phone else "user_changed_user_id"
    by_number = kind == "user_changed_number"
    old, new = (before.phone, after.phone) if by_number else (before.user_id, after.user_id)
    system: Params = {
        "body": f"User {before.name} changed from {old} to {new}",
        "type": kind,
    }
    if by_number:
        system["wa_id"] = after.phone
    if before.known != "phone":
        system |= {"user_id": after.user_id, "previous_user_id": before.user_id}
    shown = before.named("from", "from_user_id")
    when = {"id": world.wamid(after), "timestamp": stamp(world.now())}
    return shown | when | {"type": "system", "system": system}
