"""Retention: deletes rows whose retention period has ended."""

import psycopg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Delete,
    Text,
    Update,
    and_,
    case,
    cast,
    delete,
    exists,
    extract,
    func,
    or_,
    select,
    update,
)

from bot.db import tables as t
from bot.db.pipeline import Sendable
from bot.db.statements import NOW, ago, execute, statement
from bot.observability import logging
from bot.registrations.statements import HAS_OPEN_WRITE
from bot.runtime import Runtime
from flows import lifetimes

_logger = logging.get()


_UNDELETABLE = ago(hours=lifetimes.DELETABLE_HOURS)


def _stored_at(note: ColumnElement[str]) -> ColumnElement[int]:
    """Return the time, in Unix seconds, that is stored in an item of `deletable_messages`."""
    return cast(func.split_part(note, " ", 2), BigInteger)


def _forget_deletable_messages() -> Update:
    """Return a statement that removes old items from the column `deletable_messages`.

    An item names a message, by which the bot can delete it. Platforms let a bot delete only recent
    messages, so an old item has no use.
    """
    notes, since = t.Conversation.deletable_messages, extract("epoch", _UNDELETABLE)
    note = func.unnest(notes).column_valued("note")
    later = select(note).where(_stored_at(note) > since).correlate(t.Conversation)
    return (
        update(t.Conversation)
        .where(_stored_at(notes[1]) <= since)
        .values(deletable_messages=func.array(later.scalar_subquery(), type_=ARRAY(Text)))
    )


def _delete_idle_people() -> Delete:
    """Return a statement that deletes idle people without registration, case or subscription.

    Idle means no answer for DRAFT_DAYS days.
    """
    # Each query selects only one column, since the database role of retention may not read the
    # other columns.
    person = t.Person.id
    idle = select(t.Conversation.person_id).where(
        t.Conversation.person_id == person,
        t.Conversation.updated_at < ago(days=lifetimes.DRAFT_DAYS),
    )
    registration = select(t.Registration.person_id).where(t.Registration.person_id == person)
    kept_case = select(t.Case.person_id).where(t.Case.person_id == person)
    # A subscription counts only if the person can be reached, that is, has not blocked the bot.
    subscription = (
        select(t.Subscription.person_id)
        .join(t.Handle, t.Handle.person_id == t.Subscription.person_id)
        .where(t.Subscription.person_id == person, ~t.Handle.blocked)
    )
    return delete(t.Person).where(
        exists(idle), ~exists(registration), ~exists(kept_case), ~exists(subscription)
    )


_FINISHED_BROADCASTS = select(t.Broadcast.id).where(
    t.Broadcast.state.in_(["done", "cancelled"]),
    t.Broadcast.state_at < ago(days=lifetimes.RECIPIENT_DAYS),
)
# Statements that delete due rows, by the database's time. The database role kosh_retention has only
# the rights that these statements require.
_RULES: dict[str, Delete | Update] = {
    "processed_updates": delete(t.ProcessedUpdate).where(
        t.ProcessedUpdate.created_at < ago(days=lifetimes.UPDATE_DAYS)
    ),
    "quarantined_updates": delete(t.QuarantinedUpdate).where(
        t.QuarantinedUpdate.created_at < ago(hours=lifetimes.QUARANTINE_HOURS)
    ),
    "messages": delete(t.Message).where(
        t.Message.done_at < ago(days=lifetimes.MESSAGE_DAYS),
        t.Message.state.not_in(["pending", "sending"]),
        # Keep an officer's message that was not delivered, so that the case shows the failure.
        or_(
            t.Message.case_id.is_(None),
            t.Message.state.not_in(["dropped", "failed", "undeliverable"]),
        ),
    ),
    "deletable_messages": _forget_deletable_messages(),
    # Messages that wait until the person writes. They expire at `due_at`.
    "waiting": delete(t.Message).where(t.Message.state == "waiting", t.Message.due_at < NOW),
    "case_events": delete(t.CaseEvent).where(
        t.CaseEvent.created_at < ago(days=lifetimes.CASE_EVENT_DAYS)
    ),
    "officer_notifications": delete(t.OfficerNotification).where(
        t.OfficerNotification.done_at < ago(days=lifetimes.NOTIFICATION_DAYS)
    ),
    "console_sessions": delete(t.ConsoleSession).where(
        t.ConsoleSession.created_at < ago(hours=lifetimes.CONSOLE_SESSION_HOURS)
    ),
    "account_links": delete(t.AccountLink).where(t.AccountLink.expires_at < NOW),
    "secure_links": delete(t.SecureLink).where(
        t.SecureLink.expires_at < ago(days=lifetimes.LINK_DAYS)
    ),
    "case_invitations": delete(t.CaseInvitation).where(
        t.CaseInvitation.created_at < ago(days=lifetimes.INVITATION_STATE_DAYS)
    ),
    "webhook_deliveries": delete(t.WebhookDelivery).where(
        or_(
            t.WebhookDelivery.done_at < ago(days=lifetimes.DEAD_WEBHOOK_DAYS),
            and_(
                t.WebhookDelivery.state == "delivered",
                t.WebhookDelivery.done_at < ago(days=lifetimes.WEBHOOK_DAYS),
            ),
        )
    ),
    "webhook_secrets": update(t.WebhookEndpoint)
    .where(t.WebhookEndpoint.old_secret_until < NOW)
    .values(old_secret=None, old_secret_until=None),
    "hint_contacts": delete(t.HintContact).where(
        t.HintContact.confirmed_at.is_(None), t.HintContact.code_expires_at < NOW
    ),
    "join_codes": delete(t.JoinCode).where(t.JoinCode.expires_at < NOW),
    "message_limits": delete(t.MessageLimit).where(t.MessageLimit.until < cast(NOW, Date)),
    "handles": delete(t.Handle).where(t.Handle.expires_at < NOW),
    "cases": delete(t.Case).where(
        t.Case.state == "resolved", t.Case.state_at < ago(days=lifetimes.CASE_DAYS)
    ),
    "case_origins": delete(t.CaseOrigin).where(
        t.CaseOrigin.created_at < ago(hours=lifetimes.NETWORK_HOURS)
    ),
    # Kept as long as the closed cases, so that the statistics do not count them as people.
    "case_bursts": delete(t.CaseBurst).where(t.CaseBurst.closed_at < ago(days=lifetimes.CASE_DAYS)),
    # Only the recipients are deleted. The announcement's counts of recipients by status are kept.
    "broadcast_recipients": delete(t.BroadcastRecipient).where(
        t.BroadcastRecipient.broadcast_id.in_(_FINISHED_BROADCASTS)
    ),
    "broadcast_requests": delete(t.BroadcastRequest).where(
        t.BroadcastRequest.created_at < ago(days=lifetimes.BROADCAST_REQUEST_DAYS)
    ),
    # Also deletes registrations that never reached a final state: after this time, no answer of the
    # registry is expected. But a correction, withdrawal or erasure that the registry does not have
    # yet would be deleted with its registration, although the person read that it is sent.
    "registrations": delete(t.Registration).where(
        t.Registration.state_at < NOW - func.make_interval(0, lifetimes.SUBMISSION_MONTHS),
        ~HAS_OPEN_WRITE,
    ),
    "uploads": delete(t.Upload).where(
        case(
            (
                t.Upload.state.in_(["refused", "gone"]),
                t.Upload.state_at < ago(days=lifetimes.REFUSED_UPLOAD_DAYS),
            ),
            else_=and_(
                t.Upload.state != "accepted",
                t.Upload.created_at < ago(days=lifetimes.UPLOAD_DAYS),
            ),
        )
    ),
    "suggested_phrases": delete(t.SuggestedPhrase).where(
        t.SuggestedPhrase.created_on < cast(ago(days=lifetimes.SUGGESTED_PHRASE_DAYS), Date)
    ),
    "wording_reports": delete(t.WordingReport).where(
        or_(
            t.WordingReport.closed_on < cast(ago(days=lifetimes.CLOSED_WORDING_REPORT_DAYS), Date),
            t.WordingReport.created_on < cast(ago(days=lifetimes.WORDING_REPORT_DAYS), Date),
        )
    ),
    "referrers": delete(t.Referrer).where(
        t.Referrer.ends_on < cast(ago(days=lifetimes.ENDED_REFERRER_DAYS), Date)
    ),
    "people": _delete_idle_people(),
}
RULES: dict[str, Sendable] = {
    **{name: statement(rule) for name, rule in _RULES.items()},
    # The role kosh_retention cannot delete audit entries directly. This database function deletes
    # entries older than three years and moves the beginning of the log's hash chain.
    "audit_entries": statement(select(func.kosh_expire_audit(type_=BigInteger()))),
}


async def retain(rt: Runtime) -> dict[str, int]:
    """Delete due rows; return the number of deleted rows by table.

    Each statement is committed separately, so that a failure does not stop the other statements. A
    failed statement is logged.
    """
    counts: dict[str, int] = {}
    url = rt.settings.database("retention")
    # Days end at midnight UTC, in whatever time zone the server is.
    connecting = psycopg.AsyncConnection.connect(url, autocommit=True, options="-c timezone=UTC")
    async with await connecting as transaction:
        for table, rule in RULES.items():
            try:
                counts[table] = await execute(transaction, rule)
            except psycopg.Error:
                _logger.exception("retention.failed", table=table)
            else:
                _logger.info("retention.done", table=table, count=counts[table])
    return counts
