"""Outbox: outgoing messages, queued in the caller's transaction and sent after its commit.

A row is one platform call. A person's rows are sent in order, one at a time: a row is sent only
when no earlier one is open. The sender of a row continues with the next; a sweep (periodic job)
sends the rows that a crashed sender left. Outside of a platform's reply window (a time after the
person's last message), a message waits until the person writes, without blocking later rows.

Modules: `rendering`, `enqueue`, `sender`, `attached_files`, `part_status` for messages split into
parts, `rate_limits`, `channel_probe` for lost responses, `delivery_reports`, `chat_cleanup`,
`unannounced_replies`, and `webchat_feed` for the web chat page.
"""

from bot.outbox.chat_cleanup import (
    SentMessages,
    drop_unsent,
    find_all,
    forget_texts,
    move_unsent,
    recent,
)
from bot.outbox.delivery_reports import record_reports
from bot.outbox.enqueue import (
    after_restore,
    drop_bot_messages,
    enqueue,
    release,
    requeue_waiting,
    retract,
    seal,
)
from bot.outbox.rendering import (
    MISSING,
    NOT_DELETED,
    Row,
    deletion,
    missing_notice,
    rendered,
    rows,
    undeleted_notice,
)
from bot.outbox.sender import (
    LEASE_SECONDS,
    ClaimedMessage,
    deliver,
    is_window_closed,
    perform,
    sweep,
    take_back,
)
from bot.outbox.statements import MAX_ATTEMPTS, SWEPT_AT_ONCE
from bot.outbox.unannounced_replies import is_notice_lost, take_unannounced, unannounced_to
from bot.outbox.webchat_feed import Waiting, delete_seen, has_newest, waiting

__all__ = [
    "LEASE_SECONDS",
    "MAX_ATTEMPTS",
    "MISSING",
    "NOT_DELETED",
    "SWEPT_AT_ONCE",
    "ClaimedMessage",
    "Row",
    "SentMessages",
    "Waiting",
    "after_restore",
    "delete_seen",
    "deletion",
    "deliver",
    "drop_bot_messages",
    "drop_unsent",
    "enqueue",
    "find_all",
    "forget_texts",
    "has_newest",
    "is_notice_lost",
    "is_window_closed",
    "missing_notice",
    "move_unsent",
    "perform",
    "recent",
    "record_reports",
    "release",
    "rendered",
    "requeue_waiting",
    "retract",
    "rows",
    "seal",
    "sweep",
    "take_back",
    "take_unannounced",
    "unannounced_to",
    "undeleted_notice",
    "waiting",
]
