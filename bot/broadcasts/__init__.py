"""Broadcasts: announcements that reach everyone who wants them once, by the word of two people.

Written (`drafts`), agreed to (`approving`), sent off and held (`running`), looked at (`progress`);
in a worker kept moving (`tending`) and delivered (`delivery`); heard of later (`receipts`).
"""

from bot.broadcasts.approving import Approval, agreed, approvals, approve, ask_approval, blockers
from bot.broadcasts.audience import Count
from bot.broadcasts.delivery import send_shard
from bot.broadcasts.drafts import count, draft, draft_once, edit, find, listing, test_send
from bot.broadcasts.model import (
    Broadcast,
    Draft,
    Fate,
    Purpose,
    Refusal,
    Refused,
    Rule,
    Stale,
    State,
    Words,
)
from bot.broadcasts.paper import from_json, from_toml
from bot.broadcasts.progress import (
    Estimate,
    Pause,
    Progress,
    Recipient,
    Told,
    archive,
    estimate,
    history,
    progress,
    recipients,
)
from bot.broadcasts.receipts import ours, receipts
from bot.broadcasts.running import (
    Doubt,
    after_restore,
    cancel,
    decide_in_doubt,
    pause,
    resume,
    retry_failed,
    start,
)
from bot.broadcasts.tending import QUEUE, SHARD_TASK, SNAPSHOT_TASK, snapshot, tend
from bot.broadcasts.wording import Blocker, samples, written

__all__ = [
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
    "Fate",
    "Pause",
    "Progress",
    "Purpose",
    "Recipient",
    "Refusal",
    "Refused",
    "Rule",
    "Stale",
    "State",
    "Told",
    "Words",
    "after_restore",
    "agreed",
    "approvals",
    "approve",
    "archive",
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
    "listing",
    "ours",
    "pause",
    "progress",
    "receipts",
    "recipients",
    "resume",
    "retry_failed",
    "samples",
    "send_shard",
    "snapshot",
    "start",
    "tend",
    "test_send",
    "written",
]
