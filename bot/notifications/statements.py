"""SQL statements of notifications: recipients, settings, browsers, claim and outcome."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    DateTime,
    Integer,
    LargeBinary,
    Text,
    Time,
    Uuid,
    all_,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from bot.db import tables as t
from bot.db.statements import NOW, Statement, ago, any_of, seconds, statement
from bot.notifications.kinds import Kind

CLAIMED_AT_ONCE = 100

_OFFICER = bindparam("officer", type_=Uuid())
_KIND = bindparam("about", type_=Text())
_SUBJECT = bindparam("of_subject", type_=Text())

# Statements that find the subject and the recipients of a notification.

CASE = statement(
    select(t.Case.mission, t.Case.topic, t.Case.language, t.Case.owner, t.Case.urgent).where(
        t.Case.id == bindparam("case", type_=Uuid()), t.Case.state != "resolved"
    )
)
LIMIT_MISSION = statement(
    select(t.MessageLimit.mission).where(t.MessageLimit.case_id == bindparam("case", type_=Uuid()))
)
BROADCAST = statement(
    select(t.Broadcast.author, t.Officer.mission)
    .join(t.Officer, t.Officer.id == t.Broadcast.author)
    .where(t.Broadcast.id == bindparam("broadcast", type_=Uuid()))
)
OWNER_OF_DISABLED = statement(
    select(t.WebhookEndpoint.officer_id).where(
        t.WebhookEndpoint.id == bindparam("endpoint", type_=Uuid()),
        t.WebhookEndpoint.state == "disabled",
    )
)
_BROWSERS = (
    select(func.array_agg(t.PushSubscription.id))
    .where(t.PushSubscription.officer_id == t.Officer.id)
    .correlate(t.Officer)
    .scalar_subquery()
)
CANDIDATES: Statement[*tuple[Any, ...]] = statement(
    select(
        t.Officer.id,
        t.Officer.mission,
        t.Officer.roles,
        t.Officer.languages,
        t.Officer.topics,
        (t.Officer.shift_until > NOW).is_(True),
        func.coalesce(t.NotificationSettings.email, ""),
        t.NotificationSettings.quiet_from,
        t.NotificationSettings.quiet_until,
        func.coalesce(t.NotificationSettings.digest_minutes, 0),
        func.coalesce(t.Mission.zone, ""),
        _BROWSERS,
    )
    .select_from(t.Officer)
    .outerjoin(t.NotificationSettings, t.NotificationSettings.officer_id == t.Officer.id)
    .outerjoin(t.Mission, t.Mission.mission == t.Officer.mission)
    .where(
        t.Officer.active,
        or_(
            t.NotificationSettings.unwanted.is_(None),
            all_(t.NotificationSettings.unwanted) != _KIND,
        ),
    )
    .order_by(t.Officer.id)
)
CLOCK = statement(select(NOW))

# Statements that queue notifications.

_Sent = aliased(t.OfficerNotification)
_TARGET = bindparam("target", type_=BigInteger())
# Delays a row if the officer was notified of the same kind and subject before, so that these
# notifications are sent at least `pause` seconds apart.
_AFTER_LAST = (
    select(func.max(_Sent.created_at) + seconds("pause"))
    .where(
        _Sent.officer_id == _OFFICER,
        _Sent.push_subscription == _TARGET,
        _Sent.kind == _KIND,
        _Sent.subject == _SUBJECT,
    )
    .scalar_subquery()
)
QUEUE = statement(
    insert(t.OfficerNotification)
    .values(
        officer_id=_OFFICER,
        push_subscription=_TARGET,
        kind=_KIND,
        subject=_SUBJECT,
        state="pending",
        due_at=func.greatest(bindparam("due", type_=DateTime(timezone=True)), _AFTER_LAST),
    )
    .on_conflict_do_nothing()
)
_OF_SUBJECT = (t.OfficerNotification.kind == _KIND, t.OfficerNotification.subject == _SUBJECT)
IS_RECENT = statement(
    select(exists().where(*_OF_SUBJECT, t.OfficerNotification.created_at > ago(hours=1)))
)
# The period is an hour less than a week, because the check can run earlier on this Monday than on
# the Monday before.
IS_OF_THIS_WEEK = statement(
    select(exists().where(*_OF_SUBJECT, t.OfficerNotification.created_at > ago(hours=7 * 24 - 1)))
)
# Missions where cases wait and no active officer is on shift.
_OnShift = aliased(t.Officer)
UNSTAFFED = statement(
    select(t.Case.mission)
    .where(
        t.Case.state == "queued",
        t.Case.waiting_since.is_not(None),
        ~exists().where(
            _OnShift.mission == t.Case.mission, _OnShift.active, _OnShift.shift_until > NOW
        ),
    )
    .distinct()
    .order_by(t.Case.mission)
)

# Statements that claim due notifications and store the result of sending.

_DUE_ROWS = (
    select(t.OfficerNotification.id)
    .where(
        t.OfficerNotification.done_at.is_(None),
        t.OfficerNotification.due_at <= NOW,
        # Kinds that a newer version added are left to the workers of that version.
        t.OfficerNotification.kind.in_([each.value for each in Kind]),
        or_(t.OfficerNotification.state == "pending", t.OfficerNotification.lease_until < NOW),
    )
    .order_by(t.OfficerNotification.officer_id, t.OfficerNotification.id)
    .limit(CLAIMED_AT_ONCE)
    .with_for_update(skip_locked=True)
    .cte("due")
    .prefix_with("MATERIALIZED")
)
CLAIM = statement(
    update(t.OfficerNotification)
    .where(t.OfficerNotification.id == _DUE_ROWS.c.id)
    .values(
        state="sending",
        attempt=t.OfficerNotification.attempt + 1,
        lease_until=NOW + seconds("lease"),
    )
    .returning(
        t.OfficerNotification.id,
        t.OfficerNotification.officer_id,
        t.OfficerNotification.push_subscription,
        t.OfficerNotification.kind,
        t.OfficerNotification.subject,
        t.OfficerNotification.attempt,
    )
)
TARGET = statement(
    select(
        func.coalesce(t.NotificationSettings.email, ""),
        func.coalesce(t.Account.language, ""),
        t.Officer.roles,
        t.PushSubscription.endpoint,
        t.PushSubscription.public_key,
        t.PushSubscription.auth_secret,
    )
    .select_from(t.Officer)
    .outerjoin(t.NotificationSettings, t.NotificationSettings.officer_id == t.Officer.id)
    .outerjoin(t.Account, t.Account.officer_id == t.Officer.id)
    .outerjoin(
        t.PushSubscription,
        (t.PushSubscription.officer_id == t.Officer.id) & (t.PushSubscription.id == _TARGET),
    )
    .where(t.Officer.id == _OFFICER, t.Officer.active)
)
# A row that is retried stays `sending` and is claimed again after its lease: a pending row would
# violate the unique index if the same event was queued again meanwhile. Rows that are sent together
# can have different numbers of attempts, so each row fails after its own last attempt.
_IS_RETRIED = and_(
    bindparam("retry", type_=Boolean()),
    t.OfficerNotification.attempt < bindparam("max_attempts", type_=Integer()),
)
OUTCOME = statement(
    update(t.OfficerNotification)
    .where(
        any_of(t.OfficerNotification.id, "ids"),
        t.OfficerNotification.state == "sending",
    )
    .values(
        state=case((_IS_RETRIED, "sending"), else_=bindparam("next_state", type_=Text())),
        reason=bindparam("why", type_=Text()),
        lease_until=case((_IS_RETRIED, NOW + seconds("delay"))),
        done_at=case((~_IS_RETRIED, NOW)),
    )
)

# Statements about an officer's settings.

SETTINGS = statement(
    select(
        t.NotificationSettings.email,
        t.NotificationSettings.unwanted,
        t.NotificationSettings.quiet_from,
        t.NotificationSettings.quiet_until,
        t.NotificationSettings.digest_minutes,
    ).where(t.NotificationSettings.officer_id == _OFFICER)
)
_CHOSEN = {
    "email": bindparam("address", type_=Text()),
    "unwanted": bindparam("left_out", type_=ARRAY(Text)),
    "quiet_from": bindparam("opens", type_=Time()),
    "quiet_until": bindparam("closes", type_=Time()),
    "digest_minutes": bindparam("minutes", type_=Integer()),
}
SAVE = statement(
    insert(t.NotificationSettings)
    .values(officer_id=_OFFICER, **_CHOSEN)
    .on_conflict_do_update(index_elements=[t.NotificationSettings.officer_id], set_=_CHOSEN)
)
BROWSERS = statement(
    select(t.PushSubscription.id, t.PushSubscription.created_at)
    .where(t.PushSubscription.officer_id == _OFFICER)
    .order_by(t.PushSubscription.id)
)
_KEYS = {
    "officer_id": _OFFICER,
    "public_key": bindparam("public", type_=LargeBinary()),
    "auth_secret": bindparam("secret", type_=LargeBinary()),
}
SUBSCRIBE = statement(
    insert(t.PushSubscription)
    .values(endpoint=bindparam("at_endpoint", type_=Text()), **_KEYS)
    .on_conflict_do_update(index_elements=[t.PushSubscription.endpoint], set_=_KEYS)
)
END_FORMER = statement(
    delete(t.PushSubscription).where(
        t.PushSubscription.officer_id == _OFFICER,
        t.PushSubscription.endpoint == bindparam("at_endpoint"),
    )
)
UNSUBSCRIBE = statement(
    delete(t.PushSubscription).where(
        t.PushSubscription.officer_id == _OFFICER, t.PushSubscription.id == _TARGET
    )
)
