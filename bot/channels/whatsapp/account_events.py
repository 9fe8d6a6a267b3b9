"""WhatsApp webhooks about the account and its templates, and people's opt-outs."""

from collections.abc import Iterator
from typing import Any

import msgspec

from bot.channels import BroadcastsStopped, Unreadable
from bot.channels.whatsapp.statuses import seconds
from bot.observability import logging

# Webhook fields about the account, each with the alarm code to log.
FIELDS = {
    "account_alerts": "E_WHATSAPP_RESTRICTED",
    "account_review_update": "E_WHATSAPP_RESTRICTED",
    "account_update": "E_WHATSAPP_RESTRICTED",
    "message_template_quality_update": "E_WHATSAPP_TEMPLATE",
    "message_template_status_update": "E_WHATSAPP_TEMPLATE",
    "phone_number_name_update": "E_WHATSAPP_NUMBER",
    "phone_number_quality_update": "E_WHATSAPP_RESTRICTED",
    "template_category_update": "E_WHATSAPP_TEMPLATE",
}
# Values that require an operator's attention; other values, such as APPROVED, are ignored.
_BAD = (
    "ACCOUNT_DELETED ACCOUNT_RESTRICTION ACCOUNT_VIOLATION CRITICAL DISABLED DISABLED_UPDATE"
    " DOWNGRADE FLAGGED MARKETING PAUSED PENDING_DELETION RED REJECTED WARNING"
)
BAD = frozenset(_BAD.split())
# Fields of a webhook that may contain one of the values in _BAD.
WORDS = (
    "event",
    "decision",
    "new_quality_score",
    "alert_severity",
    # The category of a template, after a change and before one. A service template of the category
    # MARKETING costs more, and does not reach people who opted out of marketing.
    "new_category",
    "correct_category",
)
PREFERENCES, CALLS = "user_preferences", "calls"
MARKETING = "marketing_messages"

_logger = logging.get()


class _Preference(msgspec.Struct, gc=False):
    wa_id: str | None = None
    user_id: str | None = None
    category: str | None = None
    value: str | None = None
    timestamp: str | int | None = None

    @property
    def at(self) -> int:
        try:
            return seconds(self.timestamp)
        except Unreadable:
            return 0


def alarm(field: str, value: dict[str, Any]) -> None:
    """Log an alarm if an event of the account, the number or a template requires an operator."""
    words = (value.get(name) for name in WORDS)
    if any(isinstance(word, str) and word.upper() in BAD for word in words):
        _logger.error("whatsapp.number_refused", code=FIELDS[field], channel="whatsapp")


def preferences(raw: Any) -> Iterator[BroadcastsStopped]:
    """Yield a BroadcastsStopped for each opt-out from marketing; skip other preferences."""
    try:
        found = msgspec.convert(raw or [], list[_Preference])
    except msgspec.ValidationError:
        return
    for each in found:
        handles = tuple(name for name in (each.user_id, each.wa_id) if name)
        if handles and each.category == MARKETING and each.value == "stop":
            yield BroadcastsStopped("whatsapp", handles, each.at)
