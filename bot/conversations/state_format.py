"""The stored form of a conversation: JSON, with names that earlier versions wrote."""

from typing import Any

import msgspec

from flows.engine.state import Conversation

# Fields as they were called before 2026-11-28. Rows keep them until the person's next turn.
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
# Each stored conversation has all fields, so this one distinguishes current names from earlier
# ones.
_MARK = b'"is_persistent"'

encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Conversation).decode


def decode(blob: bytes) -> Conversation:
    """Return the conversation of a stored blob, also of one that an earlier version wrote."""
    if _MARK in blob:
        return _decode(blob)
    fields: dict[str, Any] = msgspec.json.decode(blob)
    return msgspec.convert(
        {RENAMED.get(name, name): value for name, value in fields.items()}, Conversation
    )
