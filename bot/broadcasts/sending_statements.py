"""SQL statements for sending broadcasts: progress, canary, shards, delivery reports.

A shard is a range of a broadcast's recipients. The canary is the first recipients, whose failures
pause the broadcast.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    exists,
    extract,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from bot.broadcasts.statements import CANARY_MINUTES, WAITING
from bot.db import tables as t
from bot.db.external_tables import JOBS
from bot.db.statements import NOW, ago, arrays, seconds_from_now, statement

RATE_MINUTES = 3
AT_ONCE = 10_000

_ID = bindparam("id", type_=Uuid())
_BY_ID = t.Broadcast.id == _ID
_Recipient = t.BroadcastRecipient
_OF_BROADCAST = _Recipient.broadcast_id == _ID

# Progress of a broadcast

COUNTS = statement(
    select(
        t.BroadcastCount.channel,
        t.BroadcastCount.state,
        t.BroadcastCount.reason,
        t.BroadcastCount.count,
    ).where(t.BroadcastCount.broadcast_id == _ID, t.BroadcastCount.count > 0)
)
# Rates in messages per second: in the last RATE_MINUTES, and the average over all minutes with
# traffic.
_SINCE = extract("epoch", NOW - func.min(t.BroadcastMinute.minute))
_RECENT_RATE = (
    select(func.sum(t.BroadcastMinute.count) / func.greatest(cast(_SINCE, Float), 1))
    .where(
        t.BroadcastMinute.broadcast_id == _ID,
        t.BroadcastMinute.minute > ago(minutes=RATE_MINUTES),
    )
    .scalar_subquery()
)
_AVERAGE_RATE = (
    select(func.sum(t.BroadcastMinute.count) / (literal_column("60.0") * func.count()))
    .where(t.BroadcastMinute.broadcast_id == _ID)
    .scalar_subquery()
)
SPEEDS = statement(
    select(
        NOW,
        cast(func.coalesce(_RECENT_RATE, 0), Float),
        cast(func.coalesce(_AVERAGE_RATE, 0), Float),
    )
)
PAUSES = statement(
    select(t.ChannelPause.channel, t.ChannelPause.expires_at, t.ChannelPause.reason)
    .where(t.ChannelPause.expires_at > NOW)
    .order_by(t.ChannelPause.channel)
)
_REASON = bindparam("reason", type_=Text())
_RECIPIENTS: Select[*tuple[Any, ...]] = (
    select(
        _Recipient.seq,
        _Recipient.channel,
        _Recipient.language,
        _Recipient.state,
        _Recipient.reason,
        _Recipient.attempt,
        _Recipient.not_before,
        _Recipient.state_at,
    )
    .where(
        _OF_BROADCAST,
        _Recipient.seq > bindparam("after"),
        or_(_REASON == "", _Recipient.reason == _REASON),
    )
    .order_by(_Recipient.seq)
    .limit(bindparam("limit"))
)
# There are two statements, for recipients with any status and with one status, so that each uses
# its own index. A combined statement would scan all rows for a rare status.
RECIPIENTS = statement(_RECIPIENTS)
RECIPIENTS_OF_STATUS = statement(_RECIPIENTS.where(_Recipient.state == bindparam("status")))

# Scheduler of broadcasts

BEGIN_DUE = statement(
    update(t.Broadcast)
    .where(t.Broadcast.state == "scheduled", t.Broadcast.not_before <= NOW)
    .values(state="running", state_at=NOW, started_at=NOW)
)
_HAS_WAITING = exists().where(
    t.BroadcastCount.broadcast_id == t.Broadcast.id,
    t.BroadcastCount.count > 0,
    t.BroadcastCount.state.in_(WAITING),
)
UNDER_WAY = statement(
    select(t.Broadcast.id)
    .where(
        or_(
            t.Broadcast.state.in_(["running", "paused"]),
            (t.Broadcast.state == "cancelled") & _HAS_WAITING,
        )
    )
    .order_by(t.Broadcast.purpose != "urgent", t.Broadcast.started_at)
)
TRY_LOCK = statement(
    select(func.pg_try_advisory_xact_lock(bindparam("lock", type_=BigInteger()), type_=Boolean()))
)
# Sets recipients with an expired lease to `in_doubt`: the process that claimed them crashed or is
# too slow. Their messages may have been sent, so they are never resent automatically.
DOUBT_CRASHED = statement(
    update(_Recipient)
    .where(_OF_BROADCAST, _Recipient.state == "claimed", _Recipient.lease_until < NOW)
    .values(state="in_doubt", reason="crash", lease_until=None)
)
_OVER = (
    select(t.Broadcast.id, t.Broadcast.state)
    .where(_BY_ID, or_(t.Broadcast.state == "cancelled", t.Broadcast.not_later_than <= NOW))
    .cte("over")
)
_FEW = (
    select(_Recipient.seq)
    .join(_OVER, _OVER.c.id == _Recipient.broadcast_id)
    .where(_OF_BROADCAST, _Recipient.state.in_(["planned", "held"]))
    .limit(AT_ONCE)
    .with_for_update(of=_Recipient, skip_locked=True)
    .cte("few")
    .prefix_with("MATERIALIZED")
)
_IS_CANCELLED = _OVER.c.state == "cancelled"
END_TOO_LATE = statement(
    update(_Recipient)
    .where(_OF_BROADCAST, _Recipient.seq == _FEW.c.seq)
    .values(
        state_at=NOW,
        not_before=None,
        state=case((_IS_CANCELLED, "cancelled"), else_="skipped"),
        reason=case((_IS_CANCELLED, ""), else_="late"),
    )
)
QUEUED = statement(
    select(func.count())
    .select_from(JOBS)
    .where(
        JOBS.c.task_name == bindparam("task"),
        JOBS.c.queue_name == bindparam("queue"),
        JOBS.c.status == "todo",
        JOBS.c.args["broadcast"].astext == bindparam("broadcast"),
    )
)
LEFT = statement(
    select(func.coalesce(func.sum(t.BroadcastCount.count), 0)).where(
        t.BroadcastCount.broadcast_id == _ID, t.BroadcastCount.state.in_(WAITING)
    )
)
_Going = _Recipient.state
# Recipients for whom the canary does not wait. Their channel stays paused for more than
# CANARY_MINUTES, such as for the rest of the day after WhatsApp's daily limit. Or it is paused and
# the broadcast started longer ago: a platform that does not answer is paused for seconds, again and
# again.
_STARTED_LONG_AGO = exists().where(
    t.Broadcast.id == _Recipient.broadcast_id, t.Broadcast.started_at < ago(minutes=CANARY_MINUTES)
)
_WAITS_LONG = (_Going == "planned") & exists().where(
    t.ChannelPause.channel == _Recipient.channel,
    or_(
        t.ChannelPause.expires_at > NOW + timedelta(minutes=CANARY_MINUTES),
        (t.ChannelPause.expires_at > NOW) & _STARTED_LONG_AGO,
    ),
)
CANARY = statement(
    select(
        func.count().filter(_Going.in_(["planned", "claimed"])),
        func.count().filter(_Going == "held"),
        func.count().filter(_Going.in_(["failed", "in_doubt"])),
        func.count(),
    ).where(_OF_BROADCAST, _Recipient.seq < bindparam("reach"), ~_WAITS_LONG)
)
CANARY_STATE = statement(
    select(t.Broadcast.reach, t.Broadcast.canary_until, t.Broadcast.canary_until <= NOW).where(
        _BY_ID
    )
)
WAIT_FOR_CANARY = statement(
    update(t.Broadcast)
    .where(_BY_ID)
    .values(
        canary_until=NOW + func.make_interval(0, 0, 0, 0, 0, bindparam("minutes", type_=Integer()))
    )
)
END_CANARY = statement(update(t.Broadcast).where(_BY_ID).values(reach=None))
_MADE = bindparam("made", type_=Integer())
SET_TOTAL = statement(
    update(t.Broadcast)
    .where(_BY_ID)
    .values(
        total=_MADE,
        reach=case(((t.Broadcast.canary > 0) & (t.Broadcast.canary < _MADE), t.Broadcast.canary)),
    )
)
CHANNELS_WITH_DUE_RECIPIENTS = statement(
    select(t.BroadcastCount.channel)
    .where(
        t.BroadcastCount.broadcast_id == _ID,
        t.BroadcastCount.count > 0,
        t.BroadcastCount.state.in_(["planned", "held"]),
        ~exists().where(
            t.ChannelPause.channel == t.BroadcastCount.channel, t.ChannelPause.expires_at > NOW
        ),
    )
    .distinct()
)
COUNT_ROWS = statement(
    insert(t.BroadcastCount).from_select(
        [
            t.BroadcastCount.broadcast_id,
            t.BroadcastCount.channel,
            t.BroadcastCount.state,
            t.BroadcastCount.reason,
            t.BroadcastCount.count,
        ],
        select(
            _Recipient.broadcast_id,
            _Recipient.channel,
            _Recipient.state,
            _Recipient.reason,
            func.count(),
        )
        .where(_OF_BROADCAST)
        .group_by(_Recipient.broadcast_id, _Recipient.channel, _Recipient.state, _Recipient.reason),
    )
)
# Messages that used a WhatsApp template in the last 24 hours. WhatsApp limits the number of
# recipients of these messages per day.
_REACHED = (
    select(_Recipient.state_at)
    .where(_Recipient.template, _Recipient.state_at > ago(hours=24), _Recipient.state != "skipped")
    .order_by(_Recipient.state_at.desc())
    .limit(bindparam("limit"))
    .subquery("reached")
)
REACHED = statement(select(func.count(), func.min(_REACHED.c.state_at)).select_from(_REACHED))

# Delivery reports of broadcasts

HAS_TEMPLATES = statement(
    select(literal(True))
    .select_from(t.BroadcastText)
    .join(t.Broadcast, t.Broadcast.id == t.BroadcastText.broadcast_id)
    .where(t.Broadcast.number == bindparam("number"), t.BroadcastText.template != "")
    .limit(1)
)
_SENT = (
    select(t.Broadcast.id, _Recipient.state_at.label("sent_at"))
    .join(_Recipient, _Recipient.broadcast_id == t.Broadcast.id)
    .where(t.Broadcast.number == bindparam("number"), _Recipient.seq == bindparam("seq"))
    .subquery("sent")
)
REPORT_FAILED = statement(
    update(_Recipient)
    .where(
        _Recipient.broadcast_id == _SENT.c.id,
        _Recipient.seq == bindparam("seq"),
        _Recipient.attempt == bindparam("try"),
        _Recipient.channel == bindparam("on_channel"),
        _Recipient.state.in_(["claimed", "in_doubt", "accepted"]),
    )
    .values(
        state=bindparam("new_state"),
        reason=bindparam("why"),
        state_at=NOW,
        lease_until=None,
        external_id=None,
        not_before=case((bindparam("delay", type_=Float()) > 0, seconds_from_now("delay"))),
    )
    .returning(_Recipient.person_id, _SENT.c.id, _SENT.c.sent_at)
)
_REPORTED = arrays(number=BigInteger, seq=Integer, attempt=Integer, status=Text, rank=Integer)
_REPORTS = (
    select(t.Broadcast.id.label("broadcast_id"), *_REPORTED.c)
    .join(_REPORTED, t.Broadcast.number == _REPORTED.c.number)
    .cte("reports")
    .prefix_with("MATERIALIZED")
)
_Locked = aliased(_Recipient)
_LOCKED = (
    select(_Locked.broadcast_id, _Locked.seq)
    .join(
        _REPORTS,
        (_REPORTS.c.broadcast_id == _Locked.broadcast_id) & (_REPORTS.c.seq == _Locked.seq),
    )
    .where(_Locked.channel == bindparam("on_channel"))
    .order_by(_Locked.broadcast_id, _Locked.seq)
    .with_for_update(of=_Locked)
    .cte("locked")
    .prefix_with("MATERIALIZED")
)
_RANK = case(
    (_Recipient.state.in_(["claimed", "in_doubt"]), 0),
    (_Recipient.state == "accepted", 1),
    (_Recipient.state == "failed", 2),
    (_Recipient.state == "delivered", 3),
    else_=9,
)
REPORT_ARRIVED = statement(
    update(_Recipient)
    .where(
        _LOCKED.c.broadcast_id == _REPORTS.c.broadcast_id,
        _LOCKED.c.seq == _REPORTS.c.seq,
        _Recipient.broadcast_id == _REPORTS.c.broadcast_id,
        _Recipient.seq == _REPORTS.c.seq,
        _Recipient.attempt == _REPORTS.c.attempt,
        _REPORTS.c.rank > _RANK,
    )
    .values(state=_REPORTS.c.status, reason="", state_at=NOW, lease_until=None)
)
