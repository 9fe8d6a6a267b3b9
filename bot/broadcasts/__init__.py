"""Broadcasts: announcements sent once to every subscriber, after approval by a second officer.

Modules: `drafts` writes, `approval` approves, `lifecycle` starts and stops, and `progress` reports.
In a worker, `scheduler` queues shards (ranges of recipients) and `sender` delivers them. The first
recipients are a canary: if more than a fifth of them fail, the broadcast is paused.
`record_reports` processes delivery reports.
"""

from bot.broadcasts.approval import (
    Approval,
    approvals,
    approve,
    ask_approval,
    blockers,
    last_approved,
)
from bot.broadcasts.audience import Count
from bot.broadcasts.content import Blocker, samples, written
from bot.broadcasts.delivery_reports import is_broadcast, record_reports
from bot.broadcasts.draft_files import from_json, from_toml
from bot.broadcasts.drafts import count, draft, draft_once, edit, find, listing, test_send
from bot.broadcasts.error_policy import OPT_OUT_TASK
from bot.broadcasts.lifecycle import (
    Doubt,
    after_restore,
    cancel,
    decide_in_doubt,
    pause,
    resume,
    retry_failed,
    start,
)
from bot.broadcasts.model import (
    Broadcast,
    Draft,
    Purpose,
    RecipientStatus,
    Refusal,
    Refused,
    Rule,
    Stale,
    State,
    Words,
)
from bot.broadcasts.progress import (
    Estimate,
    PastAnnouncement,
    Pause,
    Progress,
    Recipient,
    estimate,
    history,
    latest_announcements,
    progress,
    recipients,
)
from bot.broadcasts.scheduler import QUEUE, SHARD_TASK, SNAPSHOT_TASK, run_due, snapshot
from bot.broadcasts.sender import send_shard

__all__ = [
    "OPT_OUT_TASK",
    "QUEUE",
    "SHARD_TASK",
    "SNAPSHOT_TASK",
    "Approval",
    "Blocker",
    "Broadcast",
    "Count",
    "Doubt",
    "Draft",
    "Estimate",
    "PastAnnouncement",
    "Pause",
    "Progress",
    "Purpose",
    "Recipient",
    "RecipientStatus",
    "Refusal",
    "Refused",
    "Rule",
    "Stale",
    "State",
    "Words",
    "after_restore",
    "approvals",
    "approve",
    "ask_approval",
    "blockers",
    "cancel",
    "count",
    "decide_in_doubt",
    "draft",
    "draft_once",
    "edit",
    "estimate",
    "find",
    "from_json",
    "from_toml",
    "history",
    "is_broadcast",
    "last_approved",
    "latest_announcements",
    "listing",
    "pause",
    "progress",
    "recipients",
    "record_reports",
    "resume",
    "retry_failed",
    "run_due",
    "samples",
    "send_shard",
    "snapshot",
    "start",
    "test_send",
    "written",
]
