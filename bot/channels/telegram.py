"""Telegram: updates of the Bot API become arrivals, acts become its calls."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Annotated, Any, assert_never

import aiohttp
import msgspec

from bot import log
from bot.channels import (
    Act,
    Arrival,
    Blocked,
    CannotEdit,
    Ignored,
    Inbound,
    Intruder,
    Message,
    NotAllowed,
    Press,
    Refused,
    SendError,
    Throttled,
    Unreachable,
    profile,
    wire,
)
from flows.engine import events
from flows.engine.words import Words

NAME = "telegram"
UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
CALL_SECONDS = 15
POLL_SECONDS = 50
MOST_PAUSE = 60.0
# Where the platform says "wait" and does not say how long.
UNTOLD_PAUSE = 5.0

MOST_UNITS = 4096
MOST_PAYLOAD_BYTES = 64
# A label may be this wide, by how many stand in its row; a Chinese character is two wide.
MOST_IN_ROW = 3
WIDTHS = {2: 16, 3: 12}
FIRST_WIDE = "\u2e80"

_HEADERS = {"Content-Type": "application/json"}
_logger = log.get()
_encode = msgspec.json.Encoder().encode

# What the platform sends, no more of it than is used.


class _User(msgspec.Struct, gc=False):
    id: int
    is_bot: bool = False
    language_code: str = ""


class _Chat(msgspec.Struct, gc=False):
    id: int
    type: str


class _Contact(msgspec.Struct, gc=False):
    phone_number: str
    user_id: int | None = None


class _Message(msgspec.Struct, gc=False):
    message_id: int
    chat: _Chat
    sender: _User | None = msgspec.field(name="from", default=None)
    sender_chat: _Chat | None = None
    text: str | None = None
    contact: _Contact | None = None


class _Place(msgspec.Struct, gc=False):
    message_id: int
    chat: _Chat


class _Query(msgspec.Struct, gc=False):
    id: str
    sender: _User = msgspec.field(name="from")
    message: _Place | None = None
    data: str = ""


class _Member(msgspec.Struct, gc=False):
    status: str


class _Moved(msgspec.Struct, gc=False):
    chat: _Chat
    sender: _User = msgspec.field(name="from")
    new_chat_member: _Member


class _Update(msgspec.Struct, gc=False):
    update_id: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    message: _Message | None = None
    edited_message: _Message | None = None
    callback_query: _Query | None = None
    my_chat_member: _Moved | None = None


class _Contents(msgspec.Struct):
    """A message by the names of what it holds."""

    message: dict[str, msgspec.Raw] = {}
    edited_message: dict[str, msgspec.Raw] = {}


class _Numbered(msgspec.Struct):
    update_id: int


class _Sent(msgspec.Struct):
    message_id: int


class _Parameters(msgspec.Struct):
    retry_after: float = UNTOLD_PAUSE


class _Answer(msgspec.Struct):
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")
    description: str = ""
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


_UPDATE = msgspec.json.Decoder(_Update)
_CONTENTS = msgspec.json.Decoder(_Contents)
_NUMBERED = msgspec.json.Decoder(_Numbered)
_SENT = msgspec.json.Decoder(_Sent)
_DONE = msgspec.json.Decoder(bool)
_BATCH = msgspec.json.Decoder(list[msgspec.Raw])
_ANSWER = msgspec.json.Decoder(_Answer)
