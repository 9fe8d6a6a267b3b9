"""State of the platform: people, chats, messages, files, and the bot's profile."""

import itertools
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .journal import Journal
from .keyboards import Rows, rows_seen
from .text import Entity
from .updates import Updates
from .waiting import Signal
from .wire import Params, Refusal, bad

DAY = 24 * 3600
EDITABLE_FOR = 48 * 3600
CALLBACK_LIVES = 150
# Offsets that give presses and membership changes their own delivery queues, as at Telegram: a
# press may overtake a message.
CALLBACK_QUEUE = 3 << 33
MEMBER_QUEUE = 5 << 33


@dataclass(frozen=True, slots=True)
class Message:
    """A snapshot of a message. `content` holds content other than text, in the Bot API's format."""

    id: int
    date: int
    sender: Params
    text: str = ""
    entities: tuple[Entity, ...] = ()
    content: Params = field(default_factory=dict)
    markup: Params | None = None
    preview: Params | None = None
    reply_to: int | None = None
    protected: bool = False
    thread: int | None = None
    edited: int = 0
    deleted: bool = False

    @property
    def from_bot(self) -> bool:
        """Return True if the bot wrote the message."""
        return bool(self.sender["is_bot"])

    @property
    def buttons(self) -> Rows:
        """Return the rows of buttons: inline ones, or those of the reply keyboard sent with it."""
        return rows_seen(self.markup)

    @property
    def labels(self) -> list[str]:
        """Return the labels of all buttons of the message."""
        return [button.text for row in self.buttons for button in row]


@dataclass(slots=True)
class Person:
    """A person with a Telegram account."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    phone: str = ""
    started: bool = False
    blocked: bool = False
    deactivated: bool = False

    @property
    def user(self) -> Params:
        """Return the person as the Bot API's User."""
        shown: Params = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        for name in ("last_name", "username", "language_code"):
            if value := getattr(self, name):
                shown[name] = value
        return shown


@dataclass(slots=True)
class Chat:
    """A private chat or a group; `topic` is the thread id into which the person writes now.

    `standing` is the bot's membership, `action` the activity shown to people ("typing").
    """

    id: int
    kind: Literal["private", "supergroup"]
    title: str
    person: Person | None = None
    standing: Literal["member", "left", "kicked"] = "member"
    messages: dict[int, Message] = field(default_factory=dict)
    keyboard: Message | None = None
    topics: set[int] = field(default_factory=set)
    topic: int | None = None
    action: str = ""
    changed: Signal = field(default_factory=Signal)

    @property
    def chat(self) -> Params:
        """Return the chat as the Bot API's Chat."""
        shown: Params = {"id": self.id, "type": self.kind}
        if self.person is None:
            return shown | {"title": self.title}
        names = ("first_name", "last_name", "username")
        return shown | {name: self.person.user[name] for name in names if name in self.person.user}

    @property
    def newest_first(self) -> Iterator[Message]:
        """Yield the messages that are not deleted, newest first."""
        return (one for one in reversed(self.messages.values()) if not one.deleted)

    def thread(self, thread: int | None) -> int | None:
        """Return the given thread id; raise Refusal if the chat has no such topic."""
        if thread is not None and thread not in self.topics:
            raise bad("message thread not found")
        return thread

    def put(self, message: Message) -> Message:
        """Add a message, or replace the message with the same id."""
        self.messages[message.id] = message
        self.changed.fire()
        return message


@dataclass(frozen=True, slots=True)
class File:
    """A file that the bot can download."""

    id: str
    path: str
    data: bytes
    size: int

    @property
    def file(self) -> Params:
        """Return the Bot API's File without `file_path`, which only getFile returns."""
        unique = self.id[-16:]
        return {"file_id": self.id, "file_unique_id": unique, "file_size": self.size}


@dataclass(slots=True)
class Press:
    """A press of a button, and the bot's answer to it."""

    id: str
    person: int
    at: float
    answered: bool = False
    text: str = ""
    alert: bool = False


@dataclass(slots=True)
class Profile:
    """The bot's texts by language code ("" is the default); commands by scope and language."""

    names: dict[str, str]
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Params]] = field(default_factory=dict)


class PlatformState:
    """The state of the platform for one bot. Times are Unix seconds; `offset` shifts the clock."""

    def __init__(self, token: str, journal: Journal) -> None:
        self.token = token
        self.bot_id = int(token.partition(":")[0])
        self.username = "kosh_emulated_bot"
        self.profile = Profile({"": "Kosh"})
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, File] = {}
        self.presses: dict[str, Press] = {}
        self.offset = 0.0
        self.updates = Updates(journal, self.now)
        self._message_ids = itertools.count(1)
        self._press_ids = itertools.count(4_000_000_000_000_000_001)
        self._group_ids = itertools.count(-1_002_000_000_001, -1)

    def now(self) -> float:
        """Return the emulated time."""
        return time.time() + self.offset

    @property
    def bot(self) -> Params:
        """Return the bot as the Bot API's User."""
        name = self.profile.names[""]
        return {"id": self.bot_id, "is_bot": True, "first_name": name, "username": self.username}

    def join(self, person: Person) -> Chat:
        """Add a person and the person's private chat with the bot."""
        self.people[person.id] = person
        chat = Chat(person.id, "private", "", person)
        self.chats[person.id] = chat
        return chat

    def found_group(self, title: str) -> Chat:
        """Create a group chat and return it."""
        chat = Chat(next(self._group_ids), "supergroup", title)
        self.chats[chat.id] = chat
        return chat

    def chat(self, chat_id: object) -> Chat:
        """Return the chat of that id; raise Refusal if there is none."""
        found = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        if found is None:
            raise bad("chat not found")
        return found

    def open_chat(self, chat_id: object) -> Chat:
        """Return the chat of that id; reject the call if the bot may not write into it."""
        chat = self.chat(chat_id)
        if chat.standing == "kicked":
            raise forbidden("bot was kicked from the supergroup chat")
        if chat.standing == "left":
            raise forbidden("bot is not a member of the supergroup chat")
        if (person := chat.person) is not None:
            check_willing(person)
        return chat

    def compose(self, sender: Params, **parts: Any) -> Message:
        """Return a new message that is not added to a chat yet."""
        return Message(next(self._message_ids), int(self.now()), sender, **parts)

    def edit(self, message: Message, **parts: Any) -> Message:
        """Return a copy of the message with changed fields and the time of the edit."""
        return replace(message, edited=int(self.now()), **parts)

    def store(self, folder: str, name: str, data: bytes, size: int | None = None) -> File:
        """Store a file; `size` may claim more bytes than there are, to make big files cheap."""
        file = File(
            id=f"BQAC{secrets.token_urlsafe(36)}",
            path=f"{folder}/file_{len(self.files)}{name[name.rfind('.') :] if '.' in name else ''}",
            data=data,
            size=len(data) if size is None else size,
        )
        self.files[file.id] = file
        return file

    def press(self, person: int) -> Press:
        """Return a new press of a button by a person."""
        press = Press(str(next(self._press_ids)), person, self.now())
        self.presses[press.id] = press
        return press

    def shown(self, chat: Chat, message: Message) -> Params:
        """Return a message as the Bot API's Message."""
        shown: Params = {
            "message_id": message.id,
            "from": message.sender,
            "chat": chat.chat,
            "date": message.date,
        }
        if message.reply_to in chat.messages:
            shown["reply_to_message"] = self.shown(chat, chat.messages[message.reply_to])
        if message.edited:
            shown["edit_date"] = message.edited
        if message.protected:
            shown["has_protected_content"] = True
        if message.thread:
            shown |= {"message_thread_id": message.thread, "is_topic_message": True}
        shown |= message.content
        if message.text:
            text, entities = (
                ("caption", "caption_entities") if message.content else ("text", "entities")
            )
            shown[text] = message.text
            if message.entities:
                shown[entities] = message.entities
        if message.preview:
            shown["link_preview_options"] = message.preview
        if message.markup and "inline_keyboard" in message.markup:
            shown["reply_markup"] = message.markup
        return shown

    def create_message_update(self, chat: Chat, message: Message, kind: str = "message") -> None:
        """Create the update about a person's message in the chat's queue; it expires in a day."""
        self.updates.add(kind, self.shown(chat, message), chat.id, self.now() + DAY)

    def create_press_update(self, chat: Chat, message: Message, press: Press, data: str) -> None:
        """Create the update about a press, which expires after 150 seconds."""
        shown = self.shown(chat, message)
        if message.deleted:
            shown = {"message_id": message.id, "chat": chat.chat, "date": 0}
        query = {
            "id": press.id,
            "from": self.people[press.person].user,
            "message": shown,
            "chat_instance": str(chat.id * 31 + 7),
            "data": data,
        }
        queue = press.person + CALLBACK_QUEUE
        self.updates.add("callback_query", query, queue, self.now() + CALLBACK_LIVES)

    def create_membership_update(self, chat: Chat, person: Params, old: str, new: str) -> None:
        """Create the update about the bot's membership in a chat (blocked, added, removed).

        `person` made the change; `old` and `new` are the Bot API's member statuses.
        """
        moved = {
            "chat": chat.chat,
            "from": person,
            "date": int(self.now()),
            "old_chat_member": self._member(old),
            "new_chat_member": self._member(new),
        }
        self.updates.add("my_chat_member", moved, chat.id + MEMBER_QUEUE, self.now() + DAY)

    def _member(self, status: str) -> Params:
        member: Params = {"user": self.bot, "status": status}
        return member | {"until_date": 0} if status == "kicked" else member


def check_willing(person: Person) -> None:
    """Reject a message to a person who has no account, blocked the bot, or never wrote to it."""
    if person.deactivated:
        raise forbidden("user is deactivated")
    if person.blocked:
        raise forbidden("bot was blocked by the user")
    if not person.started:
        raise forbidden("bot can't initiate conversation with a user")


def forbidden(why: str) -> Refusal:
    """Return a 403 with Telegram's text."""
    return Refusal(403, f"Forbidden: {why}")
