"""SQL statements of webhooks: endpoints, claim and outcome of deliveries, dead letters."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from bot.db import tables as t
from bot.db.statements import NOW, ago, seconds, seconds_from_now, statement
from bot.officers.statements import OFFICER

CLAIMED_AT_ONCE = 200
# Maximum number of deliveries of one endpoint that a process sends at the same time.
ENDPOINT_AT_ONCE = 5
# After this many failures in a row, only one delivery at a time is tried, and each failure causes a
# pause.
MAX_FAILURES = 5
DISABLE_AFTER_DAYS = 5
SHOWN = 100

_E, _D = t.WebhookEndpoint, t.WebhookDelivery
_ENDPOINT = bindparam("endpoint", type_=Uuid())
_OFFICER = bindparam("officer", type_=Uuid())
_IS_ENDPOINT = _E.id == _ENDPOINT
_OWN = (_IS_ENDPOINT, _E.officer_id == _OFFICER)

# Statements on the endpoints of an account

LOCK_ACCOUNT = statement(
    select(t.Officer.id).where(t.Officer.id == _OFFICER).with_for_update(key_share=True)
)
ADD = statement(
    insert(_E).values(
        id=_ENDPOINT,
        officer_id=_OFFICER,
        url=bindparam("sealed_url", type_=LargeBinary()),
        secret=bindparam("sealed_secret", type_=LargeBinary()),
        events=bindparam("wanted", type_=ARRAY(Text)),
        state="active",
    )
)
_DEAD_COUNT = (
    select(func.count())
    .where(_D.endpoint_id == _E.id, _D.state == "dead")
    .correlate(_E)
    .scalar_subquery()
)
ENDPOINT = (
    _E.id,
    _E.officer_id,
    _E.url,
    _E.events,
    _E.state,
    _E.reason,
    _E.created_at,
    _E.succeeded_at,
    _E.failing_since,
    _E.disabled_at,
    _DEAD_COUNT,
)
LIST = statement(select(*ENDPOINT).where(_E.officer_id == _OFFICER).order_by(_E.created_at, _E.id))
FIND = statement(select(*ENDPOINT).where(*_OWN))
DELETE = statement(delete(_E).where(*_OWN).returning(_E.id))
# With the secrets, the database's time, which decides whether a former secret still signs.
SECRETS = (_E.secret, _E.old_secret, NOW)
LOCK_SECRETS = statement(select(*SECRETS).where(*_OWN).with_for_update())
ROTATE = statement(
    update(_E)
    .where(*_OWN)
    .values(
        old_secret=bindparam("sealed_old", type_=LargeBinary()),
        old_secret_until=bindparam("until", type_=DateTime(timezone=True)),
        secret=bindparam("sealed_secret", type_=LargeBinary()),
    )
)
ENABLE = statement(
    update(_E)
    .where(_IS_ENDPOINT)
    .values(
        state="active",
        reason="",
        failures=0,
        failing_since=None,
        resting_until=None,
        disabled_at=None,
    )
    .returning(_E.id)
)
QUEUE = statement(
    insert(_D).values(
        endpoint_id=_ENDPOINT,
        event_id=bindparam("event", type_=Uuid()),
        type=bindparam("kind", type_=Text()),
        subject=bindparam("about", type_=Text()),
    )
)

# Statements that claim deliveries and record their outcomes

_BUSY = bindparam("busy", type_=ARRAY(Uuid()))
_IS_DUE = (
    _D.done_at.is_(None),
    _D.due_at <= NOW,
    or_(_D.state == "pending", _D.lease_until < NOW),
)
_RANK = func.row_number().over(partition_by=_D.endpoint_id, order_by=(_D.due_at, _D.id))
_RANKED = (
    select(
        _D.id,
        _RANK.label("rank"),
        case((_E.failures >= MAX_FAILURES, 1), else_=ENDPOINT_AT_ONCE).label("most"),
    )
    .join(_E, _E.id == _D.endpoint_id)
    .where(
        *_IS_DUE,
        _E.state == "active",
        or_(_E.resting_until.is_(None), _E.resting_until < NOW),
        _E.id != func.all(_BUSY),
        or_(_ENDPOINT.is_(None), _IS_ENDPOINT),
    )
    .subquery("ranked")
)
_CHOSEN = select(_RANKED.c.id).where(_RANKED.c.rank <= _RANKED.c.most)
# The conditions `_IS_DUE` are checked again, because another process may have claimed a row after
# it was chosen.
_DUE = (
    select(_D.id)
    .where(_D.id.in_(_CHOSEN), *_IS_DUE)
    .limit(CLAIMED_AT_ONCE)
    .with_for_update(skip_locked=True)
    .cte("due")
    .prefix_with("MATERIALIZED")
)
CLAIM = statement(
    update(_D)
    .where(_D.id == _DUE.c.id)
    .values(state="sending", attempt=_D.attempt + 1, lease_until=seconds_from_now("lease"))
    .returning(
        _D.id,
        _D.endpoint_id,
        _D.event_id,
        _D.type,
        _D.subject,
        _D.subject_state,
        _D.created_at,
        _D.attempt,
    )
)
TARGET = statement(
    select(_E.url, *SECRETS, *OFFICER)
    .join(t.Officer, t.Officer.id == _E.officer_id)
    .where(_IS_ENDPOINT)
)
_CLAIMED = (
    _D.id == bindparam("delivery", type_=BigInteger()),
    _D.attempt == bindparam("of_attempt", type_=Integer()),
    _D.state == "sending",
)
OUTCOME = statement(
    update(_D)
    .where(*_CLAIMED)
    .values(
        state=bindparam("new_state", type_=Text()),
        reason=bindparam("why", type_=Text()),
        lease_until=None,
        due_at=NOW + seconds("delay"),
        done_at=case((bindparam("final", type_=Boolean()), NOW)),
    )
)
SUCCEEDED = statement(
    update(_E)
    .where(_IS_ENDPOINT)
    .values(failures=0, failing_since=None, resting_until=None, succeeded_at=NOW)
)
FAILED = statement(
    update(_E)
    .where(_IS_ENDPOINT)
    .values(
        failures=_E.failures + 1,
        failing_since=func.coalesce(_E.failing_since, NOW),
        resting_until=func.greatest(
            _E.resting_until,
            case((bindparam("rest", type_=Float()) > 0, NOW + seconds("rest"))),
            case((_E.failures + 1 >= MAX_FAILURES, NOW + seconds("breaker"))),
        ),
    )
    .returning(
        or_(_E.state == "disabled", _E.failing_since < ago(days=DISABLE_AFTER_DAYS)),
    )
)
DISABLE = statement(
    update(_E)
    .where(_IS_ENDPOINT, _E.state == "active")
    .values(state="disabled", reason=bindparam("why", type_=Text()), disabled_at=NOW)
    .returning(_E.id)
)
MARK_DEAD = statement(
    update(_D)
    .where(_D.endpoint_id == _ENDPOINT, _D.state == "pending")
    .values(state="dead", reason="disabled", done_at=NOW)
)

# Statements that the module `dead_letters` runs

ALL = statement(
    select(*ENDPOINT)
    .join(t.Officer, t.Officer.id == _E.officer_id)
    .order_by(_E.state.desc(), t.Officer.name, _E.created_at, _E.id)
    .limit(SHOWN)
)
DEAD = statement(
    select(_D.id, _D.endpoint_id, _D.type, _D.reason, _D.attempt, _D.created_at, _D.done_at)
    .where(_D.state == "dead")
    .order_by(_D.done_at.desc(), _D.id.desc())
    .limit(SHOWN)
)
LOCK = statement(select(_E.state).where(_IS_ENDPOINT).with_for_update(key_share=True))
REDELIVER = statement(
    update(_D)
    .where(
        _D.endpoint_id == _ENDPOINT,
        _D.state == "dead",
        or_(
            _D.id == bindparam("delivery", type_=BigInteger()),
            bindparam("delivery", type_=BigInteger()).is_(None),
        ),
    )
    .values(state="pending", attempt=0, due_at=NOW, done_at=None)
    .returning(_D.id)
)

# Statements for key rotation

_VERSION = bindparam("version", type_=Integer())


_SEALED = (_E.url, _E.secret, func.coalesce(_E.old_secret, _E.secret))
_IS_UNDER = or_(*(func.substring(each, 2, 4) == func.int4send(_VERSION) for each in _SEALED))
UNDER_EPOCH = select(func.count()).select_from(_E).where(_IS_UNDER).scalar_subquery()
"""Subquery that counts the endpoints with a value under the epoch's key of this version."""
LOCK_OTHER_KEYS = statement(
    select(_E.id, _E.url, _E.secret, _E.old_secret)
    .where(or_(*(func.substring(each, 2, 4) != func.int4send(_VERSION) for each in _SEALED)))
    .with_for_update()
)
RESEAL = statement(
    update(_E)
    .where(_IS_ENDPOINT)
    .values(
        url=bindparam("sealed_url", type_=LargeBinary()),
        secret=bindparam("sealed_secret", type_=LargeBinary()),
        old_secret=bindparam("sealed_old", type_=LargeBinary()),
    )
)
