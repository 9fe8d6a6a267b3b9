"""Conversations stored by an earlier version, with former names, can be read."""

import msgspec

from bot.conversations import state_format
from flows.engine.registration import RegistrationStatus
from flows.engine.state import Conversation, MadeList

WHOLE = Conversation(
    language="kk",
    is_persistent=True,
    suspended_flow="checklist",
    muted=True,
    registration=RegistrationStatus("sent", "KZ-TEST"),
    pending_uploads=2,
    requested_upload="passport",
    draft_list=MadeList("checklist", {"programme": "prp"}),
    saved_list=MadeList("checklist", {"programme": None}, ("documents.iin",)),
    has_pin=True,
    after_pin="status",
)


def test_conversation_state_round_trips_through_its_stored_format() -> None:
    assert state_format.decode(state_format.encode(WHOLE)) == WHOLE


def test_conversation_state_with_former_field_names_can_be_decoded() -> None:
    earlier = {new: old for old, new in state_format.RENAMED.items()}
    fields = msgspec.json.decode(state_format.encode(WHOLE))
    old = msgspec.json.encode({earlier.get(name, name): value for name, value in fields.items()})
    assert b'"kept":true' in old
    assert state_format.decode(old) == WHOLE
