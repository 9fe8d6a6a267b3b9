"""SQL statements about the audience of a broadcast: count people, create recipient rows."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Float,
    LargeBinary,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from bot.broadcasts.statements import WAITING
from bot.db import tables as t
from bot.db.statements import NOW, ago, seconds, statement
from flows.list_changes import LIST, LIST_COUNTRY

SPARE_HOURS = 24


def _texts(name: str) -> Any:
    return bindparam(name, type_=ARRAY(Text))


def _any_if_empty(wanted: Any, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return or_(func.cardinality(wanted) == 0, condition)


def _declares(name: str, kind: str) -> ColumnElement[bool]:
    """Return the condition that the person has an attribute of `kind` with one of the tokens.

    `name` is the bind parameter with these tokens, which are keyed hashes of the wanted values. The
    condition is also true if there are no tokens, or if `_KEPT` contains the person: people who
    keep a list of papers for a programme in `lists` and a country in `list_countries`.
    """
    wanted = bindparam(name, type_=ARRAY(LargeBinary))
    keeps = exists().where(_KEPT.c.person_id == t.Conversation.person_id)
    return or_(
        func.cardinality(wanted) == 0,
        keeps,
        exists().where(
            t.AudienceAttribute.person_id == t.Conversation.person_id,
            t.AudienceAttribute.kind == kind,
            t.AudienceAttribute.token == any_(wanted),
        ),
    )


_STATES = _texts("registration")
_SERVICE = bindparam("service", type_=Boolean())
_CHANNELS, _LANGUAGES, _MISSIONS = _texts("channels"), _texts("languages"), _texts("missions")
_WINDOW = bindparam("window", type_=Float())

_LISTED = aliased(t.AudienceAttribute)
_LIST_COUNTRIES = bindparam("list_countries", type_=ARRAY(LargeBinary))
_KEPT = (
    select(t.AudienceAttribute.person_id)
    .where(
        t.AudienceAttribute.kind == LIST,
        t.AudienceAttribute.token == any_(bindparam("lists", type_=ARRAY(LargeBinary))),
        _any_if_empty(
            _LIST_COUNTRIES,
            exists().where(
                _LISTED.person_id == t.AudienceAttribute.person_id,
                _LISTED.kind == LIST_COUNTRY,
                _LISTED.token == any_(_LIST_COUNTRIES),
            ),
        ),
    )
    .cte("kept")
)
_ASKED = union(
    select(t.Subscription.person_id).where(t.Subscription.topic == bindparam("topic")),
    select(_KEPT.c.person_id),
    select(t.Registration.person_id).where(
        _SERVICE, t.Registration.state == any_(_STATES), t.Registration.person_id.is_not(None)
    ),
).cte("asked")
_MEANT = (
    select(
        t.Conversation.person_id,
        t.Conversation.language,
        t.Conversation.quiet,
        func.coalesce(t.Conversation.updates_channel, t.Conversation.channel).label("spoke"),
    )
    .join(_ASKED, t.Conversation.person_id == _ASKED.c.person_id)
    .where(
        _any_if_empty(_LANGUAGES, t.Conversation.language == any_(_LANGUAGES)),
        _any_if_empty(
            _MISSIONS,
            exists().where(
                t.Person.id == t.Conversation.person_id,
                func.coalesce(t.Person.mission, "") == any_(_MISSIONS),
            ),
        ),
        _any_if_empty(
            _STATES,
            exists().where(
                t.Registration.person_id == t.Conversation.person_id,
                t.Registration.state == any_(_STATES),
            ),
        ),
        _declares("countries", "country"),
        _declares("programmes", "programme"),
        _declares("regions", "region"),
    )
    .cte("meant")
)
_REACHED = (
    select(
        _MEANT.c.person_id,
        _MEANT.c.language,
        _MEANT.c.quiet,
        t.Handle.channel,
        t.Handle.blocked,
        t.Handle.spoke_at,
    )
    .select_from(_MEANT)
    .outerjoin(
        t.Handle,
        and_(
            t.Handle.person_id == _MEANT.c.person_id,
            t.Handle.channel == any_(_texts("pushed")),
            t.Handle.home.is_(None),
        ),
    )
    .ext(distinct_on(_MEANT.c.person_id))
    .order_by(
        _MEANT.c.person_id,
        t.Handle.blocked,
        t.Handle.channel != _MEANT.c.spoke,
        t.Handle.spoke_at.desc().nulls_last(),
    )
    .cte("reached")
)
# People who got another announcement within SPARE_HOURS, or will get one that is being sent or is
# paused. `recent` contains a paused one only for SPARE_HOURS, because it may never be resumed.
_RECENT = (
    select(t.BroadcastRecipient.person_id)
    .where(
        not_(bindparam("anyway", type_=Boolean())),
        t.BroadcastRecipient.broadcast_id == any_(bindparam("recent", type_=ARRAY(Uuid))),
        or_(
            and_(
                t.BroadcastRecipient.state.in_(["accepted", "delivered", "read", "in_doubt"]),
                t.BroadcastRecipient.state_at > ago(hours=SPARE_HOURS),
            ),
            and_(
                t.BroadcastRecipient.state.in_(WAITING),
                t.BroadcastRecipient.broadcast_id.in_(
                    select(t.Broadcast.id).where(t.Broadcast.state.in_(["running", "paused"]))
                ),
            ),
        ),
    )
    .distinct()
    .cte("recent")
    .prefix_with("MATERIALIZED")
)
_HAS_NO_WINDOW = and_(
    _REACHED.c.channel == "whatsapp",
    _WINDOW > 0,
    not_(_REACHED.c.language == any_(_texts("templates"))),
    or_(_REACHED.c.spoke_at.is_(None), _REACHED.c.spoke_at < NOW - seconds("window")),
)
_AGAINST = case(
    (_REACHED.c.quiet, "quiet"),
    (_REACHED.c.channel.is_(None), "unreachable"),
    (_REACHED.c.blocked, "blocked"),
    (
        exists(select(_RECENT.c.person_id).where(_RECENT.c.person_id == _REACHED.c.person_id)),
        "recent",
    ),
    (_HAS_NO_WINDOW, "no_template"),
    else_="",
)
_CHANNEL = func.coalesce(_REACHED.c.channel, "")
# All people that the audience rule matches, each with channel, language and, for an excluded
# person, the reason for the exclusion.
_AUDIENCE = (
    select(
        _REACHED.c.person_id,
        _CHANNEL.label("channel"),
        _REACHED.c.language,
        _AGAINST.label("against"),
    )
    .where(_any_if_empty(_CHANNELS, any_(_CHANNELS) == _CHANNEL))
    .subquery("audience")
)

COUNT = statement(
    select(_AUDIENCE.c.language, _AUDIENCE.c.channel, _AUDIENCE.c.against, func.count()).group_by(
        _AUDIENCE.c.language, _AUDIENCE.c.channel, _AUDIENCE.c.against
    )
)
_ID = bindparam("broadcast", type_=Uuid())
MAKE_ROWS = statement(
    insert(t.BroadcastRecipient).from_select(
        [
            t.BroadcastRecipient.broadcast_id,
            t.BroadcastRecipient.seq,
            t.BroadcastRecipient.person_id,
            t.BroadcastRecipient.channel,
            t.BroadcastRecipient.language,
            t.BroadcastRecipient.state,
        ],
        select(
            _ID,
            func.row_number().over(order_by=func.random()) - 1,
            _AUDIENCE.c.person_id,
            _AUDIENCE.c.channel,
            _AUDIENCE.c.language,
            literal("planned"),
        ).where(_AUDIENCE.c.against == ""),
    )
)
# The state of a running broadcast may be older than its last messages.
RECENT = statement(
    select(t.Broadcast.id).where(
        t.Broadcast.total.is_not(None),
        or_(t.Broadcast.state == "running", t.Broadcast.state_at > ago(hours=SPARE_HOURS)),
    )
)
