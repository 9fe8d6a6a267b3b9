"""SQL statements of the lists of cases: their rows, filters and counts, and changes of cases."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import aliased

from bot.cases.statements import CASE
from bot.db import tables as t
from bot.db.statements import NOW, Statement, statement

PAGE = 25
MAX_EVENTS = 500


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
        func.count().filter(OPEN_QUEUES[Queue.UNCLAIMED], t.Case.urgent),
        *(
            column
            for each in OPEN_QUEUES.values()
            for column in (
                func.count().filter(each),
                func.min(t.Case.waiting_since).filter(each),
            )
        ),
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
