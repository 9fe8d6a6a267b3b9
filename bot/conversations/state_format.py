"""Encodes conversations as JSON, and decodes also the field names of earlier versions.

Fields of the conversation that a newer version stored are kept. Otherwise an old process that
answers during an upgrade would delete them. Unknown fields of its parts, such as a form, are lost.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import msgspec

from flows.engine.state import Conversation

# Field names from before 2026-11-28, and their current names. A stored conversation has the earlier
# names until the person's next turn.
RENAMED = {
    "kept": "is_persistent",
    "parked": "suspended_flow",
    "quiet": "muted",
    "standing": "registration",
    "checking": "pending_uploads",
    "wanted": "requested_upload",
    "made": "draft_list",
    "mine": "saved_list",
    "locked": "has_pin",
    "behind": "after_pin",
}
# All fields are always stored. A conversation is therefore stored with current names if and only if
# its JSON contains this name.
_MARK = b'"is_persistent"'

type NewerFields = Mapping[str, msgspec.Raw]

_KNOWN = frozenset((*RENAMED, *(each.name for each in fields(Conversation))))
NO_FIELDS: NewerFields = {}

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Conversation).decode
_raw_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def encode(
    conversation: Conversation, newer: NewerFields = NO_FIELDS, visit_home: str = ""
) -> bytes:
    """Encode a conversation, together with the fields `newer` that a newer version of Kosh stored.

    If the person has closed the chat, `newer` is left out, since it could be private. `visit_home`
    is the value for the field with this name.
    """
    if conversation.visit_home != visit_home:
        conversation = replace(conversation, visit_home=visit_home)
    encoded = _encode(conversation)
    if not newer or conversation.has_left:
        return encoded
    return encoded[:-1] + b"," + _encode(newer)[1:]


def newer_fields(blob: bytes) -> NewerFields:
    """Return those fields of a stored conversation, still encoded, that this version lacks."""
    found = _raw_fields(blob)
    if found.keys() <= _KNOWN:
        return NO_FIELDS
    return {name: raw.copy() for name, raw in found.items() if name not in _KNOWN}


def decode(blob: bytes) -> Conversation:
    """Decode a stored conversation of the current or an earlier version."""
    if _MARK in blob:
        return _decode(blob)
    stored: dict[str, Any] = msgspec.json.decode(blob)
    return msgspec.convert(
        {RENAMED.get(name, name): value for name, value in stored.items()}, Conversation
    )
