"""Parser for WhatsApp's message statuses and errors.

A callback mark is text that the bot sends with a message and Meta returns in its statuses; it names
the outbox row or the broadcast's recipient.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec

from bot.channels import DeliveryReport, Ignored, IncomingUpdate, Unreadable
from bot.channels import json_decoding as decoding
from bot.channels.whatsapp.errors import fault
from bot.observability import logging

NAME = "whatsapp"
# A row in a callback mark: outbox id and attempt (`77.2`), or broadcast, recipient and attempt
# (`b5.120.1`).
ROW = r"[0-9]{1,18}(?:\.[0-9]{1,9})?|b[0-9]{1,18}\.[0-9]{1,9}\.[0-9]{1,9}"
# For a split message, the part's number and the number of parts follow: `77.2/2/3`.
MARK = re.compile(rf"({ROW})(?:/([1-9][0-9]{{0,2}})/([1-9][0-9]{{0,2}}))?", re.ASCII)
STATES: dict[str, Literal["sent", "delivered", "read", "failed"]] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}
_logger = logging.get()

MAX_ID = 512
type Id = Annotated[str, msgspec.Meta(pattern="^[!-~]+$", max_length=MAX_ID)]


class _Error(msgspec.Struct, gc=False):
    code: int


class _Pricing(msgspec.Struct, gc=False):
    billable: bool | None = None
    category: str | None = None


class _Status(msgspec.Struct, gc=False):
    id: Id
    status: str
    timestamp: str | int | None = None
    biz_opaque_callback_data: str | None = None
    errors: list[_Error] | None = None
    pricing: _Pricing | None = None


def seconds(value: str | int | None) -> int:
    """Convert Meta's timestamp to integer Unix seconds; 0 if there is none. Raises Unreadable."""
    try:
        seconds = int(value or 0)
    except ValueError:
        raise Unreadable("E_NUMBER") from None
    if not 0 <= seconds < 10**11:
        raise Unreadable("E_NUMBER")
    return seconds


def status(raw: Any) -> Sequence[IncomingUpdate]:
    """Return a status as a delivery report, or Ignored if the bot does not use its kind."""
    found = decoding.convert(raw, _Status)
    state = STATES.get(found.status)
    if state is None:
        return (Ignored(NAME),)
    row, part, parts = _parse_mark(found.biz_opaque_callback_data or "")
    failed = [fault(error.code) for error in found.errors or ()] if state == "failed" else []
    for each in failed:
        if each.alarm:
            _logger.error("whatsapp.number_refused", code=each.alarm, channel=NAME)
    return (
        DeliveryReport(
            NAME,
            state,
            seconds(found.timestamp),
            failed[0].error.code if failed else "E_SEND_REFUSED" if state == "failed" else "",
            row,
            _price(found.pricing),
            part,
            parts,
        ),
    )


def mark(row: str, part: int, parts: int) -> str:
    """Return the callback mark (field `biz_opaque_callback_data`) to send with a message.

    Meta returns it in the reports on this message.
    """
    return f"{row}/{part}/{parts}" if row and parts > 1 else row


def _parse_mark(data: str) -> tuple[str, int, int]:
    """Return row, part number and number of parts from a callback mark; row '' if it is invalid."""
    found = MARK.fullmatch(data)
    if found is None:
        return "", 1, 1
    return found[1], int(found[2] or 1), int(found[3] or 1)


def _price(pricing: _Pricing | None) -> str:
    """Return Meta's billing category of a message; '' for no charge or an invalid category."""
    if pricing is None or pricing.billable is False:
        return ""
    category = pricing.category or ""
    return category if re.fullmatch(r"[a-z_]{1,40}", category) else ""


def alarm(raw: Any) -> None:
    """Log an alarm for an error of the whole account, which WhatsApp reports without a message."""
    try:
        code = decoding.convert(raw, _Error).code
    except Unreadable:
        return
    _logger.error(
        "whatsapp.number_refused", code=fault(code).alarm or fault(code).error.code, channel=NAME
    )
