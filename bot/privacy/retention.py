"""Retention: deletes rows whose retention period has ended."""

from typing import LiteralString

import psycopg

from bot.observability import logging
from bot.runtime import Runtime
from flows import lifetimes

_logger = logging.get()

# The rules' parameters: `case` is "30 days" where the table has CASE_DAYS = 30.
KEPT = {
    name.rpartition("_")[0].lower(): f"{value} {name.rpartition('_')[2].lower()}"
    for name, value in vars(lifetimes).items()
    if name.isupper()
}
# Rules for due rows, in database time; the database role kosh_retention can do nothing else.
RULES: tuple[tuple[str, LiteralString], ...] = (
    (
        "updates",
        "DELETE FROM updates WHERE at < kosh_now() - %(update)s::interval",
    ),
    (
        "quarantine",
        "DELETE FROM quarantine WHERE at < kosh_now() - %(quarantine)s::interval",
    ),
    (
        "messages",
        "DELETE FROM messages WHERE done_at < kosh_now() - %(message)s::interval"
        # An officer's message that was not delivered stays, so that the case shows it.
        " AND state NOT IN ('pending', 'sending') "
        " AND (case_id IS NULL OR state NOT IN ('dropped', 'failed', 'undeliverable'))",
    ),
    # Notes on messages that no platform allows to delete any more.
    (
        "standing",
        "UPDATE conversations SET standing = ARRAY(SELECT note FROM unnest(standing) note"
        "  WHERE split_part(note, ' ', 2)::bigint"
        "    > extract(epoch FROM kosh_now() - %(deletable)s::interval))"
        " WHERE split_part(standing[1], ' ', 2)::bigint"
        "   <= extract(epoch FROM kosh_now() - %(deletable)s::interval)",
    ),
    # Messages that waited 30 days for their person.
    ("waiting", "DELETE FROM messages WHERE state = 'waiting' AND due_at < kosh_now()"),
    (
        "case_events",
        "DELETE FROM case_events WHERE at < kosh_now() - %(case_event)s::interval",
    ),
    (
        "console_sessions",
        "DELETE FROM console_sessions"
        " WHERE created_at < kosh_now() - %(console_session)s::interval",
    ),
    ("account_links", "DELETE FROM account_links WHERE expires_at < kosh_now()"),
    (
        "links",
        "DELETE FROM links WHERE expires_at < kosh_now() - %(link)s::interval",
    ),
    ("handles", "DELETE FROM handles WHERE until < kosh_now()"),
    (
        "cases",
        "DELETE FROM cases WHERE state = 'resolved' AND state_at < kosh_now() - %(case)s::interval",
    ),
    (
        "recipients",
        # The counters by status are kept.
        "DELETE FROM recipients WHERE broadcast_id IN (SELECT id FROM broadcasts"
        " WHERE state IN ('done', 'cancelled')"
        " AND state_at < kosh_now() - %(recipient)s::interval)",
    ),
    (
        "broadcast_requests",
        "DELETE FROM broadcast_requests WHERE at < kosh_now() - %(broadcast_request)s::interval",
    ),
    (
        "registrations",
        # Unfinished registrations too: after this time nothing more is expected.
        "DELETE FROM registrations WHERE state_at < kosh_now() - %(submission)s::interval",
    ),
    (
        "uploads",
        "DELETE FROM uploads WHERE CASE WHEN state IN ('refused', 'gone')"
        " THEN state_at < kosh_now() - %(refused_upload)s::interval"
        " ELSE state <> 'accepted' AND created_at < kosh_now() - %(upload)s::interval END",
    ),
    (
        "people",
        "DELETE FROM people p WHERE"
        " EXISTS (SELECT FROM conversations c WHERE c.person_id = p.id"
        "   AND c.updated_at < kosh_now() - %(draft)s::interval)"
        " AND NOT EXISTS (SELECT FROM registrations r WHERE r.person_id = p.id)"
        " AND NOT EXISTS (SELECT FROM cases k WHERE k.person_id = p.id)"
        # A subscription keeps a person who can still be reached.
        " AND NOT EXISTS (SELECT FROM subscriptions s JOIN handles h ON h.person_id = s.person_id"
        "   WHERE s.person_id = p.id AND NOT h.blocked)",
    ),
)


async def retain(rt: Runtime) -> dict[str, int]:
    """Delete due rows; each rule commits on its own, so that a failure does not stop the others."""
    gone: dict[str, int] = {}
    url = rt.settings.database("retention")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as transaction:
        for table, statement in RULES:
            try:
                gone[table] = (await transaction.execute(statement, KEPT)).rowcount
            except psycopg.Error:
                _logger.exception("retention.failed", table=table)
            else:
                _logger.info("retention.done", table=table, count=gone[table])
    return gone
