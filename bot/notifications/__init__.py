"""Notifications to officers by e-mail and Web Push; they contain no personal data.

An event queues a job in the event's transaction (`fan_out.notify`). The job writes a row for each
recipient and target (e-mail address or browser). A sweep (periodic job) sends the due rows, grouped
by recipient and target (`delivery`). `hints` sends neutral e-mails and SMS to people who left an
address.
"""

from bot.notifications.content_draft import ContentDraft
from bot.notifications.delivery import push_sender, send_due
from bot.notifications.fan_out import TASK, fan_out, find_ending, find_unstaffed, notify
from bot.notifications.hints import send_hints
from bot.notifications.kinds import LABELS, Kind, NewerKind, known_kind
from bot.notifications.switched_off import SwitchedOff

__all__ = [
    "LABELS",
    "TASK",
    "ContentDraft",
    "Kind",
    "NewerKind",
    "SwitchedOff",
    "fan_out",
    "find_ending",
    "find_unstaffed",
    "known_kind",
    "notify",
    "push_sender",
    "send_due",
    "send_hints",
]
