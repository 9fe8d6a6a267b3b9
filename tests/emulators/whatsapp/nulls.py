"""Null in place of absent optional fields, as in some solution providers' versions of the API."""

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from .wire import Outcome, Params

VALUE = ("contacts", "errors", "messages", "statuses")
CONTACT = ("wa_id", "user_id", "parent_user_id", "profile", "identity_key_hash")
MESSAGE = (
    "context", "errors", "from", "from_parent_user_id", "from_user_id", "group_id", "referral",
    "timestamp",
)  # fmt: skip
STATUS = ("biz_opaque_callback_data", "conversation", "errors", "pricing", "timestamp")
FILE = ("caption", "file_size", "filename", "voice")
PARTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("image", "document", "audio", "video", "sticker"), FILE),
    "button": ("payload", "text"),
    "interactive": ("button_reply", "list_reply", "nfm_reply"),
    "system": ("wa_id", "new_wa_id", "user_id", "previous_user_id", "type"),
}
CARD = ("phones", "emails", "org")
ANSWER = ("error", "messages", "contacts", "paging")


def filled(fields: Params, optional: tuple[str, ...]) -> Params:
    """Return the object's fields, and null for each optional field that is absent."""
    return dict.fromkeys(optional) | fields


def in_value(value: Params) -> Params:
    """Return a webhook change's value with nulls added at every level."""
    found = filled(value, VALUE)
    for name, each in (("contacts", _contact), ("messages", _message), ("statuses", _status)):
        if found[name] is not None:
            found[name] = [each(one) for one in found[name]]
    return found


def fill_answer(outcome: Outcome) -> Outcome:
    """Return the response to a call with nulls for the absent fields of ANSWER."""
    fields = filled(msgspec.json.decode(outcome.body), ANSWER)
    return replace(outcome, body=msgspec.json.encode(fields))


def _contact(contact: Params) -> Params:
    return filled(contact, CONTACT)


def _status(status: Params) -> Params:
    return filled(status, STATUS)


def _message(message: Params) -> Params:
    kind = message["type"]
    found = filled(message, MESSAGE)
    match found.get(kind):
        case dict() as part:
            found[kind] = filled(part, PARTS.get(kind, ()))
        case list() as cards:
            found[kind] = [filled(card, CARD) for card in cards]
        case _:
            pass
    return found
