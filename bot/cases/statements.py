"""SQL statements that find, open and change cases, and store texts of people and officers.

A case is a person's request to officers.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    all_,
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
    update,
)

from bot.cases.states import HIDDEN_TOPICS, REGISTRY_TOPICS, State
from bot.db import tables as t
from bot.db.statements import NOW, Statement, ago, statement
from flows.engine import safety

MIN_ANSWERED = 5

_CASE = bindparam("case", type_=Uuid())
_PERSON = bindparam("person", type_=Uuid())
_OFFICER = bindparam("officer", type_=Uuid())
_VERSION = bindparam("shown_version", type_=Integer())
_MOMENT = DateTime(timezone=True)
IS_OPEN = t.Case.state != State.RESOLVED

# Statements that find cases

FIRST_TOPIC = func.coalesce(t.Case.first_topic, t.Case.topic)
"""The topic with which a case was opened, also if the topic was changed later."""
IS_KNOWN_TO_PERSON = or_(
    FIRST_TOPIC.not_in(sorted(HIDDEN_TOPICS)),
    not_(t.Case.joined_topics.bool_op("<@")(literal(sorted(HIDDEN_TOPICS), ARRAY(Text)))),
)
"""Is false for a case only about repeated registrations, which is hidden from the person."""
CASE: tuple[Any, ...] = (
    t.Case.id,
    t.Case.number,
    t.Case.person_id,
    t.Case.mission,
    t.Case.topic,
    t.Case.urgent,
    t.Case.language,
    t.Case.country,
    t.Case.state,
    t.Case.owner,
    t.Case.version,
    t.Case.opened_at,
    t.Case.state_at,
    t.Case.waiting_since,
    t.Case.answer_due,
    t.Case.resolve_due,
    t.Case.paused_at,
    t.Case.snoozed_until,
    t.Case.escalated_at,
    t.Case.answered_at,
    t.Case.returned,
    t.Case.rating,
    t.Case.labels,
    t.Case.call_back_at,
    FIRST_TOPIC.label("first_topic"),
    t.Case.joined_topics,
)
"""The columns of `model.Case`."""

CASES: Select[*tuple[Any, ...]] = select(*CASE)
"""A SELECT of cases with the columns of `model.Case`; callers add a condition."""

FIND = statement(CASES.where(t.Case.id == _CASE))
LOCK = statement(CASES.where(t.Case.id == _CASE).with_for_update())
LOCK_OPEN = statement(CASES.where(t.Case.person_id == _PERSON, IS_OPEN).limit(1).with_for_update())
MEDIAN = statement(
    select(func.percentile_cont(0.5).within_group(t.Case.answer_minutes))
    .where(t.Case.mission == bindparam("mission"), t.Case.answered_at > ago(days=7))
    .having(func.count() >= MIN_ANSWERED)
)


def _all_or_among(column: Any, name: str) -> ColumnElement[bool]:
    """Return the condition that the column is in the list parameter `name`.

    An empty list matches every row.
    """
    wanted = bindparam(name, type_=ARRAY(Text))
    return or_(func.cardinality(wanted) == 0, column == any_(wanted))


NEXT = statement(
    CASES.where(
        t.Case.mission == bindparam("mission"),
        t.Case.state == State.QUEUED,
        t.Case.owner.is_(None),
        _all_or_among(t.Case.topic, "topics"),
        _all_or_among(t.Case.language, "languages"),
    )
    .order_by(
        t.Case.urgent.desc(),
        t.Case.escalated_at.nulls_last(),
        t.Case.answer_due.nulls_last(),
        t.Case.opened_at,
    )
    .limit(1)
)
HOLDER = statement(
    select(func.coalesce(t.Officer.name, ""), t.Case.version)
    .select_from(t.Case)
    .outerjoin(t.Officer, (t.Officer.id == t.Case.owner) & IS_OPEN)
    .where(t.Case.id == _CASE)
)

# Statements that open cases, store messages and notes, and close cases

OPEN = statement(
    insert(t.Case).values(
        id=_CASE,
        person_id=_PERSON,
        mission=bindparam("to_mission"),
        topic=bindparam("about"),
        urgent=bindparam("is_urgent"),
        language=bindparam("in_language"),
        country=bindparam("lives_in"),
        state=State.QUEUED,
        waiting_since=bindparam("now"),
        answer_due=bindparam("answer"),
        resolve_due=bindparam("resolve"),
    )
)
ADD_ORIGIN = statement(insert(t.CaseOrigin).values(case_id=_CASE, network=bindparam("network")))
_NEXT_STATE = bindparam("next_state", type_=Text())
WAIT_AGAIN = statement(
    update(t.Case)
    .where(t.Case.id == _CASE)
    .values(
        state=_NEXT_STATE,
        waiting_since=func.coalesce(t.Case.waiting_since, bindparam("now", type_=_MOMENT)),
        answer_due=func.coalesce(t.Case.answer_due, bindparam("answer", type_=_MOMENT)),
        return_due=func.coalesce(t.Case.return_due, bindparam("return", type_=_MOMENT)),
        resolve_due=bindparam("resolve"),
        paused_at=None,
        snoozed_until=None,
        state_at=case((t.Case.state == _NEXT_STATE, t.Case.state_at), else_=NOW),
        version=t.Case.version + bindparam("moves", type_=Integer()),
    )
)
EXTEND = statement(
    update(t.Case).where(t.Case.id == _CASE).values(resolve_due=bindparam("resolve"))
)
MARK_URGENT = statement(update(t.Case).where(t.Case.id == _CASE).values(urgent=True))
MARK_DANGER = statement(
    update(t.Case)
    .where(t.Case.id == _CASE)
    .values(urgent=True, topic=safety.TOPIC, first_topic=FIRST_TOPIC)
)
SET_LANGUAGE = statement(
    update(t.Case).where(t.Case.id == _CASE).values(language=bindparam("in_language"))
)
_TOPIC = bindparam("about", type_=Text())
ADD_TOPIC = statement(
    update(t.Case)
    .where(t.Case.id == _CASE, all_(t.Case.joined_topics) != _TOPIC)
    .values(joined_topics=func.array_append(t.Case.joined_topics, _TOPIC))
)
ADD_MESSAGE = statement(
    insert(t.CaseMessage)
    .values(
        case_id=_CASE,
        person_id=_PERSON,
        officer=bindparam("by_officer"),
        body=bindparam("sealed"),
        canned_reply=bindparam("canned_name"),
        message_id=bindparam("message"),
    )
    .returning(t.CaseMessage.id)
)
ADD_NOTE = statement(
    insert(t.CaseNote).values(
        case_id=_CASE,
        person_id=_PERSON,
        officer=bindparam("by_officer"),
        body=bindparam("sealed"),
    )
)
_NO_DEADLINES = {
    t.Case.waiting_since: None,
    t.Case.answer_due: None,
    t.Case.return_due: None,
    t.Case.snoozed_until: None,
}
CANCEL = statement(
    update(t.Case)
    .where(
        t.Case.person_id == _PERSON,
        IS_OPEN,
        FIRST_TOPIC.not_in(sorted(REGISTRY_TOPICS)),
        not_(t.Case.joined_topics.bool_op("&&")(literal(sorted(REGISTRY_TOPICS), ARRAY(Text)))),
    )
    .values(
        {
            t.Case.state: State.RESOLVED.value,
            t.Case.state_at: NOW,
            t.Case.version: t.Case.version + 1,
            **_NO_DEADLINES,
        }
    )
)
_LAST_CLOSED = (
    select(t.Case.id)
    .where(
        t.Case.person_id == _PERSON,
        t.Case.state == State.RESOLVED,
        t.Case.state_at > ago(days=7),
        IS_KNOWN_TO_PERSON,
    )
    .order_by(t.Case.state_at.desc())
    .limit(1)
)
RATE = statement(
    update(t.Case)
    .where(t.Case.id == _LAST_CLOSED.scalar_subquery())
    .values(rating=func.coalesce(t.Case.rating, bindparam("said", type_=Text())))
)

# Changes of a case's owner and state. Each is one conditional update, so that only one of several
# concurrent callers succeeds.


def _change(
    changes: Mapping[Any, Any], *conditions: ColumnElement[bool], moves: int = 1
) -> Statement[()]:
    """Return an update of a case that applies only if the case still has the expected version.

    This is the version that the officer's page showed. `moves` is added to the version.
    """
    return statement(
        update(t.Case)
        .where(t.Case.id == _CASE, t.Case.version == _VERSION, *conditions)
        .values({t.Case.state_at: NOW, t.Case.version: t.Case.version + moves, **changes})
    )


_RETURN_DUE = bindparam("due", type_=_MOMENT)
_IS_HELD = t.Case.owner.is_not(None)
_BY_HOLDER = t.Case.owner == _OFFICER
_GIVE = {
    t.Case.owner: _OFFICER,
    t.Case.snoozed_until: None,
    t.Case.state: case(
        (t.Case.state == State.WAITING, t.Case.state), else_=literal(State.CLAIMED.value)
    ),
    t.Case.return_due: case((t.Case.state != State.WAITING, _RETURN_DUE)),
}
_TO_QUEUE = {
    t.Case.owner: None,
    t.Case.state: State.QUEUED.value,
    t.Case.return_due: None,
    t.Case.snoozed_until: None,
}

CLAIM = _change(
    {
        t.Case.owner: _OFFICER,
        t.Case.state: State.CLAIMED.value,
        t.Case.return_due: _RETURN_DUE,
    },
    t.Case.owner.is_(None),
    t.Case.state == State.QUEUED,
)
TAKE_OVER = _change(_GIVE, _IS_HELD, t.Case.owner != _OFFICER, IS_OPEN)
HAND_TO = _change(_GIVE, t.Case.owner.is_distinct_from(_OFFICER), IS_OPEN)
RELEASE = _change(
    {**_TO_QUEUE, t.Case.returned: t.Case.returned + bindparam("by_itself", type_=Integer())},
    _IS_HELD,
    IS_OPEN,
)
# Records that the case was urgent or about danger. In an UPDATE, these expressions read the row's
# old values, so this is recorded even if the same UPDATE removes the urgency or changes the topic.
_WAS_DANGER = {
    t.Case.was_danger: or_(t.Case.was_danger, t.Case.urgent, t.Case.topic == safety.TOPIC)
}
_NEW_TOPIC = {t.Case.topic: bindparam("about"), t.Case.first_topic: FIRST_TOPIC}
CHANGE_TOPIC = _change({**_TO_QUEUE, **_WAS_DANGER, **_NEW_TOPIC}, IS_OPEN)
SNOOZE = _change(
    {
        t.Case.state: State.SNOOZED.value,
        t.Case.snoozed_until: bindparam("until"),
        t.Case.return_due: None,
        t.Case.paused_at: func.coalesce(t.Case.paused_at, NOW),
    },
    _BY_HOLDER,
    t.Case.state.in_([State.CLAIMED, State.WAITING]),
)
_ANSWERED_AT = bindparam("now", type_=_MOMENT)
REPLIED = _change(
    {
        t.Case.state: State.WAITING.value,
        **_NO_DEADLINES,
        t.Case.escalated_at: None,
        t.Case.paused_at: func.coalesce(t.Case.paused_at, _ANSWERED_AT),
        t.Case.answered_at: func.coalesce(t.Case.answered_at, _ANSWERED_AT),
        t.Case.answer_minutes: func.coalesce(
            t.Case.answer_minutes, bindparam("minutes", type_=Integer())
        ),
    },
    _BY_HOLDER,
    IS_OPEN,
    moves=0,
)
# A message of the person that is newer than the last message on the officer's page.
_UNSEEN = exists().where(
    t.CaseMessage.case_id == t.Case.id,
    t.CaseMessage.officer.is_(None),
    t.CaseMessage.id > bindparam("seen", type_=BigInteger()),
)
RESOLVE = _change(
    {t.Case.state: State.RESOLVED.value, **_NO_DEADLINES}, _BY_HOLDER, IS_OPEN, ~_UNSEEN
)
CLOSE_UNREAD = _change(
    {
        t.Case.state: State.RESOLVED.value,
        t.Case.burst_id: bindparam("burst", type_=Uuid()),
        **_NO_DEADLINES,
    },
    t.Case.owner.is_(None),
    t.Case.state == State.QUEUED,
)
REOPEN = statement(
    update(t.Case)
    .where(t.Case.id == _CASE, t.Case.state == State.RESOLVED)
    .values(
        state=_NEXT_STATE,
        state_at=bindparam("now", type_=_MOMENT),
        burst_id=None,
        escalated_at=None,
        paused_at=None,
        waiting_since=bindparam("now", type_=_MOMENT),
        answer_due=bindparam("due", type_=_MOMENT),
        return_due=bindparam("return", type_=_MOMENT),
        resolve_due=bindparam("resolve", type_=_MOMENT),
        version=t.Case.version + 1,
    )
)
MARK = _change(
    {
        t.Case.urgent: func.coalesce(bindparam("is_urgent", type_=Boolean()), t.Case.urgent),
        t.Case.labels: bindparam("chosen", type_=ARRAY(Text)),
        t.Case.state_at: t.Case.state_at,
        **_WAS_DANGER,
    },
    IS_OPEN,
    moves=0,
)
CALL_BACK = _change(
    {t.Case.call_back_at: bindparam("at", type_=_MOMENT), t.Case.state_at: t.Case.state_at},
    IS_OPEN,
    moves=0,
)
MOVE = statement(
    select(
        func.kosh_move_case(_CASE, _VERSION, bindparam("to_mission", type_=Text()), type_=Boolean())
    )
)
SET_DEADLINE = statement(
    update(t.Case).where(t.Case.id == _CASE).values(answer_due=bindparam("due"))
)
ESCALATE = statement(
    update(t.Case).where(t.Case.id == _CASE, t.Case.escalated_at.is_(None)).values(escalated_at=NOW)
)
REDIRECT = statement(
    update(t.Case)
    .where(t.Case.id == _CASE, t.Case.owner.is_(None), t.Case.state == State.QUEUED)
    .values(
        mission=bindparam("to_mission"),
        answer_due=None,
        escalated_at=None,
        version=t.Case.version + 1,
    )
)
