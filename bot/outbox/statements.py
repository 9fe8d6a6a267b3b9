"""SQL statements of the outbox: enqueue, claim, outcome, delivery reports, cleanup."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from bot.db import tables as t
from bot.db.pipeline import TextStatement
from bot.db.statements import NOW, ago, any_of, seconds, statement

# Attempts per message, including the first. If the platform is at fault at the last one, up to this
# number of attempts follow, so that a message gets more attempts after the platform works again.
MAX_ATTEMPTS = 12
SWEPT_AT_ONCE = 50

_PERSON = bindparam("person", type_=Uuid())
_CHANNEL = bindparam("on_channel", type_=Text())
_ID = bindparam("id", type_=BigInteger())
_OF_PERSON = t.Message.person_id == _PERSON
_IS_OPEN = t.Message.state.in_(["pending", "sending"])

# Statements that add, requeue and drop messages

ENQUEUE = statement(
    insert(t.Message)
    .values(
        person_id=_PERSON,
        channel=_CHANNEL,
        act=bindparam("call"),
        body=bindparam("sealed"),
        ownership_version=bindparam("owned"),
        external_id=bindparam("external"),
        case_id=bindparam("case"),
        officer=bindparam("by_officer"),
        state=bindparam("in_state", type_=Text()),
        due_at=NOW + seconds("delay"),
    )
    .returning(t.Message.id)
)


def _lock_cte(name: str, *conditions: ColumnElement[bool]) -> Any:
    """Return a CTE that locks the person's messages that meet the conditions, by ascending id."""
    found = select(t.Message.id).where(_OF_PERSON, *conditions).order_by(t.Message.id)
    return found.with_for_update().cte(name).prefix_with("MATERIALIZED")


_WAITED = _lock_cte("waited", t.Message.channel == _CHANNEL, t.Message.state == "waiting")
REQUEUE_WAITING = statement(
    update(t.Message).where(t.Message.id == _WAITED.c.id).values(state="pending", due_at=NOW)
)
_DROPPED: dict[str, Any] = {"state": "dropped", "body": None, "done_at": NOW}
# A concurrent claim holds the row's lock, so this statement waits for that claim. A later claim
# finds the row dropped. Hence no row is claimed after the conversation's new owner has committed.
_OTHERS = _lock_cte(
    "others",
    or_(
        t.Message.state.in_(["pending", "waiting"]),
        and_(t.Message.state == "sending", t.Message.lease_until < NOW),
    ),
    or_(
        t.Message.ownership_version.is_not(None),
        t.Message.officer != bindparam("owner", type_=Uuid()),
    ),
)
DROP_OTHERS = statement(update(t.Message).where(t.Message.id == _OTHERS.c.id).values(**_DROPPED))
_UNSENT = _lock_cte(
    "unsent",
    t.Message.channel == _CHANNEL,
    t.Message.state.in_(["pending", "waiting"]),
    t.Message.ownership_version.is_not(None),
)
DROP_UNSENT = statement(update(t.Message).where(t.Message.id == _UNSENT.c.id).values(**_DROPPED))
_OWED = _lock_cte(
    "owed",
    t.Message.channel == _CHANNEL,
    t.Message.state.in_(["pending", "waiting"]),
    t.Message.ownership_version.is_(None),
    t.Message.act == "send",
)
MOVE_UNSENT = statement(
    update(t.Message)
    .where(t.Message.id == _OWED.c.id)
    .values(channel=bindparam("to_channel", type_=Text()))
)
_DELAYED = _lock_cte(
    "delayed",
    any_of(t.Message.id, "ids"),
    t.Message.state == "pending",
    t.Message.attempt == 0,
)
RELEASE = statement(update(t.Message).where(t.Message.id == _DELAYED.c.id).values(due_at=NOW))
_ALL_DELAYED = select(func.count()).select_from(_DELAYED).scalar_subquery()
RETRACT = statement(
    update(t.Message)
    .where(
        t.Message.id == _DELAYED.c.id,
        func.cardinality(bindparam("ids", type_=ARRAY(BigInteger))) == _ALL_DELAYED,
    )
    .values(**_DROPPED)
    .returning(t.Message.id)
)
LAST_ID = statement(select(func.coalesce(func.max(t.Message.id), 0)).where(_OF_PERSON))
DROP_RESTORED = statement(
    update(t.Message).where(_IS_OPEN).values(**_DROPPED, reason="E_REPLY_BEFORE_RESTORE")
)
_SEQUENCE = func.pg_get_serial_sequence("messages", "id")
# Platforms still report on rows that the restore removed, so their ids must not be reused.
SKIP_IDS = statement(
    select(func.setval(_SEQUENCE, func.nextval(_SEQUENCE) + literal(1_000_000_000, BigInteger())))
)

# Statements that the module `chat_cleanup` runs

_SENT = (
    select(t.Message.external_id, func.coalesce(t.Message.done_at, NOW).label("done_at"))
    .where(
        _OF_PERSON,
        t.Message.channel == _CHANNEL,
        t.Message.act.in_(["send", "edit"]),
        # Selected by id and not by state, because a failed message may have parts in the chat.
        t.Message.external_id.is_not(None),
        func.coalesce(t.Message.done_at, NOW) > ago(hours=48),
        t.Message.id <= bindparam("last", type_=BigInteger()),
    )
    .order_by(t.Message.id.desc())
    .limit(500)
    .subquery("sent")
)
_BROADCAST = select(t.BroadcastRecipient.external_id, t.BroadcastRecipient.state_at).where(
    t.BroadcastRecipient.person_id == _PERSON,
    t.BroadcastRecipient.channel == _CHANNEL,
    t.BroadcastRecipient.state.in_(["accepted", "delivered", "read"]),
    t.BroadcastRecipient.state_at > ago(hours=48),
)
_IN_CHAT = union_all(select(_SENT.c.external_id, _SENT.c.done_at), _BROADCAST).subquery("in_chat")
RECENT = statement(
    select(_IN_CHAT.c.external_id)
    .where(_IN_CHAT.c.external_id != "")
    .order_by(_IN_CHAT.c.done_at.desc())
)
ADDRESSES = statement(
    select(t.Handle.channel, t.Handle.address)
    .where(t.Handle.person_id == _PERSON)
    .ext(distinct_on(t.Handle.channel))
    .order_by(t.Handle.channel, t.Handle.spoke_at.desc().nulls_last())
)

# Statements that the module `webchat_feed` runs

_NEWEST = (
    select(t.Message.id)
    .where(_OF_PERSON, t.Message.state != "dropped")
    .order_by(t.Message.id.desc())
    .limit(1)
    .scalar_subquery()
)
HAS_NEWEST = statement(
    select(
        exists().where(
            t.Message.id == _NEWEST,
            t.Message.channel == _CHANNEL,
            t.Message.state.in_(["sending", "sent"]),
        )
    )
)
_AFTER = bindparam("after", type_=BigInteger())
# Rows in state `sending` are included, since the page fetches them before they are marked as sent.
WAITING = statement(
    select(
        t.Message.id,
        t.Message.act,
        t.Message.external_id,
        t.Message.body,
        t.Message.officer.is_not(None),
        t.Message.ownership_version.is_(None),
        t.Message.created_at,
    )
    .where(
        _OF_PERSON,
        t.Message.channel == _CHANNEL,
        t.Message.id > _AFTER,
        t.Message.state.in_(["sending", "sent"]),
        or_(t.Message.body.is_not(None), t.Message.act == "delete"),
    )
    .order_by(case((_AFTER > 0, t.Message.id), else_=-t.Message.id))
    .limit(bindparam("limit"))
)
_HAS_TEXT = (t.Message.state == "sent", t.Message.body.is_not(None))
_Shown = aliased(t.Message)
# Person and channel are checked, so that the id of another chat's row has no effect.
FORGET_SHOWN = statement(
    update(t.Message)
    .where(
        _Shown.id == bindparam("before", type_=BigInteger()),
        _Shown.person_id == _PERSON,
        _Shown.channel == _CHANNEL,
        t.Message.person_id == _Shown.person_id,
        t.Message.channel == _Shown.channel,
        t.Message.id < _Shown.id,
        *_HAS_TEXT,
    )
    .values(body=None)
)

FORGET_TEXTS = statement(
    update(t.Message).where(_OF_PERSON, t.Message.channel == _CHANNEL, *_HAS_TEXT).values(body=None)
)

# Statements that the module `delivery_reports` runs

# Locks the row, because reports on its parts must be applied one after the other.
LOCK_PARTS = statement(
    select(
        t.Message.person_id,
        t.Message.state,
        t.Message.attempt,
        t.Message.external_id,
        t.Message.delivery_status,
    )
    .where(
        t.Message.id == _ID,
        t.Message.channel == _CHANNEL,
        t.Message.state.in_(["pending", "waiting", "sending", "sent", "failed"]),
    )
    .with_for_update()
)
_WORD = bindparam("word", type_=Text())
_REPORTED_FAILED = t.Message.delivery_status == "failed"
RECORD_PART = statement(
    update(t.Message)
    .where(t.Message.id == _ID)
    .values(
        external_id=bindparam("notes"),
        delivery_status=_WORD,
        delivery_status_at=func.to_timestamp(bindparam("at", type_=Float())),
        billing_category=func.coalesce(
            func.nullif(bindparam("billed", type_=Text()), ""), t.Message.billing_category
        ),
        reason=case(
            (
                _WORD == "failed",
                func.coalesce(func.nullif(bindparam("code", type_=Text()), ""), t.Message.reason),
            ),
            (_REPORTED_FAILED, None),
            else_=t.Message.reason,
        ),
        state=case(
            (and_(t.Message.state == "failed", _REPORTED_FAILED, _WORD != "failed"), "sent"),
            else_=t.Message.state,
        ),
        body=case(
            (
                bindparam("whole", type_=Boolean()) & t.Message.state.in_(["sent", "failed"]),
                None,
            ),
            else_=t.Message.body,
        ),
    )
)
_FOUND = (
    select(
        t.Message.id,
        and_(
            bindparam("again", type_=Boolean()),
            t.Message.body.is_not(None),
            or_(bindparam("unlimited", type_=Boolean()), t.Message.attempt % MAX_ATTEMPTS != 0),
        ).label("again"),
    )
    .where(t.Message.id == _ID, t.Message.state == "sent", _REPORTED_FAILED)
    .with_for_update()
    .cte("found")
)
_AGAIN = _FOUND.c.again
_KEEPS_NOTES = or_(~_AGAIN, t.Message.external_id.regexp_match("^[0-9].*f"))
FAIL_LATER = statement(
    update(t.Message)
    .where(t.Message.id == _FOUND.c.id)
    .values(
        reason=bindparam("code"),
        state=case((_AGAIN, "pending"), else_=bindparam("lost", type_=Text())),
        external_id=case((_KEEPS_NOTES, t.Message.external_id)),
        delivery_status=case((~_AGAIN, t.Message.delivery_status)),
        body=case((_AGAIN, t.Message.body)),
        due_at=case((_AGAIN, NOW + seconds("delay")), else_=t.Message.due_at),
        done_at=case((~_AGAIN, NOW)),
    )
    .returning(t.Message.state)
)
LAST_ATTEMPT = statement(
    select(t.Message.done_at, t.Message.attempt, t.Message.body, t.Message.external_id).where(
        t.Message.id == _ID
    )
)
FORGET_REPORT = statement(
    update(t.Message)
    .where(t.Message.id == _ID, t.Message.state.in_(["pending", "waiting"]), _REPORTED_FAILED)
    .values(delivery_status=None)
)

# Statements that the module `sender` runs

_Earlier = aliased(t.Message)
# Selects only the oldest open row of each person, because later rows cannot be sent yet and would
# use up the limited number of results.
DUE = statement(
    select(t.Message.person_id)
    .where(
        t.Message.done_at.is_(None),
        t.Message.due_at <= NOW,
        or_(t.Message.state == "pending", t.Message.lease_until < NOW),
        ~exists().where(
            _Earlier.person_id == t.Message.person_id,
            _Earlier.id < t.Message.id,
            _Earlier.state.in_(["pending", "sending"]),
        ),
    )
    .order_by(t.Message.due_at)
    .limit(bindparam("limit", type_=BigInteger))
)
# Locks the person's open rows by ascending id, so that concurrent senders see each other's
# outcomes. If the platform reported on an attempt whose process crashed, the row counts as sent.
# Text: raw SQL, because its query plan was measured under load: measure it again after a change.
CLAIM = TextStatement.of("""
WITH open AS MATERIALIZED (
  SELECT m.id, m.state, m.due_at, m.lease_until FROM messages m
  WHERE m.person_id = %(person)s AND m.state IN ('pending', 'sending')
  ORDER BY m.id FOR UPDATE OF m
), oldest AS (
  SELECT open.*,
    h.address, extract(epoch FROM kosh_now() - h.spoke_at)::float AS silence,
    CASE WHEN m.ownership_version <> c.ownership_version OR k.owner <> m.officer
         THEN 'dropped'
         WHEN open.state = 'sending' AND m.delivery_status IN ('sent', 'delivered', 'read')
         THEN 'sent'
         WHEN h.blocked IS NOT FALSE THEN 'undeliverable' ELSE 'sending' END AS new_state
  FROM open
  JOIN messages m ON m.id = open.id
  JOIN conversations c ON c.person_id = m.person_id
  LEFT JOIN cases k ON k.id = m.case_id
  LEFT JOIN handles h ON h.person_id = m.person_id AND h.channel = m.channel
    AND (h.expires_at IS NULL OR h.expires_at > kosh_now())
  ORDER BY open.id, h.spoke_at DESC NULLS LAST LIMIT 1
)
UPDATE messages m SET
  state = o.new_state,
  body = CASE WHEN o.new_state = 'sending' OR (o.new_state = 'sent' AND m.delivery_status = 'sent')
              THEN m.body END,
  done_at = CASE WHEN o.new_state <> 'sending' THEN kosh_now() END,
  attempt = CASE WHEN o.new_state = 'sent' THEN m.attempt ELSE m.attempt + 1 END,
  lease_until = kosh_now() + make_interval(secs => %(lease)s)
FROM oldest o
WHERE m.id = o.id AND o.due_at <= kosh_now()
  AND (o.state = 'pending' OR o.lease_until < kosh_now())
RETURNING m.id, m.attempt, m.state, m.channel, m.act, m.body, m.external_id, o.address, o.silence
""")

# Text: raw SQL, because its query plan was measured together with that of CLAIM.
OUTCOME = TextStatement.of("""
UPDATE messages SET state = %(state)s,
  external_id = coalesce(%(external_id)s, external_id || ',' || %(note)s, %(note)s, external_id),
  reason = coalesce(%(reason)s, CASE WHEN delivery_status = 'failed' THEN reason END),
  body = CASE WHEN %(final)s AND NOT (%(held)s AND delivery_status IS DISTINCT FROM 'delivered'
                                      AND delivery_status IS DISTINCT FROM 'read')
              THEN NULL ELSE body END,
  due_at = CASE WHEN %(final)s THEN due_at
                ELSE kosh_now() + make_interval(secs => %(delay)s) END,
  done_at = CASE WHEN %(final)s THEN kosh_now() END, lease_until = NULL,
  attempt = attempt - %(untried)s
WHERE id = %(id)s AND state = 'sending' AND attempt = %(attempt)s
RETURNING EXISTS (
  SELECT FROM messages m WHERE m.person_id = messages.person_id AND m.id > messages.id
    AND m.state = 'pending'), delivery_status, reason
""")
SET_ASIDE = statement(
    update(t.Message)
    .where(_OF_PERSON, _IS_OPEN, t.Message.due_at <= NOW)
    .values(due_at=NOW + seconds("delay"))
)
