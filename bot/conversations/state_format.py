"""Encodes conversations as JSON, and decodes also the field names of earlier versions."""

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
# All fields are always stored. Therefore every blob with current names contains this name, and no
# older blob contains it.
_MARK = b'"is_persistent"'

encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Conversation).decode


def decode(blob: bytes) -> Conversation:
    """Return the conversation in a stored blob of the current or an earlier version."""
    if _MARK in blob:
        return _decode(blob)
    fields: dict[str, Any] = msgspec.json.decode(blob)
    return msgspec.convert(
        {RENAMED.get(name, name): value for name, value in fields.items()}, Conversation
    )
