"""SQL statements about broadcasts: find, write, approve, start, pause, end."""

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Integer,
    LargeBinary,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, array, insert

from bot.db import tables as t
from bot.db.statements import NOW, seconds, statement

APPROVAL_HOURS = 24
CANARY_MINUTES, URGENT_CANARY_MINUTES = 10, 1
WAITING = ("planned", "held", "claimed")
# Filters of an audience that select a specific group. Languages and channels select none.
GROUP_FILTERS = ("missions", "registration", "countries", "programmes", "regions", "lists")

_ID = bindparam("id", type_=Uuid())
_BY_ID = t.Broadcast.id == _ID
_OFFICER = bindparam("by", type_=Uuid())
_MOMENT = t.Broadcast.not_before.type

# Find broadcasts

_TEXTS = (
    select(
        func.json_object_agg(
            t.BroadcastText.language,
            func.json_build_object(
                "body", t.BroadcastText.body, "template", t.BroadcastText.template
            ),
        )
    )
    .where(t.BroadcastText.broadcast_id == t.Broadcast.id)
    .correlate(t.Broadcast)
    .scalar_subquery()
)
_BROADCASTS: Select[*tuple[Any, ...]] = select(
    t.Broadcast.id,
    t.Broadcast.number,
    t.Broadcast.state,
    t.Broadcast.author,
    t.Broadcast.version,
    t.Broadcast.reason,
    t.Broadcast.canary,
    t.Broadcast.canary_until,
    t.Broadcast.total,
    t.Broadcast.created_at,
    t.Broadcast.state_at,
    t.Broadcast.started_at,
    t.Broadcast.purpose,
    t.Broadcast.topic,
    t.Broadcast.audience,
    t.Broadcast.not_before,
    t.Broadcast.not_later_than,
    t.Broadcast.quiet_from,
    t.Broadcast.quiet_until,
    t.Broadcast.paid,
    t.Broadcast.urgent_reason,
    _TEXTS,
)
FIND = statement(_BROADCASTS.where(_BY_ID))
LOCK = statement(_BROADCASTS.where(_BY_ID).with_for_update(key_share=True, of=t.Broadcast))
LOCK_ROW = statement(select(t.Broadcast.id).where(_BY_ID).with_for_update(key_share=True))
LOCK_NUMBER = statement(
    select(t.Broadcast.id)
    .where(t.Broadcast.number == bindparam("number"))
    .with_for_update(key_share=True)
)
_BEFORE = bindparam("before", type_=BigInteger())
NEWEST = statement(
    _BROADCASTS.where(or_(_BEFORE.is_(None), t.Broadcast.number < _BEFORE))
    .order_by(t.Broadcast.number.desc())
    .limit(bindparam("limit"))
)
# An officer who pauses or cancels an announcement withdraws its text. After a pause by Kosh, for
# example because sending failed too often, the text may still be read.
_IS_READABLE = and_(
    t.Broadcast.total.is_not(None),
    or_(
        t.Broadcast.state.in_(["running", "done"]),
        and_(t.Broadcast.state == "paused", t.Broadcast.reason != "officer"),
    ),
)
_GOT_IT = exists().where(
    t.BroadcastRecipient.person_id == bindparam("person", type_=Uuid()),
    t.BroadcastRecipient.broadcast_id == t.Broadcast.id,
    t.BroadcastRecipient.state.in_(["claimed", "in_doubt", "accepted", "delivered", "read"]),
)
LATEST_ANNOUNCEMENTS = statement(
    select(
        t.Broadcast.started_at,
        func.json_object_agg(t.BroadcastText.language, t.BroadcastText.body),
    )
    .join(t.BroadcastText, t.BroadcastText.broadcast_id == t.Broadcast.id)
    .where(
        _IS_READABLE,
        t.Broadcast.started_at > NOW - func.make_interval(0, 12),
        or_(not_(t.Broadcast.audience.has_any(array(GROUP_FILTERS))), _GOT_IT),
    )
    .group_by(t.Broadcast.id)
    .order_by(t.Broadcast.started_at.desc())
    .limit(bindparam("limit"))
)

# Write drafts

CREATE = statement(
    insert(t.Broadcast).values(
        id=_ID,
        state="draft",
        author=_OFFICER,
        canary=bindparam("first"),
        purpose="",
        topic="",
        audience=literal_column("'{}'::jsonb"),
    )
)
_DRAFT: dict[str, Any] = {
    "purpose": bindparam("for_purpose"),
    "topic": bindparam("on_topic"),
    "urgent_reason": bindparam("why"),
    "audience": cast(bindparam("rule", type_=Text()), JSONB),
    "not_before": bindparam("from"),
    "not_later_than": bindparam("until"),
    "quiet_from": bindparam("night_from"),
    "quiet_until": bindparam("night_until"),
    "paid": bindparam("is_paid"),
    "content_hash": bindparam("content"),
    "text_hash": bindparam("text"),
}
WRITE = statement(update(t.Broadcast).where(_BY_ID).values(**_DRAFT))
BACK_TO_DRAFT = statement(
    update(t.Broadcast)
    .where(_BY_ID)
    .values(state="draft", state_at=NOW, author=_OFFICER, version=t.Broadcast.version + 1)
)
DELETE_APPROVALS = statement(
    delete(t.BroadcastApproval).where(t.BroadcastApproval.broadcast_id == _ID)
)
DELETE_TEXTS = statement(delete(t.BroadcastText).where(t.BroadcastText.broadcast_id == _ID))
ADD_TEXT = statement(
    insert(t.BroadcastText).values(
        broadcast_id=_ID,
        language=bindparam("in_language"),
        body=bindparam("words"),
        template=bindparam("by_template"),
    )
)
_TESTED: dict[str, Any] = {"hash": bindparam("shown", type_=LargeBinary()), "sent_at": NOW}
NOTE_TEST = statement(
    insert(t.BroadcastTest)
    .values(broadcast_id=_ID, language=bindparam("in_language"), **_TESTED)
    .on_conflict_do_update(
        index_elements=[t.BroadcastTest.broadcast_id, t.BroadcastTest.language],
        set_={t.BroadcastTest.hash: _TESTED["hash"], t.BroadcastTest.sent_at: NOW},
    )
)
TESTS = statement(
    select(t.BroadcastTest.language, t.BroadcastTest.hash).where(
        t.BroadcastTest.broadcast_id == _ID
    )
)
NOTIFY = statement(select(func.pg_notify("kosh_broadcast", bindparam("broadcast", type_=Text()))))
LOCK_KEY = statement(
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("lock"), 0)))
)
BY_KEY = statement(
    select(t.BroadcastRequest.broadcast_id, t.BroadcastRequest.digest).where(
        t.BroadcastRequest.officer == _OFFICER, t.BroadcastRequest.key == bindparam("once")
    )
)
NOTE_KEY = statement(
    insert(t.BroadcastRequest).values(
        officer=_OFFICER, key=bindparam("once"), digest=bindparam("of"), broadcast_id=_ID
    )
)

# Approve broadcasts

DUPLICATE = statement(
    select(t.Broadcast.number)
    .where(
        t.Broadcast.text_hash == bindparam("text"),
        t.Broadcast.id != _ID,
        or_(
            t.Broadcast.state.in_(["scheduled", "running", "paused", "done"]),
            t.Broadcast.total.is_not(None),
        ),
    )
    .limit(1)
)
SUBMIT = statement(update(t.Broadcast).where(_BY_ID).values(state="awaiting", state_at=NOW))
_APPROVED: dict[Any, Any] = {
    t.BroadcastApproval.content_hash: bindparam("content", type_=LargeBinary()),
    t.BroadcastApproval.audience: bindparam("total", type_=Integer()),
    t.BroadcastApproval.created_at: NOW,
    t.BroadcastApproval.expires_at: NOW + timedelta(hours=APPROVAL_HOURS),
}
APPROVE = statement(
    insert(t.BroadcastApproval)
    .values(
        {
            t.BroadcastApproval.broadcast_id: _ID,
            t.BroadcastApproval.officer: _OFFICER,
            t.BroadcastApproval.author: bindparam("written_by", type_=Uuid()),
            **_APPROVED,
        }
    )
    .on_conflict_do_update(
        index_elements=[t.BroadcastApproval.broadcast_id, t.BroadcastApproval.officer],
        set_=_APPROVED,
    )
)
KEEP_AGREED = statement(
    update(t.Broadcast)
    .where(_BY_ID)
    .values(approved_content=cast(bindparam("draft", type_=Text()), JSONB))
)
AGREED = statement(select(cast(t.Broadcast.approved_content, Text)).where(_BY_ID))
APPROVALS = statement(
    select(
        t.BroadcastApproval.officer,
        t.BroadcastApproval.audience,
        t.BroadcastApproval.created_at,
        t.BroadcastApproval.expires_at,
        and_(
            t.BroadcastApproval.expires_at > NOW,
            t.BroadcastApproval.content_hash == bindparam("content"),
            t.Officer.active,
            bindparam("role", type_=Text()) == any_(t.Officer.roles),
        ),
    )
    .join(t.Officer, t.Officer.id == t.BroadcastApproval.officer)
    .where(t.BroadcastApproval.broadcast_id == _ID)
    .order_by(t.BroadcastApproval.created_at)
)

# Start, pause and end broadcasts

START = statement(
    update(t.Broadcast)
    .where(_BY_ID)
    .values(
        state=case((t.Broadcast.not_before > NOW, "scheduled"), else_="running"),
        state_at=NOW,
        started_at=NOW,
        reason="",
    )
)
SET_STATE = statement(
    update(t.Broadcast)
    .where(_BY_ID)
    .values(state=bindparam("new_state"), state_at=NOW, reason=bindparam("why"))
)
AFTER_RESTORE = statement(
    update(t.Broadcast)
    .where(t.Broadcast.state.in_(["running", "scheduled"]))
    .values(
        reason="restored",
        state_at=NOW,
        state=case((t.Broadcast.state == "running", "paused"), else_="awaiting"),
    )
)
# Reasons of failed recipients who get no message by a retry. `unknown`: an officer decided not to
# send again to a recipient in doubt.
NOT_RETRIED = ("blocked", "opted_out", "unknown")
RETRY = statement(
    update(t.BroadcastRecipient)
    .where(
        t.BroadcastRecipient.broadcast_id == _ID,
        t.BroadcastRecipient.state == "failed",
        t.BroadcastRecipient.reason.not_in(NOT_RETRIED),
    )
    .values(state="planned", reason="", not_before=None)
)
_SEQS = bindparam("seqs", type_=ARRAY(Integer))
DECIDE = statement(
    update(t.BroadcastRecipient)
    .where(
        t.BroadcastRecipient.broadcast_id == _ID,
        t.BroadcastRecipient.state == "in_doubt",
        or_(_SEQS.is_(None), t.BroadcastRecipient.seq == any_(_SEQS)),
    )
    .values(state=bindparam("new_state"), reason=bindparam("why"), not_before=None, state_at=NOW)
)
_PAUSE_END = func.coalesce(bindparam("since", type_=_MOMENT), NOW) + seconds("seconds")
_PAUSE_REASON: BindParameter[str] = bindparam("why", type_=Text())
PAUSE_CHANNEL = statement(
    insert(t.ChannelPause)
    .values(channel=bindparam("on_channel"), expires_at=_PAUSE_END, reason=_PAUSE_REASON)
    .on_conflict_do_update(
        index_elements=[t.ChannelPause.channel],
        set_={t.ChannelPause.expires_at: _PAUSE_END, t.ChannelPause.reason: _PAUSE_REASON},
        where=t.ChannelPause.expires_at < _PAUSE_END,
    )
)
HALT = statement(
    update(t.Broadcast)
    .where(_BY_ID, t.Broadcast.state == "running")
    .values(state="paused", state_at=NOW, reason=bindparam("why"))
)
REOPEN = statement(
    update(t.Broadcast)
    .where(
        _BY_ID,
        t.Broadcast.state == "done",
        exists().where(
            t.BroadcastRecipient.broadcast_id == t.Broadcast.id,
            t.BroadcastRecipient.state.in_(["planned", "held"]),
        ),
    )
    .values(state="running", state_at=NOW)
)
