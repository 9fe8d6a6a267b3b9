"""Parser for Telegram's updates, from JSON to events of the flow engine (`flows.engine.events`)."""

import re
from typing import Annotated, Any

import msgspec

from bot.channels import (
    Blocked,
    GroupChat,
    Ignored,
    Inbound,
    IncomingUpdate,
    addresses,
    json_decoding,
)
from flows.engine import events

NAME = "telegram"
KINDS = ("message", "edited_message", "callback_query", "my_chat_member")
PRIVATE = "private"
START = re.compile(
    r"/start(?:@\w+)?(?:\s+(?:(?P<word>[A-Za-z0-9_-]{1,64})|.*))?\s*", re.ASCII | re.I | re.DOTALL
)
# Contents of messages besides text and contacts, as Telegram's field name and the engine's name;
# the first match counts. A message with none of these fields is a service message and needs no
# answer.
CONTENTS = {
    "venue": "location",
    "location": "location",
    "animation": "animation",
    "photo": "photo",
    "live_photo": "photo",
    "document": "document",
    "voice": "voice",
    "video_note": "voice",
    "audio": "voice",
    "video": "video",
    "sticker": "sticker",
    "poll": "poll",
    "dice": "dice",
    "game": "game",
    "story": "story",
    "invoice": "invoice",
    "checklist": "checklist",
    "paid_media": "paid_media",
    "rich_message": "rich_message",
}
_IGNORED = Ignored(NAME)

# Telegram's types, reduced to the fields that the parser reads. Optional fields may be null,
# because some Bot API servers and test servers send null instead of omitting them.


class _User(msgspec.Struct, gc=False):
    id: int
    is_bot: bool | None = None
    language_code: str | None = None


class _Chat(msgspec.Struct, gc=False):
    id: int
    type: str


class _Contact(msgspec.Struct, gc=False):
    phone_number: str
    user_id: int | None = None


class _File(msgspec.Struct, gc=False):
    file_id: str | None = None
    file_size: int | None = None


class _Message(msgspec.Struct, gc=False):
    message_id: int
    chat: _Chat
    sender: _User | None = msgspec.field(name="from", default=None)
    sender_chat: _Chat | None = None
    message_thread_id: int | None = None
    is_topic_message: bool | None = None
    text: str | None = None
    contact: _Contact | None = None
    document: _File | None = None
    photo: list[_File] | None = None
    voice: _File | None = None
    caption: str | None = None


class _Inaccessible(msgspec.Struct, gc=False):
    message_id: int
    chat: _Chat


class _Place(_Inaccessible, gc=False):
    message_thread_id: int | None = None
    is_topic_message: bool | None = None


class _Query(msgspec.Struct, gc=False):
    id: str
    sender: _User = msgspec.field(name="from")
    message: _Place | None = None
    data: str | None = None


class _Member(msgspec.Struct, gc=False):
    status: str


class _MemberUpdate(msgspec.Struct, gc=False):
    chat: _Chat
    sender: _User = msgspec.field(name="from")
    new_chat_member: _Member


class _Update(msgspec.Struct, gc=False):
    update_id: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    message: _Message | None = None
    callback_query: _Query | None = None
    edited_message: _Message | None = None
    my_chat_member: _MemberUpdate | None = None


def arrival(body: bytes) -> IncomingUpdate:
    """Parse one update.

    Raises Unreadable with the codes of `json_decoding.read` and `json_decoding.convert`.
    """
    raw = json_decoding.read(body)
    update = json_decoding.convert(raw, _Update)
    if (message := update.message) is not None:
        event = _message_event(message, raw["message"])
        return _inbound(update, message, _author(message), event)
    if (query := update.callback_query) is not None:
        pressed = events.Pressed(query.data or "")
        return _inbound(update, query.message, query.sender, pressed, query.id)
    if (edited := update.edited_message) is not None:
        # A live location is edited every few seconds by the phone, without an action of the person.
        event = None if _present_fields(raw["edited_message"]) & {"location"} else events.Edited()
        return _inbound(update, edited, _author(edited), event)
    return _IGNORED if update.my_chat_member is None else _member_update(update.my_chat_member)


def _inbound(
    update: _Update,
    place: _Message | _Place | None,
    sender: _User | None,
    event: events.Event | None,
    press_id: str = "",
) -> IncomingUpdate:
    if place is None or sender is None or sender.is_bot:
        return _IGNORED
    if place.chat.type != PRIVATE:
        return GroupChat(NAME, str(place.chat.id))
    if event is None:
        return _IGNORED
    # A reply has a thread id too. But only a thread that is a topic accepts messages.
    thread = place.message_thread_id if place.is_topic_message else None
    return Inbound(
        NAME,
        str(update.update_id),
        str(sender.id),
        addresses.with_thread(str(place.chat.id), thread),
        event,
        str(place.message_id),
        press_id,
    )


def _author(message: _Message) -> _User | None:
    """Return the sender; None for a channel post or an anonymous administrator of a group."""
    return message.sender if message.sender_chat is None else None


def _message_event(message: _Message, raw: dict[str, Any]) -> events.Event | None:
    sender, text, contact = message.sender, message.text, message.contact
    if text is not None:
        started = START.fullmatch(text)
        if started is None:
            return events.Said(text)
        hint = (sender.language_code if sender else None) or ""
        return events.Started(started["word"] or "", hint)
    if contact is not None:
        own = sender is not None and contact.user_id == sender.id
        return events.Shared(_international(contact.phone_number), own)
    held, caption = _present_fields(raw), message.caption or ""
    kind = next((CONTENTS[name] for name in CONTENTS if name in held), "")
    if not kind:
        # A message with a caption was sent by a person, because service messages have none.
        return events.Unreadable("other", caption) if caption else None
    file = _file(message, kind)
    if file is None:
        return events.Unreadable(kind, caption)
    return events.Attached(kind, file.file_id or "", file.file_size or 0, caption)


def _present_fields(raw: dict[str, Any]) -> set[str]:
    """Return the names of an object's fields that are present and not null."""
    return {name for name, value in raw.items() if value is not None}


def _international(number: str) -> str:
    """Return a phone number with a leading plus sign, which some clients omit."""
    return f"+{number}" if number[:1].isdecimal() else number


def _file(message: _Message, kind: str) -> _File | None:
    """Return the file of the message, or None if the bot accepts no files of this kind.

    For a photo, the last of its sizes is returned, which is the largest.
    """
    match kind:
        case "photo":
            file = message.photo[-1] if message.photo else None
        case "document":
            file = message.document
        case "voice":
            file = message.voice
        case _:
            file = None
    return file if file and file.file_id else None


def _member_update(moved: _MemberUpdate) -> IncomingUpdate:
    status = moved.new_chat_member.status
    inside = status not in ("kicked", "left")
    if moved.chat.type != PRIVATE:
        return GroupChat(NAME, str(moved.chat.id)) if inside else _IGNORED
    return Blocked(NAME, str(moved.sender.id), blocked=not inside)
