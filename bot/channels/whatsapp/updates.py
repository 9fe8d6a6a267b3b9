"""Parser for WhatsApp's webhooks.

Every element of every list is parsed separately, so that an unreadable one does not affect others.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import msgspec

from bot.channels import (
    HandleChanged,
    Ignored,
    Inbound,
    IncomingUpdate,
    Unparseable,
    Unreadable,
)
from bot.channels import json_decoding as decoding
from bot.channels.whatsapp import account_events, statuses
from bot.channels.whatsapp.statuses import MAX_ID, Id, seconds
from flows.engine import events

NAME = statuses.NAME
# Deduplication keys are stored for 8 days, so an older update could be an undetected duplicate.
MAX_AGE_SECONDS = 8 * 24 * 3600
SHARE = ":@"
FIELDS = ("messages", account_events.PREFERENCES, account_events.CALLS)
PAYLOAD = re.compile(r"!\w+|\d+:.*")
USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}", re.ASCII)
PHONE = re.compile(r"[0-9]{5,20}", re.ASCII)

# Contents besides text, presses, files and contacts: Meta's message type and the engine's name.
# Messages of other types are ignored.
CONTENTS = {
    "location": "location",
    "audio": "voice",
    "voice": "voice",
    "video": "video",
    "sticker": "sticker",
    "order": "invoice",
    "call": "call",
    "unsupported": "other",
}
# Types of messages that the API reports without their contents; "errors" means that a message was
# lost.
_UNSUPPORTED = (
    "button errors gif group_invite hsm image interactive link_preview list location"
    " media_placeholder order poll_creation product"
)
UNSUPPORTED = frozenset(_UNSUPPORTED.split())
FILES = {"image": "photo", "document": "document", "audio": "voice"}
_IGNORED = Ignored(NAME)
_encode = msgspec.json.Encoder().encode


# Meta's types, reduced to the fields that the parser reads. Every optional field may also be null.


class _Message(msgspec.Struct, gc=False):
    id: Id
    type: str
    timestamp: str | int | None = None
    sender: str | None = msgspec.field(name="from", default=None)
    from_user_id: str | None = None
    from_parent_user_id: str | None = None
    group_id: str | None = None


class _Contact(msgspec.Struct, gc=False):
    wa_id: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None


class _Text(msgspec.Struct, gc=False):
    body: str


class _Press(msgspec.Struct, gc=False):
    payload: str | None = None
    text: str | None = None


class _Reply(msgspec.Struct, gc=False):
    id: str


class _FlowReply(msgspec.Struct, gc=False):
    response_json: str | None = None


class _Interactive(msgspec.Struct, gc=False):
    button_reply: _Reply | None = None
    list_reply: _Reply | None = None
    nfm_reply: _FlowReply | None = None


class _File(msgspec.Struct, gc=False):
    id: Id
    file_size: int | None = None
    caption: str | None = None


class _Number(msgspec.Struct, gc=False):
    phone: str | None = None
    wa_id: str | None = None


class _Card(msgspec.Struct, gc=False):
    phones: list[_Number] | None = None


class _System(msgspec.Struct, gc=False):
    type: str | None = None
    wa_id: str | None = None
    new_wa_id: str | None = None
    user_id: str | None = None
    previous_user_id: str | None = None


class _Metadata(msgspec.Struct, gc=False):
    phone_number_id: str | int


@dataclass(frozen=True, slots=True)
class _Sender:
    """The sender of a message: phone number or '', and handles with the preferred one first."""

    phone: str
    names: tuple[str, ...]


def arrivals(body: bytes, number_id: str, now: float) -> tuple[IncomingUpdate, ...]:
    """Parse a webhook body into updates.

    Raises Unreadable, with E_SHAPE if the body has no list of entries. An unreadable element
    becomes Unparseable. Elements about other business numbers are ignored. A message older than 8
    days becomes Unparseable with E_STALE, since it could be a duplicate.
    """
    raw = decoding.read(body)
    entries = raw.get("entry") if isinstance(raw, dict) else None
    if not isinstance(entries, list):
        raise Unreadable("E_SHAPE")
    return tuple(each for entry in entries for each in _entry(entry, number_id, now)) or (_IGNORED,)


def _entry(entry: Any, number_id: str, now: float) -> Iterator[IncomingUpdate]:
    changes = entry.get("changes") if isinstance(entry, dict) else None
    if not isinstance(changes, list):
        yield _unparseable(entry, "E_SHAPE")
        return
    for change in changes:
        try:
            yield from _change(change, number_id, now)
        except Unreadable as error:
            yield _unparseable(change, error.code)


def _change(change: Any, number_id: str, now: float) -> Iterator[IncomingUpdate]:
    value = change.get("value") if isinstance(change, dict) else None
    if not isinstance(value, dict):
        raise Unreadable("E_SHAPE")
    field = str(change.get("field"))
    if field in account_events.FIELDS:
        return account_events.alarm(field, value)
    if field not in FIELDS or not _is_for_number(value, number_id):
        return
    yield from account_events.preferences(value.get(account_events.PREFERENCES))
    contacts = _contacts(value.get("contacts"))
    for raw in _list_field(value, account_events.CALLS):
        yield from _each(raw, lambda raw=raw: _call(raw, contacts, now))
    for raw in _list_field(value, "messages"):
        yield from _each(raw, lambda raw=raw: _message(raw, contacts, now))
    for raw in _list_field(value, "statuses"):
        yield from _each(raw, lambda raw=raw: statuses.status(raw))
    for raw in _list_field(value, "errors"):
        statuses.alarm(raw)


def _is_for_number(value: dict[str, Any], number_id: str) -> bool:
    metadata = decoding.convert(value.get("metadata"), _Metadata)
    return str(metadata.phone_number_id) == number_id


def _list_field(value: dict[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    if found is None or isinstance(found, list):
        return found or []
    raise Unreadable("E_SHAPE")


def _each(raw: Any, read: Any) -> Iterator[IncomingUpdate]:
    try:
        found: Sequence[IncomingUpdate] = read()
    except Unreadable as error:
        found = (_unparseable(raw, error.code),)
    yield from found


def _unparseable(raw: Any, code: str) -> Unparseable:
    """Return an Unparseable for an unreadable element.

    The element's id, or its hash if it has none, is used for deduplication.
    """
    written = _encode(raw)
    name = raw.get("id") if isinstance(raw, dict) else None
    if not isinstance(name, str) or not 0 < len(name) <= MAX_ID:
        name = sha256(written).hexdigest()
    return Unparseable(NAME, name, code, len(written))


def _contacts(raw: Any) -> list[_Contact]:
    """Return the valid entries of a webhook's list of contacts (senders); skip invalid ones.

    A skipped contact loses no message, because each message also names its sender.
    """
    found = []
    for each in raw if isinstance(raw, list) else ():
        try:
            found.append(msgspec.convert(each, _Contact))
        except msgspec.ValidationError:
            continue
    return found


# Parsers of single messages, calls and system messages


def _message(raw: Any, contacts: Sequence[_Contact], now: float) -> Sequence[IncomingUpdate]:
    message = decoding.convert(raw, _Message)
    if message.group_id:
        return (_IGNORED,)
    at = seconds(message.timestamp) or int(now)
    if at < now - MAX_AGE_SECONDS:
        raise Unreadable("E_STALE")
    if message.type == "system":
        return _moves(message, decoding.convert(raw.get("system") or {}, _System))
    sender = _sender_of(message, contacts)
    if not sender.names:
        raise Unreadable("E_SHAPE")
    handle, *aliases = sender.names
    event = _event(message.type, raw, sender)
    if event is None:
        return (_IGNORED,)
    found = Inbound(NAME, message.id, handle, handle, event, message.id, "", tuple(aliases), at)
    return (
        replace(found, pressed_on=_replied_to(raw)) if isinstance(event, events.Pressed) else found,
    )


def _replied_to(raw: dict[str, Any]) -> str:
    """Return the id of the message to which a message replies; '' if it is no reply.

    A press of a button counts as a reply to the message that has the button.
    """
    context = raw.get("context")
    found = context.get("id") if isinstance(context, dict) else None
    return found if isinstance(found, str) else ""


def _call(raw: Any, contacts: Sequence[_Contact], now: float) -> Sequence[IncomingUpdate]:
    """Return an incoming call as an unsupported message; ignore other events of a call."""
    if not isinstance(raw, dict) or raw.get("event") != "connect":
        return (_IGNORED,)
    return _message({**raw, "type": "call"}, contacts, now)


def _sender_of(message: _Message, contacts: Sequence[_Contact]) -> _Sender:
    """Return a message's sender, with the ids in the webhook's contact entry for that person."""
    own = [name for name in (message.sender, message.from_user_id) if name]
    shared = (each for each in contacts if {each.wa_id, each.user_id} & set(own))
    only = contacts[0] if len(contacts) == 1 and not own else _Contact()
    contact = next(shared, only)
    candidates = (
        message.from_user_id,
        contact.user_id,
        message.sender,
        contact.wa_id,
        message.from_parent_user_id,
        contact.parent_user_id,
    )
    names = list(dict.fromkeys(name for name in candidates if name))
    ids = [name for name in names if USER_ID.fullmatch(name)]
    phones = [name.removeprefix("+") for name in names if PHONE.fullmatch(name.removeprefix("+"))]
    return _Sender(next(iter(phones), ""), tuple(dict.fromkeys((*ids, *phones))))


def _event(kind: str, raw: dict[str, Any], sender: _Sender) -> events.Event | None:
    part = raw.get(kind)
    match kind:
        case "text":
            return events.Said(decoding.convert(part, _Text).body)
        case "button":
            return _pressed_template(decoding.convert(part, _Press))
        case "interactive":
            return _press_event(decoding.convert(part, _Interactive), sender)
        case "image" | "document" | "audio":
            file = decoding.convert(part, _File)
            return events.Attached(FILES[kind], file.id, file.file_size or 0, file.caption or "")
        case "contacts":
            return _contact_event(decoding.convert(part, list[_Card]), sender)
        case "request_welcome":
            return events.Started()
        case "edit":
            return events.Edited()
        case _:
            return _other(kind, part if isinstance(part, dict) else {})


def _other(kind: str, part: dict[str, Any]) -> events.Event | None:
    """Return the event for contents that the bot cannot read; None if no person sent them.

    The platform itself sends system messages, for example about a changed number. It reports an
    edited message as `unsupported`, unless the number is used in the WhatsApp Business app, too.
    """
    if kind == "unsupported" and part.get("type") == "edit":
        return events.Edited()
    caption = part.get("caption")
    words = caption if isinstance(caption, str) else ""
    unknown = kind not in CONTENTS or (
        kind == "unsupported" and part.get("type", "errors") not in [*UNSUPPORTED, None]
    )
    # Only a person's message can have a caption. A message with a caption is therefore reported,
    # even if its type is unknown.
    return None if unknown and not words else events.Unreadable(CONTENTS.get(kind, "other"), words)


def _pressed_template(press: _Press) -> events.Event:
    """Return the event of a press on a template's quick reply.

    If the payload is not one of the bot's, the label counts as a typed text.
    """
    label = press.text or ""
    payload = press.payload or label
    return events.Pressed(payload) if PAYLOAD.fullmatch(payload) else events.Said(label)


def _press_event(pressed: _Interactive, sender: _Sender) -> events.Event:
    if (reply := pressed.button_reply or pressed.list_reply) is None:
        return _form_event(pressed.nfm_reply.response_json if pressed.nfm_reply else None)
    if reply.id.endswith(SHARE):
        return (
            events.Shared(f"+{sender.phone}", True)
            if sender.phone
            else events.Unreadable("contact")
        )
    return events.Pressed(reply.id)


def _form_event(written: str | None) -> events.Event:
    """Return the answers of a WhatsApp form (flow) as one typed message."""
    try:
        fields = msgspec.json.decode(written or "", type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError):
        return events.Unreadable("other")
    fields.pop("flow_token", None)
    words = ", ".join(value for value in fields.values() if isinstance(value, str) and value)
    return events.Said(words) if words else events.Unreadable("other")


def _contact_event(cards: Sequence[_Card], sender: _Sender) -> events.Event:
    """Return the event of a shared phone number.

    It is the person's own number if it equals the sender's.
    """
    for number in (number for card in cards for number in card.phones or ()):
        digits = re.sub(r"\D", "", number.wa_id or number.phone or "")
        if digits:
            return events.Shared(f"+{digits}", digits == sender.phone)
    return events.Unreadable("contact")


def _moves(message: _Message, system: _System) -> Sequence[IncomingUpdate]:
    """Return the handle changes in a system message: a new phone number, a new user id, or both."""
    new_phone = system.wa_id or system.new_wa_id or ""
    old_phone = message.sender or ""
    pairs = ((system.previous_user_id or "", system.user_id or ""), (old_phone, new_phone))
    changes = [pair for pair in pairs if all(pair) and pair[0] != pair[1]]
    if not changes and old_phone and system.user_id:
        changes = [(old_phone, system.user_id)]
    return [
        HandleChanged(NAME, f"{message.id}/{number}", old, new, system.user_id or "")
        for number, (old, new) in enumerate(changes)
    ] or (_IGNORED,)
