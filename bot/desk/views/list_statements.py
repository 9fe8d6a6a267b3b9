"""SQL statements of the officers' views: case lists, one case, changes."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from bot.cases.statements import CASE
from bot.db import tables as t
from bot.db.statements import NOW, Statement, ago, statement
from bot.security import audit_log

PAGE = 25
MAX_EVENTS = 500
ONE_READING = timedelta(minutes=15)


class Queue(StrEnum):
    """Case lists; `LATE` are cases past their answer deadline, and escalated cases."""

    MINE = "mine"
    UNCLAIMED = "unclaimed"
    WAITING = "waiting"
    SNOOZED = "snoozed"
    LATE = "late"
    CALL_BACK = "call_back"
    ALL = "all"
    RESOLVED = "resolved"


_CASE = bindparam("case", type_=Uuid())
_OFFICER = bindparam("officer", type_=Uuid())
_PERSON = bindparam("person", type_=Uuid())
_IS_OPEN = t.Case.state != "resolved"

OPEN_QUEUES: Mapping[Queue, ColumnElement[bool]] = {
    Queue.MINE: t.Case.owner == _OFFICER,
    Queue.UNCLAIMED: t.Case.state == "queued",
    Queue.WAITING: t.Case.state == "waiting_person",
    Queue.SNOOZED: t.Case.state == "snoozed",
    Queue.LATE: t.Case.state.in_(["queued", "claimed", "snoozed"])
    & or_(t.Case.answer_due < NOW, t.Case.escalated_at.is_not(None)),
    Queue.CALL_BACK: t.Case.call_back_at.is_not(None),
    Queue.ALL: true(),
}

# Columns and filters of case lists

_LAST_SPOKE = (
    select(func.max(func.coalesce(t.Handle.spoke_at, t.Handle.created_at)))
    .where(t.Handle.person_id == t.Case.person_id, t.Handle.channel == t.Conversation.channel)
    .correlate(t.Case, t.Conversation)
    .scalar_subquery()
)
_Answer = aliased(t.CaseMessage)
_LAST_ANSWER = (
    select(func.max(_Answer.id))
    .where(_Answer.case_id == t.Case.id, _Answer.officer.is_not(None))
    .correlate(t.Case)
    .scalar_subquery()
)
_UNREAD = (
    select(func.count())
    .select_from(t.CaseMessage)
    .where(
        t.CaseMessage.case_id == t.Case.id,
        t.CaseMessage.officer.is_(None),
        t.CaseMessage.id > func.coalesce(_LAST_ANSWER, 0),
    )
    .correlate(t.Case)
    .scalar_subquery()
)
ROWS: Select[*tuple[Any, ...]] = (
    select(
        *CASE,
        func.coalesce(t.Officer.name, ""),
        func.coalesce(t.Conversation.channel, ""),
        _LAST_SPOKE,
        _UNREAD,
    )
    .select_from(t.Case)
    .outerjoin(t.Officer, t.Officer.id == t.Case.owner)
    .outerjoin(t.Conversation, (t.Conversation.person_id == t.Case.person_id) & _IS_OPEN)
)
"""A SELECT of cases with the columns that `row_of` reads; callers add a condition."""

_MAY_SEE_TOPIC = or_(
    bindparam("free", type_=Boolean()),
    t.Case.topic == any_(bindparam("topics", type_=ARRAY(Text))),
)


def _is_or_any(column: Any, name: str) -> ColumnElement[bool]:
    """Return the condition that the column equals the parameter `name`, or that `name` is empty."""
    wanted = bindparam(name, type_=column.type)
    nothing = wanted == "" if isinstance(column.type, Text) else wanted.is_(None)
    return or_(nothing, column == wanted)


_CHANNEL = bindparam("channel", type_=Text())
_LABEL = bindparam("label", type_=Text())
# All filters are in one statement, so that the server prepares and plans it only once.
_WANTED = (
    _MAY_SEE_TOPIC,
    _is_or_any(t.Case.language, "language"),
    _is_or_any(t.Case.topic, "topic"),
    _is_or_any(t.Case.country, "country"),
    _is_or_any(t.Case.urgent, "urgent"),
    _is_or_any(t.Case.number, "number"),
    or_(_LABEL == "", any_(t.Case.labels) == _LABEL),
    or_(
        _CHANNEL == "",
        exists().where(
            t.Conversation.person_id == t.Case.person_id, t.Conversation.channel == _CHANNEL
        ),
    ),
)


def _list_statement(queue: Queue, paged: bool) -> Statement[*tuple[Any, ...]]:
    """Return the statement that reads a page of a case list.

    The statement sorts and limits the cases first, then joins their details. If the previous page's
    last case is gone, it reads the first page.
    """
    is_closed = queue is Queue.RESOLVED
    key = _key_of(t.Case, queue)
    order = [each.desc() for each in key] if is_closed else list(key)
    of = t.Case.state == "resolved" if is_closed else _IS_OPEN & OPEN_QUEUES[queue]
    cut = select(t.Case.id).where(of, *_WANTED).order_by(*order).limit(PAGE + 1)
    if paged:
        last = aliased(t.Case)
        beyond = select(*_key_of(last, queue)).where(
            last.number == bindparam("after", type_=BigInteger())
        )
        here, there = tuple_(*key), beyond.scalar_subquery()
        cut = cut.where(func.coalesce(here < there if is_closed else here > there, true()))
    return statement(ROWS.where(t.Case.id.in_(cut.correlate(None))).order_by(*order))


def _key_of(of: Any, queue: Queue) -> tuple[ColumnElement[Any], ...]:
    if queue is Queue.RESOLVED:
        return of.state_at, of.id
    if queue is Queue.CALL_BACK:
        return of.call_back_at, of.id
    return (
        not_(of.urgent),
        func.coalesce(of.answer_due, literal_column("'infinity'")),
        of.opened_at,
        of.id,
    )


LISTED = {
    (queue, paged): _list_statement(queue, paged) for queue in Queue for paged in (False, True)
}
COUNTED: Statement[*tuple[Any, ...]] = statement(
    select(
        *(
            column
            for each in OPEN_QUEUES.values()
            for column in (
                func.count().filter(each),
                func.min(t.Case.waiting_since).filter(each),
            )
        )
    )
    .select_from(t.Case)
    .where(_IS_OPEN, _MAY_SEE_TOPIC)
)
COUNTRIES = statement(
    select(t.Case.country)
    .where(_IS_OPEN, t.Case.country != "", t.Case.mission == bindparam("mission", type_=Text()))
    .distinct()
    .order_by(t.Case.country)
)
_OF_RECEIPT = (
    select(t.Registration.person_id)
    .where(t.Registration.number == bindparam("receipt"))
    .scalar_subquery()
)
FOUND = statement(
    select(t.Case.id)
    .where(
        _MAY_SEE_TOPIC,
        or_(
            t.Case.number == bindparam("number", type_=BigInteger()),
            t.Case.person_id == _OF_RECEIPT,
        ),
    )
    .order_by(t.Case.state == "resolved", t.Case.opened_at.desc())
    .limit(1)
)
LOAD = statement(
    select(
        t.Case.owner,
        func.count(),
        func.count(t.Case.waiting_since),
        func.min(t.Case.waiting_since),
    )
    .where(_IS_OPEN, t.Case.owner.is_not(None))
    .group_by(t.Case.owner)
)
WINDOW = statement(
    select(func.max(func.coalesce(t.Handle.spoke_at, t.Handle.created_at))).where(
        t.Handle.person_id == _PERSON, t.Handle.channel == bindparam("on_channel")
    )
)

# Statements about changes of cases

# The id of the last change of any case. Read it before the data of a console page, so that changes
# during the reading of the data are not missed.
LAST_EVENT = statement(select(func.coalesce(func.max(t.CaseEvent.id), 0)))
_EVENT = bindparam("id", type_=BigInteger())
EVENT_EXISTS = statement(select(literal(True)).where(t.CaseEvent.id == _EVENT))
EVENTS = statement(
    select(t.CaseEvent.id, t.CaseEvent.case_id, t.CaseEvent.kind, t.CaseEvent.created_at)
    .where(t.CaseEvent.mission == bindparam("mission"), t.CaseEvent.id > _EVENT)
    .order_by(t.CaseEvent.id)
    .limit(MAX_EVENTS + 1)
)

# Statements about one case

SEEN = statement(ROWS.where(t.Case.id == _CASE))
EARLIER = statement(
    ROWS.where(t.Case.person_id == _PERSON, t.Case.id != _CASE)
    .order_by(t.Case.opened_at.desc())
    .limit(25)
)
CONVERSATION = statement(
    select(t.Conversation.state, t.Conversation.ownership_version).where(
        t.Conversation.person_id == _PERSON
    )
)
SPOKE_AT = statement(
    select(func.max(t.CaseMessage.created_at)).where(
        t.CaseMessage.case_id == bindparam("case"), t.CaseMessage.officer.is_(None)
    )
)
THREAD = statement(
    select(
        t.CaseMessage.id,
        t.CaseMessage.created_at,
        t.CaseMessage.officer.is_(None),
        func.coalesce(t.Officer.name, ""),
        t.CaseMessage.body,
        case(
            (t.CaseMessage.officer.is_(None), ""),
            else_=func.coalesce(t.Message.delivery_status, t.Message.state, "gone"),
        ),
        func.coalesce(t.Message.reason, ""),
        func.coalesce(t.CaseMessage.canned_reply, ""),
    )
    .select_from(t.CaseMessage)
    .outerjoin(t.Officer, t.Officer.id == t.CaseMessage.officer)
    .outerjoin(t.Message, t.Message.id == t.CaseMessage.message_id)
    .where(t.CaseMessage.case_id == _CASE)
    .order_by(t.CaseMessage.id)
)
# The newest notice that a reply is waiting. It is stored as a message without an officer.
NOTICE = statement(
    select(
        func.coalesce(t.Message.delivery_status, t.Message.state),
        func.coalesce(t.Message.reason, ""),
    )
    .where(t.Message.person_id == _PERSON, t.Message.case_id == _CASE, t.Message.officer.is_(None))
    .order_by(t.Message.id.desc())
    .limit(1)
)
NOTES = statement(
    select(t.CaseNote.id, t.CaseNote.created_at, func.coalesce(t.Officer.name, ""), t.CaseNote.body)
    .select_from(t.CaseNote)
    .outerjoin(t.Officer, t.Officer.id == t.CaseNote.officer)
    .where(t.CaseNote.case_id == _CASE)
    .order_by(t.CaseNote.id)
)
_REGISTRATION = select(
    literal("registration"),
    func.coalesce(t.Registration.number, ""),
    t.Registration.state,
    literal(0),
    literal(""),
    t.Registration.state_at.label("happened_at"),
).where(t.Registration.person_id == _PERSON)
_WRITE = (
    select(
        t.RegistryWrite.kind,
        func.coalesce(t.Registration.number, ""),
        t.RegistryWrite.state,
        t.RegistryWrite.attempts,
        func.coalesce(t.RegistryWrite.reason, ""),
        func.coalesce(t.RegistryWrite.done_at, t.RegistryWrite.created_at),
    )
    .join(t.Registration, t.Registration.id == t.RegistryWrite.registration_id)
    .where(t.Registration.person_id == _PERSON)
)
_REPEATED = (
    select(
        literal("same_details"),
        func.coalesce(t.Registration.number, ""),
        literal(""),
        literal(0),
        literal(""),
        t.Registration.created_at,
    )
    .select_from(t.RegistrationDetails)
    .join(t.Registration, t.Registration.id == t.RegistrationDetails.registration_id)
    .where(t.Registration.person_id == _PERSON, t.RegistrationDetails.is_repeated)
)
REGISTRY = statement(
    union_all(_REGISTRATION, _WRITE, _REPEATED).order_by(literal_column("happened_at"))
)

# Statements about officers who view a case, and about how many cases an officer has read

WRITING_SECONDS = 15
VIEWERS = statement(
    select(t.Officer.name, t.CaseViewer.typed_at > ago(seconds=WRITING_SECONDS))
    .join(t.CaseViewer, t.CaseViewer.officer == t.Officer.id)
    .where(
        t.CaseViewer.case_id == _CASE,
        t.CaseViewer.officer != _OFFICER,
        t.CaseViewer.seen_at > ago(minutes=1),
    )
    .order_by(t.Officer.name)
)


def _look(*conditions: ColumnElement[bool]) -> Statement[()]:
    """Return the statement that records the officer as viewer of a case if `conditions` hold."""
    looking = select(t.Case.id, _OFFICER).where(t.Case.id == _CASE, *conditions)
    return statement(
        insert(t.CaseViewer)
        .from_select([t.CaseViewer.case_id, t.CaseViewer.officer], looking)
        .on_conflict_do_update(
            index_elements=[t.CaseViewer.case_id, t.CaseViewer.officer],
            set_={t.CaseViewer.seen_at: NOW},
            where=t.CaseViewer.seen_at < ago(seconds=20),
        )
    )


_READ = select(
    func.count(t.AuditEntry.subject.distinct()).label("read"),
    func.coalesce(
        func.bool_or(
            (t.AuditEntry.subject == bindparam("subject"))
            & (t.AuditEntry.created_at > NOW - ONE_READING)
        ),
        literal(False),
    ).label("going_on"),
).where(
    t.AuditEntry.actor == bindparam("actor"),
    t.AuditEntry.action == bindparam("action"),
    t.AuditEntry.created_at > ago(hours=1),
)
_BUDGET = _READ.subquery("spent")
_IN_BUDGET = (
    select(literal(1))
    .select_from(_BUDGET)
    .where(not_(_BUDGET.c.going_on), _BUDGET.c.read < bindparam("most", type_=Integer()))
    .exists()
)
READINGS = statement(_READ)
LOOK = _look()
LOCK_READER = statement(
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("turn"), 0)))
)
LOOK_IN_BUDGET = _look(_IN_BUDGET)
AUDIT_IN_BUDGET = audit_log.append_if(_IN_BUDGET)
