"""Messages on their way out: written in the caller's transaction, sent right after it.

A row is one act. A person's rows go in order, one at a time: a row may be sent only when none of
theirs before it is open. Whoever sends one goes on with the next; a sweep takes what a crash left.
What a platform takes only while a conversation is fresh waits, blocking nothing, until its person
writes again.

Worded (`wording`), written (`posting`), sent (`delivery`), in several `parts` where it is long,
held back where answers are lost (`doubt`), heard of later (`reports`), taken out of the chat
(`leaving`); the page of the web chat fetches its own (`page`).
"""

from bot.outbox.chat_cleanup import SentMessages, drop_unsent, find_all, recent
from bot.outbox.delivery_reports import record_reports
from bot.outbox.enqueue import (
    MAX_ATTEMPTS,
    after_restore,
    drop_bot_messages,
    enqueue,
    requeue_waiting,
    seal,
)
from bot.outbox.rendering import NOT_DELETED, Row, deletion, rendered, rows, undeleted
from bot.outbox.sender import (
    LEASE_SECONDS,
    SWEPT_AT_ONCE,
    ClaimedMessage,
    closed,
    deliver,
    perform,
    sweep,
)
from bot.outbox.webchat_feed import Waiting, seen, waiting

__all__ = [
    "LEASE_SECONDS",
    "MAX_ATTEMPTS",
    "NOT_DELETED",
    "SWEPT_AT_ONCE",
    "ClaimedMessage",
    "Row",
    "SentMessages",
    "Waiting",
    "after_restore",
    "closed",
    "deletion",
    "deliver",
    "drop_bot_messages",
    "drop_unsent",
    "enqueue",
    "find_all",
    "perform",
    "recent",
    "record_reports",
    "rendered",
    "requeue_waiting",
    "rows",
    "seal",
    "seen",
    "sweep",
    "undeleted",
    "waiting",
]
