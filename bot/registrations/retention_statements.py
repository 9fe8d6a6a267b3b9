"""SQL statements for the retention of registrations and their answers."""

from datetime import timedelta

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Uuid,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from bot.db import tables as t
from bot.db.statements import NOW, statement
from bot.registrations.statements import HAS_LATER_REGISTRATION, HAS_OPEN_WRITE
from flows import lifetimes

ANSWERS_KEPT = timedelta(hours=lifetimes.ANSWERS_HOURS)
DRAFT_KEPT = timedelta(days=lifetimes.DRAFT_DAYS)
RECENTLY = timedelta(hours=1)

_PERSON = bindparam("person", type_=Uuid())

_IS_IDLE = and_(
    t.Conversation.updated_at < NOW - DRAFT_KEPT,
    ~exists().where(t.Case.person_id == t.Registration.person_id),
)
_Newer = aliased(t.RegistryWrite)
_WAS_SUBMITTED_AGAIN = exists().where(
    _Newer.registration_id == t.Registration.id,
    _Newer.kind == "submit",
    _Newer.number > t.RegistryWrite.number,
)
# True if the registry rejected the last submission. The registry then has no copy of the answers,
# so they are kept longer here.
_WAS_REFUSED = exists().where(
    t.RegistryWrite.registration_id == t.Registration.id,
    t.RegistryWrite.kind == "submit",
    t.RegistryWrite.state == "rejected",
    ~_WAS_SUBMITTED_AGAIN,
)
# Conditions for deleting the answers of a registration: the registry accepted it at least 24 hours
# ago, no write to the registry is pending except about the household, and the person has no later
# registration. If it was withdrawn or rejected instead, the person may still change it, so the
# conversation must also have been idle for 30 days, without a case.
_IS_SPENT: tuple[ColumnElement[bool], ...] = (
    or_(
        t.Registration.state == "accepted",
        and_(or_(t.Registration.state.in_(["withdrawn", "rejected"]), _WAS_REFUSED), _IS_IDLE),
    ),
    ~t.Registration.answers_deleted,
    ~HAS_LATER_REGISTRATION,
    t.Registration.state_at < NOW - ANSWERS_KEPT,
    ~HAS_OPEN_WRITE,
)
_OF_CONVERSATION = t.Conversation.person_id == t.Registration.person_id
_MAY_GO = or_(~_WAS_REFUSED, _IS_IDLE)
SPENT = statement(
    select(t.Registration.person_id)
    .join(t.Conversation, _OF_CONVERSATION)
    .where(
        *_IS_SPENT,
        _MAY_GO,
        t.Registration.person_id > bindparam("after"),
        or_(
            ~bindparam("recent", type_=Boolean()),
            t.Registration.state_at > NOW - ANSWERS_KEPT - RECENTLY,
        ),
    )
    .distinct()
    .order_by(t.Registration.person_id)
    .limit(bindparam("limit"))
)
DUE_TO_GO = statement(
    select(func.bool_or(_MAY_GO), func.bool_or(_IS_IDLE))
    .select_from(t.Registration)
    .join(t.Conversation, _OF_CONVERSATION)
    .where(*_IS_SPENT, t.Registration.person_id == _PERSON)
)
MARK_SPENT = statement(
    update(t.Registration).where(t.Registration.person_id == _PERSON).values(answers_deleted=True)
)
# An hour before `bot.privacy.retention` deletes the row, because it does not change conversations.
_ENDS = and_(
    t.Registration.state_at < NOW + RECENTLY - func.make_interval(0, lifetimes.SUBMISSION_MONTHS),
    ~HAS_OPEN_WRITE,
)
# Excludes idle conversations: saving one would count as activity and postpone its own deletion.
ENDING = statement(
    select(t.Registration.person_id)
    .join(t.Conversation, _OF_CONVERSATION)
    .where(_ENDS, ~_IS_IDLE, t.Registration.person_id > bindparam("after"))
    .distinct()
    .order_by(t.Registration.person_id)
    .limit(bindparam("limit"))
)
DELETE_ENDING = statement(delete(t.Registration).where(_ENDS, t.Registration.person_id == _PERSON))
